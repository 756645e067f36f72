package e2e

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

func atMost(n int32) func(*v1alpha1.AccessKeySheet) {
	return func(a *v1alpha1.AccessKeySheet) { a.Spec.Limits.MaxRevocationsPerDay = ptr.To(n) }
}

// expectGone: exactly these keys.
func (s *stage) expectGone(rows []fixture.Row, want ...int) {
	s.Helper()
	wanted := map[int]bool{}
	for _, i := range want {
		wanted[i] = true
	}
	for i, r := range rows {
		if gone := s.Account.KeyStatus(r.Key) == ""; gone != wanted[i] {
			s.Errorf("at %s key %d, which ends %s, is gone: %v, want %v (%s)", s.Clock.Now().In(fixture.Tokyo).Format("01-02 15:04"), i, r.Ends, gone, wanted[i], expect.Ready(s.Lease(r.Key)))
		}
	}
}

// staggered rows: the later in the list, the earlier they ended.
func staggered(n int) []fixture.Row {
	rows := fixture.RowsOf(n, "")
	for i := range rows {
		rows[i].Ends = fmt.Sprintf("2026/11/%02d", 29-i)
	}
	return rows
}

func TestTheBreakerLetsTheEarliestGoAndTheRestWaitForTomorrow(t *testing.T) {
	rows := staggered(5)
	s := rowsStage(t, "2026-12-01 10:00", rows...)
	s.Begin(atMost(2))
	s.Until("2026-12-01 10:10")
	s.Until("2026-12-02 10:20") // a day after the late notice
	s.expectGone(rows, 4, 3)
	for _, r := range rows[:3] {
		if got := expect.Ready(s.Lease(r.Key)); !expect.ContainsAll(got, v1alpha1.ReasonBreakerOpen, v1alpha1.AnnotationAllowRevocations+"=2026-12-02=") {
			t.Errorf("%s says %s", r.Key, got)
		}
	}
	s.Restart()
	s.Until("2026-12-02 23:30")
	s.expectGone(rows, 4, 3)
	for _, to := range []string{admin, admin2} {
		s.ExpectTold(to, 1, "上限")
	}
	s.ExpectTold(owner, 0, "上限")
	s.Until("2026-12-03 15:10")
	s.expectGone(rows, 4, 3, 2, 1)
	s.Until("2026-12-04 15:10")
	s.expectGone(rows, 4, 3, 2, 1, 0)
	s.ExpectOneOfEach()
}

func TestNobodyOvertakesWhenTheOperatorWasAwayAtTheEnd(t *testing.T) {
	rows := fixture.RowsOf(6, "2026/12/08")
	for i := range rows {
		rows[i].Ends = fmt.Sprintf("2026/12/%02d", 8-i) // 8, 7, … 3
	}
	s := rowsStage(t, "2026-12-01 14:50", rows...)
	s.Begin(atMost(2))
	s.Until("2026-12-02 16:00")
	s.Stop()
	s.Clock.Set(fixture.JST("2026-12-09 10:00").Add(-24 * time.Hour))
	s.Clock.Set(fixture.JST("2026-12-09 14:00"))
	s.Restart()
	s.Until("2026-12-09 14:20")
	s.expectGone(rows, 5, 4)
}

func TestAnAnnotationRaisesTheDayFiveFoldAtMost(t *testing.T) {
	rows := staggered(7)
	s := rowsStage(t, "2026-12-01 10:00", rows...)
	s.Begin(atMost(1))
	s.Until("2026-12-01 10:10")
	s.Until("2026-12-02 10:20")
	s.expectGone(rows, 6)
	s.Annotate(v1alpha1.AnnotationAllowRevocations, "2026-12-01=7") // another day's
	s.Until("2026-12-02 10:40")
	s.expectGone(rows, 6)
	s.Annotate(v1alpha1.AnnotationAllowRevocations, "2026-12-02=3")
	s.Until("2026-12-02 11:00")
	s.expectGone(rows, 6, 5, 4)
	s.Annotate(v1alpha1.AnnotationAllowRevocations, "2026-12-02=700")
	s.Until("2026-12-02 11:20")
	s.expectGone(rows, 6, 5, 4, 3, 2)
}

