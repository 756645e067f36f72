package lifecycle

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Refused tells whether AWS last refused a request about the lease, or its answer forbids any change. AWS is asked
// again every hour, or when people ask for it.
func Refused(l *v1alpha1.AccessKeyLease) bool {
	c := verifiedCondition(l)
	// A deleted key is not a refusal, nor is one that a mark called deleted once the mark is gone. A passing failure
	// has its own backoff.
	return c != nil && c.Status == metav1.ConditionFalse && LeaseReason(c.Reason).Stalls
}

// failedLately is AWS's refusal or failure within the last hour; nil: none. Asking again at every reconcile would only
// use up its rate.
func failedLately(in Input) *Block {
	if in.AWS != nil || !Refused(in.Lease) || !answers(in, toRecheck) {
		return nil
	}
	c := verifiedCondition(in.Lease)
	return &Block{Guard: guardAWSReadable, Reason: c.Reason, Message: c.Message}
}

func verifiedCondition(l *v1alpha1.AccessKeyLease) *metav1.Condition {
	return meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionKeyVerified)
}

// pinWanted tells whether the key's identity must still be recorded. AWS is asked when the key is first seen; then
// every hour while AWS cannot be read, and daily while it has no such key.
func pinWanted(in Input) bool {
	k := in.Lease.Status.Key
	if k == nil || k.ObservedTime == nil || k.Status == "" {
		return asks(in, toPin)
	}
	return k.CreateDate == nil && asks(in, toPinMissing)
}

// verified is KeyVerified by AWS's newest answer; nil: AWS was not asked.
func verified(in Input) *Finding {
	switch {
	case in.AWSError != "":
		return &Finding{Reason: in.AWSReason, Message: in.AWSError}
	case in.AWS == nil:
		return nil
	}
	t := TargetOf(in.Lease, in.Policy)
	if b := in.AWS.Misread; b != nil {
		return &Finding{Reason: b.Reason, Message: b.Message}
	}
	switch {
	case keyIsDeleted(in):
		return nil
	case in.AWS.Key == v1alpha1.KeyAbsent:
		return &Finding{Reason: v1alpha1.ReasonKeyGone, Message: fmt.Sprintf(
			"account %s has no key %s under user %s: correct the row if that is a mistake", t.AccountID, t.AccessKeyID, t.UserName)}
	case in.AWS.Key == v1alpha1.KeyInactive && !mayBeInactive(in.Lease):
		return &Finding{True: true, Reason: v1alpha1.ReasonKeyDeactivated, Message: "somebody deactivated the key in AWS"}
	}
	return &Finding{True: true, Reason: v1alpha1.ReasonKeyMatches, Message: "key and user are those first seen"}
}
