package lifecycle

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// AccountKey is an access key of an account, as the daily check of its keys finds it.
type AccountKey struct {
	UserName, AccessKeyID string
	Status                v1alpha1.KeyState
	CreateDate            time.Time
}

// KeyList is what the last list of an account's keys, begun at Time, says of one key. Complete: every key that can be listed
// is in it.
type KeyList struct {
	Time     time.Time
	Key      *AccountKey
	Complete bool
}

// Survived is KeyVerified of a lease that is over, by the list of its account's keys; nil: the list says nothing new. A key
// that was confirmed gone and is there is what an auditor looks for, and nobody asks AWS about that lease any more.
func Survived(l *v1alpha1.AccessKeyLease, list KeyList, settle time.Duration) *Finding {
	if !l.Completed() || list.Time.Before(l.Status.Revocation.CompletionTime.Add(settle)) {
		return nil
	}
	if k := list.Key; k != nil {
		return &Finding{Reason: v1alpha1.ReasonKeyStillExists, Message: fmt.Sprintf(
			"this lease is over, but AWS lists key %s of user %s (%s): delete it there", k.AccessKeyID, k.UserName, k.Status)}
	}
	if list.Complete && StillExists(l) {
		return &Finding{True: true, Reason: v1alpha1.ReasonKeyGone, Message: "AWS does not list the key any more"}
	}
	return nil
}

// StillExists tells whether AWS was last seen to have a key that is called deleted.
func StillExists(l *v1alpha1.AccessKeyLease) bool { return stillExists(l.Status.Conditions) }

func stillExists(conditions []metav1.Condition) bool {
	c := meta.FindStatusCondition(conditions, v1alpha1.ConditionKeyVerified)
	return c != nil && c.Reason == v1alpha1.ReasonKeyStillExists
}
