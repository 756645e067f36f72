package accesskeysheet

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/sheet"
)

func TestSheetSyncedSaysOnlyWhatIsTrue(t *testing.T) {
	row := &sheet.Row{Number: 3, EndDate: "2026-12-08"}
	denied := &failure.Error{Class: failure.Denied, Service: "sheets", Message: "read only"}
	for name, tc := range map[string]struct {
		entry      entry
		leaseEnds  string
		out        sheet.Outcome
		dryRun     bool
		writeError error
		want       metav1.ConditionStatus // empty: nothing is said
		reason     string
	}{
		"row and lease agree":        {entry: entry{row: row}, want: metav1.ConditionTrue, reason: v1alpha1.ReasonSynced},
		"the row is gone":            {want: metav1.ConditionUnknown, reason: v1alpha1.ReasonRowGone},
		"the row cannot be used":     {entry: entry{problem: &sheet.Problem{Row: 3}}, want: metav1.ConditionUnknown, reason: v1alpha1.ReasonInvalidRow},
		"a dry run":                  {entry: entry{row: row}, dryRun: true, want: metav1.ConditionUnknown, reason: v1alpha1.ReasonDryRun},
		"the row is written in time": {entry: entry{row: row}, out: sheet.Outcome{StatusText: ptr.To("通知済み")}},
		"the row cannot be written": {
			entry: entry{row: row}, out: sheet.Outcome{EndDate: "2027-01-31"}, writeError: denied,
			want: metav1.ConditionFalse, reason: v1alpha1.ReasonReadOnly,
		},
		"another row cannot be written": {entry: entry{row: row}, writeError: denied, want: metav1.ConditionTrue, reason: v1alpha1.ReasonSynced},
		"another manager has the lease's date": {
			entry: entry{row: row}, leaseEnds: "2026-12-01",
			out:  sheet.Outcome{Sheet: v1alpha1.SheetRowStatus{Hold: &v1alpha1.SheetHold{Reason: v1alpha1.ReasonFieldOwnedElsewhere}}},
			want: metav1.ConditionFalse, reason: v1alpha1.ReasonFieldOwnedElsewhere,
		},
		"the date came too late": {
			entry: entry{row: row}, leaseEnds: "2026-12-01", want: metav1.ConditionFalse, reason: v1alpha1.EventExtensionRefused,
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := &v1alpha1.AccessKeyLease{}
			if l.Spec.EndDate = tc.leaseEnds; l.Spec.EndDate == "" {
				l.Spec.EndDate = row.EndDate
			}
			got, ok := synced(tc.entry, l, tc.out, tc.dryRun, tc.writeError)
			if ok != (tc.want != "") || got.Status != tc.want || got.Reason != tc.reason {
				t.Errorf("said %v: %+v, want %s with reason %s", ok, got, tc.want, tc.reason)
			}
			if (got.Message == rowAgrees) != (tc.want == metav1.ConditionTrue) {
				t.Errorf("it says %q", got.Message)
			}
		})
	}
}
