package lifecycle

import (
	"fmt"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// decideNotice handles a due notice. last is when the term's last notice counted as delivered.
func decideNotice(in Input, d Decision, last time.Time) Decision {
	days, due, ok := in.Policy.DueNotice(in.Lease.Spec.EndDate, in.Now)
	if !ok {
		return d
	}
	n := expiryNotice(days)
	if f := found(in, d); f != nil {
		if f.SummaryTime == nil {
			d.Blocked, d.Next = awaitSummary(in), due
			return d
		}
		if !f.SummaryTime.Time.Before(due) {
			return d
		}
	}
	// One message covers everything that was due when it was sent, even if noticeDays changed since.
	if !last.IsZero() && !last.Before(due) && !n.Begun(in.Lease.Status.Notices, d.TermNumber()) {
		return d
	}
	if !outstanding(in, d, n) {
		return d
	}
	if b := stopNotice(in, due); b != nil {
		d.Blocked, d.Next = b, due
		if patience := due.Add(noticeWaitsForSheet); b.Reason == v1alpha1.ReasonWaiting && patience.After(in.Now) {
			d.Again = earliest(d.Again, patience)
		}
		return d
	}
	d.Blocked = nil
	if asks(in, toTell) {
		// The message says when the key was last used.
		d.Action = Action{Kind: ActionObserve}
		return d
	}
	d.Action = Action{Kind: ActionNotify, Notice: n}
	return d
}

func awaitSummary(in Input) *Block {
	if in.Policy.DryRun {
		return &Block{Guard: guardMode, Reason: v1alpha1.ReasonDryRun,
			Message: "mode DryRun: the sheet says that notice was given; the admins would get a summary of such keys now"}
	}
	return &Block{Guard: guardNotice, Reason: v1alpha1.ReasonAwaitingSummary,
		Message: "the sheet says that notice was given; it counts from the summary that the admins get"}
}

// stopNotice is why a due notice is not sent yet.
func stopNotice(in Input, due time.Time) *Block {
	r := in.Sheet.ReadStart
	if r.IsZero() || (r.Before(due) && in.Now.Sub(due) < noticeWaitsForSheet) {
		return &Block{Guard: guardFresh, Reason: v1alpha1.ReasonWaiting, Message: "a notice is due: waiting for a reading of the sheet"}
	}
	if in.Policy.DryRun {
		return &Block{Guard: guardMode, Reason: v1alpha1.ReasonDryRun, Message: fmt.Sprintf(
			"mode DryRun: owner and admins would be told now that the key ends on %s", in.Lease.Spec.EndDate)}
	}
	b := stopNoSlack(in, "a notice is due")
	if b != nil {
		b.Guard = guardSlack
	}
	return b
}
