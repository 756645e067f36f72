package lifecycle

import (
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// decideRunning handles a lease on its way to its end date.
func decideRunning(in Input, d Decision) Decision {
	l, p, end := in.Lease, in.Policy, in.Lease.Spec.EndDate
	ended := !in.Now.Before(p.Midnight(end, 1))
	d.Verified = verified(in)
	if keyIsDeleted(in) {
		// The API server refused the extension; the rest of the user is deleted too.
		d.Phase = v1alpha1.PhaseExpired
		due := p.Due(end, 1)
		if began := l.Status.Revocation.StartTime; began != nil && due.After(in.Now) {
			due = began.Time // an extension at that moment came too late
		}
		return destroy(in, d, removal{due: due})
	}
	if pinWanted(in) {
		d.Action = Action{Kind: ActionObserve}
		return d
	}
	if !ended && lostDeletion(in) {
		d.Action = Action{Kind: ActionObserve}
		return d
	}
	if mayBeInactive(l) && !ended {
		if d = reactivate(in, d); d.Action.Kind != ActionNone || d.Hold != nil {
			return d
		}
	}
	first, last := in.delivered(d)
	noticed := !first.IsZero()
	if ended && !noticed {
		if found, stop := verifyFirst(in, d); stop {
			return found
		}
	}
	due := latest(p.Due(end, 1), first.Add(p.MinimumNotice))
	if noticed {
		d.Phase, d.DeleteAt = v1alpha1.PhaseNotified, due.Add(p.GracePeriod)
		if ended {
			d.Phase = v1alpha1.PhaseExpired
		}
	}
	d = decideNotice(in, d, last)
	switch {
	case d.Action.Kind == ActionObserve:
		return d
	case ended && noticed:
		// A notice that one admin still lacks blocks nothing.
		d = decideEnd(in, d, removal{noticed: first, due: due})
	case ended && p.DryRun:
		d = rehearse(in, d)
	}
	return wait(in, d, noticed)
}

// wait sets the next moment, if there is nothing to do now.
func wait(in Input, d Decision, noticed bool) Decision {
	if d.Action.Kind != ActionNone || d.Hold != nil {
		return d
	}
	next := in.Policy.nextNotice(in.Lease.Spec.EndDate, in.Now)
	if expiry := in.Policy.Midnight(in.Lease.Spec.EndDate, 1); noticed && expiry.After(in.Now) {
		next = earliest(next, expiry)
	}
	if days, _, ok := in.Policy.DueNotice(in.Lease.Spec.EndDate, in.Now); ok {
		n := expiryNotice(days)
		if at := retryAt(in.Lease.Status.Notices, d.TermNumber(), n, in.Policy.Admins); at.After(in.Now) {
			next = earliest(next, at)
		}
	}
	switch {
	case d.Next.IsZero():
		d.Next = next
	case !d.Next.After(in.Now):
		// Overdue. The next moment must still not be missed.
		d.Again = earliest(d.Again, next)
	}
	if k := in.Lease.Status.Key; k == nil || k.Status == "" {
		d.Again = earliest(d.Again, asksAgainAt(in, toRecheck)) // see pinWanted
	}
	if at := outcomeKnownAt(in.Lease, in.SettleTime); at.After(in.Now) {
		d.Again = earliest(d.Again, at) // see lostDeletion
	} else if !at.IsZero() {
		d.Again = earliest(d.Again, asksAgainAt(in, toRecheck))
	}
	return d
}

func expiryNotice(days int32) Notice {
	return Notice{Kind: v1alpha1.NoticeExpiry, DaysBefore: &days, Owner: true}
}

// delivered is when the term's first and last notices were delivered: by our own records, or by the admins' summary of
// marks found in the sheet. Zero: none was.
func (in Input) delivered(d Decision) (first, last time.Time) {
	first, last = expiryDelivered(in.Lease, d.Term.Number, in.Policy.Admins)
	if f := found(in, d); f != nil && f.SummaryTime != nil {
		first, last = earliest(first, f.SummaryTime.Time), latest(last, f.SummaryTime.Time)
	}
	return first, last
}

// found is the mark that the row had when it was first seen, if it counts as this term's notice. A summary sent before
// a time in DryRun belongs to an earlier term.
func found(in Input, d Decision) *v1alpha1.FoundMark {
	f := in.Lease.Status.Sheet.FoundMark
	if f == nil || f.EndDate != d.Term.EndDate {
		return nil
	}
	switch d.Term.Reason {
	case TermFirstSeen:
		return f
	case TermModeEnforced:
		if f.SummaryTime == nil || !f.SummaryTime.Time.Before(d.Term.StartTime.Time) {
			return f
		}
	}
	return nil
}

// verifyFirst asks AWS first when a key is past its end date and no notice was delivered. The key may be long gone, and
// people must not be told of a key that does not exist or is not theirs. stop: do not notify yet.
func verifyFirst(in Input, d Decision) (_ Decision, stop bool) {
	k := in.Lease.Status.Key
	alive := k != nil && k.CreateDate != nil && (k.Status == v1alpha1.KeyActive || k.Status == v1alpha1.KeyInactive)
	absent := k != nil && k.Status == v1alpha1.KeyAbsent
	ask := toTell
	switch {
	case !alive:
		ask = toChange // earlier answers do not count
	case in.Policy.DryRun:
		ask = toReport
	}
	switch b := failedLately(in); {
	case goneForGood(in) && !in.Policy.DryRun:
		d.Action = Action{Kind: ActionComplete, Reason: v1alpha1.ReasonKeyAlreadyGone}
		return d, true
	case in.AWSError != "":
		d.Blocked = &Block{Guard: guardAWSReadable, Reason: in.AWSReason, Message: in.AWSError}
	case b != nil:
		d.Blocked = b
	case in.Policy.DryRun && (in.AWS.absent() || (in.AWS == nil && absent && answers(in, toReport))):
		d.Blocked = &Block{Guard: guardMode, Reason: v1alpha1.ReasonDryRun, Message: "mode DryRun: AWS has no such key, the lease would be Revoked now"}
	case in.AWS.absent() || (in.AWS == nil && awaitsSecondLook(in)):
		d.Blocked = missedOnce(in)
	case in.AWS != nil:
		d.Blocked = in.AWS.Misread
	case asks(in, ask):
		d.Action = Action{Kind: ActionObserve}
		return d, true
	}
	if d.Blocked == nil {
		return d, false
	}
	if _, due, ok := in.Policy.DueNotice(in.Lease.Spec.EndDate, in.Now); ok {
		d.Next = due
	}
	d.Again = asksAgainAt(in, whileBlocked(d.Blocked))
	if d.Blocked.Reason == v1alpha1.ReasonInProgress {
		d.Again = lookAgainAt(in)
	}
	return d, true
}

// reactivate activates the key that we deactivated, because its lease was extended in the grace period. It needs the same
// guards as the deactivation.
func reactivate(in Input, d Decision) Decision {
	b, ask := failedLately(in), toChange
	if in.Policy.DryRun {
		ask = toReport
	}
	switch {
	case in.AWSError != "":
		b = &Block{Guard: guardAWSReadable, Reason: in.AWSReason, Message: in.AWSError}
	case in.AWS != nil:
		if b = in.AWS.Refused; b == nil {
			b = CheckPinned(in.AWS.Observation, TargetOf(in.Lease, in.Policy))
		}
	case asks(in, ask):
		d.Action = Action{Kind: ActionObserve}
		return d
	}
	if b == nil && in.Policy.DryRun {
		b = &Block{Guard: guardMode, Reason: v1alpha1.ReasonDryRun, Message: "mode DryRun: the lease was extended, the key would be activated again now"}
	}
	if b == nil {
		d.Action = Action{Kind: ActionReactivate}
		return d
	}
	d.Blocked, d.Again = b, asksAgainAt(in, whileBlocked(b))
	if b.Reason == v1alpha1.ReasonProtected {
		d.Hold, d.Again = b, asksAgainAt(in, whileHeld(b.Reason))
	}
	return d
}
