package slack

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Kind says what Slack makes of a piece of text.
type Kind string

// The kinds of active text.
const (
	KindMention Kind = "mention"
	KindLink    Kind = "link"
	KindDate    Kind = "date" // <!date^…>, shown in the reader's time zone
	KindBold    Kind = "bold"
	KindItalic  Kind = "italic"
	KindStrike  Kind = "strike"
	KindCode    Kind = "code"
	KindQuote   Kind = "quote"
	KindEmoji   Kind = "emoji"
)

// Active is a piece of a message that is more than the characters it is
// written with.
type Active struct {
	Kind Kind
	Text string // see Message.Mentions and its neighbours
	// Where is "/text" or the JSON pointer of the block.
	Where string
}

// Inspect finds what is active in a top-level text and in blocks; it is what
// Message.Active was computed with, for default arguments.
func Inspect(text string, blocks []Block) []Active { return inspect(text, blocks, markup{}) }

func inspect(text string, blocks []Block, top markup) []Active {
	_, active := scan(text, top)
	for i := range active {
		active[i].Where = "/text"
	}
	for i, b := range blocks {
		var found []Active
		b.each(func(t Text) { found = append(found, t.active()...) })
		for _, url := range b.links() {
			if url != "" {
				found = append(found, Active{Kind: KindLink, Text: url})
			}
		}
		for _, a := range found {
			a.Where = fmt.Sprintf("/blocks/%d", i)
			active = append(active, a)
		}
	}
	return active
}

// active finds what is active in one text object. In plain_text only names of
// emoji are, and only if they are not switched off.
func (t Text) active() []Active {
	switch {
	case t.Type != "plain_text":
		_, active := scan(t.Text, t.markup())
		return active
	case t.NoEmoji:
		return nil
	default:
		return emojiIn(t.Text)
	}
}

// markup is how a text is read.
type markup struct {
	inert    bool // no *bold*, _italic_…: the argument mrkdwn=false
	verbatim bool // bare URLs stay bare: "verbatim": true, parse=none
	names    bool // @here and #name are active: link_names, parse=full
}

// glyph is one character of a text, or one <…> as a whole.
type glyph struct {
	r       rune
	literal bool   // written as an entity, so never a mark
	control bool   // a mention, link or date
	show    string // of a control
	code    bool   // in backticks
	hidden  bool   // a mark that Slack takes away
}

// scan reads text by the rules of
// https://docs.slack.dev/messaging/formatting-message-text/ and gives what a
// person reads and what is active.
func scan(text string, how markup) (plain string, active []Active) {
	glyphs, active := split(text)
	if !how.inert {
		active = append(active, codeSpans(glyphs)...)
		active = append(active, spans(glyphs, '*', KindBold)...)
		active = append(active, spans(glyphs, '_', KindItalic)...)
		active = append(active, spans(glyphs, '~', KindStrike)...)
		active = append(active, quotes(glyphs)...)
	}
	for _, run := range bareRuns(glyphs) {
		active = append(active, bareIn(run, how)...)
	}
	return display(glyphs), active
}

var entities = []struct {
	written string
	r       rune
}{{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}}

// split cuts a text into glyphs and finds the <…> in it. Those are active even
// within backticks.
func split(text string) ([]glyph, []Active) {
	var glyphs []glyph
	var active []Active
next:
	for len(text) > 0 {
		if inner, ok := angle(text); ok {
			if a, show, ok := control(inner); ok {
				active = append(active, a)
				glyphs = append(glyphs, glyph{control: true, show: show})
				text = text[len(inner)+2:]
				continue
			}
		}
		for _, e := range entities {
			if strings.HasPrefix(text, e.written) {
				glyphs = append(glyphs, glyph{r: e.r, literal: true})
				text = text[len(e.written):]
				continue next
			}
		}
		for _, r := range text {
			glyphs = append(glyphs, glyph{r: r})
			text = text[len(string(r)):]
			break
		}
	}
	return glyphs, active
}

// angle gives the inside of a <…> that text begins with.
func angle(text string) (string, bool) {
	if text[0] != '<' {
		return "", false
	}
	end := strings.IndexAny(text[1:], "<>\n")
	if end < 0 || text[1+end] != '>' {
		return "", false
	}
	return text[1 : 1+end], true
}

var (
	mentionOf = regexp.MustCompile(`^(?:@[UW][A-Z0-9]+|#[CG][A-Z0-9]+|!(?:here|channel|everyone|group)|!subteam\^S[A-Z0-9]+)$`)
	linkTo    = regexp.MustCompile(`(?i)^[a-z][a-z0-9+.-]*:\S+$`)
)

// control reads the inside of <…>; what is none of Slack's forms is text.
func control(inner string) (a Active, show string, ok bool) {
	target, label, labelled := strings.Cut(inner, "|")
	switch {
	case mentionOf.MatchString(target):
		a = Active{Kind: KindMention, Text: "<" + inner + ">"}
		show = strings.Replace(target, "!", "@", 1)
		if labelled {
			show = show[:1] + strings.TrimLeft(label, "@#")
		}
	case strings.HasPrefix(target, "!date^"):
		a, show = Active{Kind: KindDate, Text: "<" + inner + ">"}, label
	case linkTo.MatchString(target):
		a, show = Active{Kind: KindLink, Text: unescape(target)}, target
		if labelled && label != "" {
			show = label
		}
	default:
		return a, "", false
	}
	return a, unescape(show), true
}

var unescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

func unescape(text string) string { return unescaper.Replace(text) }

// display is what remains to be read.
func display(glyphs []glyph) string {
	var b strings.Builder
	for _, g := range glyphs {
		switch {
		case g.hidden:
		case g.control:
			b.WriteString(g.show)
		default:
			b.WriteRune(g.r)
		}
	}
	return b.String()
}

func (g glyph) is(mark rune) bool { return g.r == mark && !g.literal && !g.control && !g.code }
func (g glyph) newline() bool     { return g.r == '\n' && !g.control }
func (g glyph) space() bool       { return !g.control && unicode.IsSpace(g.r) }

// word says whether a mark next to this glyph is part of a word. Only ASCII
// counts, so that a mark next to Japanese text is taken as active: the
// stricter side.
func (g glyph) word() bool {
	return !g.control && g.r < unicode.MaxASCII && (unicode.IsLetter(g.r) || unicode.IsDigit(g.r))
}
