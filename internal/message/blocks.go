package message

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Slack's limits, in characters (https://docs.slack.dev/reference/block-kit/blocks/). Slack does not say whether a
// character outside the basic plane counts as one or two; Keylease counts UTF-16 units, the longer of the two.
const (
	maxHeader  = 150
	maxSection = 3000
	maxField   = 2000
	maxFields  = 10
	// maxText is no limit of Slack's for text (40,000): a notification shows a line.
	maxText = 400
)

// block is a Block Kit block: header, section, context or divider.
type block struct {
	Type     string    `json:"type"`
	Text     *textObj  `json:"text,omitempty"`
	Fields   []textObj `json:"fields,omitempty"`
	Elements []textObj `json:"elements,omitempty"`
}

// textObj is a composition object of type plain_text or mrkdwn.
type textObj struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    *bool  `json:"emoji,omitempty"`
	Verbatim *bool  `json:"verbatim,omitempty"`
}

// plain is text in which Slack makes nothing of anything: not even of :names: of emoji.
func plain(s string, limit int) textObj {
	off := false
	return textObj{Type: "plain_text", Text: shorten(s, limit), Emoji: &off}
}

// markup is for the two texts that are meant to be active. Verbatim keeps Slack from making more of them.
func markup(s string) *textObj {
	on := true
	return &textObj{Type: "mrkdwn", Text: s, Verbatim: &on}
}

// page collects blocks. Empty texts are left out, since Slack refuses a block without text.
type page struct{ blocks []block }

func (p *page) header(s string) {
	if s != "" {
		t := plain(s, maxHeader)
		p.blocks = append(p.blocks, block{Type: "header", Text: &t})
	}
}

func (p *page) paragraph(s string) {
	if s != "" {
		t := plain(s, maxSection)
		p.blocks = append(p.blocks, block{Type: "section", Text: &t})
	}
}

// table is a section of fields, each "<label>\n<value>"; Slack shows them in two columns.
func (p *page) table(fields []string) {
	for len(fields) > 0 {
		n := min(len(fields), maxFields)
		b := block{Type: "section"}
		for _, f := range fields[:n] {
			b.Fields = append(b.Fields, plain(f, maxField))
		}
		p.blocks = append(p.blocks, b)
		fields = fields[n:]
	}
}

// mention calls a person. An ID that is none calls nobody.
func (p *page) mention(slackUserID string) {
	if slackUserIDPattern.MatchString(slackUserID) {
		p.blocks = append(p.blocks, block{Type: "section", Text: markup("<@" + slackUserID + ">")})
	}
}

// link leads to the sheet. A button would need interactivity switched on in the Slack app, even with a mere URL.
func (p *page) link(address, label string) {
	if address = linkTarget(address); address != "" && label != "" {
		p.blocks = append(p.blocks, block{Type: "section", Text: markup("<" + address + "|" + escape(label) + ">")})
	}
}

func (p *page) note(s string) {
	if s != "" {
		p.blocks = append(p.blocks, block{Type: "context", Elements: []textObj{plain(s, maxSection)}})
	}
}

// message closes the page. fallback is the text for notifications, not yet made safe.
func (p *page) message(fallback string) (Message, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p.blocks); err != nil {
		return Message{}, err
	}
	return Message{
		Text:   inert(shorten(strings.Join(strings.Fields(fallback), " "), maxText)),
		Blocks: json.RawMessage(bytes.TrimSpace(out.Bytes())),
	}, nil
}
