package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// ProtectedTag on an IAM user, with the value "true": Keylease never changes that user.
const ProtectedTag = "keylease.dev/protected"

// Pin is the identity that was recorded when the key was first seen.
type Pin struct {
	// UserID (AIDA…) of the user; a recreated user of the same name has another. Empty: never seen.
	UserID string
	// CreateDate of the key, compared to the second. Zero: never seen.
	CreateDate time.Time
}

// AWSTarget is the key that a decision is about.
type AWSTarget struct {
	// AccountID, twelve digits, that the credentials must belong to.
	AccountID, UserName, AccessKeyID string
	// PathPrefix: users outside it are never changed. Empty: any path.
	PathPrefix string
	Pin        Pin
	// UserDeleted: this revocation deleted the user, or was about to. That explains an account without users.
	UserDeleted bool
}

// TargetOf a lease.
func TargetOf(l *v1alpha1.AccessKeyLease, p Policy) AWSTarget {
	t := AWSTarget{AccountID: l.Spec.AccountID, UserName: l.Spec.UserName, AccessKeyID: l.Spec.AccessKeyID, PathPrefix: p.PathPrefix,
		UserDeleted: UserDeleted(l.Status.Revocation, l.Spec.UserName)}
	if t.AccountID == "" {
		t.AccountID = p.AccountID
	}
	if k := l.Status.Key; k != nil {
		t.Pin.UserID = k.UserID
		if k.CreateDate != nil {
			t.Pin.CreateDate = k.CreateDate.Time
		}
	}
	return t
}

// UserDeleted tells whether a revocation deleted the user, or was about to and did not learn the outcome.
func UserDeleted(rev *v1alpha1.RevocationStatus, userName string) bool {
	const action = "DeleteUser"
	if rev == nil {
		return false
	}
	return slices.ContainsFunc(rev.Steps, func(s v1alpha1.RevocationStep) bool { return s.Action == action && s.Target == userName }) ||
		(rev.Intent != nil && rev.Intent.Action == action && rev.Intent.Target == userName)
}

// withoutSuccessor returns the observation to judge. After we deleted the pinned user, a new user of that name is not
// ours, and is no reason to stop.
func withoutSuccessor(o Observation, t AWSTarget) Observation {
	if t.UserDeleted && o.UserExists && o.UserID != t.Pin.UserID {
		o.UserExists, o.UserID, o.Path, o.Tags = false, "", "", nil
		o.OtherKeys, o.ConsolePassword, o.AccountHasUsers = nil, false, true
	}
	return o
}

// awsGuard is one reason, in what AWS shows, not to touch a key. An empty message lets the key pass.
type awsGuard struct {
	name, reason string
	message      func(o Observation, t AWSTarget) string
}

// awsGuards in the order in which they are checked. People read the first one that stops the key.
var awsGuards = []awsGuard{
	// With other credentials, Keylease would delete another company's user of the same name. This guard is first,
	// because nothing else is read from a wrong account.
	{guardAccount, v1alpha1.ReasonWrongAccount, wrongAccount},
	// Nothing can be concluded from a failed reading.
	{guardKeyState, v1alpha1.ReasonAWSUnavailable, notRead},
	// An empty account or a wrong endpoint must never look like "already gone".
	{guardEmptyAccount, v1alpha1.ReasonEmptyAccount, emptyAccount},
	// An operator that deletes its own key can neither report it nor continue.
	{guardOwnIdentity, v1alpha1.ReasonProtected, ownIdentity},
	// People protect a user with a tag.
	{guardProtected, v1alpha1.ReasonProtected, protectedTag},
	// The prefix limits what this sheet may change.
	{guardPath, v1alpha1.ReasonProtected, outsidePath},
	// A recreated user of the same name is someone else.
	{guardUserPin, v1alpha1.ReasonUserRecreated, userRecreated},
	// A key with another creation date is not the one that was first seen.
	{guardKeyPin, v1alpha1.ReasonKeyRecreated, keyRecreated},
	// A row that names the wrong user must not harm that user. A renamed user's key is not gone.
	{guardKeyOwner, v1alpha1.ReasonOtherUser, otherUser},
}

