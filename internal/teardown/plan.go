package teardown

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

// Actions of the IAM API that a teardown uses.
const (
	ActionUpdateAccessKey    = "UpdateAccessKey"
	ActionDeleteAccessKey    = "DeleteAccessKey"
	ActionDeleteLoginProfile = "DeleteLoginProfile"
	ActionDeactivateMFA      = "DeactivateMFADevice"
	ActionDeleteVirtualMFA   = "DeleteVirtualMFADevice"
	ActionDeleteSSHKey       = "DeleteSSHPublicKey"
	ActionDeleteCertificate  = "DeleteSigningCertificate"
	ActionDeleteCredential   = "DeleteServiceSpecificCredential"
	ActionDeleteInlinePolicy = "DeleteUserPolicy"
	ActionDetachPolicy       = "DetachUserPolicy"
	ActionLeaveGroup         = "RemoveUserFromGroup"
	ActionDeleteUser         = "DeleteUser"
	ActionDeleteVersion      = "DeletePolicyVersion"
	ActionDeletePolicy       = "DeletePolicy"
)

// Suffixes of an UpdateAccessKey target.
const (
	SuffixInactive = ":Inactive"
	SuffixActive   = ":Active"
)

// Plan is the whole order of a deletion, as AWS stands, and what it leaves alone and why. It asks no guard: lifecycle.Judge does.
// The status says what was done a moment ago and may still be shown.
func Plan(o Observation, inv Inventory, t Target, rev *v1alpha1.RevocationStatus) ([]Step, []v1alpha1.Retained) {
	steps := append(keySteps(o, t, rev), unassignedMFA(t, rev)...)
	if !o.UserExists {
		return steps, nil
	}
	if kept := keepUser(o, inv, t); len(kept) > 0 {
		return steps, kept
	}
	steps = append(steps, userSteps(inv, t)...)
	pin, retained := choosePolicy(inv, t, rev)
	if pin == nil {
		return steps, retained
	}
	more, kept := policySteps(inv.Policy, *pin, t, usedOnlyByOthers)
	return append(steps, more...), append(retained, kept...)
}

// keySteps deactivates before it deletes: should the deletion fail, the key at least does not work any more.
func keySteps(o Observation, t Target, rev *v1alpha1.RevocationStatus) []Step {
	if o.Key == v1alpha1.KeyAbsent || within(rev.KeyDeletedTime, o.Time) {
		return nil
	}
	var steps []Step
	if o.Key == v1alpha1.KeyActive && !within(rev.DeactivatedTime, o.Time) {
		steps = append(steps, deactivation(t))
	}
	return append(steps, Step{Action: ActionDeleteAccessKey, UserName: t.UserName, Target: t.AccessKeyID})
}

func deactivation(t Target) Step {
	return Step{Action: ActionUpdateAccessKey, UserName: t.UserName, Target: t.AccessKeyID + SuffixInactive}
}

func reactivation(t Target) Step {
	return Step{Action: ActionUpdateAccessKey, UserName: t.UserName, Target: t.AccessKeyID + SuffixActive}
}

// keepUser lists every reason to leave the user alone. Other keys count whether active or not: they are somebody's
// business until their own lease ends.
func keepUser(o Observation, inv Inventory, t Target) []v1alpha1.Retained {
	var kept []v1alpha1.Retained
	keep := func(reason string) { kept = append(kept, v1alpha1.Retained{Target: t.UserName, Reason: reason}) }
	if t.Pin.UserID == "" || t.Pin.UserID != o.UserID {
		keep(v1alpha1.RetainedIdentityNotPinned)
	}
	if !lifecycle.InsidePath(o.Path, t.PathPrefix) {
		keep(v1alpha1.RetainedOutsidePath)
	}
	// Two readings of the same list: an empty answer to one of them does not cost a user.
	for _, key := range slices.Concat(o.OtherKeys, inv.AccessKeys) {
		if key != t.AccessKeyID {
			keep(v1alpha1.RetainedOtherKeys)
			break
		}
	}
	if t.KeepConsoleUsers && (o.ConsolePassword || inv.LoginProfile) {
		keep(v1alpha1.RetainedConsoleUser)
	}
	return kept
}

// userSteps removes everything that DeleteUser refuses for ("API_DeleteUser" lists it), then the user. The console goes
// first: a person must not log in to a half-deleted user.
func userSteps(inv Inventory, t Target) []Step {
	var steps []Step
	add := func(action string, targets ...string) {
		for _, target := range targets {
			steps = append(steps, Step{Action: action, UserName: t.UserName, Target: target})
		}
	}
	if inv.LoginProfile {
		add(ActionDeleteLoginProfile, t.UserName)
	}
	for _, device := range inv.MFADevices {
		add(ActionDeactivateMFA, device.SerialNumber)
		if device.Virtual {
			add(ActionDeleteVirtualMFA, device.SerialNumber)
		}
	}
	add(ActionDeleteSSHKey, inv.SSHKeys...)
	add(ActionDeleteCertificate, inv.Certificates...)
	add(ActionDeleteCredential, inv.ServiceCredentials...)
	add(ActionDeleteInlinePolicy, inv.InlinePolicies...)
	add(ActionDetachPolicy, inv.AttachedPolicies...)
	add(ActionLeaveGroup, inv.Groups...)
	add(ActionDeleteUser, t.UserName)
	return steps
}

// unassignedMFA finishes virtual devices that were deactivated before a crash: no list of the user shows them any more,
// and one that stays blocks its name for ever.
func unassignedMFA(t Target, rev *v1alpha1.RevocationStatus) []Step {
	var steps []Step
	for _, s := range rev.Steps {
		if s.Action == ActionDeactivateMFA && VirtualMFA(s.Target) && doneAt(rev, ActionDeleteVirtualMFA, s.Target) == nil {
			steps = append(steps, Step{Action: ActionDeleteVirtualMFA, UserName: t.UserName, Target: s.Target})
		}
	}
	return steps
}

// VirtualMFA tells whether a serial number is a virtual device's: an ARN "arn:…:mfa/<name>". Security keys have the ARN
// "…:u2f/…", hardware tokens no ARN.
func VirtualMFA(serial string) bool {
	return strings.HasPrefix(serial, "arn:") && strings.Contains(serial, ":mfa/")
}

// doneAt is when the step was recorded as done last; nil: never.
func doneAt(rev *v1alpha1.RevocationStatus, action, target string) *metav1.Time {
	for _, s := range rev.Steps {
		if s.Action == action && s.Target == target {
			return &s.Time
		}
	}
	return nil
}
