package teardown

import (
	"fmt"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// ProtectedTag on an IAM user, with the value "true": Keylease never changes that user.
const ProtectedTag = "keylease.dev/protected"

// Refusal is a guard that forbids any change. It is an error, so that it travels as one.
type Refusal struct {
	// Guard is its name in docs/guards.md.
	Guard string
	// Reason is a condition's; Message a sentence that names the thing and what to do.
	Reason, Message string
}

// Error gives the sentence.
func (r *Refusal) Error() string { return r.Message }

// guard refuses for one reason. message is empty where it lets the key pass.
type guard struct {
	name, reason string
	message      func(o Observation, t Target) string
}

// guards are asked in this order; the first that refuses is what people read.
var guards = []guard{
	// Other credentials would delete another company's user of the same name.
	{"account", v1alpha1.ReasonWrongAccount, wrongAccount},
	// A reading that is not one: nothing may be concluded from what was not asked.
	{"reading", v1alpha1.ReasonAWSUnavailable, notRead},
	// An empty account or a wrong endpoint must never read as "already gone".
	{"emptyAccount", v1alpha1.ReasonEmptyAccount, emptyAccount},
	// An operator that deletes its own key cannot report it, nor go on.
	{"ownIdentity", v1alpha1.ReasonProtected, ownIdentity},
	// People say so with a tag.
	{"protectedTag", v1alpha1.ReasonProtected, protectedTag},
	// The prefix is the border of what this sheet may change.
	{"pathPrefix", v1alpha1.ReasonProtected, outsidePath},
	// A recreated user of the same name is somebody else.
	{"userPin", v1alpha1.ReasonUserRecreated, userRecreated},
	// A key with another creation date is not the one that was agreed on.
	{"keyPin", v1alpha1.ReasonKeyRecreated, keyRecreated},
	// A row that names the wrong user must not cost that user anything; a renamed user's key is not gone.
	{"keyOwner", v1alpha1.ReasonOtherUser, otherUser},
}

// Check gives the first guard that forbids changing anything in AWS for this key, or nil. It is to be asked before each
// destructive stage, on an observation made for it.
func Check(o Observation, t Target) *Refusal {
	for _, g := range guards {
		if m := g.message(o, t); m != "" {
			return &Refusal{Guard: g.name, Reason: g.reason, Message: m}
		}
	}
	return nil
}

func wrongAccount(o Observation, t Target) string {
	if o.Identity.AccountID == t.AccountID && t.AccountID != "" {
		return ""
	}
	return fmt.Sprintf("the credentials are of account %q, the lease of account %q: correct spec.aws of the sheet",
		o.Identity.AccountID, t.AccountID)
}

func notRead(o Observation, t Target) string {
	switch o.Key {
	case v1alpha1.KeyActive, v1alpha1.KeyInactive, v1alpha1.KeyAbsent:
		return ""
	}
	return fmt.Sprintf("key %s of user %s has the unknown state %q in AWS: look at it in the IAM console",
		t.AccessKeyID, t.UserName, o.Key)
}

func emptyAccount(o Observation, t Target) string {
	if o.UserExists || o.AccountHasUsers || t.UserDeleted {
		return ""
	}
	return fmt.Sprintf("account %s shows no IAM user at all: check the endpoint and the role", t.AccountID)
}

func ownIdentity(o Observation, t Target) string {
	id := o.Identity
	for _, user := range []string{id.UserName, id.SourceUser, t.OwnUserName} {
		// IAM tells names apart without regard to case.
		if user != "" && strings.EqualFold(user, t.UserName) {
			return fmt.Sprintf("user %s is the operator's own: give the operator another identity first", t.UserName)
		}
	}
	for _, key := range []string{id.AccessKeyID, id.SourceAccessKeyID, t.OwnAccessKeyID} {
		if key == t.AccessKeyID {
			return fmt.Sprintf("key %s is the operator's own: give the operator another key first", t.AccessKeyID)
		}
	}
	return ""
}

// protectedTag reads the tag generously: who wrote "True" meant it.
func protectedTag(o Observation, t Target) string {
	for key, value := range o.Tags {
		if strings.EqualFold(key, ProtectedTag) && strings.EqualFold(strings.TrimSpace(value), "true") {
			return fmt.Sprintf("user %s is tagged %s=%s: remove the tag to let the key go", t.UserName, key, value)
		}
	}
	return ""
}

func outsidePath(o Observation, t Target) string {
	if !o.UserExists || insidePath(o.Path, t.PathPrefix) {
		return ""
	}
	return fmt.Sprintf("user %s has the path %s, outside spec.aws.userPathPrefix %s", t.UserName, o.Path, t.PathPrefix)
}

// insidePath takes a prefix for whole names: "/team" covers /team/ and /team/a/, not /team-b/.
func insidePath(path, prefix string) bool {
	prefix = strings.Trim(prefix, "/")
	return prefix == "" || strings.HasPrefix(path, "/"+prefix+"/")
}

func userRecreated(o Observation, t Target) string {
	if !o.UserExists || t.Pin.UserID == "" || o.UserID == t.Pin.UserID {
		return ""
	}
	return fmt.Sprintf("user %s was recreated since it was first seen (%s, now %s): delete the lease to accept it",
		t.UserName, t.Pin.UserID, o.UserID)
}

func keyRecreated(o Observation, t Target) string {
	if o.Key == v1alpha1.KeyAbsent || t.Pin.CreateDate.IsZero() || o.CreateDate.Unix() == t.Pin.CreateDate.Unix() {
		return ""
	}
	return fmt.Sprintf("key %s has another creation date than when it was first seen: delete the lease to accept it",
		t.AccessKeyID)
}

func otherUser(o Observation, t Target) string {
	if o.KeyUser == "" || o.KeyUser == t.UserName {
		return ""
	}
	return fmt.Sprintf("AWS says that key %s belongs to user %s, not %s: correct the row", t.AccessKeyID, o.KeyUser, t.UserName)
}

// CheckPinned refuses a key that is there but was never pinned: nothing would show that it is the one first seen.
func CheckPinned(o Observation, t Target) *Refusal {
	if o.Key == v1alpha1.KeyAbsent || t.Pin.UserID != "" && !t.Pin.CreateDate.IsZero() {
		return nil
	}
	return &Refusal{Guard: "pinned", Reason: v1alpha1.RetainedIdentityNotPinned, Message: fmt.Sprintf(
		"the identity of key %s and user %s is not recorded yet: nothing is changed before it is", t.AccessKeyID, t.UserName)}
}