// CheckPinned refuses a key that exists but was never pinned: nothing shows that it is the one first seen.
func CheckPinned(o Observation, t AWSTarget) *Block {
	if o.Key == v1alpha1.KeyAbsent || (t.Pin.UserID != "" && !t.Pin.CreateDate.IsZero()) {
		return nil
	}
	return &Block{Guard: guardPinned, Reason: v1alpha1.ReasonIdentityNotPinned, Message: fmt.Sprintf(
		"the identity of key %s and user %s is not recorded yet: nothing is changed before it is", t.AccessKeyID, t.UserName)}
}

func wrongAccount(o Observation, t AWSTarget) string {
	if o.Identity.AccountID == t.AccountID && t.AccountID != "" {
		return ""
	}
	return fmt.Sprintf("the credentials belong to account %q, the lease to account %q: correct spec.aws of the sheet",
		o.Identity.AccountID, t.AccountID)
}

func notRead(o Observation, t AWSTarget) string {
	switch o.Key {
	case v1alpha1.KeyActive, v1alpha1.KeyInactive, v1alpha1.KeyAbsent:
		return ""
	}
	return fmt.Sprintf("key %s of user %s has the unknown state %q in AWS: look at it in the IAM console",
		t.AccessKeyID, t.UserName, o.Key)
}

func emptyAccount(o Observation, t AWSTarget) string {
	if o.UserExists || o.AccountHasUsers || t.UserDeleted {
		return ""
	}
	return fmt.Sprintf("account %s shows no IAM user at all: check the endpoint and the role", t.AccountID)
}

func ownIdentity(o Observation, t AWSTarget) string {
	id := o.Identity
	for _, user := range []string{id.UserName, id.SourceUser} {
		// IAM compares names without regard to case.
		if user != "" && strings.EqualFold(user, t.UserName) {
			return fmt.Sprintf("user %s is the operator's own: give the operator another identity first", t.UserName)
		}
	}
	for _, key := range []string{id.AccessKeyID, id.SourceAccessKeyID} {
		if key == t.AccessKeyID {
			return fmt.Sprintf("key %s is the operator's own: give the operator another key first", t.AccessKeyID)
		}
	}
	return ""
}

// protectedTag accepts the tag in any case: "True" means true.
func protectedTag(o Observation, t AWSTarget) string {
	for key, value := range o.Tags {
		if strings.EqualFold(key, ProtectedTag) && strings.EqualFold(strings.TrimSpace(value), "true") {
			return fmt.Sprintf("user %s is tagged %s=%s: remove the tag to let the key go", t.UserName, key, value)
		}
	}
	return ""
}

func outsidePath(o Observation, t AWSTarget) string {
	if !o.UserExists || InsidePath(o.Path, t.PathPrefix) {
		return ""
	}
	return fmt.Sprintf("user %s has the path %s, outside spec.aws.userPathPrefix %s", t.UserName, o.Path, t.PathPrefix)
}

// InsidePath compares whole names: the prefix "/team" covers /team/ and /team/a/, but not /team-b/.
func InsidePath(path, prefix string) bool {
	prefix = strings.Trim(prefix, "/")
	return prefix == "" || strings.HasPrefix(path, "/"+prefix+"/")
}

func userRecreated(o Observation, t AWSTarget) string {
	if !o.UserExists || t.Pin.UserID == "" || o.UserID == t.Pin.UserID {
		return ""
	}
	return fmt.Sprintf("user %s was recreated since it was first seen (%s, now %s): delete the lease to accept it",
		t.UserName, t.Pin.UserID, o.UserID)
}

func keyRecreated(o Observation, t AWSTarget) string {
	if o.Key == v1alpha1.KeyAbsent || t.Pin.CreateDate.IsZero() || o.CreateDate.Unix() == t.Pin.CreateDate.Unix() {
		return ""
	}
	return fmt.Sprintf("key %s has another creation date than when it was first seen: delete the lease to accept it",
		t.AccessKeyID)
}

func otherUser(o Observation, t AWSTarget) string {
	if o.KeyUser == "" || o.KeyUser == t.UserName {
		return ""
	}
	return fmt.Sprintf("AWS says that key %s belongs to user %s, not %s: correct the row", t.AccessKeyID, o.KeyUser, t.UserName)
}
