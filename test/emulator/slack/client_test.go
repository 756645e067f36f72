package slack_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	slackgo "github.com/slack-go/slack"

	"github.com/keylease/keylease/test/emulator/slack"
)

func TestTheRealClientOpensADirectMessageAndPostsToIt(t *testing.T) {
	w := newWorkspace(t)
	channel, _, before, err := w.bot().OpenConversation(&slackgo.OpenConversationParameters{Users: []string{"U0TARO"}})
	if err != nil {
		t.Fatal(err)
	}
	if channel.ID != slack.DM("U0TARO") || before {
		t.Errorf("got channel %s, open before: %t", channel.ID, before)
	}
	header := slackgo.NewHeaderBlock(slackgo.NewTextBlockObject("plain_text", "期限のお知らせ", false, false))
	section := slackgo.NewSectionBlock(slackgo.NewTextBlockObject("mrkdwn", "<@U0TARO> see below", false, false), nil, nil)
	where, ts, err := w.bot().PostMessage(channel.ID,
		slackgo.MsgOptionText("期限のお知らせ", true),
		slackgo.MsgOptionBlocks(header, section),
		slackgo.MsgOptionMetadata(slackgo.SlackMetadata{
			EventType: "lease_notice", EventPayload: map[string]any{"lease": "akia1"},
		}))
	if err != nil {
		t.Fatal(err)
	}
	got := w.Messages("U0TARO")
	if len(got) != 1 {
		t.Fatalf("%d messages were stored, want 1", len(got))
	}
	want := slack.Message{
		Channel: where, User: "U0TARO", TS: ts, Text: "期限のお知らせ", Blocks: got[0].Blocks,
		Metadata: &slack.Metadata{EventType: "lease_notice", EventPayload: map[string]any{"lease": "akia1"}},
		Active:   []slack.Active{{Kind: slack.KindMention, Text: "<@U0TARO>", Where: "/blocks/1"}},
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
	if got, want := got[0].PlainText(), "期限のお知らせ\n@U0TARO see below"; got != want {
		t.Errorf("a person reads %q, want %q", got, want)
	}
}

func TestOpeningAgainGivesTheSameChannel(t *testing.T) {
	w := newWorkspace(t)
	params := &slackgo.OpenConversationParameters{Users: []string{"U0TARO"}, ReturnIM: true}
	first, _, _, err := w.bot().OpenConversation(params)
	if err != nil {
		t.Fatal(err)
	}
	second, _, before, err := w.bot().OpenConversation(params)
	if err != nil {
		t.Fatal(err)
	}
	if second.ID != first.ID || !before || second.User != "U0TARO" {
		t.Errorf("got %s (open before: %t) with %q, want %s with U0TARO", second.ID, before, second.User, first.ID)
	}
}

func TestAUserIDAsChannelPostsToTheDirectMessage(t *testing.T) {
	w := newWorkspace(t)
	where, _, err := w.bot().PostMessage("U0TARO", slackgo.MsgOptionText("hello", false))
	if err != nil {
		t.Fatal(err)
	}
	if where != slack.DM("U0TARO") {
		t.Errorf("posted to %s", where)
	}
}

func TestAnUpdateReplacesTextAndKeepsBlocksThatWereNotSent(t *testing.T) {
	w := newWorkspace(t)
	_, ts, err := w.bot().PostMessage("C0OPS", slackgo.MsgOptionText("before", false),
		slackgo.MsgOptionBlocks(slackgo.NewDividerBlock()))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := w.bot().UpdateMessage("C0OPS", ts, slackgo.MsgOptionText("after", false)); err != nil {
		t.Fatal(err)
	}
	m := w.Messages("C0OPS")[0]
	if m.Text != "after" || !m.Edited || len(m.Blocks) != 1 {
		t.Errorf("got %+v", m)
	}
}

func TestAnUpdateOfAnUnknownMessageIsRefused(t *testing.T) {
	w := newWorkspace(t)
	_, _, _, err := w.bot().UpdateMessage("C0OPS", "1.000000", slackgo.MsgOptionText("x", false))
	expectError(t, err, "message_not_found")
}

func TestUsersInfoShowsADeactivatedUserAsDeleted(t *testing.T) {
	w := newWorkspace(t)
	w.DisableUser("U0TARO")
	u, err := w.bot().GetUserInfo("U0TARO")
	if err != nil {
		t.Fatal(err)
	}
	if !u.Deleted || u.RealName != "Yamada Taro" {
		t.Errorf("got %+v", u)
	}
}

func TestConversationsInfoDescribesADirectMessage(t *testing.T) {
	w := newWorkspace(t)
	w.post("U0TARO", "hello")
	c, err := w.bot().GetConversationInfo(&slackgo.GetConversationInfoInput{ChannelID: slack.DM("U0TARO")})
	if err != nil {
		t.Fatal(err)
	}
	if !c.IsIM || c.User != "U0TARO" {
		t.Errorf("got %+v", c)
	}
}

func TestCallbacksHearOfPostsAndUpdates(t *testing.T) {
	w := newWorkspace(t)
	var heard []string
	w.OnMessage(func(m slack.Message) { heard = append(heard, m.Text) })
	ts := w.post("C0OPS", "one")
	w.form("chat.update", "channel", "C0OPS", "ts", ts, "text", "two")
	if diff := cmp.Diff([]string{"one", "two"}, heard); diff != "" {
		t.Error(diff)
	}
}

func TestResetForgetsAllButTheDefaultToken(t *testing.T) {
	w := newWorkspace(t)
	w.post("C0OPS", "hello")
	w.Inject(0, nil, slack.FailWith("fatal_error"))
	w.BreakToken(slack.BotToken, "token_revoked")
	w.Reset()
	if n := len(w.AllMessages()) + len(w.Calls()); n != 0 {
		t.Errorf("%d messages and counters are left", n)
	}
	if _, err := w.bot().AuthTest(); err != nil {
		t.Error(err)
	}
}

func TestEveryCallIsCountedEvenIfItIsRefused(t *testing.T) {
	w := newWorkspace(t)
	w.post("C0OPS", "hello")
	w.form("chat.postMessage", "channel", "C0NONE", "text", "x")
	w.form("auth.test")
	want := map[string]int{"chat.postMessage": 2, "auth.test": 1}
	if diff := cmp.Diff(want, w.Calls()); diff != "" {
		t.Error(diff)
	}
}

func TestAGroupOfPeopleHasOneChannelInWhicheverOrderTheyAreNamed(t *testing.T) {
	w := newWorkspace(t)
	w.AddUser(slack.User{ID: "U0HANA"})
	w.AddToken("xoxb-groups", "mpim:write")
	open := func(users ...string) string {
		c, _, _, err := w.client("xoxb-groups").OpenConversation(&slackgo.OpenConversationParameters{Users: users})
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	if one, other := open("U0TARO", "U0HANA"), open("U0HANA", "U0TARO"); one != other {
		t.Errorf("got %s and %s", one, other)
	}
}

func TestAChannelThatIsChangedKeepsItsMessages(t *testing.T) {
	w := newWorkspace(t)
	w.post("C0OPS", "hello")
	w.AddChannel(slack.Channel{ID: "C0OPS", Name: "ops", Archived: true})
	expectError(t, w.tryPost(t.Context(), "C0OPS", "x"), "is_archived")
	if diff := cmp.Diff([]string{"hello"}, texts(w.Messages("C0OPS"))); diff != "" {
		t.Error(diff)
	}
}
