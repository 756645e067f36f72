package slack_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	slackgo "github.com/slack-go/slack"

	"github.com/keylease/keylease/test/emulator/slack"
)

const formType = "application/x-www-form-urlencoded"

func TestTokensAreJudged(t *testing.T) {
	w := newWorkspace(t)
	w.AddToken("xoxb-revoked", "chat:write")
	w.RevokeToken("xoxb-revoked")
	w.BreakToken("xoxb-inactive", "account_inactive")
	w.AddToken("xapp-app", "connections:write")
	for name, test := range map[string]struct{ token, code string }{
		"none":               {"", "not_authed"},
		"unknown":            {"xoxb-unknown", "invalid_auth"},
		"revoked":            {"xoxb-revoked", "token_revoked"},
		"of a dead account":  {"xoxb-inactive", "account_inactive"},
		"of the wrong class": {"xapp-app", "not_allowed_token_type"},
	} {
		t.Run(name, func(t *testing.T) {
			expectCode(t, w.send("auth.test", formType, test.token, ""), test.code)
		})
	}
}

func TestTheTokenIsReadFromTheFormButNotFromJSONOrTheURL(t *testing.T) {
	w := newWorkspace(t)
	if answer := w.send("auth.test", formType, "", "token="+slack.BotToken); answer["ok"] != true {
		t.Errorf("form: %v", answer)
	}
	expectCode(t, w.send("auth.test", "application/json; charset=utf-8", "", `{"token":"`+slack.BotToken+`"}`), "not_authed")
	expectCode(t, w.send("auth.test?token="+slack.BotToken, formType, "", ""), "not_authed")
}

func TestAMissingScopeIsNamed(t *testing.T) {
	w := newWorkspace(t)
	w.AddToken("xoxb-narrow", "users:read", "im:history")
	call := func(method, body string) map[string]any {
		return w.send(method, formType, "xoxb-narrow", body)
	}
	for name, test := range map[string]struct{ method, body, needed string }{
		"open":                   {"conversations.open", "users=U0TARO", "im:write"},
		"open a group":           {"conversations.open", "users=U0TARO,U0HANA", "mpim:write"},
		"post":                   {"chat.postMessage", "channel=C0OPS&text=x", "chat:write"},
		"update":                 {"chat.update", "channel=C0OPS&ts=1.0&text=x", "chat:write"},
		"history of a channel":   {"conversations.history", "channel=C0OPS", "channels:history"},
		"info, with none of all": {"conversations.info", "channel=C0OPS", "channels:read,groups:read,mpim:read,im:read"},
	} {
		t.Run(name, func(t *testing.T) {
			want := map[string]any{
				"ok": false, "error": "missing_scope", "needed": test.needed, "provided": "users:read,im:history",
			}
			if diff := cmp.Diff(want, call(test.method, test.body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheRealClientSeesTheMissingScope(t *testing.T) {
	w := newWorkspace(t)
	w.AddToken("xoxb-narrow", "users:read")
	_, _, err := w.client("xoxb-narrow").PostMessage("C0OPS", slackgo.MsgOptionText("x", false))
	var refusal slackgo.SlackErrorResponse
	if !errors.As(err, &refusal) || refusal.Err != "missing_scope" || refusal.Needed != "chat:write" {
		t.Errorf("got %#v", err)
	}
}

func TestOpeningIsRefused(t *testing.T) {
	w := newWorkspace(t)
	w.AddUser(slack.User{ID: "U0GONE", Disabled: true})
	w.AddUser(slack.User{ID: "U0HIDDEN", Hidden: true})
	for name, test := range map[string]struct{ field, value, code string }{
		"for an unknown user":          {"users", "U0NOBODY", "user_not_found"},
		"for a deactivated user":       {"users", "U0GONE", "user_disabled"},
		"for a bot":                    {"users", "U0ROBOT", "cannot_dm_bot"},
		"for the app itself":           {"users", slack.BotUserID, "cannot_dm_bot"},
		"for a user that is hidden":    {"users", "U0HIDDEN", "user_not_visible"},
		"without a user":               {"users", "", "users_list_not_supplied"},
		"for nine users":               {"users", "U1,U2,U3,U4,U5,U6,U7,U8,U9", "too_many_users"},
		"for an unknown channel":       {"channel", "D0UNKNOWN", "channel_not_found"},
		"for a channel of many people": {"channel", "C0OPS", "method_not_supported_for_channel_type"},
	} {
		t.Run(name, func(t *testing.T) {
			expectCode(t, w.form("conversations.open", test.field, test.value), test.code)
		})
	}
}

func TestPostingIsRefused(t *testing.T) {
	w := newWorkspace(t)
	w.AddChannel(slack.Channel{ID: "C0OLD", Archived: true})
	for name, test := range map[string]struct{ channel, code string }{
		"to no channel":                           {"", "channel_not_found"},
		"to an unknown channel":                   {"C0NONE", "channel_not_found"},
		"to a direct message never opened":        {slack.DM("U0TARO"), "channel_not_found"},
		"to an unknown user":                      {"U0NOBODY", "channel_not_found"},
		"to a bot":                                {"U0ROBOT", "cannot_dm_bot"},
		"to an archived channel":                  {"C0OLD", "is_archived"},
		"to a channel that the bot is not in":     {"C0AWAY", "not_in_channel"},
		"to a private channel that it cannot see": {"G0SECRET", "channel_not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			expectCode(t, w.form("chat.postMessage", "channel", test.channel, "text", "x"), test.code)
		})
	}
	if n := len(w.AllMessages()); n != 0 {
		t.Errorf("%d refused messages were stored", n)
	}
}

func TestChatWritePublicReachesChannelsThatTheBotIsNotIn(t *testing.T) {
	w := newWorkspace(t)
	w.AddToken("xoxb-wide", "chat:write", "chat:write.public")
	if _, _, err := w.client("xoxb-wide").PostMessage("C0AWAY", slackgo.MsgOptionText("x", false)); err != nil {
		t.Error(err)
	}
}

func TestAMessageToADeactivatedUserIsAcceptedInSilence(t *testing.T) {
	w := newWorkspace(t)
	w.post("U0TARO", "while working here")
	w.DisableUser("U0TARO")
	w.post(slack.DM("U0TARO"), "after leaving")
	if diff := cmp.Diff([]string{"while working here", "after leaving"}, texts(w.Messages("U0TARO"))); diff != "" {
		t.Error(diff)
	}
}

func TestBodiesAreJudged(t *testing.T) {
	w := newWorkspace(t)
	for name, test := range map[string]struct{ contentType, body, code string }{
		"broken JSON":            {"application/json", `{"a":`, "invalid_json"},
		"JSON that is an array":  {"application/json", `[]`, "json_not_object"},
		"no content type":        {"", "a=b", "missing_post_type"},
		"an unknown type":        {"text/plain", "a=b", "invalid_post_type"},
		"a broken form":          {formType, "a=%zz", "invalid_form_data"},
		"a form that is no text": {formType, "a=%ff", "invalid_form_data"},
	} {
		t.Run(name, func(t *testing.T) {
			expectCode(t, w.send("auth.test", test.contentType, slack.BotToken, test.body), test.code)
		})
	}
}

func TestAnUnknownMethodIsNamed(t *testing.T) {
	w := newWorkspace(t)
	answer := w.form("chat.shout")
	expectCode(t, answer, "unknown_method")
	if answer["req_method"] != "chat.shout" {
		t.Errorf("got %v", answer)
	}
}
