package lifecycle

import (
	"fmt"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// sheetHold is why the row keeps the lease out of all processing; nil: it does not.
func sheetHold(in Input) *Block {
	s := in.Lease.Status.Sheet
	if in.Lease.Annotations[v1alpha1.AnnotationGiveUp] == "true" {
		return &Block{Guard: guardHeld, Reason: v1alpha1.ReasonGivenUp,
			Message: "given up by annotation " + v1alpha1.AnnotationGiveUp + ": remove it to let the lease run on"}
	}
	if s == nil || !sheet.Holding(s.Hold, in.Lease.Spec.EndDate, in.Policy.Exempt) {
		return nil
	}
	h := s.Hold
	if h.Reason == v1alpha1.ReasonExtensionRequested {
		until := "until its end date moves or the mark goes"
		if in.Policy.Exempt {
			until = "until the mark goes"
		}
		return &Block{Guard: guardHeld, Reason: h.Reason,
			Message: fmt.Sprintf("an extension of %s was asked for in the sheet: held %s", in.Lease.Spec.EndDate, until)}
	}
	return &Block{Guard: guardHeld, Reason: h.Reason, Message: h.Message}
}
