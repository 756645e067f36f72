package message_test

import (
	"strings"
	"testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/message"
)

func TestAReplacedTextIsSentAndTheOthersStayTheProgramsOwn(t *testing.T) {
	texts, err := message.Replace(map[string]string{"ja": `
{{/* われわれの言い方 */}}
{{define "Expiry/Owner/title"}}【情シスより】{{.UserName}} の期限（{{template "words/days" .}}）{{end}}`})
	if err != nil {
		t.Fatal(err)
	}
	n := aNotice(v1alpha1.NoticeExpiry, message.ToOwner)
	m, err := texts.Notice("ja", n)
	if err != nil {
		t.Fatal(err)
	}
	expectWords(t, read(t, m), "【情シスより】svc-report の期限（あと7日）", "延長の方法")
	expectNoWords(t, read(t, m), "利用期限のお知らせ")
	expectWords(t, render(t, "ja", n), "利用期限のお知らせ") // the program's own are not touched
	other, err := texts.Notice("en", n)
	if err != nil {
		t.Fatal(err)
	}
	expectWords(t, read(t, other), "7 days left")
}

func TestAReplacedTextCannotMentionAnybody(t *testing.T) {
	texts, err := message.Replace(map[string]string{"en": `{{define "Expiry/Owner/lead"}}<!channel> {{.Purpose}}{{end}}{{define "Expiry/Owner/fallback"}}<!channel>{{end}}`})
	if err != nil {
		t.Fatal(err)
	}
	n := aNotice(v1alpha1.NoticeExpiry, message.ToOwner)
	n.SheetURL, n.Owner.SlackUserID = "", ""
	m, err := texts.Notice("en", n)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, m).texts("mrkdwn"); len(got) > 0 || strings.Contains(m.Text, "<!") {
		t.Errorf("mrkdwn %q, notification %q", got, m.Text)
	}
}

func TestTextsThatCannotBeSentAreRefusedAtTheStart(t *testing.T) {
	for name, tc := range map[string]struct{ lang, text, want string }{
		"a language that is not there": {"fr", "", `"fr"`},
		"no template":                  {"ja", `{{define "Expiry/Owner/title"}}`, "unexpected EOF"},
		"a name that replaces nothing": {"ja", `{{define "Expiry/Owner/titel"}}x{{end}}`, `"Expiry/Owner/titel" replaces none`},
		"a value that is not there":    {"ja", `{{define "Expiry/Owner/title"}}{{.Deadline}}{{end}}`, "Deadline"},
		"only where there is a plan":   {"ja", `{{define "words/plan"}}{{range .PlanSteps}}{{.Nothing}}{{end}}{{end}}`, "Nothing"},
		"of a message about a sheet":   {"en", `{{define "InvalidRows/lead"}}{{.UserName}}{{end}}`, "UserName"},
		"of a date":                    {"ja", `{{define "words/day"}}{{.Month}}月{{.Date2}}{{end}}`, "Date2"},
		"of a step":                    {"en", `{{define "words/step"}}{{.Deed}}{{end}}`, "Deed"},
		"an empty notification":        {"en", `{{define "Revoked/Admin/fallback"}}{{""}}{{end}}`, "Revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := message.Replace(map[string]string{tc.lang: tc.text})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one that says %q", err, tc.want)
			}
		})
	}
}
