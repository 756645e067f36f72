package e2e

import (
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

func TestADateThatGoesThereAndBackNeedsItsNoticeAnew(t *testing.T) {
	s := companyStage(t, reportRow)
	s.Begin()
	s.Until("2026-12-08 10:00")
	s.Must(s.Form().SetCell(endCell(reportRow), "2027/01/31"))
	s.Until("2026-12-08 10:20")
	s.Must(s.Form().SetCell(endCell(reportRow), "2026/12/08"))
	s.Until("2026-12-08 20:00")
	l := s.Lease(reportKey)
	if l.Status.Term.Number != 3 || l.Status.Term.EndDate != "2026-12-08" {
		t.Errorf("the term is %+v", l.Status.Term)
	}
	if got := len(s.ownerMessages(reportKey)); got != 2 {
		t.Errorf("the owner has %d messages, want that of the first term and that of the third", got)
	}
	delivered := noticeTime(l, 3)
	s.Must(s.Operator().Until(t.Context(), delivered.Add(24*time.Hour-time.Minute), time.Hour))
	if got := s.Account.KeyStatus(reportKey); got != "Active" {
		t.Errorf("within a day of the new notice the key is %q", got)
	}
	s.Until("2026-12-09 16:00")
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("afterwards the key is %q (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
}

func TestADryRunThatBecomesRealWarnsFirst(t *testing.T) {
	s := companyStage(t, reportRow, lateRow, expiredRow, toldExpiredRow, remarkRow)
	before := s.Sheets.Spreadsheet(world.SpreadsheetID).Clone()
	s.Begin(func(a *v1alpha1.AccessKeySheet) { a.Spec.Mode = v1alpha1.ModeDryRun })
	s.Until("2026-12-10 10:00")
	if got := len(s.Slack.AllMessages()); got > 0 {
		t.Errorf("%d messages in a dry run", got)
	}
	if diff := sheets.Diff(before, s.Sheets.Spreadsheet(world.SpreadsheetID)); len(diff) > 0 {
		t.Errorf("a dry run wrote %+v", diff)
	}
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("%d changes in AWS, the first %+v", len(made), made[0])
	}
	a := s.Sheet()
	patch := client.MergeFrom(a.DeepCopy())
	a.Spec.Mode = v1alpha1.ModeEnforce
	s.Must(s.Client.Patch(t.Context(), a, patch))
	s.Until("2026-12-11 09:30")
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("%d changes in AWS within a day of the first real notice, the first %+v", len(made), made[0])
	}
	if got := len(s.ownerMessages(reportKey)); got != 1 {
		t.Errorf("the owner has %d messages", got)
	}
	s.Until("2026-12-11 15:10")
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("afterwards the key is %q (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
}

func TestAnOperatorThatWasAwayForAMonthWarnsAnew(t *testing.T) {
	s := companyStage(t, reportRow, lateRow, expiredRow)
	s.Begin()
	s.Until("2026-12-01 15:20")
	s.Stop()
	s.Clock.Set(fixture.JST("2027-01-05 10:00"))
	s.Restart()
	s.Until("2027-01-06 09:30")
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("%d changes in AWS on notices of last year, the first %+v", len(made), made[0])
	}
	if l := s.Lease(reportKey); l.Status.Term.Reason != "OperatorAway" || len(s.ownerMessages(reportKey)) != 2 {
		t.Errorf("the term is %+v, the owner has %d messages", l.Status.Term, len(s.ownerMessages(reportKey)))
	}
	s.Until("2027-01-06 15:10")
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("a day after the new notice the key is %q (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
}

func TestAnOperatorThatWasAwayForAFewDaysGoesOn(t *testing.T) {
	s := companyStage(t, reportRow, lateRow)
	s.Begin()
	s.Until("2026-12-05 15:20")
	s.Stop()
	s.Clock.Set(fixture.JST("2026-12-10 10:00"))
	s.Restart()
	s.Until("2026-12-10 10:10")
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("the key is %q (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
}

// noticeTime is when the owner's notice of a term was delivered.
func noticeTime(l *v1alpha1.AccessKeyLease, term int64) time.Time {
	for _, n := range l.Status.Notices {
		if n.Term == term && n.Kind == v1alpha1.NoticeExpiry && n.Recipient == l.Status.Owner.SlackUserID {
			return n.Time.Time
		}
	}
	return time.Time{}
}

// TestALeaseDoesNotMeetTheFirstReadingAfterAMonthBeforeItKnowsOfTheMonth: the reading is fresh at once, while the cache
// shows the AccessKeySheet for a moment as it was a month ago.
func TestALeaseDoesNotMeetTheFirstReadingAfterAMonthBeforeItKnowsOfTheMonth(t *testing.T) {
	s := companyStage(t, reportRow, lateRow, expiredRow)
	s.Begin()
	s.Until("2026-12-01 15:20")
	s.Stop()
	s.Clock.Set(fixture.JST("2027-01-05 10:00"))
	cache := &lagging{shown: s.Sheet()}
	s.restartLagging(cache)
	if s.Sheet().Status.ResumedTime == nil {
		t.Error("the sheet does not say that the operator was away")
	}
	if l := s.Lease(reportKey); l.Status.Term.Reason != "OperatorAway" {
		t.Errorf("the term is %+v (%s)", l.Status.Term, expect.Ready(l))
	}
	cache.show(nil)
	s.Until("2027-01-06 09:30")
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("%d changes in AWS on notices of last year, the first %+v", len(made), made[0])
	}
}
