package lifecycle

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// verified is KeyVerified by what AWS just said; nil: it was not asked.
func verified(in Input) *Finding {
	switch {
	case in.AWSError != "":
		return &Finding{Reason: in.AWSReason, Message: in.AWSError}
	case in.AWS == nil:
		return nil
	}
	if b := CheckAWS(*in.AWS, TargetOf(in.Lease, in.Policy)); b != nil && b.Reason != v1alpha1.ReasonProtected {
		return &Finding{Reason: b.Reason, Message: b.Message}
	}
	switch {
	case keyDeleted(in.Lease):
		return nil
	case in.AWS.Key == v1alpha1.KeyAbsent:
		return &Finding{Reason: v1alpha1.ReasonKeyGone, Message: fmt.Sprintf(
			"account %s has no key %s under user %s: correct the row if that is a mistake", TargetOf(in.Lease, in.Policy).AccountID,
			in.Lease.Spec.AccessKeyID, in.Lease.Spec.UserName)}
	case in.AWS.Key == v1alpha1.KeyInactive && !mayBeInactive(in.Lease):
		return &Finding{True: true, Reason: v1alpha1.ReasonKeyDeactivated, Message: "somebody deactivated the key in AWS"}
	}
	return &Finding{True: true, Reason: v1alpha1.ReasonKeyMatches, Message: "key and user are those first seen"}
}

func verifiedCondition(l *v1alpha1.AccessKeyLease) *metav1.Condition {
	return meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionKeyVerified)
}

// failedLately: AWS forbade or failed within the last hour; asking again at every reconcile would only cost its rate.
func failedLately(in Input) bool {
	c := verifiedCondition(in.Lease)
	if c == nil || c.Status != metav1.ConditionFalse || !rechecked(in) {
		return false
	}
	// A key that is gone is no failure: its turn has come. A passing failure is retried at the controller's own pace.
	return c.Reason != v1alpha1.ReasonKeyGone && c.Reason != v1alpha1.ReasonAWSUnavailable
}
