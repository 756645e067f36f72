package lifecycle

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/keylease/keylease/api/v1alpha1"
)

const (
	// recheck is how long what AWS said last stands before it is asked again for a lease that it blocks, and for a key
	// that could not be pinned: IAM's rates are low.
	recheck = time.Hour
	// noticeWaitsForSheet is how long a due notice waits for a reading of the sheet that began after it became due. The
	// owner may just have extended; but a sheet that cannot be read must not keep people from being warned.
	noticeWaitsForSheet = time.Hour
)

// Decide what should be so for a lease now, and the one thing to do about it. After an action, decide again.
func Decide(in Input) Decision {
	l := in.Lease
	d := Decision{Phase: l.Status.Phase, Term: l.Status.Term}
	if d.Phase == "" {
		d.Phase = v1alpha1.PhaseActive
	}
	if !in.Sheet.Exists {
		d.Blocked = &Block{Guard: guardOnSheet, Reason: v1alpha1.ReasonSheetMissing,
			Message: fmt.Sprintf("AccessKeySheet %s does not exist: make it again, or delete this lease", l.Spec.SheetRef.Name)}
		return d
	}
	if l.Status.Sheet == nil {
		d.Blocked = &Block{Guard: guardOnSheet, Reason: v1alpha1.ReasonNeverOnSheet,
			Message: "this key does not stand on a row of the sheet that was read: it is not acted on"}
		return d
	}
	if completed(l) {
		return decideRevoked(in, d)
	}
	if l.Status.Sheet.MarkedDeleted && !keyDeleted(l) {
		return decideMarkedDeleted(in, d)
	}
	if h, ask := hold(in); h != nil {
		d.Hold = h
		if ask {
			d.Action = Action{Kind: ActionObserve}
		} else if h.Guard != guardHeld {
			d.Next = in.Now.Add(recheck)
		}
		return d
	}
	t, began := term(in)
	d.Term, d.TermBegan = &t, began
	if began {
		d.Phase = v1alpha1.PhaseActive
	}
	return decideRunning(in, d)
}

func completed(l *v1alpha1.AccessKeyLease) bool {
	return l.Status.Revocation != nil && l.Status.Revocation.CompletionTime != nil
}

// decideRevoked: everything is gone. What is left is to tell people.
func decideRevoked(in Input, d Decision) Decision {
	d.Phase = v1alpha1.PhaseRevoked
	if in.Policy.DryRun || d.Term == nil {
		return d
	}
	n := Notice{Kind: v1alpha1.NoticeRevoked}
	switch in.Lease.Status.Revocation.Reason {
	case v1alpha1.ReasonEndDatePassed:
		n.Owner = true
	case v1alpha1.ReasonKeyAlreadyGone:
		// Whoever was warned hears the end of it; for a key that was gone when first seen there is nothing to tell.
		if _, told := expiryDelivered(in.Lease, d.Term.Number, in.Policy.Admins); !told {
			return d
		}
	default:
		return d
	}
	if outstanding(in, d, n) {
		d.Action = Action{Kind: ActionNotify, Notice: n}
	}
	return d
}

// decideMarkedDeleted: a person wrote 削除済み. AWS is read, not changed.
func decideMarkedDeleted(in Input, d Decision) Decision {
	d.Phase = v1alpha1.PhaseRevoked
	if d.Term == nil {
		t := newTerm(in, 1, TermFirstSeen)
		d.Term, d.TermBegan = &t, true
	}
	if in.AWS == nil {
		if in.AWSError != "" {
			d.Verified = &Finding{Reason: in.AWSReason, Message: in.AWSError}
			d.Next = in.Now.Add(recheck)
			return d
		}
		if stillExists(in.Lease) {
			return reportStillExists(in, d)
		}
		d.Action = Action{Kind: ActionObserve}
		if rechecked(in) {
			d.Action, d.Next = Action{}, in.Lease.Status.Key.ObservedTime.Add(recheck)
		}
		return d
	}
	if b := CheckAWS(*in.AWS, TargetOf(in.Lease, in.Policy)); b != nil && b.Reason != v1alpha1.ReasonProtected {
		d.Verified = &Finding{Reason: b.Reason, Message: b.Message}
		d.Next = in.Now.Add(recheck)
		return d
	}
	if in.AWS.Key == v1alpha1.KeyAbsent {
		d.Verified = &Finding{True: true, Reason: v1alpha1.ReasonKeyGone, Message: "the sheet says deleted, and AWS has no such key"}
		d.Action = Action{Kind: ActionComplete, Reason: v1alpha1.ReasonMarkedDeleted}
		return d
	}
	d.Verified = &Finding{Reason: v1alpha1.ReasonKeyStillExists, Message: fmt.Sprintf(
		"the sheet says deleted, but key %s of user %s still exists in AWS (%s): delete it there, or take the mark away to let Keylease do it",
		in.Lease.Spec.AccessKeyID, in.Lease.Spec.UserName, in.AWS.Key)}
	return reportStillExists(in, d)
}

func stillExists(l *v1alpha1.AccessKeyLease) bool {
	c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionKeyVerified)
	return c != nil && c.Reason == v1alpha1.ReasonKeyStillExists && l.Status.Phase == v1alpha1.PhaseRevoked
}

// reportStillExists tells the admins once, and looks again a day later.
func reportStillExists(in Input, d Decision) Decision {
	n := Notice{Kind: v1alpha1.NoticeKeyStillExists}
	if !in.Policy.DryRun && outstanding(in, d, n) {
		d.Action = Action{Kind: ActionNotify, Notice: n}
		return d
	}
	if k := in.Lease.Status.Key; k != nil && k.ObservedTime != nil && in.AWS == nil {
		if d.Next = k.ObservedTime.Add(24 * time.Hour); !d.Next.After(in.Now) {
			d.Action = Action{Kind: ActionObserve}
		}
		return d
	}
	d.Next = in.Now.Add(24 * time.Hour)
	return d
}

// hold is why the lease is out of all processing: the row, an annotation, or what AWS showed when its turn came. The
// latter is asked again every hour (ask), and holds until AWS says otherwise: a release begins a new term.
func hold(in Input) (b *Block, ask bool) {
	if h := sheetHold(in); h != nil {
		return h, false
	}
	c := meta.FindStatusCondition(in.Lease.Status.Conditions, v1alpha1.ConditionHeld)
	if c == nil || (c.Reason != v1alpha1.ReasonProtected && c.Reason != v1alpha1.ReasonRecentlyUsed) {
		return nil, false
	}
	if t := in.Lease.Status.Term; t == nil || t.EndDate != in.Lease.Spec.EndDate {
		return nil, false
	}
	if in.AWS == nil {
		return &Block{Guard: guardProtected, Reason: c.Reason, Message: c.Message}, in.AWSError == "" && !rechecked(in)
	}
	if b := CheckAWS(*in.AWS, TargetOf(in.Lease, in.Policy)); b != nil {
		return b, false
	}
	if b := stopRecentlyUsed(in, time.Time{}); b != nil {
		b.Guard = guardRecentUse
		return b, false
	}
	return nil, false
}

// rechecked: AWS was asked so recently that its answer still stands.
func rechecked(in Input) bool {
	k := in.Lease.Status.Key
	return !in.Retry && k != nil && k.ObservedTime != nil && in.Now.Sub(k.ObservedTime.Time) < recheck
}

// outstanding: somebody has yet to be told.
func outstanding(in Input, d Decision, n Notice) bool {
	return len(Outstanding(in.Lease.Status.Notices, d.TermNumber(), n, OwnerID(in.Lease), in.Policy.Admins)) > 0
}
