package lifecycle

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// hold is why the lease is held: because of its row, an annotation, or what AWS showed when the key became due. In the
// last case AWS is asked again after a while (ask). The lease stays held until AWS shows something else, because a
// release begins a new term.
func hold(in Input) (b *Block, ask bool) {
	if h := sheetHold(in); h != nil {
		return h, h.Reason == v1alpha1.ReasonExtensionRequested && seeksOutcome(in)
	}
	was := heldAlready(in.Lease)
	if was == nil || heldByAWS(was.Reason) == "" {
		return nil, false
	}
	if t := in.Lease.Status.Term; t == nil || t.EndDate != in.Lease.Spec.EndDate {
		return nil, false
	}
	switch {
	case in.AWS == nil:
		return was, asks(in, whileHeld(was.Reason))
	case in.AWS.Misread != nil:
		// AWS said nothing about this key, so its earlier answer stands.
		return was, false
	case in.AWS.Refused != nil:
		return in.AWS.Refused, false
	}
	if b := stopRecentlyUsed(in); b != nil {
		b.Guard = guardRecentUse
		return b, false
	}
	return nil, false
}

// heldAlready is the hold in status; nil: none.
func heldAlready(l *v1alpha1.AccessKeyLease) *Block {
	c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionHeld)
	if c == nil || c.Status != "True" {
		return nil
	}
	return &Block{Guard: cmp.Or(heldByAWS(c.Reason), guardHeld), Reason: c.Reason, Message: c.Message}
}

// whileHeld is the purpose of asking AWS about a lease that AWS's answer holds.
func whileHeld(reason string) purpose {
	if reason == v1alpha1.ReasonProtected {
		return whileProtected
	}
	return whileUsed
}

// heldByAWS is the guard that holds a lease because of what AWS shows; empty: the reason is not one of those.
func heldByAWS(reason string) string { return leaseReasons[reason].guard }

// sheetHold is why the row or a person holds the lease; nil: neither does.
func sheetHold(in Input) *Block {
	if in.Lease.Annotations[v1alpha1.AnnotationGiveUp] == "true" {
		return &Block{Guard: guardHeld, Reason: v1alpha1.ReasonGivenUp,
			Message: "given up by annotation " + v1alpha1.AnnotationGiveUp + ": remove it to let the lease run on"}
	}
	h := sheet.Holding(in.Lease.Status.Sheet, in.Lease.Spec.EndDate, in.Policy.Exempt)
	if h == nil {
		return nil
	}
	if h.Reason == v1alpha1.ReasonExtensionRequested {
		if keyIsDeleted(in) {
			return nil // it came too late: the rest is deleted too, and the owner is told
		}
		until := "until its end date moves or the mark goes"
		if in.Policy.Exempt {
			until = "until the mark goes"
		}
		return &Block{Guard: guardHeld, Reason: h.Reason,
			Message: fmt.Sprintf("an extension of %s was asked for in the sheet: held %s", in.Lease.Spec.EndDate, until)}
	}
	return &Block{Guard: guardHeld, Reason: h.Reason, Message: h.Message}
}
