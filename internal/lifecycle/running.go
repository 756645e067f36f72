package lifecycle

import (
	"fmt"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// decideRunning: the lease is on its way toward its end date.
func decideRunning(in Input, d Decision) Decision {
	l, p, end := in.Lease, in.Policy, in.Lease.Spec.EndDate
	expiry := p.Midnight(end, 1)
	ended := !in.Now.Before(expiry)
	d.Verified = verified(in)

	if keyDeleted(l) {
		// Extension was refused at admission; what hangs on the user goes too.
		d.Phase = v1alpha1.PhaseExpired
		return destroy(in, d, l.Status.Revocation.KeyDeletedTime.Time)
	}
	if mayBeInactive(l) && !ended && !p.DryRun {
		d.Action = Action{Kind: ActionReactivate}
		return d
	}
	if pinWanted(in) {
		d.Action = Action{Kind: ActionObserve}
		return d
	}
	delivered, ok := in.delivered(d)
	if ended && !ok && in.AWS == nil {
		return verifyFirst(in, d)
	}
	if ended && !ok && gone(in) {
		d.Action = Action{Kind: ActionComplete, Reason: v1alpha1.ReasonKeyAlreadyGone}
		return d
	}
	if ok {
		d.Phase = v1alpha1.PhaseNotified
		d.DeleteAt = latest(p.Due(end, 1), delivered.Add(p.MinimumNotice))
		if ended {
			d.Phase = v1alpha1.PhaseExpired
		}
	}
	d = decideNotice(in, d, ok)
	// A notice that one admin has not got yet blocks nothing.
	if d.Phase == v1alpha1.PhaseExpired && (d.Action.Kind == ActionNone || d.Action.Kind == ActionNotify) {
		return decideEnd(in, d)
	}
	if d.Action.Kind == ActionNone && d.Blocked == nil {
		d.Next = next(in, ok)
	}
	return d
}

// delivered is when the term's notice was: by our own record, or by the admins' summary of marks found in the sheet.
func (in Input) delivered(d Decision) (time.Time, bool) {
	if d.TermBegan && d.Term.Number > 1 {
		return time.Time{}, false
	}
	if at, ok := expiryDelivered(in.Lease, d.Term.Number, in.Policy.Admins); ok {
		return at, true
	}
	if f := found(in, d); f != nil && f.SummaryTime != nil {
		return f.SummaryTime.Time, true
	}
	return time.Time{}, false
}

// found is the mark that the row already had when it was first seen, if it stands for this term's notice.
func found(in Input, d Decision) *v1alpha1.FoundMark {
	f := in.Lease.Status.Sheet.FoundMark
	if f == nil || d.Term.Reason != TermFirstSeen || f.EndDate != d.Term.EndDate {
		return nil
	}
	return f
}

// pinWanted: the key's identity was never recorded. One cheap pass when first seen; tried again hourly while AWS cannot
// be read, daily while it has no such key.
func pinWanted(in Input) bool {
	if in.AWS != nil || in.AWSError != "" {
		return false
	}
	k := in.Lease.Status.Key
	if k == nil || k.ObservedTime == nil {
		return true
	}
	if k.Status == "" {
		return !rechecked(in)
	}
	return k.CreateDate == nil && in.Now.Sub(k.ObservedTime.Time) >= 24*time.Hour
}

// verifyFirst: past its end with no notice given, the key may be long gone; people are not told of what is not there.
func verifyFirst(in Input, d Decision) Decision {
	switch {
	case in.AWSError != "":
		d.Blocked = &Block{Guard: guardAWSReadable, Reason: in.AWSReason, Message: in.AWSError}
		d.Next = in.Now.Add(recheck)
	case in.Lease.Status.Key != nil && in.Lease.Status.Key.CreateDate != nil && in.Lease.Status.Key.Status != v1alpha1.KeyAbsent && rechecked(in):
		// Just seen alive: go on to the notice.
		return decideNotice(in, d, false)
	case failedLately(in):
		c := verifiedCondition(in.Lease)
		d.Blocked = &Block{Guard: guardAWSReadable, Reason: c.Reason, Message: c.Message}
		d.Next = in.Lease.Status.Key.ObservedTime.Add(recheck)
	default:
		d.Action = Action{Kind: ActionObserve}
	}
	return d
}

// gone: AWS, shown to be the right and not an empty account, has no such key.
func gone(in Input) bool {
	return in.AWS != nil && in.AWS.Key == v1alpha1.KeyAbsent && CheckAWS(*in.AWS, TargetOf(in.Lease, in.Policy)) == nil
}

// decideNotice: what is due of notices and not done.
func decideNotice(in Input, d Decision, delivered bool) Decision {
	end := in.Lease.Spec.EndDate
	days, due, ok := in.Policy.DueNotice(end, in.Now)
	if !ok {
		return d
	}
	if f := found(in, d); f != nil {
		if f.SummaryTime == nil {
			d.Blocked = &Block{Guard: guardNotice, Reason: v1alpha1.ReasonAwaitingSummary,
				Message: "the sheet says that notice was given; it counts from the summary that the admins get"}
			return d
		}
		if !f.SummaryTime.Time.Before(due) {
			return d
		}
	}
	n := Notice{Kind: v1alpha1.NoticeExpiry, DaysBefore: &days, Owner: true}
	if !outstanding(in, d, n) {
		return d
	}
	if b := stopNotice(in, due); b != nil {
		d.Blocked = b
		if d.Next = due; delivered {
			d.Next = next(in, delivered)
		}
		return d
	}
	d.Action = Action{Kind: ActionNotify, Notice: n}
	return d
}

func stopNotice(in Input, due time.Time) *Block {
	r := in.Sheet.ReadStart
	if r.IsZero() || (r.Before(due) && in.Now.Sub(due) < noticeWaitsForSheet) {
		return &Block{Guard: guardFresh, Reason: v1alpha1.ReasonWaiting, Message: "a notice is due: waiting for a reading of the sheet"}
	}
	if in.Policy.DryRun {
		return &Block{Guard: guardMode, Reason: v1alpha1.ReasonDryRun, Message: fmt.Sprintf(
			"mode DryRun: owner and admins would be told now that the key ends on %s", in.Lease.Spec.EndDate)}
	}
	if in.Sheet.SlackError != "" {
		return &Block{Guard: guardSlack, Reason: v1alpha1.ReasonSlackTokenInvalid, Message: "a notice is due: " + in.Sheet.SlackError}
	}
	return nil
}

// decideEnd: ended and noticed. At its time the key is deactivated, and after the grace period deleted.
func decideEnd(in Input, d Decision) Decision {
	due := d.DeleteAt
	off := graceBegan(in.Lease)
	if off != nil {
		// The term's own notice still rules: a hold released in the grace period begins a new term.
		due = latest(due, off.Add(in.Policy.GracePeriod))
		if n := (Notice{Kind: v1alpha1.NoticeDeactivated, Owner: true}); in.Policy.GracePeriod > 0 && outstanding(in, d, n) &&
			in.Now.Before(due) && stopNotice(in, off.Time.Add(-time.Nanosecond)) == nil {
			d.Action = Action{Kind: ActionNotify, Notice: n}
		}
	}
	d.DeleteAt = due
	if off == nil {
		d.DeleteAt = due.Add(in.Policy.GracePeriod)
	}
	if in.Now.Before(due) {
		d.Next = due
		return d
	}
	return destroy(in, d, due)
}

// destroy asks every guard, and only then for the deed.
func destroy(in Input, d Decision, due time.Time) Decision {
	d.Next = due
	notify := d.Action
	d.Action = Action{}
	if b := firstStop(in, due); b != nil {
		d.Blocked = b
		switch b.Reason {
		case v1alpha1.ReasonProtected, v1alpha1.ReasonRecentlyUsed:
			d.Hold = b
			d.Next = in.Now.Add(recheck)
		}
		d.Action = notify
		return d
	}
	if in.AWS == nil {
		if failedLately(in) {
			c := verifiedCondition(in.Lease)
			d.Blocked = &Block{Guard: guardAWSReadable, Reason: c.Reason, Message: c.Message}
			d.Next = in.Lease.Status.Key.ObservedTime.Add(recheck)
			return d
		}
		d.Action = Action{Kind: ActionObserve}
		return d
	}
	d.Action = Action{Kind: ActionRevoke}
	if in.Policy.GracePeriod > 0 && graceBegan(in.Lease) == nil && !keyDeleted(in.Lease) && in.AWS.Key != v1alpha1.KeyAbsent {
		d.Action = Action{Kind: ActionDeactivate}
	}
	return d
}

// next moment at which a lease that waits does something by itself.
func next(in Input, delivered bool) time.Time {
	p, end := in.Policy, in.Lease.Spec.EndDate
	n := p.nextNotice(end, in.Now)
	expiry := p.Midnight(end, 1)
	if delivered && expiry.After(in.Now) && (n.IsZero() || expiry.Before(n)) {
		return expiry
	}
	return n
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
