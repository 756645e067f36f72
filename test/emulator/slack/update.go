package slack

// updateMessage is https://docs.slack.dev/reference/methods/chat.update/. It
// wants the ID of a conversation, never that of a user. Blocks and metadata
// that are not sent stay as they were; [] and {} remove them. Text that is not
// sent is emptied.
func (s *Server) updateMessage(t *token, c *call) *answer {
	if refusal := requireAny(t, "chat:write"); refusal != nil {
		return refusal
	}
	if c.flag("as_user") {
		return fail("as_user_not_supported")
	}
	in, known := s.state.channels[c.args["channel"]]
	switch {
	case !known || !in.visible():
		return fail("channel_not_found")
	case in.Archived:
		return fail("is_inactive")
	}
	var m *Message
	for _, candidate := range in.messages {
		if candidate.TS == c.args["ts"] {
			m = candidate
		}
	}
	if m == nil {
		return fail("message_not_found")
	}
	body, refusal := s.content(c, maxUpdateText)
	if refusal != nil {
		return refusal
	}
	m.Text, m.Edited = body.text, true
	if c.has("blocks") {
		m.Blocks = body.blocks
	}
	if c.has("metadata") {
		m.Metadata = body.metadata
	}
	m.Active = inspect(m.Text, m.Blocks, body.top)
	a := succeed(map[string]any{
		"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": m.wire(false),
	})
	a.stored = m
	return a
}
