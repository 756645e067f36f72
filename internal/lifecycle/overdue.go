package lifecycle

import (
	"cmp"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/keylease/keylease/api/v1alpha1"
)

// longHold is how long a hold may last before people are reminded of it.
const longHold = 30 * 24 * time.Hour

// Overdue: a key past its agreed end and not confirmed gone, whatever keeps it alive; or a hold older than 30 days. A day
// past the end is past it, also before dailyAt; a mark that a person wrote confirms nothing, nor does our own record once AWS
// shows the key again.
func Overdue(l *v1alpha1.AccessKeyLease, p Policy, now time.Time) bool {
	if l.Status.Sheet == nil {
		return false // made with kubectl alone: nobody agreed on its end, and nobody is to hear of it
	}
	if l.Completed() {
		return StillExists(l)
	}
	held := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionHeld)
	return l.Spec.EndDate < p.Today(now) || (held != nil && now.Sub(held.LastTransitionTime.Time) >= longHold)
}

// OverdueReason is what keeps a key alive, in one word.
func OverdueReason(l *v1alpha1.AccessKeyLease) string {
	find := func(kind string) string {
		if c := meta.FindStatusCondition(l.Status.Conditions, kind); c != nil {
			return c.Reason
		}
		return ""
	}
	marked := ""
	if l.Status.Phase == v1alpha1.PhaseRevoked {
		// By mark alone: Ready says so, KeyVerified why that is not the end of it.
		marked = cmp.Or(find(v1alpha1.ConditionKeyVerified), v1alpha1.ReasonMarkedDeleted)
	}
	return cmp.Or(find(v1alpha1.ConditionHeld), marked, find(v1alpha1.ConditionReady), "New")
}

// OverdueReasons counts the overdue keys by what keeps them alive.
func OverdueReasons(leases []v1alpha1.AccessKeyLease, p Policy, now time.Time) map[string]int {
	reasons := map[string]int{}
	for i := range leases {
		if l := &leases[i]; Overdue(l, p, now) {
			reasons[OverdueReason(l)]++
		}
	}
	return reasons
}

// KnownAt tells whether the lease was there at a moment, by the operator's own clock.
func KnownAt(l *v1alpha1.AccessKeyLease, at time.Time) bool {
	if t := l.Status.Term; t != nil && !t.StartTime.After(at) {
		return true
	}
	for _, c := range l.Status.Conditions {
		if !c.LastTransitionTime.After(at) {
			return true
		}
	}
	return false
}
