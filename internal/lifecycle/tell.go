package lifecycle

import (
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Tell is what to tell the admins, once a term, about a lease that waits: AWS's answer holds it, it is stalled, or its
// row is gone. It delays nothing else.
func Tell(in Input, d Decision) (Notice, bool) {
	if in.Policy.DryRun || in.Sheet.Foreign || in.Sheet.SlackError != "" || !onSheet(in.Lease) {
		return Notice{}, false
	}
	for _, n := range []Notice{{Kind: heldNotice(d)}, {Kind: stalledNotice(in)}, {Kind: rowNotice(in, d)}} {
		if n.Kind != "" && outstanding(in, d, n) {
			return n, true
		}
	}
	return Notice{}, false
}

func heldNotice(d Decision) string {
	if d.Hold == nil {
		return ""
	}
	return LeaseReason(d.Hold.Reason).Notice
}

func stalledNotice(in Input) string {
	if meta.IsStatusConditionTrue(in.Lease.Status.Conditions, v1alpha1.ConditionStalled) {
		return LeaseReason(v1alpha1.ReasonStalled).Notice
	}
	return ""
}

// rowNotice tells the admins that deleting a row does not end its lease.
func rowNotice(in Input, d Decision) string {
	if d.Phase != v1alpha1.PhaseRevoked && meta.IsStatusConditionFalse(in.Lease.Status.Conditions, v1alpha1.ConditionRowPresent) {
		return LeaseReason(v1alpha1.ReasonRowGone).Notice
	}
	return ""
}

// TermNumber is the term of a decision's notices; 0: no term has begun.
func (d Decision) TermNumber() int64 {
	if d.Term == nil {
		return 0
	}
	return d.Term.Number
}
