package slack

import (
	"encoding/json"
	"fmt"
)

// Block is a block of a message as Slack stored it: checked, with a block_id.
// Which fields are set depends on the type: section (Text, Fields, Accessory),
// header (Text), context and actions (Elements), image (ImageURL, AltText,
// Title), divider (none).
type Block struct {
	Type      string
	BlockID   string
	Text      *Text
	Fields    []Text
	Accessory *Element
	Elements  []Element
	Title     *Text
	ImageURL  string
	AltText   string
	// Raw is the JSON as history returns it.
	Raw json.RawMessage
}

// MarshalJSON gives the block as history returns it.
func (b Block) MarshalJSON() ([]byte, error) { return b.Raw, nil }

// Text is a text object,
// https://docs.slack.dev/reference/block-kit/composition-objects/text-object/.
type Text struct {
	Type     string // "plain_text" or "mrkdwn"
	Text     string // as sent
	NoEmoji  bool   // plain_text with "emoji": false
	Verbatim bool   // mrkdwn with "verbatim": true
}

// Plain is what a person reads.
func (t Text) Plain() string {
	if t.Type == "plain_text" {
		return t.Text
	}
	plain, _ := scan(t.Text, t.markup())
	return plain
}

func (t Text) markup() markup {
	return markup{verbatim: t.Verbatim, names: !t.Verbatim}
}

// Element is an element of a context or actions block, or an accessory: a
// button (Text, ActionID, Value, URL), an image (ImageURL, AltText), or in a
// context block a text (Text only).
type Element struct {
	Type     string
	Text     *Text
	ActionID string
	Value    string
	URL      string
	ImageURL string
	AltText  string
}

// each calls f for the text objects that a person sees, from top to bottom.
func (b Block) each(f func(Text)) {
	visit := func(t *Text) {
		if t != nil {
			f(*t)
		}
	}
	visit(b.Title)
	visit(b.Text)
	for i := range b.Fields {
		f(b.Fields[i])
	}
	for _, e := range b.Elements {
		visit(e.Text)
	}
	if b.Accessory != nil {
		visit(b.Accessory.Text)
	}
}

// links are the targets that a person reaches by a click on something that is
// not text.
func (b Block) links() []string {
	elements := b.Elements
	if b.Accessory != nil {
		elements = append(elements[:len(elements):len(elements)], *b.Accessory)
	}
	urls := []string{b.ImageURL}
	for _, e := range elements {
		urls = append(urls, e.URL, e.ImageURL)
	}
	return urls
}

// parseBlocks reads and checks the blocks argument. No blocks and [] are nil.
func (s *Server) parseBlocks(raw string) ([]Block, *answer) {
	if raw == "" {
		return nil, nil
	}
	var list []any
	if json.Unmarshal([]byte(raw), &list) != nil || list == nil {
		return nil, fail("invalid_blocks_format")
	}
	k := &checker{ids: map[string]bool{}}
	if len(list) > 50 {
		k.report("/blocks", "no more than 50 items allowed")
	}
	blocks := make([]Block, 0, len(list))
	for i, v := range list {
		blocks = append(blocks, k.block(fmt.Sprintf("/blocks/%d", i), v))
	}
	switch {
	case len(k.problems) > 0:
		return nil, fail("invalid_blocks", k.problems...)
	case k.length > maxBlocksText:
		return nil, fail("msg_blocks_too_long")
	case len(blocks) == 0:
		return nil, nil
	}
	for i := range blocks {
		object := list[i].(map[string]any) // checked above
		if blocks[i].BlockID == "" {
			s.state.blockSeq++
			blocks[i].BlockID = fmt.Sprintf("b%04d", s.state.blockSeq)
			object["block_id"] = blocks[i].BlockID
		}
		blocks[i].Raw, _ = json.Marshal(object) // came out of JSON
	}
	return blocks, nil
}
