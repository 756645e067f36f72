package lifecycle

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// absentSince is since when AWS has shown no such key, after a reading about the key; since is the earlier value. A
// value in the future came from a clock that was set back; it is replaced.
func (r Reading) absentSince(since *metav1.Time, now time.Time) *metav1.Time {
	switch {
	case r.Key != v1alpha1.KeyAbsent:
		return nil
	case since != nil && !since.After(now.Add(clocksDiffer)):
		return since
	}
	// Rounded up to whole seconds. Rounding down would allow the second reading too early.
	return Moment(now.Add(time.Second - 1))
}

// goneForGood tells whether AWS has no such key, and had none SettleTime ago either. One empty answer must not complete
// a lease, because Keylease never asks about it again.
func goneForGood(in Input) bool {
	at := secondLook(in)
	return in.AWS.absent() && !at.IsZero() && !in.AWS.Time.Before(at)
}

// secondLook is when to ask once more for a key that AWS did not show; zero: AWS shows it, or was not asked.
func secondLook(in Input) time.Time {
	k := in.Lease.Status.Key
	if k == nil || k.Status != v1alpha1.KeyAbsent || k.AbsentSince == nil {
		return time.Time{}
	}
	return k.AbsentSince.Add(max(in.SettleTime, time.Second))
}

// awaitsSecondLook tells whether AWS did not show the key a moment ago, and it is too early to ask again. A value from
// another clock is no reason to wait.
func awaitsSecondLook(in Input) bool {
	at := secondLook(in)
	return in.Now.Before(at) && at.Sub(in.Now) <= in.SettleTime+clocksDiffer
}

// lookAgainAt is when to come back for the second look.
func lookAgainAt(in Input) time.Time {
	if at := secondLook(in); at.After(in.Now) {
		return at
	}
	return in.Now.Add(max(in.SettleTime, time.Second))
}

func missedOnce(in Input) *Block {
	return &Block{Guard: guardKeyState, Reason: v1alpha1.ReasonInProgress, Message: fmt.Sprintf(
		"AWS shows no key %s of user %s: it is asked once more at %s before the key counts as gone", in.Lease.Spec.AccessKeyID,
		in.Lease.Spec.UserName, lookAgainAt(in).In(in.Policy.Location).Format("15:04:05"))}
}
