package lifecycle

import (
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Reading is an observation, judged once for the lease's key. Status, decisions and the teardown's first look take its verdict
// from here.
type Reading struct {
	Observation
	// Refused is the first guard that forbids changing anything in AWS for this key; nil: none does.
	Refused *Block
	// Misread is why it says nothing about the lease's own key; nil: it does. Protection is no such reason: it says what may
	// be done to the key, not what it is.
	Misread *Block
}

// Judge an observation. It must be made anew before each destructive stage. deletedElsewhere tells whether another lease's
// revocation deleted the account's last user, which explains that none is left; it is called only if that is the question.
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

// absent: AWS, shown to be the right and not an empty account, has no such key.
func (r *Reading) absent() bool {
	return r != nil && r.Key == v1alpha1.KeyAbsent && r.Misread == nil
}

// KeyStatus is what status keeps of the key after the reading; before is what it kept until now.
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
	// AWS forgets the use of a key that is gone; people still want to hear of it. What it does not tell is no news.
	if r.LastUsed != nil || (r.Key != v1alpha1.KeyAbsent && !r.UseUnknown) {
		key.LastUsed = r.LastUsed
	}
	if r.Key != v1alpha1.KeyAbsent {
		key.LastUseUnknown = r.UseUnknown
	}
	// Pinned once, at the first sight of the key alive: from then on it is this key of this user or none.
	if key.UserID == "" && r.Key != v1alpha1.KeyAbsent {
		key.UserID, key.CreateDate = r.UserID, Moment(r.CreateDate)
	}
	return &key
}
