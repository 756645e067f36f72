package teardown

import (
	"context"
	"time"
)

// SettleTime is how long IAM may go on showing what is gone: a deleted key can work for 3 to 4 seconds more, and lists
// can lag ("Changes that I make are not always immediately visible", IAM User Guide). Nothing is declared gone before
// it was asked for again after this time.
const SettleTime = 10 * time.Second

// Pin is the identity that was recorded when the key was first seen.
type Pin struct {
	// UserID (AIDA…) of the user; a recreated user of the same name has another. Empty: never seen.
	UserID string
	// CreateDate of the key, compared to the second. Zero: never seen.
	CreateDate time.Time
}

// Target is the key to be torn down, and what its sheet rules about the user and policy that go with it.
type Target struct {
	// AccountID, twelve digits, that the credentials must belong to; Partition such as aws.
	AccountID, Partition  string
	UserName, AccessKeyID string
	// PolicyName, rendered, of the customer-managed policy that goes with the user. Empty: none goes. A name that does
	// not contain UserName is never acted on.
	PolicyName string
	// PathPrefix: users outside it are never changed. Empty: any path.
	PathPrefix string
	// KeepConsoleUsers: a user with a console password loses only the key.
	KeepConsoleUsers bool
	Pin              Pin
	// OwnUserName and OwnAccessKeyID are identities of the operator besides the one that IAM shows for the credentials
	// in use. Empty: none.
	OwnUserName, OwnAccessKeyID string
	// UserDeleted: this revocation deleted the user, or was about to. It explains an account that has no user left.
	// Runner sets it from the recorded status.
	UserDeleted bool
}

// lockKey is the same for all leases of one user.
func (t Target) lockKey() string { return t.Partition + "/" + t.AccountID + "/" + t.UserName }

// Progress is how far a teardown got.
type Progress struct {
	// Done: nothing is left to do, as far as AWS shows. Call Verify at VerifyAt.
	Done     bool
	VerifyAt time.Time
	// Complete: Verify asked again and recorded the completion time.
	Complete bool
	// KeyAlreadyGone: the key was gone before Keylease touched it.
	KeyAlreadyGone bool
	// AlreadyInactive: Deactivate found the key deactivated by someone else, and left it.
	AlreadyInactive bool
}

// Snapshots keeps the snapshot of a user, somewhere that not everybody can read.
type Snapshots interface {
	// Save stores data under the name (a DNS label) and gives the name that status refers to. Saving again replaces it.
	Save(ctx context.Context, name string, data []byte) (ref string, err error)
}
