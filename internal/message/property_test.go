package message_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/message"
)

// anyText is what a cell may hold: anything at all, markup of Slack more often than chance would have it, and long.
func anyText() *rapid.Generator[string] {
	pieces := rapid.SampledFrom([]string{
		"<@U0ADMIN01>", "<!channel>", "<!here|x>", "<https://evil.example|click>", "http://evil.example/", "evil.example",
		"a@evil.example", "*太字*", "_i_", "~s~", "`c`", "```p```", ":tada:", "@here", "#general", "&lt;!channel&gt;",
		"\n&gt; quote", "\n", "\u202e", "\u2066", "\x00", "\xff", "😀", "{{.Kind}}", "|", ">", "\"", "\\", "あ", " ",
		strings.Repeat("長", 3100), strings.Repeat("😀", 1600),
	})
	return rapid.Custom(func(t *rapid.T) string {
		s := strings.Join(rapid.SliceOfN(pieces, 0, 6).Draw(t, "pieces"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
		return s + rapid.String().Draw(t, "rest")
	})
}

func anyNotice(t *rapid.T) message.Notice {
	text := func(name string) string { return anyText().Draw(t, name) }
	kinds := map[message.Audience][]string{message.ToOwner: ownerKinds, message.ToAdmin: append(append([]string{}, ownerKinds...), adminKinds...)}
	audience := rapid.SampledFrom([]message.Audience{message.ToOwner, message.ToAdmin}).Draw(t, "audience")
	return message.Notice{
		Kind: rapid.SampledFrom(kinds[audience]).Draw(t, "kind"), Audience: audience,
		Lease: &v1alpha1.AccessKeyLease{
			ObjectMeta: metav1.ObjectMeta{Namespace: text("namespace"), Name: text("name")},
			Spec: v1alpha1.AccessKeyLeaseSpec{
				AccessKeyID: text("key"), UserName: text("user"), AccountID: text("account"), Owner: v1alpha1.LeaseOwner{FullName: text("owner")},
				Purpose: text("purpose"), Resource: text("resource"), StartDate: text("start"), EndDate: text("end"),
			},
			Status: v1alpha1.AccessKeyLeaseStatus{
				Sheet: &v1alpha1.SheetRowStatus{Row: rapid.Int32Range(0, 9999).Draw(t, "row")},
				Key: &v1alpha1.KeyStatus{LastUsed: &v1alpha1.LastUsed{
					Date: metav1.NewTime(time.Unix(1, 0)), Service: text("service"), Region: text("region")}},
				Revocation: &v1alpha1.RevocationStatus{
					Steps:    []v1alpha1.RevocationStep{{Action: text("action"), Target: text("target")}},
					Retained: []v1alpha1.Retained{{Target: text("kept"), Reason: text("why")}},
				},
			},
		},
		Owner: message.Owner{SlackUserID: text("id"), Candidates: []string{text("candidate"), text("other")}, Unreachable: text("code")},
		Today: text("today"), SheetURL: text("url"), MarkExtended: text("mark"), Reason: text("reason"), Detail: text("detail"),
		Plan: &v1alpha1.RevocationPlan{Steps: []string{text("step")}, Blocked: text("blocked")},
	}
}

func TestWhateverTheSheetHoldsANoticeIsValidAndHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := anyNotice(t)
		m, err := own.Notice(rapid.SampledFrom([]string{"ja", "en"}).Draw(t, "lang"), n)
		if err != nil {
			t.Fatalf("Notice: %v", err)
		}
		expectHarmless(t, read(t, m), n.Owner.SlackUserID)
	})
}

func TestWhateverTheSheetHoldsASheetMessageIsValidAndHarmless(t *testing.T) {
	item := rapid.Custom(func(t *rapid.T) message.Item {
		text := func(name string) string { return anyText().Draw(t, name) }
		return message.Item{
			Row: 3, AccessKeyID: text("key"), UserName: text("user"), OwnerName: text("owner"), EndDate: text("end"),
			Reason: text("reason"), Value: text("value"), Detail: text("detail"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string { return anyText().Draw(t, name) }
		ms, err := own.Sheet(rapid.SampledFrom([]string{"ja", "en"}).Draw(t, "lang"), message.SheetMessage{
			Kind: rapid.SampledFrom(sheetKinds).Draw(t, "kind"), Namespace: text("namespace"), SheetName: text("sheet"),
			Tab: text("tab"), SheetURL: text("url"), Detail: text("detail"), Approval: text("approval"),
			MarkExtended: text("mark"), Items: rapid.SliceOfN(item, 0, 25).Draw(t, "items"),
		})
		if err != nil {
			t.Fatalf("Sheet: %v", err)
		}
		for _, m := range ms {
			expectHarmless(t, read(t, m), "")
		}
	})
}

var (
	oneMention = regexp.MustCompile(`^<@[UW][A-Z0-9]+>$`)
	oneLink    = regexp.MustCompile(`^<https://[^<>|\s]+\|(申請シートを開く|Open the request sheet)>$`)
	// activeText is what Slack would make something of in the text for notifications.
	activeText = regexp.MustCompile("[<>*_~`\n]|&($|[^algt])|[:./@#]($|[^\u2060])")
)

// expectHarmless checks Slack's limits, and that nothing is active but the mention of owner and the link.
func expectHarmless(t *rapid.T, r rendered, owner string) {
	total := 0
	for _, b := range r.blocks {
		limits := map[string]int{"header": 150, "section": 3000, "context": 3000}
		limit, known := limits[b.Type]
		if !known || b.Text == nil && len(b.Fields) == 0 && len(b.Elements) == 0 || len(b.Fields) > 10 {
			t.Fatalf("block %+v is none that Slack takes", b)
		}
		if b.Text != nil {
			total += expectText(t, *b.Text, limit, owner)
		}
		for _, f := range append(b.Fields, b.Elements...) {
			total += expectText(t, f, 2000, owner)
		}
	}
	if len(r.blocks) > 50 || total > 13_200 {
		t.Fatalf("%d blocks with %d characters are more than Slack takes", len(r.blocks), total)
	}
	if r.Text == "" || activeText.MatchString(r.Text) {
		t.Fatalf("the text for notifications is active at %q: %q", activeText.FindString(r.Text), r.Text)
	}
}

func expectText(t *rapid.T, text textJSON, limit int, owner string) int {
	n := utf16Len(text.Text)
	switch {
	case n == 0 || n > limit || !utf8.ValidString(text.Text):
		t.Fatalf("text of %d characters, 1 to %d are allowed: %q", n, limit, text.Text)
	case strings.ContainsFunc(text.Text, func(r rune) bool { return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf) }):
		t.Fatalf("text with control or direction characters: %q", text.Text)
	case text.Type == "plain_text" && (text.Emoji == nil || *text.Emoji):
		t.Fatalf("plain text with emoji on: %q", text.Text)
	case text.Type == "mrkdwn" && text.Text != "<@"+owner+">" && !oneLink.MatchString(text.Text),
		text.Type == "mrkdwn" && strings.HasPrefix(text.Text, "<@") && !oneMention.MatchString(text.Text):
		t.Fatalf("mrkdwn that is neither the mention nor the link: %q", text.Text)
	}
	return n
}
