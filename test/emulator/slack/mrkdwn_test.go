package slack_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	slackgo "github.com/slack-go/slack"

	"github.com/keylease/keylease/test/emulator/slack"
)

func TestActiveMarkupInTopLevelText(t *testing.T) {
	type found = []slack.Active
	one := func(kind slack.Kind, text string) found { return found{{Kind: kind, Text: text, Where: "/text"}} }
	for name, test := range map[string]struct {
		text string
		want found
	}{
		"a person":                      {"to <@U0TARO>", one(slack.KindMention, "<@U0TARO>")},
		"a person with a label":         {"<@W0TARO|taro>", one(slack.KindMention, "<@W0TARO|taro>")},
		"everyone here":                 {"<!here>", one(slack.KindMention, "<!here>")},
		"the channel":                   {"<!channel> wake up", one(slack.KindMention, "<!channel>")},
		"a group":                       {"<!subteam^S0OPS>", one(slack.KindMention, "<!subteam^S0OPS>")},
		"a channel":                     {"<#C0OPS|ops>", one(slack.KindMention, "<#C0OPS|ops>")},
		"an escaped mention":            {"&lt;@U0TARO&gt;", nil},
		"a doubly escaped one":          {"&amp;lt;!channel&amp;gt;", nil},
		"@channel as plain words":       {"@channel", nil},
		"angle brackets around a word":  {"<b>x</b>", nil},
		"an open bracket":               {"1 < 2 <", nil},
		"a link":                        {"<https://example.com/?a=1&amp;b=2|here>", one(slack.KindLink, "https://example.com/?a=1&b=2")},
		"a mail link":                   {"<mailto:a@example.com>", one(slack.KindLink, "mailto:a@example.com")},
		"a bare URL":                    {"see https://example.com/x now", one(slack.KindLink, "https://example.com/x")},
		"a bare URL in Japanese":        {"詳細はhttps://example.com/x", one(slack.KindLink, "https://example.com/x")},
		"a bare host name":              {"s3.amazonaws.com", one(slack.KindLink, "s3.amazonaws.com")},
		"a bare mail address":           {"taro@example.com", one(slack.KindLink, "taro@example.com")},
		"a name with a dot":             {"taro.yamada", nil},
		"bold":                          {"a *b c* d", one(slack.KindBold, "b c")},
		"bold between Japanese":         {"これは*太字*です", one(slack.KindBold, "太字")},
		"an asterisk in a word":         {"a*b*c", nil},
		"asterisks with blanks inside":  {"2 * 3 * 4", nil},
		"asterisks on two lines":        {"*a\nb*", nil},
		"two asterisks":                 {"**", nil},
		"italics":                       {"_x_", one(slack.KindItalic, "x")},
		"a name with underscores":       {"svc_backup_prod", nil},
		"strike":                        {"~x~", one(slack.KindStrike, "x")},
		"code":                          {"`a *b* c`", one(slack.KindCode, "a *b* c")},
		"a block of code":               {"```a\n*b*\n```", one(slack.KindCode, "a\n*b*\n")},
		"a lone backtick":               {"a ` b", nil},
		"a quotation":                   {"a\n&gt; b", one(slack.KindQuote, "b")},
		"a greater-than inside a line":  {"a &gt; b", nil},
		"an emoji":                      {"x :tada: y", one(slack.KindEmoji, ":tada:")},
		"a name that an ARN looks like": {"arn:aws:iam::123456789012:user/x", one(slack.KindEmoji, ":aws:")},
		"a time of day":                 {"10:30:45", nil},
		"nothing":                       {"社内バッチ (2026/12/31) & co", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, slack.Inspect(test.text, nil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNestedMarkupIsFoundInEveryLayer(t *testing.T) {
	got := slack.Message{Active: slack.Inspect("*_<@U0TARO>_ ~x~*", nil)}
	want := [][]string{{"<@U0TARO>"}, {"@U0TARO"}, {"x"}, nil}
	if diff := cmp.Diff(want, [][]string{got.Mentions(), got.Italic(), got.Strike(), got.Links()}); diff != "" {
		t.Error(diff)
	}
	if len(got.Bold()) != 1 {
		t.Errorf("bold is %q", got.Bold())
	}
}

const hostile = "<!channel> *b* _i_ ~s~ `c` https://example.com <@U0TARO>"

// postBlocks posts blocks with the real client and returns what was stored.
func postBlocks(t *testing.T, blocks ...slackgo.Block) slack.Message {
	t.Helper()
	w := newWorkspace(t)
	_, _, err := w.bot().PostMessage("C0OPS", slackgo.MsgOptionText("fallback", false), slackgo.MsgOptionBlocks(blocks...))
	if err != nil {
		t.Fatal(err)
	}
	return w.Messages("C0OPS")[0]
}

func TestPlainTextIsInert(t *testing.T) {
	m := postBlocks(t, slackgo.NewSectionBlock(slackgo.NewTextBlockObject("plain_text", hostile, false, false), nil, nil))
	if len(m.Active) != 0 {
		t.Errorf("found %v", m.Active)
	}
	if m.PlainText() != hostile {
		t.Errorf("a person reads %q, want %q", m.PlainText(), hostile)
	}
}

func TestPlainTextShowsEmojiUnlessSwitchedOff(t *testing.T) {
	on := `[{"type":"section","text":{"type":"plain_text","text":":tada:"}}]`
	off := `[{"type":"section","text":{"type":"plain_text","text":":tada:","emoji":false}}]`
	w := newWorkspace(t)
	w.form("chat.postMessage", "channel", "C0OPS", "blocks", on)
	w.form("chat.postMessage", "channel", "C0OPS", "blocks", off)
	got := w.Messages("C0OPS")
	if diff := cmp.Diff([][]string{{":tada:"}, nil}, [][]string{got[0].Emoji(), got[1].Emoji()}); diff != "" {
		t.Error(diff)
	}
}

func TestMrkdwnIsActiveInEveryPlaceOfABlock(t *testing.T) {
	text := func(s string) *slackgo.TextBlockObject { return slackgo.NewTextBlockObject("mrkdwn", s, false, false) }
	m := postBlocks(t,
		slackgo.NewSectionBlock(text("<@U0A>"), []*slackgo.TextBlockObject{text("<@U0B>")}, nil),
		slackgo.NewContextBlock("", text("<@U0C> @here #general")),
	)
	if diff := cmp.Diff([]string{"<@U0A>", "<@U0B>", "<@U0C>", "@here", "#general"}, m.Mentions()); diff != "" {
		t.Error(diff)
	}
	if got, want := m.PlainText(), "@U0A\n@U0B\n@U0C @here #general"; got != want {
		t.Errorf("a person reads %q, want %q", got, want)
	}
}

func TestVerbatimMrkdwnLinksOnlyWhatIsWrittenAsALink(t *testing.T) {
	m := postBlocks(t, slackgo.NewSectionBlock(
		slackgo.NewTextBlockObject("mrkdwn", "https://example.com @here <https://example.org|x>", false, true), nil, nil))
	if diff := cmp.Diff([]string{"https://example.org"}, m.Links()); diff != "" {
		t.Error(diff)
	}
	if len(m.Mentions()) != 0 {
		t.Errorf("mentions: %q", m.Mentions())
	}
}

func TestAButtonsTargetIsALink(t *testing.T) {
	button := slackgo.NewButtonBlockElement("open", "", slackgo.NewTextBlockObject("plain_text", "Open", false, false))
	button.URL = "https://example.com/lease"
	m := postBlocks(t, slackgo.NewActionBlock("", button))
	if diff := cmp.Diff([]string{"https://example.com/lease"}, m.Links()); diff != "" {
		t.Error(diff)
	}
}

func TestParseNoneAndMrkdwnFalseSwitchTopLevelTextOff(t *testing.T) {
	w := newWorkspace(t)
	w.form("chat.postMessage", "channel", "C0OPS", "text", "*b* https://example.com", "mrkdwn", "false", "parse", "none")
	if got := w.Messages("C0OPS")[0].Active; len(got) != 0 {
		t.Errorf("found %v", got)
	}
}

func TestAPersonReadsTextWithoutMarks(t *testing.T) {
	for text, want := range map[string]string{
		"*a* &lt;b&gt; &amp; <https://example.com|c>": "a <b> & c",
		"`code` <!date^1^{date}|2026-12-31>":          "code 2026-12-31",
		"&gt; q":                                      " q",
		"<!subteam^S0OPS|@ops> <#C0OPS>":              "@ops #C0OPS",
	} {
		if got := (slack.Message{Text: text}).PlainText(); got != want {
			t.Errorf("%q reads %q, want %q", text, got, want)
		}
	}
}
