package lifecycle

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/keylease/keylease/api/v1alpha1"
)

// lookHeartbeat is how often a look at AWS is written that showed nothing new. A lease that waits for people is looked at
// every hour, for months. The time is stored for the next process, so that it asks no earlier than needed, and for an
// AccessKeySheet that was created again: its leases show that Keylease was not away (seven days count as away).
const lookHeartbeat = 24 * time.Hour

// OnlyLooked tells whether a status differs from the stored one at most by a later look at AWS that showed the same. It
// is not worth a write before the heartbeat.
func OnlyLooked(stored, is v1alpha1.AccessKeyLeaseStatus) bool {
	if a, b := stored.Key, is.Key; a != nil && b != nil && a.ObservedTime != nil && b.ObservedTime != nil {
		// A look that seems to be before the stored one shows that the clock was set back: the stored time is wrong.
		if since := b.ObservedTime.Sub(a.ObservedTime.Time); since >= 0 && since < lookHeartbeat {
			stored.Key = LookedAt(*a, *b)
		}
	}
	return equality.Semantic.DeepEqual(stored, is)
}

// LookedAt is what is known of a key, with the time of a look.
func LookedAt(key, look v1alpha1.KeyStatus) *v1alpha1.KeyStatus {
	key.ObservedTime = look.ObservedTime
	return &key
}
