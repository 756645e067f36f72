package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
)

// evidence is one line of the audit log.
type evidence map[string]any

func (e evidence) get(name string) string {
	if e[name] == nil {
		return ""
	}
	return fmt.Sprint(e[name])
}

// evidenceOf a key is what the lines say of it, oldest first.
func evidenceOf(t *testing.T, l *fixture.Lines, accessKeyID string) (key []evidence) {
	t.Helper()
	for _, line := range l.With(`"msg":`) {
		e := evidence{}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("no line of JSON: %s", line)
		}
		if e.get("accessKeyID") == accessKeyID {
			key = append(key, e)
		}
	}
	return key
}

// said is one line in words, empty where it adds nothing to the story.
func (e evidence) said() string {
	switch what := e.get("msg"); what {
	case "created":
		return "first seen, ends " + e.get("endDate")
	case "pinned":
		return "pinned"
	case "term":
		return "term " + e.get("number") + " to " + e.get("endDate") + " for " + e.get("reason")
	case "phase":
		return "is " + e.get("to")
	case "notice":
		return e.get("kind") + " " + e.get("recipient")
	case "change":
		return e.get("reason") + " " + e.get("old") + ">" + e.get("new") + " by " + e.get("via")
	case "held", "released":
		return what + " " + e.get("reason")
	case "decided":
		return "decided to " + strings.ToLower(e.get("action"))
	case "aws":
		return "AWS " + e.get("action") + " " + strings.TrimPrefix(e.get("target"), report.Key)
	case "verified":
		return "AWS says " + e.get("reason")
	case "complete":
		return "complete " + e.get("reason")
	case "cell":
		return "cell " + e.get("old") + ">" + e.get("new")
	}
	return ""
}

