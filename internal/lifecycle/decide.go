package lifecycle

import (
	"fmt"
	"slices"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// noticeWaitsForSheet is how long a due notice waits for a reading of the sheet that began after it became due. The
// owner may just have extended; but a sheet that cannot be read must not keep people from being warned.
const noticeWaitsForSheet = time.Hour

// Decide what should be so for a lease now, and the one thing to do about it. After an action, decide again.
func Decide(in Input) Decision {
	l := in.Lease
	d := Decision{Phase: l.Status.Phase, Term: l.Status.Term}
	if d.Phase == "" {
		d.Phase = v1alpha1.PhaseActive
	}
	switch {
	case !in.Sheet.Exists:
		d.Blocked = &Block{Guard: guardOnSheet, Reason: v1alpha1.ReasonSheetMissing,
			Message: fmt.Sprintf("AccessKeySheet %s does not exist: create it again, or delete this lease", l.Spec.SheetRef.Name)}
		// Forgetting the hold would make its release, and the new term that follows it, go unseen.
		d.Hold = heldAlready(l)
		return d
	case in.Sheet.Foreign:
		// Two clusters that work on one sheet would tell people twice, and delete by two policies.
		d.Blocked = &Block{Guard: guardOnSheet, Reason: v1alpha1.ReasonForeignClaim,
			Message: fmt.Sprintf("another cluster has claimed the sheet of AccessKeySheet %s: see its condition SheetAccepted", l.Spec.SheetRef.Name)}
		d.Hold = heldAlready(l)
		return d
	case !onSheet(l):
		d.Blocked = stopOffSheet(in, deed{})
		d.Blocked.Guard = guardOnSheet
		d.Hold = sheetHold(in)
		return d
	case l.Completed():
		return decideRevoked(in, d)
	case l.Status.Sheet.MarkedDeleted && !keyDeleted(l):
		return decideMarkedDeleted(in, d)
	}
	if d.Phase == v1alpha1.PhaseRevoked {
		// By a mark that has gone since: the lease lives again, held or not.
		d.Phase = v1alpha1.PhaseActive
	}
	if h, ask := hold(in); h != nil {
		return decideHeld(in, d, h, ask)
	}
	if in.Policy.Due(l.Spec.EndDate, 1).IsZero() {
		d.Blocked = &Block{Guard: guardEnded, Reason: v1alpha1.ReasonInvalidSpec, Message: fmt.Sprintf(
			"spec.endDate %q is not a calendar day: write YYYY-MM-DD", l.Spec.EndDate)}
		return d
	}
	t, began := term(in)
	d.Term, d.TermBegan = &t, began
	if began {
		d.Phase = v1alpha1.PhaseActive
	}
	return decideRunning(in, d)
}

// decideHeld: nothing is done, in whatever phase it is; what AWS holds is asked of AWS again (ask).
func decideHeld(in Input, d Decision, h *Block, ask bool) Decision {
	d.Hold = h
	d.Verified = verified(in)
	switch {
	case ask:
		d.Action = Action{Kind: ActionObserve}
	case h.Guard != guardHeld:
		d.Again = asksAgainAt(in, whileHeld(h.Reason))
	}
	return d
}

// decideRevoked: everything is gone. What is left is to tell people; it needs no timer, because an attempt that fails
// is repeated by its own.
func decideRevoked(in Input, d Decision) Decision {
	d.Phase = v1alpha1.PhaseRevoked
	d.Verified = Survived(in.Lease, in.Listed, in.SettleTime)
	if in.Policy.DryRun || d.Term == nil {
		return d
	}
	if n, ok := closing(in, d); ok && outstanding(in, d, n) {
		d.Action = Action{Kind: ActionNotify, Notice: n}
		return d
	}
	alive := StillExists(in.Lease)
	if d.Verified != nil {
		alive = !d.Verified.True
	}
	if n := (Notice{Kind: v1alpha1.NoticeKeyStillExists}); alive && outstanding(in, d, n) {
		d.Action = Action{Kind: ActionNotify, Notice: n}
	}
	return d
}

// closing is what people are told of the end of a lease, if they are.
func closing(in Input, d Decision) (n Notice, ok bool) {
	rev := in.Lease.Status.Revocation
	switch rev.Reason {
	case v1alpha1.ReasonEndDatePassed:
		return Notice{Kind: v1alpha1.NoticeRevoked, Owner: true}, true
	case v1alpha1.ReasonKeyAlreadyGone:
		// For a key that was gone when first seen there is nothing to tell. Otherwise the admins hear the end of it.
		return Notice{Kind: v1alpha1.NoticeRevoked}, warned(in.Lease, d.Term.Number) || len(rev.Steps) > 0
	}
	return Notice{}, false
}

// warned: somebody got a notice of expiry in the term.
func warned(l *v1alpha1.AccessKeyLease, term int64) bool {
	return slices.ContainsFunc(l.Status.Notices, func(r v1alpha1.NoticeStatus) bool {
		return r.Term == term && r.Kind == v1alpha1.NoticeExpiry && r.State == v1alpha1.NoticeDelivered
	})
}

// outstanding: somebody is to be told now.
func outstanding(in Input, d Decision, n Notice) bool {
	return len(Outstanding(in.Lease.Status.Notices, d.TermNumber(), n, OwnerID(in.Lease), in.Policy.Admins, in.Now)) > 0
}
