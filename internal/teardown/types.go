package teardown

import (
	"context"

	"github.com/keylease/keylease/internal/lifecycle"
)

// Identity is whose credentials are in use (sts:GetCallerIdentity).
type Identity = lifecycle.Identity

// Observation is what AWS says of one key and its user at one moment.
type Observation = lifecycle.Observation

// Step is one IAM call that changes something.
type Step struct {
	// Action is the IAM API action, such as DeleteAccessKey or DetachUserPolicy.
	Action   string
	UserName string
	// Target is what the action is done to: key ID, serial number, policy name or ARN, group, version "<arn>:<id>",
	// and for UpdateAccessKey "<key ID>:Inactive" or "<key ID>:Active".
	Target string
}

// IAM is what a teardown needs of AWS. Errors are *failure.Error: NotFound (NoSuchEntity), Conflict (DeleteConflict),
// Denied, Credentials, Retry, Uncertain, Terminal. Every list is read to its last page.
type IAM interface {
	// Observe reads, and changes nothing.
	Observe(ctx context.Context, userName, accessKeyID string) (Observation, error)
	// Inventory lists everything that DeleteUser would refuse for, and among the attached policies the customer-managed
	// one named policyName (may be empty). A user that does not exist is a NotFound error.
	Inventory(ctx context.Context, userName, policyName string) (Inventory, error)
	// Policy reads a customer-managed policy and its uses; nil where there is none of that ARN.
	Policy(ctx context.Context, arn string) (*Policy, error)
	// Snapshot reads what is needed to make the user again. Nothing in it is secret.
	Snapshot(ctx context.Context, userName string) (Snapshot, error)
	// Do performs one step and gives the request ID that joins CloudTrail. "Already gone" is a NotFound error: the
	// caller knows whether that is success.
	Do(ctx context.Context, s Step) (requestID string, err error)
}

// Inventory is everything that hangs on a user.
type Inventory struct {
	AccessKeys         []string
	LoginProfile       bool
	MFADevices         []MFADevice
	SSHKeys            []string
	Certificates       []string
	ServiceCredentials []string
	InlinePolicies     []string
	AttachedPolicies   []string // ARNs
	Groups             []string
	// Policy is the attached customer-managed policy of that name; nil where there is none.
	Policy *Policy
}

// MFADevice of a user. A virtual one is deleted after its deactivation, or its name is blocked for ever.
type MFADevice struct {
	SerialNumber string
	Virtual      bool
}

// Policy is a customer-managed policy and its uses.
type Policy struct {
	ARN, PolicyID string
	// AttachedTo and BoundaryOf: names of users, groups and roles ("user/x").
	AttachedTo, BoundaryOf []string
	// Versions that are not the default.
	Versions []string
}
