package lifecycle

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Reasons a term began.
const (
	TermFirstSeen      = "FirstSeen"
	TermEndDateChanged = "EndDateChanged"
	TermHoldReleased   = "HoldReleased"
	TermModeEnforced   = "ModeEnforced"
	TermOperatorAway   = "OperatorAway"
)

// term gives the term that the lease is in, and whether it begins now. An earlier term's notice never justifies a
// deletion, so whatever could make a notice stale begins a new one.
func term(in Input) (t v1alpha1.Term, began bool) {
	old := in.Lease.Status.Term
	if old == nil {
		return newTerm(in, 1, TermFirstSeen), true
	}
	reason := ""
	switch {
	// Once the key is deleted there is nobody left to warn; a new term would only stop the rest of the teardown.
	case keyDeleted(in.Lease):
	case old.EndDate != in.Lease.Spec.EndDate:
		reason = TermEndDateChanged
	case wasHeld(in.Lease):
		reason = TermHoldReleased
	case old.DryRun && !in.Policy.DryRun:
		reason = TermModeEnforced
	// The sheet's reading is what notices the absence, so only terms older than the return are stale.
	case old.StartTime.Time.Before(in.Sheet.Resumed):
		reason = TermOperatorAway
	}
	if reason == "" {
		t = *old
		// Remembered, so that the change back to Enforce begins a new term: of a notice given before a spell of DryRun
		// nobody knows whether it still holds.
		t.DryRun = t.DryRun || in.Policy.DryRun
		return t, false
	}
	return newTerm(in, old.Number+1, reason), true
}

func newTerm(in Input, number int64, reason string) v1alpha1.Term {
	return v1alpha1.Term{
		Number: number, EndDate: in.Lease.Spec.EndDate, Reason: reason, DryRun: in.Policy.DryRun,
		// Seconds, as the API keeps them: a finer time would compare as later than its own stored copy.
		StartTime: metav1.NewTime(in.Now.Truncate(time.Second)),
	}
}

// wasHeld: the last decision held the lease, or it was Revoked by a mark that has gone since.
func wasHeld(l *v1alpha1.AccessKeyLease) bool {
	return heldAlready(l) != nil || l.Status.Phase == v1alpha1.PhaseRevoked
}

func keyDeleted(l *v1alpha1.AccessKeyLease) bool {
	return l.Status.Revocation != nil && l.Status.Revocation.KeyDeletedTime != nil
}

// keyIsDeleted: by us, so far as AWS or our own record shows. What hangs on the user follows it.
func keyIsDeleted(in Input) bool {
	rev := in.Lease.Status.Revocation
	return keyDeleted(in.Lease) || (rev != nil && rev.Intent != nil && rev.Intent.Action == "DeleteAccessKey" && in.AWS.absent())
}

// graceBegan is when the grace period began: when we deactivated the key, or found it deactivated by somebody else. An
// attempt that failed begins none: the key still works, and is still to be deactivated.
func graceBegan(l *v1alpha1.AccessKeyLease) *metav1.Time {
	rev := l.Status.Revocation
	switch {
	case rev == nil || rev.KeyDeletedTime != nil:
		return nil
	case rev.DeactivatedTime != nil:
		return rev.DeactivatedTime
	case rev.Intent == nil && l.Status.Key != nil && l.Status.Key.Status == v1alpha1.KeyInactive:
		return rev.StartTime
	}
	return nil
}

// mayBeInactive: we deactivated the key, or tried to and did not learn the outcome.
func mayBeInactive(l *v1alpha1.AccessKeyLease) bool {
	rev := l.Status.Revocation
	return rev != nil && rev.KeyDeletedTime == nil &&
		(rev.DeactivatedTime != nil || (rev.Intent != nil && rev.Intent.Action == "UpdateAccessKey"))
}

// outcomeKnownAt is when AWS shows what became of a deletion of the key whose answer was lost; zero: there is none.
func outcomeKnownAt(l *v1alpha1.AccessKeyLease, settle time.Duration) time.Time {
	rev := l.Status.Revocation
	if rev == nil || rev.KeyDeletedTime != nil || rev.Intent == nil || rev.Intent.Action != "DeleteAccessKey" {
		return time.Time{}
	}
	return rev.Intent.Time.Add(settle)
}

// lostDeletion: AWS is to be asked what became of a deletion whose answer was lost. The lease was extended in that moment,
// and would pass for Active until its next notice although its key may be gone.
func lostDeletion(in Input) bool {
	at := outcomeKnownAt(in.Lease, in.SettleTime)
	if at.IsZero() || in.Now.Before(at) {
		return false
	}
	if k := in.Lease.Status.Key; k != nil && k.ObservedTime != nil && k.ObservedTime.Time.Before(at) {
		return asks(in, toChange) // what AWS said before says nothing of it
	}
	return asks(in, toRecheck)
}