// TestTheWholeLifeOfAKeyIsToldFromTheAuditLinesAlone: seen, warned of, held, extended in the sheet, deactivated, given back
// after kubectl, deactivated again and deleted. An auditor has nothing but the lines.
func TestTheWholeLifeOfAKeyIsToldFromTheAuditLinesAlone(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Begin(grace(48*time.Hour), func(a *v1alpha1.AccessKeySheet) { a.Spec.Slack.Admins = []string{admin} })
	s.Until("2026-12-02 10:00")
	s.Must(s.Form().SetCell(statusCell(firstRow), "延長申請済み"))
	s.Until("2026-12-03 10:00")
	s.Must(s.Form().SetCell(endCell(firstRow), "2026/12/12"))
	s.Until("2026-12-13 15:30")
	s.ExpectKey(report.Key, "Inactive")
	s.Must(s.Patch(report.Key, `{"endDate":"2026-12-20"}`))
	s.Until("2026-12-13 16:00")
	s.ExpectKey(report.Key, "Active")
	s.Until("2026-12-23 16:30")
	s.ExpectPhase(report.Key, v1alpha1.PhaseRevoked)

	key := evidenceOf(t, s.Audit, report.Key)
	lease, sheet := storyOf(key)
	if diff := cmp.Diff(leaseStory, lease); diff != "" {
		t.Errorf("what became of the key (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(sheetStory, sheet); diff != "" {
		t.Errorf("what the sheet said (-want +got):\n%s", diff)
	}
	s.expectEveryChangeInEvidence(key)
	s.expectEveryMessageInEvidence()
	snapshot := s.Lease(report.Key).Status.Revocation.SnapshotRef
	if end := s.Audit.With(`"msg":"complete"`, report.Key); len(end) != 1 || !expect.ContainsAll(end[0], snapshot.Name, snapshot.SHA256) {
		t.Errorf("where the snapshot is kept: %v", end)
	}
}

var leaseStory = []string{
	"is Active", "term 1 to 2026-12-08 for FirstSeen", "pinned", "AWS says KeyMatches",
	"Expiry U0EMPLOY01", "Expiry U0ADMIN01", "is Notified",
	"held ExtensionRequested", "is Active", "term 2 to 2026-12-12 for EndDateChanged", "released ExtensionRequested",
	"Expiry U0EMPLOY01", "Expiry U0ADMIN01", "is Notified", "is Expired",
	"decided to deactivate", "AWS UpdateAccessKey :Inactive", "Deactivated U0EMPLOY01", "Deactivated U0ADMIN01",
	"is Active", "term 3 to 2026-12-20 for EndDateChanged", "decided to reactivate", "AWS UpdateAccessKey :Active",
	"Expiry U0EMPLOY01", "Expiry U0ADMIN01", "is Notified", "is Expired",
	"decided to deactivate", "AWS UpdateAccessKey :Inactive", "Deactivated U0EMPLOY01", "Deactivated U0ADMIN01",
	"decided to revoke", "AWS DeleteAccessKey ", "AWS DetachUserPolicy arn:aws:iam::123456789012:policy/svc-report",
	"AWS DeleteUser svc-report", "AWS DeletePolicy arn:aws:iam::123456789012:policy/svc-report",
	"complete EndDatePassed", "is Revoked", "Revoked U0EMPLOY01", "Revoked U0ADMIN01",
}

var sheetStory = []string{
	"first seen, ends 2026-12-08", "cell >通知済み", "EndDateExtended 2026-12-08>2026-12-12 by sheet",
	"cell 延長申請済み>通知済み", "cell 通知済み>期限切れ",
	"EndDateExtended 2026-12-12>2026-12-20 by lease", "cell 2026/12/12>2026/12/20", "cell 期限切れ>延長申請済み",
	"cell 延長申請済み>通知済み", "cell 通知済み>期限切れ", "cell 期限切れ>削除済み",
}

// storyOf the key and of its row: two controllers tell them, each in its own order. What a conflict made the operator do
// again, which is in the lines twice, is told once.
func storyOf(key []evidence) (lease, sheet []string) {
	for _, e := range key {
		switch said := e.said(); {
		case said == "":
		case slices.Contains([]string{"created", "change", "cell"}, e.get("msg")):
			sheet = append(sheet, said)
		case slices.Contains(lease[max(0, len(lease)-2):], said):
		default:
			lease = append(lease, said)
		}
	}
	return lease, sheet
}

// expectEveryMessageInEvidence: each message about the key is in a line, with the place where it can be read; in two, where
// a conflict kept the first from being recorded, and the message was found.
func (s *stage) expectEveryMessageInEvidence() {
	s.Helper()
	for _, m := range s.Slack.AllMessages() {
		if strings.Contains(m.PlainText(), report.User) && len(s.Audit.With(`"msg":"notice"`, m.TS, m.Channel)) == 0 {
			s.Errorf("in no line: %s", m.PlainText())
		}
	}
}

// What people allowed or asked for is in the lines, with the name that the API server has for their client.
func TestApprovalsAndWishesAreInTheAuditLog(t *testing.T) {
	rows := staggered(12)
	s := rowsStage(t, "2026-12-01 10:00", rows...)
	s.Begin(atMost(1), func(a *v1alpha1.AccessKeySheet) { a.Spec.Limits.MinChangeRows = ptr.To[int32](2) })
	s.Until("2026-12-01 10:10")
	denied := s.IAM.Inject(iam.Fault{Action: "DeleteUser", User: rows[11].User, Code: "AccessDenied"})
	s.Until("2026-12-02 10:20")
	s.Annotate(v1alpha1.AnnotationAllowRevocations, "2026-12-02=3")
	s.Until("2026-12-02 10:40")
	denied.Clear()
	s.annotateLease(rows[11].Key, v1alpha1.AnnotationRetry, "please")
	s.Until("2026-12-02 10:50")
	for i := range rows {
		s.Must(s.Form().SetCell(fmt.Sprint("I", i+2), "2027/03/31"))
	}
	s.Until("2026-12-02 11:00")
	s.Annotate(v1alpha1.AnnotationApproveChange, s.Sheet().Status.ObservedHash)
	s.Until("2026-12-02 11:10")
	who := s.Sheet().ManagedFields[len(s.Sheet().ManagedFields)-1].Manager
	for name, texts := range map[string][]string{
		"the breaker was raised":     {`"msg":"decided"`, rows[10].Key, `"approval":"2026-12-02=3"`, `"approvedBy":"` + who + `"`},
		"another attempt was wanted": {`"msg":"asked"`, rows[11].Key, `"value":"please"`, `"by":"` + who + `"`},
		"the change was approved":    {`"msg":"approved"`, s.Sheet().Status.ApprovedHash, `"by":"` + who + `"`},
	} {
		if len(s.Audit.With(texts...)) != 1 {
			t.Errorf("%s: not in one line with %q", name, texts)
		}
	}
	if usual := s.Audit.With(`"msg":"decided"`, rows[11].Key); len(usual) != 1 || strings.Contains(usual[0], "approv") {
		t.Errorf("what needed no approval: %v", usual)
	}
}

// expectEveryChangeInEvidence: each call that changed something is in one line, with the request ID that joins CloudTrail.
func (s *stage) expectEveryChangeInEvidence(key []evidence) {
	s.Helper()
	for _, c := range s.Changes() {
		lines := slices.DeleteFunc(slices.Clone(key), func(e evidence) bool { return e.get("requestID") != c.RequestID })
		if len(lines) != 1 || lines[0].get("action") != c.Action {
			s.Errorf("%s %v is in %d lines", c.Action, c.Params, len(lines))
		}
	}
}
