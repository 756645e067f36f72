package lifecycle

import (
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Reading is an observation that was judged once for the lease's key. Status, decisions and the teardown's first look
// all use this verdict.
type Reading struct {
	Observation
	// Refused is the first guard that forbids changing anything in AWS for this key; nil: none does.
	Refused *Block
	// Misread is why the observation says nothing about the lease's own key; nil: it does. Protection is not such a
	// reason: it limits what may be done to the key, not what is known of it.
	Misread *Block
}

// Judge judges an observation. Observe and judge again before each destructive stage. deletedElsewhere tells whether
// another lease's revocation deleted the account's last user. Judge calls it only if the account shows no users.
func Judge(o Observation, t AWSTarget, deletedElsewhere func() bool) Reading {
	r := Reading{Observation: withoutSuccessor(o, t)}
	if !r.UserExists && !r.AccountHasUsers {
		r.AccountHasUsers = deletedElsewhere()
	}
	for _, g := range awsGuards {
		m := g.message(r.Observation, t)
		if m == "" {
			continue
		}
		b := &Block{Guard: g.name, Reason: g.reason, Message: m}
		if r.Refused == nil {
			r.Refused = b
		}
		if g.reason != v1alpha1.ReasonProtected {
			r.Misread = b
			break
		}
	}
	return r
}

// absent tells whether AWS has no such key, and is the right account, which is not empty.
func (r *Reading) absent() bool {
	return r != nil && r.Key == v1alpha1.KeyAbsent && r.Misread == nil
}

// KeyStatus is what status keeps of the key after the reading; before is what it kept so far.
func (r Reading) KeyStatus(before *v1alpha1.KeyStatus, now time.Time) *v1alpha1.KeyStatus {
	key := v1alpha1.KeyStatus{}
	if before != nil {
		key = *before
	}
	key.ObservedTime = Moment(now)
	if r.Misread != nil {
		return &key
	}
	key.Status, key.AbsentSince = r.Key, r.absentSince(key.AbsentSince, now)
	// AWS forgets when a deleted key was last used, but people still need to know. An unknown last use changes nothing.
	if r.LastUsed != nil || (r.Key != v1alpha1.KeyAbsent && !r.UseUnknown) {
		key.LastUsed = r.LastUsed
	}
	if r.Key != v1alpha1.KeyAbsent {
		key.LastUseUnknown = r.UseUnknown
	}
	// Pinned once, when the key was first seen existing. From then on, only this key of this user counts.
	if key.UserID == "" && r.Key != v1alpha1.KeyAbsent {
		key.UserID, key.CreateDate = r.UserID, Moment(r.CreateDate)
	}
	return &key
}
