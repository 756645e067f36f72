package e2e

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

// rowValues as they stand, for a row that is to be pasted elsewhere.
func (s *stage) rowValues(row int) []any {
	var out []any
	for _, c := range s.Form().Rows()[row-1] {
		out = append(out, c.Value)
	}
	return out
}

func TestARowThatComesBackDecidesTheDate(t *testing.T) {
	s := companyStage(t, distantRow, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	row := s.rowValues(3)
	s.Must(s.Form().DeleteRows(3, 1))
	s.Until("2026-12-01 15:20")
	name := strings.ToLower(reportKey)
	if got := s.Events(v1alpha1.EventRowGone, name); len(got) != 1 || !strings.Contains(got[0], "key_request_form") {
		t.Errorf("events: %v", got)
	}
	if got := s.told(reportUser, "行が"); got != 1 {
		t.Errorf("the admins were told %d times", got)
	}
	s.Must(s.Patch(reportKey, `{"endDate":"2027-01-31"}`))
	s.Until("2026-12-01 15:40")
	row[8] = "2026/12/20"
	_, err := s.Form().AppendRow(row...)
	s.Must(err)
	s.Until("2026-12-01 16:00")
	l := s.Lease(reportKey)
	if l.Spec.EndDate != "2026-12-20" || !meta.IsStatusConditionTrue(l.Status.Conditions, v1alpha1.ConditionRowPresent) {
		t.Errorf("it ends %s, RowPresent %+v", l.Spec.EndDate, meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionRowPresent))
	}
	if got := s.Events(v1alpha1.EventRowBack, name); len(got) != 1 {
		t.Errorf("events: %v", got)
	}
	s.Restart()
	s.Until("2026-12-02 10:00")
	if gone, back := s.Events(v1alpha1.EventRowGone, name), s.Events(v1alpha1.EventRowBack, name); len(gone) != 1 || len(back) != 1 {
		t.Errorf("told again after a restart: %v, %v", gone, back)
	}
}

