package teardown

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

// Limits of the lists in status.
const (
	maxSteps    = 1000
	maxRetained = 100
)

// Preview is the plan before the date: what a deletion would do if AWS stays as it is, and what would stop it.
func Preview(o lifecycle.Reading, inv Inventory, t Target, rev *v1alpha1.RevocationStatus, now time.Time) v1alpha1.RevocationPlan {
	if rev == nil {
		rev = &v1alpha1.RevocationStatus{}
	}
	plan := v1alpha1.RevocationPlan{Time: metav1.NewTime(now)}
	if refusal := o.Refused; refusal != nil {
		plan.Blocked, plan.BlockedReason = refusal.Message, refusal.Reason
		return plan
	}
	steps, retained := Plan(o.Observation, inv, t, rev)
	for _, s := range steps[:min(len(steps), maxSteps)] {
		plan.Steps = append(plan.Steps, s.Action+" "+s.Target)
	}
	plan.Retained = retained[:min(len(retained), maxRetained)]
	return plan
}

// ReadPreview reads what a preview needs beside the observation. It changes nothing.
func ReadPreview(ctx context.Context, c IAM, o lifecycle.Reading, t Target, rev *v1alpha1.RevocationStatus, now time.Time) (v1alpha1.RevocationPlan, error) {
	var inv Inventory
	// If a guard refuses the account or the user, ask nothing more.
	if o.UserExists && o.Refused == nil {
		var err error
		inv, err = c.Inventory(ctx, t.UserName, t.PolicyName)
		if err != nil && !failure.Is(err, failure.NotFound) {
			return v1alpha1.RevocationPlan{}, err
		}
	}
	return Preview(o, inv, t, rev, now), nil
}
