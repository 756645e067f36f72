package slack

import (
	"maps"
	"slices"
	"strings"
)

// Metadata is the machine-readable part of a message, which people do not see.
type Metadata struct {
	EventType    string         `json:"event_type"`
	EventPayload map[string]any `json:"event_payload"`
}

// Message is a message as it was stored.
type Message struct {
	Channel string // D…, C…, G…
	// User is the person whose direct message channel it is; empty elsewhere.
	User string
	TS   string // unique in its channel, "1512085950.000216"
	// Text is the top-level text: what notifications show, and the whole
	// message if there are no blocks.
	Text     string
	Blocks   []Block
	Metadata *Metadata // nil: none
	Edited   bool      // chat.update changed it
	// Active is all that Slack would render as more than characters, in
	// Text and in Blocks, in that order.
	Active []Active
}

// Mentions are the active mentions of people, groups and channels, as written:
// "<@U0TARO>", "<!channel>", "<#C0OPS>", "@here".
func (m Message) Mentions() []string { return m.active(KindMention) }

// Links are the targets of active links, written out or made by Slack of bare
// URLs, host names and mail addresses, and the URLs of buttons and images.
func (m Message) Links() []string { return m.active(KindLink) }

// Bold are the texts between active asterisks.
func (m Message) Bold() []string { return m.active(KindBold) }

// Italic are the texts between active underscores.
func (m Message) Italic() []string { return m.active(KindItalic) }

// Strike are the texts between active tildes.
func (m Message) Strike() []string { return m.active(KindStrike) }

// Code are the texts between active backticks, single or triple.
func (m Message) Code() []string { return m.active(KindCode) }

// Quotes are the lines that Slack shows as quotations.
func (m Message) Quotes() []string { return m.active(KindQuote) }

// Emoji are the names that Slack replaces by pictures, with their colons.
func (m Message) Emoji() []string { return m.active(KindEmoji) }

func (m Message) active(kind Kind) []string {
	var texts []string
	for _, a := range m.Active {
		if a.Kind == kind {
			texts = append(texts, a.Text)
		}
	}
	return texts
}

// PlainText is what a person reads in the channel: the text of all blocks, one
// line for each text object, or the top-level text if there are no blocks. Marks
// of active formatting are gone, links show their label, and <@U…> shows as @U….
func (m Message) PlainText() string {
	if len(m.Blocks) == 0 {
		plain, _ := scan(m.Text, markup{})
		return plain
	}
	var lines []string
	for _, b := range m.Blocks {
		b.each(func(t Text) { lines = append(lines, t.Plain()) })
	}
	return strings.Join(lines, "\n")
}

func (m *Message) clone() Message {
	c := *m
	c.Blocks = slices.Clone(m.Blocks)
	c.Active = slices.Clone(m.Active)
	if m.Metadata != nil {
		c.Metadata = &Metadata{EventType: m.Metadata.EventType, EventPayload: maps.Clone(m.Metadata.EventPayload)}
	}
	return c
}

func (m *Message) micros() int64 {
	micros, _ := parseTS(m.TS) // written by formatTS
	return micros
}

// wire is the message object of the Web API.
func (m *Message) wire(withMetadata bool) map[string]any {
	w := map[string]any{
		"type": "message", "user": BotUserID, "bot_id": BotID, "app_id": AppID,
		"team": TeamID, "ts": m.TS, "text": m.Text,
	}
	if len(m.Blocks) > 0 {
		w["blocks"] = m.Blocks
	}
	if m.Edited {
		w["edited"] = map[string]any{"user": BotUserID, "ts": m.TS}
	}
	if withMetadata && m.Metadata != nil {
		w["metadata"] = m.Metadata
	}
	return w
}
