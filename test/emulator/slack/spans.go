package slack

import (
	"regexp"
	"strings"
)

// codeSpans finds ```blocks``` and then `spans` of one line, and marks what is
// in them as code: nothing but <…> is active there.
func codeSpans(glyphs []glyph) []Active {
	var active []Active
	for _, fence := range []int{3, 1} {
		for i := 0; i+fence <= len(glyphs); i++ {
			if !fenceAt(glyphs, i, fence) {
				continue
			}
			end := closingFence(glyphs, i+fence, fence)
			if end < 0 {
				continue
			}
			active = append(active, Active{Kind: KindCode, Text: display(glyphs[i+fence : end])})
			for j := i; j < end+fence; j++ {
				glyphs[j].code = true
				glyphs[j].hidden = glyphs[j].hidden || j < i+fence || j >= end
			}
			i = end + fence - 1
		}
	}
	return active
}

func fenceAt(glyphs []glyph, at, fence int) bool {
	for j := at; j < at+fence; j++ {
		if j >= len(glyphs) || !glyphs[j].is('`') {
			return false
		}
	}
	return true
}

// closingFence is where the fence that ends a span begins, or -1. A span is
// not empty, and one of single backticks does not cross lines.
func closingFence(glyphs []glyph, from, fence int) int {
	for j := from; j < len(glyphs); j++ {
		if fence == 1 && (glyphs[j].newline() || glyphs[j].code) {
			return -1
		}
		if fenceAt(glyphs, j, fence) {
			if j == from {
				return -1
			}
			return j
		}
	}
	return -1
}

// spans finds *x*, _x_ or ~x~: within one line, the mark not in the middle of
// a word, no blank at the inner sides. svc_backup_prod is no italics.
func spans(glyphs []glyph, mark rune, kind Kind) []Active {
	var active []Active
	for i := range glyphs {
		if !opens(glyphs, i, mark) {
			continue
		}
		for j := i + 1; j < len(glyphs) && !glyphs[j].newline(); j++ {
			if j > i+1 && closes(glyphs, j, mark) {
				active = append(active, Active{Kind: kind, Text: display(glyphs[i+1 : j])})
				glyphs[i].hidden, glyphs[j].hidden = true, true
				break
			}
		}
	}
	return active
}

func opens(glyphs []glyph, i int, mark rune) bool {
	if !glyphs[i].is(mark) || glyphs[i].hidden || i+1 >= len(glyphs) {
		return false
	}
	after := glyphs[i+1]
	return (i == 0 || !glyphs[i-1].word()) && !after.space() && !after.is(mark)
}

func closes(glyphs []glyph, j int, mark rune) bool {
	if !glyphs[j].is(mark) || glyphs[j].hidden {
		return false
	}
	return !glyphs[j-1].space() && !glyphs[j-1].is(mark) && (j+1 == len(glyphs) || !glyphs[j+1].word())
}

// quotes finds the lines that begin with > or &gt;: Slack reads both so.
func quotes(glyphs []glyph) []Active {
	var active []Active
	for i := range glyphs {
		lineStart := i == 0 || glyphs[i-1].newline()
		if !lineStart || glyphs[i].r != '>' || glyphs[i].code {
			continue
		}
		end := i + 1
		for end < len(glyphs) && !glyphs[end].newline() {
			end++
		}
		active = append(active, Active{Kind: KindQuote, Text: strings.TrimSpace(display(glyphs[i+1 : end]))})
		glyphs[i].hidden = true
	}
	return active
}

// bareRuns are the stretches of text between controls and code, in which Slack
// looks for bare URLs and names.
func bareRuns(glyphs []glyph) []string {
	var runs []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			runs = append(runs, b.String())
			b.Reset()
		}
	}
	for _, g := range glyphs {
		switch {
		case g.control || g.code:
			flush()
		case !g.hidden:
			b.WriteRune(g.r)
		}
	}
	flush()
	return runs
}

var (
	// Host names without a scheme become links if their last label is a
	// top-level domain. These are the ones that file and host names in
	// messages about AWS keys could end with; Slack knows them all.
	bareLink = regexp.MustCompile(`(?i)(?:https?://|ftp://|www\.)[^\s<>]+` +
		`|mailto:[^\s<>]+` +
		`|[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+` +
		`|(?:[a-z0-9-]+\.)+(?:com|net|org|io|dev|jp|co|app|cloud|info|biz|ai|me|md|py|sh|rs|us|uk|tokyo|example)\b(?:/[^\s<>]*)?`)
	bareName  = regexp.MustCompile(`(?:^|[^0-9A-Za-z&#@/])(@(?:here|channel|everyone)\b|#[\p{L}\p{N}_-]*[\p{L}_][\p{L}\p{N}_-]*)`)
	emojiName = regexp.MustCompile(`:(?:[a-z0-9_+'-]*[a-z+][a-z0-9_+'-]*|100|1234):`)
)

// bareIn finds what is active without any <…>.
func bareIn(run string, how markup) []Active {
	var active []Active
	rest := run
	if !how.verbatim {
		for _, link := range bareLink.FindAllString(run, -1) {
			active = append(active, Active{Kind: KindLink, Text: link})
		}
		rest = bareLink.ReplaceAllString(run, " ")
	}
	if how.names {
		for _, m := range bareName.FindAllStringSubmatch(rest, -1) {
			active = append(active, Active{Kind: KindMention, Text: m[1]})
		}
	}
	return append(active, emojiIn(rest)...)
}

func emojiIn(text string) []Active {
	var active []Active
	for _, name := range emojiName.FindAllString(text, -1) {
		active = append(active, Active{Kind: KindEmoji, Text: name})
	}
	return active
}
