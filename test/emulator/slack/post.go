package slack

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

const (
	maxPostText   = 40_000 // chat.postMessage
	maxUpdateText = 4_000  // chat.update
	maxBlocksText = 13_200 // of all blocks together: msg_blocks_too_long
	maxMetadata   = 16 << 10
)

// unsupported are arguments of the real methods that the emulator does not
// implement and so must not swallow.
var unsupported = []string{
	"attachments", "thread_ts", "reply_broadcast", "markdown_text", "file_ids",
	"username", "icon_emoji", "icon_url",
}

// content is the checked payload of a message.
type content struct {
	text     string
	blocks   []Block
	metadata *Metadata
	top      markup // how Slack reads text
}

// postMessage is https://docs.slack.dev/reference/methods/chat.postMessage/.
func (s *Server) postMessage(t *token, c *call) *answer {
	if refusal := requireAny(t, "chat:write"); refusal != nil {
		return refusal
	}
	if c.flag("as_user") && strings.HasPrefix(c.token, "xoxb-") {
		return fail("as_user_not_supported") // classic apps only
	}
	to, refusal := s.destination(t, c.args["channel"])
	if refusal != nil {
		return refusal
	}
	body, refusal := s.content(c, maxPostText)
	if refusal != nil {
		return refusal
	}
	now := s.options.Clock.Now()
	if limited := s.state.limiter.channel(to.ID, now); limited != nil {
		return limited
	}
	to.lastTS = max(now.UnixMicro(), to.lastTS+1)
	m := &Message{
		Channel: to.ID, User: to.user, TS: formatTS(to.lastTS),
		Text: body.text, Blocks: body.blocks, Metadata: body.metadata,
		Active: inspect(body.text, body.blocks, body.top),
	}
	to.messages = append(to.messages, m)
	s.state.posted = append(s.state.posted, m)
	a := succeed(map[string]any{"channel": m.Channel, "ts": m.TS, "message": m.wire(false)})
	a.stored = m
	return a
}

// destination finds where a message goes: a channel ID, a channel name, or a
// user ID, which means the direct message channel.
func (s *Server) destination(t *token, id string) (*channel, *answer) {
	if isUserID(id) {
		switch _, code := s.reach(id); code {
		case "", "user_disabled": // accepted, and read by nobody
			c, _ := s.openDM(id)
			return c, nil
		case "cannot_dm_bot":
			return nil, fail(code)
		default:
			return nil, fail("channel_not_found")
		}
	}
	found := s.state.channels[id]
	if name := strings.TrimPrefix(id, "#"); found == nil && name != "" {
		for _, c := range s.state.channels {
			if c.Name == name {
				found = c
			}
		}
	}
	switch {
	case found == nil || !found.visible():
		return nil, fail("channel_not_found")
	case found.Archived:
		return nil, fail("is_archived")
	case found.NotMember && !t.has("chat:write.public"):
		return nil, fail("not_in_channel")
	}
	return found, nil
}

// content checks text, blocks and metadata of a message.
func (s *Server) content(c *call, maxText int) (content, *answer) {
	for _, name := range unsupported {
		if c.args[name] != "" {
			return content{}, fail("invalid_arguments", "the emulator does not implement the argument "+name)
		}
	}
	blocks, refusal := s.parseBlocks(c.args["blocks"])
	if refusal != nil {
		return content{}, refusal
	}
	text := c.args["text"]
	switch {
	case strings.TrimSpace(text) == "" && len(blocks) == 0:
		return content{}, fail("no_text")
	case utf8.RuneCountInString(text) > maxText:
		return content{}, fail("msg_too_long")
	}
	metadata, refusal := parseMetadata(c.args["metadata"])
	if refusal != nil {
		return content{}, refusal
	}
	top := markup{inert: c.has("mrkdwn") && !c.flag("mrkdwn"), names: c.flag("link_names")}
	switch c.args["parse"] {
	case "none":
		top.verbatim = true
	case "full":
		top.names = true
	}
	return content{text: text, blocks: blocks, metadata: metadata, top: top}, nil
}

// parseMetadata reads https://docs.slack.dev/messaging/message-metadata/.
// Nothing and {} mean none.
func parseMetadata(raw string) (*Metadata, *answer) {
	if raw == "" {
		return nil, nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(raw), &object) != nil || object == nil {
		return nil, fail("invalid_metadata_format")
	}
	if len(object) == 0 {
		return nil, nil
	}
	var m Metadata
	if json.Unmarshal(object["event_type"], &m.EventType) != nil || m.EventType == "" {
		return nil, fail("invalid_metadata_schema", "missing required field: event_type")
	}
	if json.Unmarshal(object["event_payload"], &m.EventPayload) != nil || m.EventPayload == nil {
		return nil, fail("invalid_metadata_schema", "missing required field: event_payload")
	}
	for name := range object {
		if name != "event_type" && name != "event_payload" {
			return nil, fail("invalid_metadata_schema", "invalid additional property: "+name)
		}
	}
	if len(raw) > maxMetadata {
		return nil, fail("metadata_too_large")
	}
	return &m, nil
}
