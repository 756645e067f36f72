package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RevocationStatus records a deletion step by step, so that it goes on where it stopped.
type RevocationStatus struct {
	// StartTime at which the first destructive step was about to be done.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`
	// Reason: EndDatePassed, KeyAlreadyGone, MarkedDeleted.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Intent is the step about to be done: recorded before the call, gone when its outcome is known.
	// +optional
	Intent *RevocationIntent `json:"intent,omitempty"`
	// DeactivatedTime at which Keylease deactivated the key.
	// +optional
	DeactivatedTime *metav1.Time `json:"deactivatedTime,omitempty"`
	// KeyDeletedTime at which the key was deleted: from here on the lease cannot be extended.
	// +optional
	KeyDeletedTime *metav1.Time `json:"keyDeletedTime,omitempty"`
	// CompletionTime at which AWS confirmed that everything is gone.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1000
	Steps []RevocationStep `json:"steps,omitempty"`
	// Retained is what was kept, and why.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	Retained []Retained `json:"retained,omitempty"`
	// Policy is the customer-managed policy named by policyName, as it was seen attached to the pinned user.
	// +optional
	Policy *PolicyPin `json:"policy,omitempty"`
	// SnapshotRef names the Secret with the non-secret snapshot of the deleted user.
	// +optional
	SnapshotRef *SnapshotReference `json:"snapshotRef,omitempty"`
}

// RevocationIntent is a step about to be done.
type RevocationIntent struct {
	Action string      `json:"action"`
	Target string      `json:"target"`
	Time   metav1.Time `json:"time"`
}

// RevocationStep is one thing done in AWS.
type RevocationStep struct {
	// Action is the IAM API action, such as DeleteAccessKey.
	Action string `json:"action"`
	// Target is the ID, name or ARN that it was done to.
	Target string      `json:"target"`
	Time   metav1.Time `json:"time"`
}

// Retained is something in AWS that a revocation left alone.
type Retained struct {
	// Target is an ARN, a name or an ID.
	Target string `json:"target"`
	// Reason: AttachedElsewhere, UsedAsBoundary, OtherKeys, ConsoleUser, OutsidePath, PolicyChanged,
	// PolicyNameMismatch, IdentityNotPinned, UserNotFound.
	Reason string `json:"reason"`
}

// Reasons of Retained.
const (
	RetainedAttachedElsewhere  = "AttachedElsewhere"
	RetainedUsedAsBoundary     = "UsedAsBoundary"
	RetainedOtherKeys          = "OtherKeys"
	RetainedConsoleUser        = "ConsoleUser"
	RetainedOutsidePath        = "OutsidePath"
	RetainedPolicyChanged      = "PolicyChanged"
	RetainedPolicyNameMismatch = "PolicyNameMismatch"
	RetainedIdentityNotPinned  = "IdentityNotPinned"
	// RetainedUserNotFound: the user was there when its key was deleted, and was not when its own turn came. Somebody
	// deleted it, or renamed it, and then it lives on.
	RetainedUserNotFound = "UserNotFound"
)

// PolicyPin identifies a policy beyond its name.
type PolicyPin struct {
	ARN      string `json:"arn"`
	PolicyID string `json:"policyID"`
}

// SnapshotReference names the Secret that keeps a snapshot, in the lease's namespace.
type SnapshotReference struct {
	Name string `json:"name"`
	// SHA256 of the snapshot's bytes, hexadecimal.
	// +optional
	SHA256 string `json:"sha256,omitempty"`
}

// RevocationPlan is what a deletion would do, as AWS stood at Time.
type RevocationPlan struct {
	Time metav1.Time `json:"time"`
	// Steps in order, each "<Action> <target>".
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1000
	Steps []string `json:"steps,omitempty"`
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	Retained []Retained `json:"retained,omitempty"`
	// Blocked says what would stop it, if anything.
	// +optional
	Blocked string `json:"blocked,omitempty"`
	// BlockedReason is the reason that Blocked explains, as KeyVerified or Held would have it: Protected, UserRecreated, …
	// +optional
	BlockedReason string `json:"blockedReason,omitempty"`
}
