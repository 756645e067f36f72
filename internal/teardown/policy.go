package teardown

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// choosePolicy returns the policy to delete with the user: the one recorded before anything was detached, or else the
// attached one of the agreed name. Its name must contain the user's, so that a wrong template names nobody else's
// policy.
func choosePolicy(inv Inventory, t Target, rev *v1alpha1.RevocationStatus) (*v1alpha1.PolicyPin, []v1alpha1.Retained) {
	switch {
	case rev.Policy != nil:
		return rev.Policy, nil
	case inv.Policy == nil || t.PolicyName == "":
		return nil, nil
	case !strings.Contains(t.PolicyName, t.UserName) || !ownPolicy(inv.Policy.ARN, t):
		return nil, []v1alpha1.Retained{{Target: inv.Policy.ARN, Reason: v1alpha1.RetainedPolicyNameMismatch}}
	}
	return &v1alpha1.PolicyPin{ARN: inv.Policy.ARN, PolicyID: inv.Policy.PolicyID}, nil
}

// ownPolicy tells whether an ARN is that of the named customer-managed policy of the target's account, under any path.
func ownPolicy(arn string, t Target) bool {
	return strings.HasPrefix(arn, fmt.Sprintf("arn:%s:iam::%s:policy/", t.Partition, t.AccountID)) &&
		strings.HasSuffix(arn, "/"+t.PolicyName)
}

// use says whether the user's own use of a policy counts as a use by others.
type use bool

const (
	// usedOnlyByOthers: the user still exists, and is deleted together with its use.
	usedOnlyByOthers use = false
	// usedByAnyone: the user was deleted; a user of that name is someone else.
	usedByAnyone use = true
)

// policySteps deletes the policy, unless it is another one by now or anything else uses it.
func policySteps(p *Policy, pin v1alpha1.PolicyPin, t Target, count use) ([]Step, []v1alpha1.Retained) {
	if p == nil {
		return nil, nil
	}
	keep := func(reason string) ([]Step, []v1alpha1.Retained) {
		return nil, []v1alpha1.Retained{{Target: pin.ARN, Reason: reason}}
	}
	switch {
	case pin.PolicyID == "" || p.PolicyID != pin.PolicyID || p.ARN != pin.ARN:
		return keep(v1alpha1.RetainedPolicyChanged)
	case usedBy(p.AttachedTo, t, count):
		return keep(v1alpha1.RetainedAttachedElsewhere)
	case usedBy(p.BoundaryOf, t, count):
		return keep(v1alpha1.RetainedUsedAsBoundary)
	}
	var steps []Step
	for _, version := range p.Versions {
		steps = append(steps, Step{Action: ActionDeleteVersion, UserName: t.UserName, Target: p.ARN + ":" + version})
	}
	return append(steps, Step{Action: ActionDeletePolicy, UserName: t.UserName, Target: p.ARN}), nil
}

func usedBy(users []string, t Target, count use) bool {
	return slices.ContainsFunc(users, func(u string) bool { return count == usedByAnyone || u != "user/"+t.UserName })
}

// usedByOwnName tells whether anything of the target's user name uses the policy.
func usedByOwnName(p *Policy, t Target) bool {
	own := "user/" + t.UserName
	return slices.Contains(p.AttachedTo, own) || slices.Contains(p.BoundaryOf, own)
}
