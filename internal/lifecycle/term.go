package lifecycle

import (
	"strings"
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

// term returns the lease's term, and whether it begins now. An earlier term's notice never justifies a deletion, so
// anything that could make a notice outdated begins a new term.
func term(in Input) (t v1alpha1.Term, began bool) {
	old := in.Lease.Status.Term
	if old == nil {
		return newTerm(in, 1, TermFirstSeen), true
	}
	reason := ""
	switch {
	// Once the key is deleted, a warning is useless. A new term would only stop the rest of the teardown.
	case keyDeleted(in.Lease):
	case old.EndDate != in.Lease.Spec.EndDate:
		reason = TermEndDateChanged
	case wasHeld(in.Lease):
		reason = TermHoldReleased
	case old.DryRun && !in.Policy.DryRun:
		reason = TermModeEnforced
	// The sheet's reading shows the absence, so only terms older than the return are outdated.
	case old.StartTime.Time.Before(in.Sheet.Resumed):
		reason = TermOperatorAway
	}
	if reason == "" {
		t = *old
		// Remember DryRun, so that the change back to Enforce begins a new term. Nobody knows whether a notice from
		// before DryRun still holds.
		t.DryRun = t.DryRun || in.Policy.DryRun
		return t, false
	}
	return newTerm(in, old.Number+1, reason), true
}

func newTerm(in Input, number int64, reason string) v1alpha1.Term {
	return v1alpha1.Term{
		Number: number, EndDate: in.Lease.Spec.EndDate, Reason: reason, DryRun: in.Policy.DryRun,
		// In seconds, as the API stores it. A finer time would be later than its own stored copy.
		StartTime: metav1.NewTime(in.Now.Truncate(time.Second)),
	}
}

// wasHeld tells whether the last decision held the lease, or a mark that is gone now had revoked it.
func wasHeld(l *v1alpha1.AccessKeyLease) bool {
	return heldAlready(l) != nil || l.Status.Phase == v1alpha1.PhaseRevoked
}

func keyDeleted(l *v1alpha1.AccessKeyLease) bool {
	return l.Status.Revocation != nil && l.Status.Revocation.KeyDeletedTime != nil
}

// keyIsDeleted tells whether we deleted the key, as far as AWS or our own record shows. The rest of its user is deleted
// too.
func keyIsDeleted(in Input) bool {
	rev := in.Lease.Status.Revocation
	return keyDeleted(in.Lease) || (rev != nil && rev.Intent != nil && rev.Intent.Action == "DeleteAccessKey" && in.AWS.absent())
}

// graceBegan is when the grace period began: we deactivated the key, or found that someone else had. A deactivation whose
// outcome is unknown does not begin it, because the key may still work and must then be deactivated. A deletion that
// failed does not end it: the key would be deactivated again without end, and never be deleted.
func graceBegan(l *v1alpha1.AccessKeyLease) *metav1.Time {
	rev := l.Status.Revocation
	switch {
	case rev == nil || rev.KeyDeletedTime != nil:
		return nil
	case rev.DeactivatedTime != nil:
		return rev.DeactivatedTime
	case !mayDeactivate(rev.Intent) && l.Status.Key != nil && l.Status.Key.Status == v1alpha1.KeyInactive:
		return rev.StartTime
	}
	return nil
}

// mayDeactivate tells whether the intent is a deactivation, whose outcome the next pass learns.
func mayDeactivate(i *v1alpha1.RevocationIntent) bool {
	return i != nil && i.Action == "UpdateAccessKey" && strings.HasSuffix(i.Target, ":"+string(v1alpha1.KeyInactive))
}

// mayBeInactive tells whether we deactivated the key, or tried to and did not learn the outcome.
func mayBeInactive(l *v1alpha1.AccessKeyLease) bool {
	rev := l.Status.Revocation
	return rev != nil && rev.KeyDeletedTime == nil &&
		(rev.DeactivatedTime != nil || (rev.Intent != nil && rev.Intent.Action == "UpdateAccessKey"))
}

// outcomeKnownAt is when AWS shows the result of a key deletion whose answer was lost; zero: there is none.
func outcomeKnownAt(l *v1alpha1.AccessKeyLease, settle time.Duration) time.Time {
	rev := l.Status.Revocation
	if rev == nil || rev.KeyDeletedTime != nil || rev.Intent == nil || rev.Intent.Action != "DeleteAccessKey" {
		return time.Time{}
	}
	return rev.Intent.Time.Add(settle)
}

// seeksOutcome tells whether to ask AWS about a deletion whose answer was lost, while an extension holds the lease. The
// extension came too late if the key is gone; otherwise the lease would be held for ever without a key.
func seeksOutcome(in Input) bool {
	at := outcomeKnownAt(in.Lease, in.SettleTime)
	if at.IsZero() || in.Now.Before(at) {
		return false
	}
	if k := in.Lease.Status.Key; k != nil && k.ObservedTime != nil && k.ObservedTime.Time.Before(at) {
		return asks(in, toChange) // AWS answered before the result showed
	}
	return asks(in, whileExtended)
}

// seeksOutcomeAt is when AWS is asked about it again; zero: the outcome is known.
func seeksOutcomeAt(in Input) time.Time {
	switch at := outcomeKnownAt(in.Lease, in.SettleTime); {
	case at.IsZero() || at.After(in.Now):
		return at
	default:
		return asksAgainAt(in, whileExtended)
	}
}

// lostDeletion tells whether to ask AWS about a deletion whose answer was lost. If the lease was extended at that
// moment, it would look Active until its next notice although its key may be deleted.
func lostDeletion(in Input) bool {
	at := outcomeKnownAt(in.Lease, in.SettleTime)
	if at.IsZero() || in.Now.Before(at) {
		return false
	}
	if k := in.Lease.Status.Key; k != nil && k.ObservedTime != nil && k.ObservedTime.Time.Before(at) {
		return asks(in, toChange) // AWS answered before the result showed
	}
	return asks(in, toRecheck)
}
