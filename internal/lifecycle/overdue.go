package lifecycle

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// longHold is how long a hold may last before people are reminded of it.
const longHold = 30 * 24 * time.Hour

// Overdue tells whether a key is past its end date and not confirmed deleted, for whatever reason, or was held for more
// than 30 days. It counts from midnight after the end date, not from dailyAt. A person's mark confirms nothing. Nor
// does our own record, if AWS shows the key again.
func Overdue(l *v1alpha1.AccessKeyLease, p Policy, now time.Time) bool {
	if l.Status.Sheet == nil && l.Labels[v1alpha1.LabelSheet] == "" {
		// Created with kubectl: no sheet has its end date, and nobody is told. A lease with the label comes from a sheet,
		// and was restored without its status.
		return false
	}
	if l.Completed() {
		return StillExists(l)
	}
	held := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionHeld)
	return l.Spec.EndDate < p.Today(now) || (held != nil && now.Sub(held.LastTransitionTime.Time) >= longHold)
}

// OverdueReason is why a key was not deleted, in one word.
func OverdueReason(l *v1alpha1.AccessKeyLease) string {
	find := func(kind string) string {
		if c := meta.FindStatusCondition(l.Status.Conditions, kind); c != nil {
			return c.Reason
		}
		return ""
	}
	marked := ""
	if l.Status.Phase == v1alpha1.PhaseRevoked {
		// Revoked by a mark only: Ready says so, and KeyVerified says why that is not enough.
		marked = cmp.Or(find(v1alpha1.ConditionKeyVerified), v1alpha1.ReasonMarkedDeleted)
	}
	return cmp.Or(find(v1alpha1.ConditionHeld), marked, find(v1alpha1.ConditionReady), "New")
}

// OverdueReasons counts the overdue keys by reason.
func OverdueReasons(leases []v1alpha1.AccessKeyLease, p Policy, now time.Time) map[string]int {
	reasons := map[string]int{}
	for i := range leases {
		if l := &leases[i]; Overdue(l, p, now) {
			reasons[OverdueReason(l)]++
		}
	}
	return reasons
}

// KnownAt tells whether the lease existed at a moment, by the operator's own clock.
func KnownAt(l *v1alpha1.AccessKeyLease, at time.Time) bool {
	t := l.Status.Term
	return (t != nil && !t.StartTime.After(at)) ||
		slices.ContainsFunc(l.Status.Conditions, func(c metav1.Condition) bool { return !c.LastTransitionTime.After(at) })
}
