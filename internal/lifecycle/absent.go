package lifecycle

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// absentSince is what to note after a reading that speaks of the key, where the readings before it noted since. A note from a
// time that is still to come was made by a clock that has been set right, and is made anew.
func (r Reading) absentSince(since *metav1.Time, now time.Time) *metav1.Time {
	switch {
	case r.Key != v1alpha1.KeyAbsent:
		return nil
	case since != nil && !since.After(now.Add(clocksDiffer)):
		return since
	}
	// Rounded up to the API's seconds: a moment that moved back would let the second reading be made too soon.
	return Moment(now.Add(time.Second - 1))
}

// goneForGood: AWS has no such key, and had none SettleTime ago either. One empty answer must not end a lease, because
// what ended is never asked about again.
func goneForGood(in Input) bool {
	at := secondLook(in)
	return in.AWS.absent() && !at.IsZero() && !in.AWS.Time.Before(at)
}

// secondLook is when a key that AWS did not show is to be asked for once more; zero: AWS shows it, or was not asked.
func secondLook(in Input) time.Time {
	k := in.Lease.Status.Key
	if k == nil || k.Status != v1alpha1.KeyAbsent || k.AbsentSince == nil {
		return time.Time{}
	}
	return k.AbsentSince.Add(max(in.SettleTime, time.Second))
}

// awaitsSecondLook: AWS did not show the key a moment ago, and it is too early to ask again. Another clock's note is no
// reason to wait.
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
