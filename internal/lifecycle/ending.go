package lifecycle

import (
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// decideEnd: ended and noticed. At its time the key is deactivated, and after the grace period deleted. The action that
// d may bring is a notice.
func decideEnd(in Input, d Decision, x deed) Decision {
	// Without a grace period a deactivated key is a deletion that stopped halfway: it was due from the beginning.
	if off := graceBegan(in.Lease); off != nil && in.Policy.GracePeriod > 0 {
		// The term's own notice still rules: a hold released in the grace period begins a new term.
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

// rehearse: in mode DryRun no notice is ever delivered. What would come of the lease is told as if the notice had gone
// out when it became due, or when the mode was set.
func rehearse(in Input, d Decision) Decision {
	noticed := latest(in.Policy.FirstNotice(in.Lease.Spec.EndDate), d.Term.StartTime.Time)
	due := latest(in.Policy.Due(in.Lease.Spec.EndDate, 1), noticed.Add(in.Policy.MinimumNotice))
	if in.Now.Before(due) {
		d.Again = earliest(d.Again, due)
		return d
	}
	return destroy(in, d, deed{noticed: noticed, due: due})
}

// destroy asks every guard, and only then for the deed.
func destroy(in Input, d Decision, x deed) Decision {
	d.Next = x.due
	notify := d.Action
	d.Action = Action{}
	b := firstStop(in, x)
	if in.AWS == nil && (b == nil || b.Guard == guardMode) {
		// AWS is asked before the deed, and for what DryRun reports; lately is enough for the latter.
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
			// Out of all processing from now on, until AWS says otherwise.
			d.Hold, d.Next, d.Again = b, time.Time{}, asksAgainAt(in, whileHeld(b.Reason))
			return d
		}
		d.Action = notify
		if in.AWS != nil || failedLately(in) != nil {
			d.Again = earliest(d.Again, asksAgainAt(in, toRecheck))
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
