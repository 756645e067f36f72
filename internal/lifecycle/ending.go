package lifecycle

import (
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// decideEnd handles a lease that has ended and whose notice was delivered. When due, the key is deactivated, and
// deleted after the grace period. If d already has an action, it is a notice.
func decideEnd(in Input, d Decision, x removal) Decision {
	// Without a grace period, a deactivated key means that a deletion stopped halfway. It was due from the beginning.
	if off := graceBegan(in.Lease); off != nil && in.Policy.GracePeriod > 0 {
		// The term's own notice still counts: releasing a hold in the grace period begins a new term.
		x.due = latest(x.due, off.Add(in.Policy.GracePeriod))
		d.DeleteAt = x.due
		if n := (Notice{Kind: v1alpha1.NoticeDeactivated, Owner: true}); in.Now.Before(x.due) && !in.Policy.DryRun &&
			in.Sheet.SlackError == "" && outstanding(in, d, n) {
			d.Action = Action{Kind: ActionNotify, Notice: n}
		}
	} else {
		d.DeleteAt = x.due.Add(in.Policy.GracePeriod)
	}
	if in.Now.Before(x.due) {
		d.Next = x.due
		return d
	}
	return destroy(in, d, x)
}

// rehearse reports what DryRun would do. DryRun delivers no notice, so it assumes that the notice was delivered when it
// became due or when the mode was set.
func rehearse(in Input, d Decision) Decision {
	noticed := latest(in.Policy.FirstNotice(in.Lease.Spec.EndDate), d.Term.StartTime.Time)
	due := latest(in.Policy.Due(in.Lease.Spec.EndDate, 1), noticed.Add(in.Policy.MinimumNotice))
	if in.Now.Before(due) {
		d.Again = earliest(d.Again, due)
		return d
	}
	return destroy(in, d, removal{noticed: noticed, due: due})
}

// destroy checks every guard before it asks for the change.
func destroy(in Input, d Decision, x removal) Decision {
	d.Next = x.due
	notify := d.Action
	d.Action = Action{}
	b := firstStop(in, x)
	if in.AWS == nil && (b == nil || b.Guard == guardMode) {
		// AWS is asked before the change, and for DryRun's report, which may use a recent answer.
		ask := toChange
		if b != nil {
			ask = toReport
		}
		if asks(in, ask) {
			d.Action = Action{Kind: ActionObserve}
			return d
		}
		if failed := failedLately(in); failed != nil {
			b = failed
		}
	}
	if b != nil {
		d.Blocked = b
		if heldByAWS(b.Reason) != "" {
			// Held from now on, until AWS shows something else.
			d.Hold, d.Next, d.Again = b, time.Time{}, asksAgainAt(in, whileHeld(b.Reason))
			return d
		}
		d.Action = notify
		if in.AWS != nil || failedLately(in) != nil {
			d.Again = earliest(d.Again, asksAgainAt(in, whileBlocked(b)))
		}
		return d
	}
	d.Blocked = nil
	d.Action = Action{Kind: ActionRevoke}
	if in.Policy.GracePeriod > 0 && graceBegan(in.Lease) == nil && !keyIsDeleted(in) && in.AWS.Key != v1alpha1.KeyAbsent {
		d.Action = Action{Kind: ActionDeactivate}
	}
	return d
}
