package message_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/message"
)

// own are the program's own texts.
var own *message.Texts

var jst = time.FixedZone("JST", 9*60*60)

// aNotice is a notice of the fixture's row 3, seven days before the end date.
func aNotice(kind string, audience message.Audience) message.Notice {
	return message.Notice{
		Kind: kind, Audience: audience, Today: "2026-12-01", Zone: jst,
		Lease:    aLease(),
		Owner:    message.Owner{SlackUserID: "U0EMPLOY02"},
		DeleteAt: time.Date(2026, 12, 9, 15, 0, 0, 0, jst),
		SheetURL: "https://docs.google.com/spreadsheets/d/1duJ/edit?gid=0&range=I3", MarkExtended: "延長申請済み",
	}
}

func aLease() *v1alpha1.AccessKeyLease {
	return &v1alpha1.AccessKeyLease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "keylease", Name: "akiakeylease00000002"},
		Spec: v1alpha1.AccessKeyLeaseSpec{
			AccessKeyID: "AKIAKEYLEASE00000002", UserName: "svc-report", AccountID: "123456789012", Owner: v1alpha1.LeaseOwner{FullName: "鈴木 花子"},
			Purpose: "月次レポートの集計", Resource: "Athena", StartDate: "2026-06-03", EndDate: "2026-12-08",
		},
		Status: v1alpha1.AccessKeyLeaseStatus{
			Sheet: &v1alpha1.SheetRowStatus{Row: 3},
			Key: &v1alpha1.KeyStatus{Status: v1alpha1.KeyActive, LastUsed: &v1alpha1.LastUsed{
				Date:    metav1.NewTime(time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC)),
				Service: "athena", Region: "ap-northeast-1",
			}},
		},
	}
}

// aRevocation is a finished teardown that kept a shared policy.
func aRevocation() *v1alpha1.RevocationStatus {
	return &v1alpha1.RevocationStatus{
		Reason: v1alpha1.ReasonEndDatePassed,
		Steps: []v1alpha1.RevocationStep{
			{Action: "UpdateAccessKey", Target: "AKIAKEYLEASE00000002"},
			{Action: "DeleteAccessKey", Target: "AKIAKEYLEASE00000002"},
			{Action: "DetachUserPolicy", Target: "arn:aws:iam::123456789012:policy/svc-report"},
			{Action: "DeleteUser", Target: "svc-report"},
		},
		Retained: []v1alpha1.Retained{{Target: "arn:aws:iam::123456789012:policy/svc-report", Reason: "AttachedElsewhere"}},
	}
}

// aDayAfterItsUse is almost a day after the last use of the key of aLease.
func aDayAfterItsUse() *metav1.Time {
	at := metav1.NewTime(aLease().Status.Key.LastUsed.Date.Add(23 * time.Hour))
	return &at
}

// aDeactivation by Keylease.
func aDeactivation() *v1alpha1.RevocationStatus {
	at := metav1.NewTime(time.Date(2026, 12, 9, 15, 0, 0, 0, jst))
	return &v1alpha1.RevocationStatus{StartTime: &at, DeactivatedTime: &at}
}

// aPlan is what will become of it.
func aPlan() *v1alpha1.RevocationPlan {
	return &v1alpha1.RevocationPlan{
		Steps:    []string{"DeleteAccessKey AKIAKEYLEASE00000002", "DeleteUser svc-report"},
		Retained: []v1alpha1.Retained{{Target: "arn:aws:iam::123456789012:policy/svc-report", Reason: "UsedAsBoundary"}},
		Blocked:  "user svc-report is tagged keylease.dev/protected=true: remove the tag to let the key go", BlockedReason: v1alpha1.ReasonProtected,
	}
}

// render gives the message, or fails the test.
func render(t *testing.T, lang string, n message.Notice) rendered {
	t.Helper()
	m, err := own.Notice(lang, n)
	if err != nil {
		t.Fatalf("Notice: %v", err)
	}
	return read(t, m)
}

// rendered is a message as a test looks at it.
type rendered struct {
	message.Message
	blocks []blockJSON
}

type blockJSON struct {
	Type     string     `json:"type"`
	Text     *textJSON  `json:"text"`
	Fields   []textJSON `json:"fields"`
	Elements []textJSON `json:"elements"`
}

type textJSON struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji *bool  `json:"emoji"`
}

func read(t interface{ Fatalf(string, ...any) }, m message.Message) rendered {
	r := rendered{Message: m}
	if err := json.Unmarshal(m.Blocks, &r.blocks); err != nil {
		t.Fatalf("the blocks are no JSON: %v\n%s", err, m.Blocks)
	}
	return r
}

// texts of all objects of a type, plain_text or mrkdwn.
func (r rendered) texts(kind string) []string {
	var out []string
	for _, b := range r.blocks {
		all := append(append([]textJSON{}, b.Fields...), b.Elements...)
		if b.Text != nil {
			all = append(all, *b.Text)
		}
		for _, text := range all {
			if text.Type == kind {
				out = append(out, text.Text)
			}
		}
	}
	return out
}

// words is everything that a person reads.
func (r rendered) words() string { return strings.Join(r.texts("plain_text"), "\n") }

func expectWords(t *testing.T, r rendered, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(r.words(), w) {
			t.Errorf("the message does not say %q:\n%s", w, r.words())
		}
	}
}

func expectNoWords(t *testing.T, r rendered, unwanted ...string) {
	t.Helper()
	for _, w := range unwanted {
		if strings.Contains(r.words(), w) {
			t.Errorf("the message says %q:\n%s", w, r.words())
		}
	}
}
