package teardown

import (
	"context"
	"time"

	"github.com/keylease/keylease/internal/lifecycle"
)

// SettleTime is how long IAM may go on showing what is gone: a deleted key can work for 3 to 4 seconds more, and lists
// can lag ("Changes that I make are not always immediately visible", IAM User Guide). Nothing is declared gone before
// it was asked for again after this time.
const SettleTime = 10 * time.Second

// Target is the key to be torn down, and what its sheet rules about the user and policy that go with it. Runner sets
// UserDeleted from the recorded status.
type Target struct {
	lifecycle.AWSTarget
	// Partition such as aws.
	Partition string
	// PolicyName, rendered, of the customer-managed policy that goes with the user. Empty: none goes. A name that does
	// not contain UserName is never acted on.
	PolicyName string
	// KeepConsoleUsers: a user with a console password loses only the key.
	KeepConsoleUsers bool
}

// Refusal is a guard of internal/lifecycle that forbids any change. It is an error, so that it travels as one.
type Refusal struct{ lifecycle.Block }

// Error gives the sentence.
func (r *Refusal) Error() string { return r.Message }

// refused makes a guard's answer an error; nil where it let the key pass.
func refused(b *lifecycle.Block) error {
	if b == nil {
		return nil
	}
	return &Refusal{*b}
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
