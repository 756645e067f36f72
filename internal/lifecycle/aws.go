package lifecycle

import (
	"fmt"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// ProtectedTag on an IAM user, with the value "true": Keylease never changes that user.
const ProtectedTag = "keylease.dev/protected"

// Pin is the identity that was recorded when the key was first seen.
type Pin struct {
	// UserID (AIDA…) of the user, CreateDate of the key (Unix seconds); empty and 0: never seen.
	UserID     string
	CreateDate int64
}

// AWSTarget is the key that a decision is about.
type AWSTarget struct {
	AccountID, UserName, AccessKeyID string
	PathPrefix                       string
	Pin                              Pin
}

// TargetOf a lease.
func TargetOf(l *v1alpha1.AccessKeyLease, p Policy) AWSTarget {
	t := AWSTarget{AccountID: l.Spec.AccountID, UserName: l.Spec.UserName, AccessKeyID: l.Spec.AccessKeyID, PathPrefix: p.PathPrefix}
	if t.AccountID == "" {
		t.AccountID = p.AccountID
	}
	if k := l.Status.Key; k != nil {
		t.Pin.UserID = k.UserID
		if k.CreateDate != nil {
			t.Pin.CreateDate = k.CreateDate.Unix()
		}
	}
	return t
}

// awsGuard is one reason in what AWS shows for which a key is not touched.
type awsGuard struct {
	name string
	stop func(o Observation, t AWSTarget) *Block
}

// awsGuards in the order they are asked. The first that stops is what people read.
var awsGuards = []awsGuard{
	// Other credentials would delete another company's user of the same name.
	{guardAccount, func(o Observation, t AWSTarget) *Block {
		if o.Identity.AccountID == t.AccountID {
			return nil
		}
		return &Block{Reason: v1alpha1.ReasonWrongAccount, Message: fmt.Sprintf(
			"the credentials are of account %s, the lease of account %s: correct spec.aws of the sheet", o.Identity.AccountID, t.AccountID)}
	}},
	// An empty account or a wrong endpoint must never read as "already gone".
	{guardEmptyAccount, func(o Observation, t AWSTarget) *Block {
		if o.UserExists || o.AccountHasUsers {
			return nil
		}
		return &Block{Reason: v1alpha1.ReasonEmptyAccount, Message: fmt.Sprintf(
			"account %s shows no IAM user at all: check the endpoint and the role", t.AccountID)}
	}},
	// An operator that deletes its own key cannot report it.
	{guardOwnIdentity, func(o Observation, t AWSTarget) *Block {
		if o.Identity.AccessKeyID != t.AccessKeyID && (o.Identity.UserName == "" || o.Identity.UserName != t.UserName) {
			return nil
		}
		return &Block{Reason: v1alpha1.ReasonProtected, Message: fmt.Sprintf(
			"user %s is the operator's own: give the operator another identity first", t.UserName)}
	}},
	// People say so with a tag.
	{guardProtected, func(o Observation, t AWSTarget) *Block {
		if o.Tags[ProtectedTag] != "true" {
			return nil
		}
		return &Block{Reason: v1alpha1.ReasonProtected, Message: fmt.Sprintf(
			"user %s is tagged %s=true: remove the tag to let the key go", t.UserName, ProtectedTag)}
	}},
	// The prefix is the border of what this sheet may change.
	{guardPath, func(o Observation, t AWSTarget) *Block {
		if !o.UserExists || strings.HasPrefix(o.Path, t.PathPrefix) {
			return nil
		}
		return &Block{Reason: v1alpha1.ReasonProtected, Message: fmt.Sprintf(
			"user %s has the path %s, outside spec.aws.userPathPrefix %s", t.UserName, o.Path, t.PathPrefix)}
	}},
	// A row that names the wrong user must not cost that user anything.
	{guardKeyOwner, func(o Observation, t AWSTarget) *Block {
		if o.KeyUser == "" || o.KeyUser == t.UserName {
			return nil
		}
		return &Block{Reason: v1alpha1.ReasonOtherUser, Message: fmt.Sprintf(
			"AWS says that key %s belongs to user %s, not %s: correct the row", t.AccessKeyID, o.KeyUser, t.UserName)}
	}},
	// A recreated user of the same name is another user.
	{guardUserPin, func(o Observation, t AWSTarget) *Block {
		if t.Pin.UserID == "" || !o.UserExists || o.UserID == t.Pin.UserID {
			return nil
		}
		return &Block{Reason: v1alpha1.ReasonUserRecreated, Message: fmt.Sprintf(
			"user %s was recreated since it was first seen (%s, now %s): delete the lease to accept it", t.UserName, t.Pin.UserID, o.UserID)}
	}},
	// So is a key whose creation date changed.
	{guardKeyPin, func(o Observation, t AWSTarget) *Block {
		if t.Pin.CreateDate == 0 || o.Key == v1alpha1.KeyAbsent || o.CreateDate.Unix() == t.Pin.CreateDate {
			return nil
		}
		return &Block{Reason: v1alpha1.ReasonKeyRecreated, Message: fmt.Sprintf(
			"key %s has another creation date than when it was first seen: delete the lease to accept it", t.AccessKeyID)}
	}},
}

// CheckAWS gives the first guard that forbids touching the key, or nil.
func CheckAWS(o Observation, t AWSTarget) *Block {
	for _, g := range awsGuards {
		if b := g.stop(o, t); b != nil {
			b.Guard = g.name
			return b
		}
	}
	return nil
}
