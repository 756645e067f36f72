package slack_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	slackgo "github.com/slack-go/slack"

	"github.com/keylease/keylease/test/emulator/slack"
)

// filled has the messages "1" to "5" in C0OPS, a minute between each, and
// returns their timestamps.
func filled(t *testing.T) (*workspace, []string) {
	t.Helper()
	w := newWorkspace(t)
	var ts []string
	for i, text := range []string{"1", "2", "3", "4", "5"} {
		w.clock.SetTime(noon.Add(time.Duration(i) * time.Minute))
		ts = append(ts, w.post("C0OPS", text))
	}
	return w, ts
}

// walk follows the cursors to the end and returns texts and number of pages.
func walk(t *testing.T, w *workspace, params slackgo.GetConversationHistoryParameters) ([]string, int) {
	t.Helper()
	found := []string{}
	for pages := 1; ; pages++ {
		answer, err := w.bot().GetConversationHistory(&params)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range answer.Messages {
			found = append(found, m.Text)
		}
		if params.Cursor = answer.ResponseMetaData.NextCursor; params.Cursor == "" {
			if answer.HasMore {
				t.Error("has_more without a cursor")
			}
			return found, pages
		}
	}
}

func TestHistoryIsNewestFirstInPagesNoLargerThanTheServerLikes(t *testing.T) {
	w, _ := filled(t)
	w.SetPageSize(2)
	found, pages := walk(t, w, slackgo.GetConversationHistoryParameters{ChannelID: "C0OPS", Limit: 100})
	if diff := cmp.Diff([]string{"5", "4", "3", "2", "1"}, found); diff != "" {
		t.Error(diff)
	}
	if pages != 3 {
		t.Errorf("%d pages, want 3", pages)
	}
}

func TestHistoryKeepsToItsBounds(t *testing.T) {
	w, ts := filled(t)
	w.SetPageSize(1)
	for name, test := range map[string]struct {
		oldest, latest string
		inclusive      bool
		want           []string
	}{
		"after the oldest":           {oldest: ts[2], want: []string{"5", "4"}},
		"from the oldest":            {oldest: ts[2], inclusive: true, want: []string{"5", "4", "3"}},
		"before the latest":          {latest: ts[1], want: []string{"1"}},
		"up to the latest":           {latest: ts[1], inclusive: true, want: []string{"2", "1"}},
		"between":                    {oldest: ts[0], latest: ts[3], want: []string{"3", "2"}},
		"a bound in whole seconds":   {oldest: "1796126460", want: []string{"5", "4", "3"}},
		"nothing between neighbours": {oldest: ts[0], latest: ts[1], want: []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			found, _ := walk(t, w, slackgo.GetConversationHistoryParameters{
				ChannelID: "C0OPS", Oldest: test.oldest, Latest: test.latest, Inclusive: test.inclusive,
			})
			if diff := cmp.Diff(test.want, found); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMetadataComesOnlyIfItIsAskedFor(t *testing.T) {
	w := newWorkspace(t)
	_, _, err := w.bot().PostMessage("C0OPS", slackgo.MsgOptionText("x", false), slackgo.MsgOptionMetadata(
		slackgo.SlackMetadata{EventType: "notice", EventPayload: map[string]any{"lease": "a"}}))
	if err != nil {
		t.Fatal(err)
	}
	for _, asked := range []bool{true, false} {
		answer, err := w.bot().GetConversationHistory(&slackgo.GetConversationHistoryParameters{
			ChannelID: "C0OPS", IncludeAllMetadata: asked,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := answer.Messages[0].Metadata.EventType == "notice"; got != asked {
			t.Errorf("asked for metadata: %t, got it: %t", asked, got)
		}
	}
}

func TestHistoryIsRefused(t *testing.T) {
	w := newWorkspace(t)
	for name, test := range map[string]struct{ channel, field, value, code string }{
		"of an unknown channel":           {"C0NONE", "", "", "channel_not_found"},
		"of a user":                       {"U0TARO", "", "", "channel_not_found"},
		"of a channel without the bot":    {"C0AWAY", "", "", "not_in_channel"},
		"of a private one without it":     {"G0SECRET", "", "", "channel_not_found"},
		"for a limit of 1,000":            {"C0OPS", "limit", "1000", "invalid_limit"},
		"for a limit of 0":                {"C0OPS", "limit", "0", "invalid_limit"},
		"for an oldest that is no ts":     {"C0OPS", "oldest", "yesterday", "invalid_ts_oldest"},
		"for a latest that is no ts":      {"C0OPS", "latest", "1.1234567", "invalid_ts_latest"},
		"for a cursor of somebody else's": {"C0OPS", "cursor", "abc", "invalid_cursor"},
	} {
		t.Run(name, func(t *testing.T) {
			expectCode(t, w.form("conversations.history", "channel", test.channel, test.field, test.value), test.code)
		})
	}
}

func TestTimestampsAreUniqueAndIncreaseWhileTheClockStands(t *testing.T) {
	w := newWorkspace(t)
	var got []string
	for range 3 {
		got = append(got, w.post("C0OPS", "x"))
	}
	want := []string{"1796126400.000000", "1796126400.000001", "1796126400.000002"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDirectMessagesOfDifferentPeopleHaveDifferentChannels(t *testing.T) {
	if slack.DM("U0TARO") == slack.DM("U0HANA") {
		t.Error("both have " + slack.DM("U0TARO"))
	}
}
