package lifecycle

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// AccountKey is an access key of an account, as the daily check lists it.
type AccountKey struct {
	UserName, AccessKeyID string
	Status                v1alpha1.KeyState
	CreateDate            time.Time
}

// KeyList is what the last list of an account's keys says about one key. The list began at Time. Complete: it has every
// key that can be listed.
type KeyList struct {
	Time     time.Time
	Key      *AccountKey
	Complete bool
}

// Survived is KeyVerified of a completed lease, by the list of its account's keys; nil: the list says nothing new.
// Auditors look for a key that was confirmed deleted and exists. Nothing else asks AWS about a completed lease.
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

// StillExists tells whether AWS was last seen to have a key that the lease or the sheet calls deleted.
func StillExists(l *v1alpha1.AccessKeyLease) bool { return stillExists(l.Status.Conditions) }

func stillExists(conditions []metav1.Condition) bool {
	c := meta.FindStatusCondition(conditions, v1alpha1.ConditionKeyVerified)
	return c != nil && c.Reason == v1alpha1.ReasonKeyStillExists
}
