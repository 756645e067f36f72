package lifecycle

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// recheck is how long what AWS said last stands before it is asked again for a lease that it blocks, and for a key that
// could not be pinned: IAM's rates are low.
const recheck = time.Hour

// clocksDiffer is by how much the clocks of two machines that the operator ran on may differ.
const clocksDiffer = time.Minute

// askedAt is when AWS answered last about the key, or refused to; now where it never did.
func askedAt(in Input) time.Time {
	if k := in.Lease.Status.Key; k != nil && k.ObservedTime != nil {
		return k.ObservedTime.Time
	}
	return in.Now
}

// recheckAt is when AWS is asked again.
func recheckAt(in Input) time.Time { return recheckAfter(in, recheck) }

// recheckAfter that time since the last answer; where that has passed, AWS could not be asked, and is an hour from now.
func recheckAfter(in Input, d time.Duration) time.Time {
	if at := askedAt(in).Add(d); at.After(in.Now) && !at.After(in.Now.Add(d+clocksDiffer)) {
		return at
	}
	return in.Now.Add(recheck)
}

// rechecked: AWS was asked so recently that its answer still stands.
func rechecked(in Input) bool { return askedWithin(in, recheck) }

func askedWithin(in Input, d time.Duration) bool {
	k := in.Lease.Status.Key
	if in.Retry || k == nil || k.ObservedTime == nil {
		return false
	}
	// An answer from a time that is still to come was noted by a clock that has been set right since: nobody knows how old
	// it is.
	age := in.Now.Sub(k.ObservedTime.Time)
	return age >= -clocksDiffer && age < d
}

// Refused tells whether AWS last refused what was asked of it about the lease, or answered what forbids any change. It is
// asked again hourly, or when people say so.
func Refused(l *v1alpha1.AccessKeyLease) bool {
	c := verifiedCondition(l)
	// A key that is gone is no failure: its turn has come. Nor is one that a mark called deleted, once the mark is gone.
	// A passing failure is retried at the controller's own pace.
	return c != nil && c.Status == metav1.ConditionFalse && LeaseReason(c.Reason).Stalls
}

// failedLately is what AWS refused or failed with in the last hour, nil: nothing; asking again at every reconcile would
// only cost its rate.
func failedLately(in Input) *Block {
	if in.AWS != nil || !Refused(in.Lease) || !rechecked(in) {
		return nil
	}
	c := verifiedCondition(in.Lease)
	return &Block{Guard: guardAWSReadable, Reason: c.Reason, Message: c.Message}
}

func verifiedCondition(l *v1alpha1.AccessKeyLease) *metav1.Condition {
	return meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionKeyVerified)
}

// gone: AWS, shown to be the right and not an empty account, has no such key.
func gone(in Input) bool {
	return in.AWS != nil && in.AWS.Key == v1alpha1.KeyAbsent && misread(*in.AWS, TargetOf(in.Lease, in.Policy)) == nil
}

// pinWanted: the key's identity was never recorded. One cheap pass when first seen; tried again hourly while AWS cannot
// be read, daily while it has no such key.
func pinWanted(in Input) bool {
	if in.AWS != nil || in.AWSError != "" {
		return false
	}
	k := in.Lease.Status.Key
	if k == nil || k.ObservedTime == nil {
		return true
	}
	if k.Status == "" {
		return !rechecked(in)
	}
	return k.CreateDate == nil && in.Now.Sub(k.ObservedTime.Time) >= 24*time.Hour
}

// verified is KeyVerified by what AWS just said; nil: it was not asked.
func verified(in Input) *Finding {
	switch {
	case in.AWSError != "":
		return &Finding{Reason: in.AWSReason, Message: in.AWSError}
	case in.AWS == nil:
		return nil
	}
	t := TargetOf(in.Lease, in.Policy)
	if b := misread(*in.AWS, t); b != nil {
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
