package main

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/cmd/internal/kube"
)

const contentHash = "0123456789abcdef0123456789abcdef"

// guarded is a sheet of which too many rows changed.
func guarded(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.giveSheet(contentHash, condition(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonTooManyChanges, "12 of 30 rows changed"))
	return d
}

func TestAnApprovalShowsWhatWasStoppedAndNamesExactlyThat(t *testing.T) {
	d := guarded(t)
	out, problem := d.answering("y\n", "approve", "key-requests")
	d.says(out, "TooManyChanges", "12 of 30 rows changed", contentHash, "[y/N]", "Approved")
	if got := d.sheetAnnotation(v1alpha1.AnnotationApproveChange); got != contentHash || problem != "" {
		t.Errorf("annotation %q; %s", got, problem)
	}
	out, _ = d.answering("y\n", "approve", "key-requests")
	d.says(out, "approved already")

	s, err := kube.Sheet(d.Context(), d.Client, d.namespace, "key-requests")
	d.must(err)
	s.Status.ApprovedHash = contentHash
	d.must(d.Status().Update(d.Context(), s))
	_, problem = d.answering("y\n", "approve", "key-requests")
	d.says(problem, "used up", v1alpha1.AnnotationApproveChange+"-")
}

func TestWithoutAYesNothingIsApproved(t *testing.T) {
	d := guarded(t)
	for _, answer := range []string{"", "\n", "n\n", "yesterday\n"} {
		if _, problem := d.answering(answer, "approve", "key-requests"); problem != "not approved" {
			t.Errorf("to %q it says %q", answer, problem)
		}
	}
	if got := d.sheetAnnotation(v1alpha1.AnnotationApproveChange); got != "" {
		t.Errorf("annotation %q", got)
	}
}

func TestYesCanBeSaidBeforehand(t *testing.T) {
	d := guarded(t)
	if out, problem := d.keylease("approve", "key-requests", "--yes"); problem != "" || d.sheetAnnotation(v1alpha1.AnnotationApproveChange) != contentHash {
		t.Errorf("%s\n%s", problem, out)
	}
}

func TestWhatNoApprovalMendsIsNotApproved(t *testing.T) {
	for name, c := range map[string]struct {
		conditions []metav1.Condition
		want       []string
	}{
		"not read yet":     {nil, []string{"not read yet"}},
		"accepted":         {[]metav1.Condition{condition(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted, "")}, []string{"nothing to approve"}},
		"another's claim":  {[]metav1.Condition{condition(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonForeignClaim, "claimed by cluster-b")}, []string{"ForeignClaim", "cluster-b"}},
		"not to be listed": {[]metav1.Condition{condition(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonUnavailable, "the leases cannot be listed")}, []string{"Unavailable"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.giveSheet(contentHash, c.conditions...)
			_, problem := d.answering("y\n", "approve", "key-requests")
			d.says(problem, c.want...)
			if got := d.sheetAnnotation(v1alpha1.AnnotationApproveChange); got != "" {
				t.Errorf("annotation %q", got)
			}
		})
	}
}
