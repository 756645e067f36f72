package lifecycle

import (
	"fmt"
	"slices"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// noticeWaitsForSheet is how long a due notice waits for a reading of the sheet that began after it became due. The
// owner may just have extended the key. After that the notice is sent anyway, because an unreadable sheet must not keep
// people from being warned.
const noticeWaitsForSheet = time.Hour

// Decide returns what must be true of a lease now, and the one action to do about it. After an action, decide again.
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
		// Keep the hold. Otherwise nobody would notice its release, which begins a new term.
		d.Hold = heldAlready(l)
		return d
	case in.Sheet.Foreign:
		// Two clusters on one sheet would tell people twice, and delete keys by two policies.
		d.Blocked = &Block{Guard: guardOnSheet, Reason: v1alpha1.ReasonForeignClaim,
			Message: fmt.Sprintf("another cluster has claimed the sheet of AccessKeySheet %s: see its condition SheetAccepted", l.Spec.SheetRef.Name)}
		d.Hold = heldAlready(l)
		return d
	case !onSheet(l):
		d.Blocked = stopOffSheet(in, removal{})
		d.Blocked.Guard = guardOnSheet
		d.Hold = sheetHold(in)
		return d
	case l.Completed():
		return decideRevoked(in, d)
	case l.Status.Sheet.MarkedDeleted && !keyDeleted(l):
		return decideMarkedDeleted(in, d)
	}
	if d.Phase == v1alpha1.PhaseRevoked {
		// A mark had revoked it, and the mark is gone: the lease is active again, held or not.
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

// decideHeld does nothing, whatever the phase. If AWS's answer holds the lease, AWS is asked again (ask).
func decideHeld(in Input, d Decision, h *Block, ask bool) Decision {
	d.Hold = h
	d.Verified = verified(in)
	switch {
	case ask:
		d.Action = Action{Kind: ActionObserve}
	case h.Guard != guardHeld:
		d.Again = asksAgainAt(in, whileHeld(h.Reason))
	case h.Reason == v1alpha1.ReasonExtensionRequested:
		d.Again = seeksOutcomeAt(in)
	}
	return d
}

// decideRevoked: everything is deleted, and only messages are left. It sets no timer, because a failed attempt is
// retried by its own backoff.
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

// closing is the notice about the end of a lease, if there is one.
func closing(in Input, d Decision) (n Notice, ok bool) {
	rev := in.Lease.Status.Revocation
	switch rev.Reason {
	case v1alpha1.ReasonEndDatePassed:
		return Notice{Kind: v1alpha1.NoticeRevoked, Owner: true}, true
	case v1alpha1.ReasonKeyAlreadyGone:
		// A key that was gone when first seen needs no notice. Otherwise the admins are told of its end.
		return Notice{Kind: v1alpha1.NoticeRevoked}, warned(in.Lease, d.Term.Number) || len(rev.Steps) > 0
	}
	return Notice{}, false
}

// warned tells whether someone got a notice of expiry in the term.
func warned(l *v1alpha1.AccessKeyLease, term int64) bool {
	return slices.ContainsFunc(l.Status.Notices, func(r v1alpha1.NoticeStatus) bool {
		return r.Term == term && r.Kind == v1alpha1.NoticeExpiry && r.State == v1alpha1.NoticeDelivered
	})
}

// outstanding tells whether someone must get the notice now.
func outstanding(in Input, d Decision, n Notice) bool {
	return len(Outstanding(in.Lease.Status.Notices, d.TermNumber(), n, OwnerID(in.Lease), in.Policy.Admins, in.Now)) > 0
}
