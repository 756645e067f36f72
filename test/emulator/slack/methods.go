package slack

import (
	"slices"
	"strings"
)

// authTest is https://docs.slack.dev/reference/methods/auth.test/. It needs no
// scope.
func (s *Server) authTest(_ *token, _ *call) *answer {
	return succeed(map[string]any{
		"url": "https://emulator.slack.example/", "team": "Emulator", "team_id": TeamID,
		"user": "keylease", "user_id": BotUserID, "bot_id": BotID,
		"is_enterprise_install": false,
	})
}

// userInfo is https://docs.slack.dev/reference/methods/users.info/. A
// deactivated user is found, with deleted:true.
func (s *Server) userInfo(t *token, c *call) *answer {
	if refusal := requireAny(t, "users:read"); refusal != nil {
		return refusal
	}
	u, known := s.state.users[c.args["user"]]
	switch {
	case !known:
		return fail("user_not_found")
	case u.Hidden:
		return fail("user_not_visible")
	}
	return succeed(map[string]any{"user": map[string]any{
		"id": u.ID, "team_id": TeamID, "name": u.Name, "real_name": u.RealName,
		"deleted": u.Disabled, "is_bot": u.Bot,
		"profile": map[string]any{"real_name": u.RealName, "display_name": u.Name},
	}})
}

// openConversation is https://docs.slack.dev/reference/methods/conversations.open/.
func (s *Server) openConversation(t *token, c *call) *answer {
	users := slices.DeleteFunc(strings.Split(c.args["users"], ","), func(u string) bool { return u == "" })
	if id := c.args["channel"]; id != "" && len(users) == 0 {
		return s.resumeConversation(t, c, id)
	}
	switch {
	case len(users) == 0:
		return fail("users_list_not_supplied")
	case len(users) > 8:
		return fail("too_many_users")
	}
	scope := "im:write"
	if len(users) > 1 {
		scope = "mpim:write"
	}
	if refusal := requireAny(t, scope); refusal != nil {
		return refusal
	}
	for _, id := range users {
		if _, code := s.reach(id); code != "" {
			return fail(code)
		}
	}
	if len(users) == 1 {
		opened, before := s.openDM(users[0])
		return conversationOpened(c, opened, before)
	}
	id := conversationID("G", users...)
	opened, before := s.state.channels[id]
	if !before {
		opened = &channel{Channel: Channel{ID: id, Private: true}, members: users}
		s.state.channels[id] = opened
	}
	return conversationOpened(c, opened, before)
}

func (s *Server) resumeConversation(t *token, c *call, id string) *answer {
	if refusal := requireAny(t, "im:write", "mpim:write"); refusal != nil {
		return refusal
	}
	found, known := s.state.channels[id]
	switch {
	case !known || !found.visible():
		return fail("channel_not_found")
	case !found.isIM() && !found.isMPIM():
		return fail("method_not_supported_for_channel_type")
	}
	return conversationOpened(c, found, true)
}

func conversationOpened(c *call, opened *channel, before bool) *answer {
	fields := map[string]any{"channel": map[string]any{"id": opened.ID}}
	if before {
		fields["no_op"], fields["already_open"] = true, true
	}
	if c.flag("return_im") {
		fields["channel"] = opened.describe()
	}
	return succeed(fields)
}

// conversationInfo is https://docs.slack.dev/reference/methods/conversations.info/.
func (s *Server) conversationInfo(t *token, c *call) *answer {
	if refusal := requireAny(t, "channels:read", "groups:read", "mpim:read", "im:read"); refusal != nil {
		return refusal
	}
	found, known := s.state.channels[c.args["channel"]]
	if !known || !found.visible() {
		return fail("channel_not_found")
	}
	if refusal := requireAny(t, found.kind()+":read"); refusal != nil {
		return refusal
	}
	return succeed(map[string]any{"channel": found.describe()})
}

// describe is the conversation object of
// https://docs.slack.dev/reference/objects/conversation-object/.
func (c *channel) describe() map[string]any {
	d := map[string]any{
		"id": c.ID, "is_archived": c.Archived, "is_im": c.isIM(), "is_mpim": c.isMPIM(),
		"is_org_shared": false,
	}
	if c.isIM() {
		d["user"] = c.user
		return d
	}
	d["name"], d["name_normalized"] = c.Name, c.Name
	d["is_private"], d["is_member"] = c.Private, !c.NotMember
	d["is_channel"], d["is_group"] = !c.Private, c.Private && !c.isMPIM()
	return d
}