func TestACopiedRowHoldsItsLeaseUntilOneOfThemGoes(t *testing.T) {
	s := companyStage(t, distantRow, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	copied, err := s.Form().AppendRow(s.rowValues(3)...)
	s.Must(err)
	s.Until("2026-12-10 16:00")
	if l := s.Lease(reportKey); expect.Held(l) != v1alpha1.ReasonInvalidRow || s.Account.KeyStatus(reportKey) != "Active" {
		t.Errorf("it is held %q, the key %q", expect.Held(l), s.Account.KeyStatus(reportKey))
	}
	s.ExpectMark(reportRow, "通知済み")
	if got := s.told("修正が必要な行", reportKey); got != 1 {
		t.Errorf("the admins were told %d times", got)
	}
	s.Must(s.Form().DeleteRows(copied, 1))
	s.Until("2026-12-10 16:10")
	if l := s.Lease(reportKey); expect.Held(l) != "" || l.Status.Term.Reason != "HoldReleased" || s.Account.KeyStatus(reportKey) != "Active" {
		t.Errorf("it is held %q in term %+v, the key %q", expect.Held(l), l.Status.Term, s.Account.KeyStatus(reportKey))
	}
	s.Until("2026-12-11 16:20")
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("a day after the new notice the key is %q (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
}

func TestAChangedKeyIDIsARowGoneAndANewOne(t *testing.T) {
	const rotated = "AKIAROTATED000000001"
	s := companyStage(t, distantRow, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Key(reportUser, rotated, fixture.JST("2026-12-01 15:00"))
	s.Must(s.Form().Edit(func(g *sheets.Grid) error {
		if err := g.SetCell(keyCell(reportRow), rotated); err != nil {
			return err
		}
		return g.SetCell(endCell(reportRow), "2027/06/30")
	}))
	s.Until("2026-12-09 15:10")
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("the former key is %q (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
	if got := s.Account.KeyStatus(rotated); got != "Active" || !s.Account.UserExists(reportUser) {
		t.Errorf("the new key is %q", got)
	}
	if l := s.Lease(rotated); l.Spec.EndDate != "2027-06-30" || l.Status.Phase != v1alpha1.PhaseActive {
		t.Errorf("the new lease is %s, ends %s", l.Status.Phase, l.Spec.EndDate)
	}
}

func TestAChangeIsSeenOnTheOtherSideWithinSecondsAndInOneRequest(t *testing.T) {
	s := companyStage(t, distantRow, reportRow, lateRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Sheets.ResetStats()
	for _, k := range []string{distantKey, reportKey, lateKey} {
		s.Must(s.Patch(k, `{"endDate":"2027-01-31"}`))
	}
	s.Soon(10 * time.Second)
	for _, cell := range []string{endCell(distantRow), endCell(reportRow)} {
		if got := s.Cell(cell); got != "2027/01/31" {
			t.Errorf("after ten seconds cell %s is %q", cell, got)
		}
	}
	// One for the three extensions; the phases that follow from them (Active again) may come with it or a sync later.
	if got := s.Sheets.Stats().Writes; got < 1 || got > 2 {
		t.Errorf("%d write requests", got)
	}
	s.Sheets.ResetStats()
	s.Until("2026-12-01 16:30")
	if got := s.Sheets.Stats().Writes; got != 0 {
		t.Errorf("%d writes of what the cells say already", got)
	}
	s.Must(s.Form().SetCell(endCell(distantRow), "2027/03/31"))
	s.Annotate(v1alpha1.AnnotationSync, "now")
	s.Soon(5 * time.Second)
	if got := s.Lease(distantKey).Spec.EndDate; got != "2027-03-31" {
		t.Errorf("five seconds after the annotation it ends %s", got)
	}
}

func TestASheetThatCannotBeWrittenIsToldOnTheLeaseAndBlocksNothing(t *testing.T) {
	s := companyStage(t, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Sheets.Spreadsheet(world.SpreadsheetID).Share(sheets.Reader)
	s.Until("2026-12-09 15:10")
	l := s.Lease(reportKey)
	c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionSheetSynced)
	if c == nil || c.Status != metav1.ConditionFalse || c.Reason != v1alpha1.ReasonReadOnly {
		t.Errorf("SheetSynced is %+v", c)
	}
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("the key is %q (%s)", got, expect.Ready(l))
	}
	s.Sheets.Spreadsheet(world.SpreadsheetID).Share(sheets.Writer)
	s.Until("2026-12-09 15:30")
	s.ExpectMark(reportRow, "削除済み")
	if l := s.Lease(reportKey); !meta.IsStatusConditionTrue(l.Status.Conditions, v1alpha1.ConditionSheetSynced) {
		t.Errorf("afterwards SheetSynced is %+v", meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionSheetSynced))
	}
}

// forgetEverything that Kubernetes knows of the sheet, as a cluster that is built anew or whose CRDs were installed anew.
func (s *stage) forgetEverything() {
	s.Helper()
	s.Stop()
	s.Must(s.Client.DeleteAllOf(s.Context(), &v1alpha1.AccessKeyLease{}, client.InNamespace(s.Namespace)))
	s.Must(s.Client.Delete(s.Context(), s.Sheet()))
}

func TestAClusterBuiltAnewFromTheSheetRepeatsNothingAndDeletesNothingEarlier(t *testing.T) {
	s := companyStage(t)
	before := s.Sheets.Spreadsheet(world.SpreadsheetID).Clone()
	s.Begin()
	s.Until("2026-12-03 10:00") // rows 5, 6, 20 and 26 are gone by now
	messages := map[string]int{}
	for _, e := range atOnce {
		messages[e.key] = len(s.ownerMessages(e.key))
	}
	marks := map[int]string{}
	for _, e := range atOnce {
		marks[e.row] = s.Cell("K" + strconv.Itoa(e.row))
	}
	made := len(s.Changes())
	s.forgetEverything()
	s.Begin()
	s.Until("2026-12-03 20:00")
	for _, e := range atOnce {
		if got := len(s.ownerMessages(e.key)); got != messages[e.key] {
			t.Errorf("row %d: the owner has %d messages, had %d", e.row, got, messages[e.key])
		}
		s.ExpectMark(e.row, marks[e.row])
	}
	if got := s.Lease(expiredKey); got.Status.Phase != v1alpha1.PhaseRevoked {
		t.Errorf("row 5 was revived: %s", got.Status.Phase)
	}
	for _, d := range deletions {
		at := fixture.JST(d.at)
		if at.Before(fixture.JST("2026-12-03 20:00")) {
			continue
		}
		if minuteBefore := at.Add(-time.Minute); s.Clock.Now().Before(minuteBefore) {
			s.Until(minuteBefore.Format("2006-01-02 15:04"))
		}
		if s.Clock.Now().Before(at) && s.Account.KeyStatus(d.key) != "Active" {
			t.Errorf("row %d went before %s", d.row, d.at)
		}
	}
	s.Until("2026-12-09 16:00")
	if len(s.Changes()) == made {
		t.Error("nothing was deleted afterwards")
	}
	s.expectTheEnd(before)
}

func TestAClusterBuiltAnewWithinTheMinimumNoticeWaitsAgain(t *testing.T) {
	s := companyStage(t, expiredRow, toldExpiredRow, rotatedOutRow, rotatedInRow, toldTodayRow)
	s.Begin()
	s.Until("2026-12-02 14:00") // rows 5, 6, 20, 26 are due in an hour
	s.forgetEverything()
	s.Begin()
	s.Until("2026-12-03 13:50")
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("%d changes in AWS on notices that this cluster knows by their marks alone, the first %+v", len(made), made[0])
	}
	s.Until("2026-12-03 15:10")
	if got := s.Account.KeyStatus(expiredKey); got != "" {
		t.Errorf("a day after the summary the key is %q (%s)", got, expect.Ready(s.Lease(expiredKey)))
	}
}

func TestAnEditOfTheLeaseThatTheRowForbidsIsPutBackWithAnEvent(t *testing.T) {
	s := companyStage(t, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	before := s.Lease(reportKey).Spec
	s.Must(s.Patch(reportKey, `{"purpose":"another","owner":{"fullName":"somebody else"}}`))
	s.Soon(10 * time.Second)
	if got := s.Lease(reportKey).Spec; got != before {
		t.Errorf("it is %+v, want %+v", got, before)
	}
	got := strings.Join(s.Events(v1alpha1.EventSpecReverted, strings.ToLower(reportKey)), "\n")
	if !strings.Contains(got, "row 3") || !strings.Contains(got, "another") {
		t.Errorf("events: %s", got)
	}
	if lines := s.Audit.With(`"SpecReverted"`, strings.ToLower(reportKey)); len(lines) != 2 {
		t.Errorf("%d audit lines, want one for each field", len(lines))
	}
}