func TestTwoSheetsOfOneAccountShareItsBreaker(t *testing.T) {
	rows := staggered(6)
	s := rowsStage(t, "2026-12-01 10:00", rows...)
	mine, theirs := []fixture.Row{rows[0], rows[2], rows[4]}, []fixture.Row{rows[1], rows[3], rows[5]}
	s.Sheets.Remove(world.SpreadsheetID)
	s.Sheets.Add(world.SpreadsheetID, fixture.Rows(t, mine...))
	s.Sheets.Add("1duJother", fixture.Rows(t, theirs...))
	other := s.AccessKeySheet(atMost(3), func(a *v1alpha1.AccessKeySheet) {
		a.Name, a.Spec.SpreadsheetID = "other-requests", "1duJother"
	})
	s.Must(s.Client.Create(t.Context(), other))
	s.Begin(atMost(3))
	s.Until("2026-12-01 10:10")
	s.Until("2026-12-02 10:20")
	s.expectGone(rows, 5, 4, 3)
	s.Until("2026-12-03 10:20")
	s.expectGone(rows, 5, 4, 3, 2, 1, 0)
}

// The day after the end date begins later in Los Angeles than in Tokyo.
func TestAKeyOfAnotherTimeZoneTakesNoPlaceBeforeItsOwnDay(t *testing.T) {
	theirs := fixture.Row{User: "svc-early", Key: "AKIAEARLY00000000001", Ends: "2026/12/08"} // by its name it goes first
	s := rowsStage(t, "2026-12-01 10:00", theirs, report)
	s.Sheets.Remove(world.SpreadsheetID)
	s.Sheets.Add(world.SpreadsheetID, fixture.Rows(t, report))
	s.Sheets.Add("1duJother", fixture.Rows(t, theirs))
	s.Must(s.Client.Create(t.Context(), s.AccessKeySheet(atMost(1), func(a *v1alpha1.AccessKeySheet) {
		a.Name, a.Spec.SpreadsheetID, a.Spec.Schedule.TimeZone = "other-requests", "1duJother", "America/Los_Angeles"
	})))
	s.Begin(atMost(1))
	s.Until("2026-12-02 10:00")
	s.Until("2026-12-09 14:50")
	s.Until("2026-12-09 15:20")
	s.expectGone([]fixture.Row{theirs, report}, 1)
	s.Until("2026-12-10 08:20")
	s.expectGone([]fixture.Row{theirs, report}, 0, 1)
}

func TestASheetThatCannotBeReadTakesNoPlacesFromItsNeighbour(t *testing.T) {
	rows := staggered(4)
	s := rowsStage(t, "2026-12-01 10:00", rows...)
	s.Sheets.Remove(world.SpreadsheetID)
	s.Sheets.Add(world.SpreadsheetID, fixture.Rows(t, rows[:2]...))
	s.Sheets.Add("1duJother", fixture.Rows(t, rows[2:]...)) // ended earlier
	s.Must(s.Client.Create(t.Context(), s.AccessKeySheet(atMost(2), func(a *v1alpha1.AccessKeySheet) {
		a.Name, a.Spec.SpreadsheetID = "other-requests", "1duJother"
	})))
	s.Begin(atMost(2))
	s.Until("2026-12-01 10:10")
	s.Until("2026-12-02 09:00")
	s.Sheets.Remove("1duJother")
	s.Until("2026-12-02 10:40")
	s.expectGone(rows, 0, 1)
}

func TestDryRunReportsEverythingAndChangesNothing(t *testing.T) {
	late := fixture.Row{User: "svc-late", Key: "AKIALATE000000000001", Ends: "2026/11/20"}
	s := rowsStage(t, "2026-12-01 14:50", report, late)
	s.Begin(func(a *v1alpha1.AccessKeySheet) { a.Spec.Mode = v1alpha1.ModeDryRun })
	s.Until("2026-12-03 16:00")
	if sent := s.Slack.AllMessages(); len(sent) > 0 {
		t.Errorf("a message to %s: %s", sent[0].User, sent[0].PlainText())
	}
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("a change in AWS: %s", made[0].Action)
	}
	if w := s.Sheets.Stats().Writes; w > 0 {
		t.Errorf("%d writes to the sheet", w)
	}
	for r, says := range map[fixture.Row]string{report: "would be told now", late: "would be deleted now"} {
		l := s.Lease(r.Key)
		if !expect.ContainsAll(expect.Ready(l), v1alpha1.ReasonDryRun, says) {
			t.Errorf("%s says %s", r.User, expect.Ready(l))
		}
		if l.Status.Plan == nil || len(l.Status.Plan.Steps) == 0 {
			t.Errorf("%s has no plan of what would happen: %+v", r.User, l.Status.Plan)
		}
		if len(s.Audit.With(`"msg":"blocked"`, `"reason":"DryRun"`, r.Key, says)) == 0 {
			t.Errorf("%s: the audit log does not say so", r.User)
		}
		s.ExpectEvent(r.Key, v1alpha1.EventDryRun, says)
	}
}
