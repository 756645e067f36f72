package e2e

import (
	"net/http"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/world"
)

func TestAnApprovalIsForExactlyWhatWasSeenAndGoodOnce(t *testing.T) {
	s, form := bigStage(t, 20)
	s.Must(ends(form, 2, 13, "2027/03/31"))
	s.Until("2026-12-01 10:20")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonTooManyChanges)
	hash := s.Sheet().Status.ObservedHash
	if got := s.told("approve-change=" + hash); got != 1 {
		t.Errorf("%d messages name the annotation", got)
	}

	s.Must(form.SetCell(endCell(14), "2027/03/31")) // after the admin looked
	s.Annotate(v1alpha1.AnnotationApproveChange, hash)
	s.Until("2026-12-01 10:40")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonTooManyChanges)

	s.Must(form.SetCell(endCell(14), "2027/06/30"))
	s.Until("2026-12-01 10:50")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	if got := s.Lease(bigKey(0)).Spec.EndDate; got != "2027-03-31" {
		t.Errorf("once approved it ends %s", got)
	}
	if len(s.Events(v1alpha1.EventSheetApproved, world.SheetName)) != 1 || len(s.Audit.With(`"approved"`, hash)) != 1 {
		t.Error("the approval is not on record once")
	}

	s.Must(ends(form, 2, 13, "2027/06/30"))
	s.Until("2026-12-01 11:10")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonTooManyChanges)
	s.Annotate(v1alpha1.AnnotationApproveChange, s.Sheet().Status.ObservedHash)
	s.Until("2026-12-01 11:30")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
}

// gone counts the leases whose rows are.
func (s *stage) gone() int {
	s.Helper()
	n := 0
	for _, l := range s.leases() {
		if meta.IsStatusConditionFalse(l.Status.Conditions, v1alpha1.ConditionRowPresent) {
			n++
		}
	}
	return n
}

func TestAnApprovalHoldsUntilAllOfItIsApplied(t *testing.T) {
	// The API server takes the first ten of the thirty, and then nothing more.
	refused := &refusal{of: func(r *http.Request) bool {
		path := r.URL.Path
		at := strings.Index(path, "/akiabig")
		return r.Method == http.MethodPatch && at > 0 && strings.HasSuffix(path, "/status") && path[at+1:] >= strings.ToLower(bigKey(10))
	}}
	s, form := bigStage(t, 60, refused.options)
	s.Must(form.DeleteRows(2, 30))
	s.Until("2026-12-01 10:20")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonTooManyChanges, "gone: 30")
	hash := s.Sheet().Status.ObservedHash
	refused.forbid()
	s.Annotate(v1alpha1.AnnotationApproveChange, hash)
	s.Until("2026-12-01 11:00")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	if got := s.gone(); got != 10 {
		t.Fatalf("%d rows are gone for the leases, want 10", got)
	}
	s.Restart()
	refused.lift()
	s.Until("2026-12-01 11:30")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if got := s.gone(); got != 30 {
		t.Errorf("%d rows are gone for the leases, want 30", got)
	}
	if got := s.Sheet().Status; got.ApprovedHash != hash || len(got.RecentChanges) > 0 {
		t.Errorf("approved is %q, want %q; changes %+v", got.ApprovedHash, hash, got.RecentChanges)
	}
	if got := s.told("変更を止めています"); got != 1 {
		t.Errorf("the admins were told %d times", got)
	}
}

func TestATabThatWasApprovedAsItLooksStaysSo(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*sheets.Tab) error
		reason string
	}{
		"emptied": {
			change: func(form *sheets.Tab) error { form.ClearTab(); return nil },
			reason: v1alpha1.ReasonEmptySheet,
		},
		"with its columns moved": {
			change: func(form *sheets.Tab) error { return form.InsertColumn("H") },
			reason: v1alpha1.ReasonColumnsMoved,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, form := bigStage(t, 5)
			whole := s.Sheets.Spreadsheet(world.SpreadsheetID).Clone()
			s.Must(tc.change(form))
			damaged := s.Sheets.Spreadsheet(world.SpreadsheetID).Clone()
			s.Until("2026-12-01 10:20")
			s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, tc.reason)
			hash := s.Sheet().Status.ObservedHash
			s.Annotate(v1alpha1.AnnotationApproveChange, hash)
			s.Until("2026-12-01 12:00")
			s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
			if got := s.gone(); got != 5 {
				t.Errorf("%d rows are gone for the leases, want 5", got)
			}
			if got := len(s.Audit.With(`"msg":"approved"`)); got != 1 {
				t.Errorf("%d audit lines of one approval", got)
			}

			// It is good once: the same damage again is not what was approved.
			s.Sheets.Add(world.SpreadsheetID, whole)
			s.Until("2026-12-01 12:10")
			s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
			s.Sheets.Add(world.SpreadsheetID, damaged)
			s.Until("2026-12-01 12:30")
			s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, tc.reason, v1alpha1.AnnotationApproveChange+"-")
			if got := s.told("変更を止めています", v1alpha1.AnnotationApproveChange+"- "); got != 1 {
				t.Errorf("the admins were told %d times what to do first", got)
			}

			// But it can be approved again, as the message says.
			s.Unannotate(v1alpha1.AnnotationApproveChange)
			s.Until("2026-12-01 12:40")
			s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, tc.reason, "="+hash)
			s.Annotate(v1alpha1.AnnotationApproveChange, hash)
			s.Until("2026-12-01 12:50")
			s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
		})
	}
}
