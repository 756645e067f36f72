package accesskeysheet

import (
	"context"
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/failure"
)

// connectAWS sets AWSReady.
func (r *Reconciler) connectAWS(ctx context.Context, d *draft, c *clients) {
	account := d.spec().AWS.AccountID
	known := r.checkAccounts(ctx, d, c)
	troubles := r.Known.Get(d.key).AWSTroubles
	switch {
	case len(troubles) > 0:
		// The first by account ID: with two accounts in trouble, the condition must not change at every sync.
		t := troubles[slices.Min(slices.Collect(maps.Keys(troubles)))]
		d.condition(v1alpha1.ConditionAWSReady, metav1.ConditionFalse, t.Reason, t.Message)
	case !known:
		d.condition(v1alpha1.ConditionAWSReady, metav1.ConditionUnknown, v1alpha1.ReasonAWSUnavailable,
			"AWS could not be asked yet whether the credentials belong to account "+account)
	default:
		d.condition(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady, "the credentials belong to account "+account)
	}
}

// checkAccounts asks AWS whose the credentials are. It asks for the sheet's own account when the spec changed, and for
// every account in trouble until that is fixed. The lease that met the trouble may not look again for days. known: AWS
// was asked about the sheet's own account since the spec changed.
func (r *Reconciler) checkAccounts(ctx context.Context, d *draft, c *clients) (known bool) {
	own, of := d.spec().AWS.AccountID, fmt.Sprint(d.sheet.Generation)
	ask := map[string]bool{own: c.awsOf != of}
	if troubles := r.Known.Get(d.key).AWSTroubles; len(troubles) > 0 {
		used := r.accountsInUse(ctx, d)
		for account, t := range troubles {
			if used != nil && !used[account] {
				r.Known.SetAWSTrouble(d.key, account, state.Trouble{}) // no lease uses it any more
				continue
			}
			// An account without users does not mean bad credentials. The lease that listed the users looks again.
			ask[account] = ask[account] || t.Reason != v1alpha1.ReasonEmptyAccount
		}
	}
	for _, account := range slices.Sorted(maps.Keys(ask)) {
		if !ask[account] {
			continue
		}
		if t, answered := r.checkAccount(ctx, d, account); answered {
			r.Known.SetAWSTrouble(d.key, account, t)
			if account == own {
				c.awsOf = of
			}
		}
	}
	return c.awsOf == of
}

// accountsInUse are the sheet's own account and those of leases that are not completed; nil: the leases cannot be
// listed.
func (r *Reconciler) accountsInUse(ctx context.Context, d *draft) map[string]bool {
	leases, err := lookup.OfSheet(ctx, r.Client, d.key)
	if err != nil {
		return nil
	}
	used := map[string]bool{d.spec().AWS.AccountID: true}
	for i := range leases {
		if !leases[i].Completed() {
			used[leases[i].Spec.AccountID] = true
		}
	}
	return used
}

// checkAccount tells what is wrong with the credentials of an account. answered: AWS gave a clear answer.
func (r *Reconciler) checkAccount(ctx context.Context, d *draft, accountID string) (t state.Trouble, answered bool) {
	spec := d.spec().AWS
	c, err := r.AWS(ctx, d.key, spec, accountID)
	if err != nil {
		return state.AWSTrouble(err, spec.RoleARN), true
	}
	id, err := c.Identity(ctx)
	switch {
	case failure.Is(err, failure.Retry, failure.Uncertain):
		return state.Trouble{}, false
	case err != nil:
		return state.AWSTrouble(err, spec.RoleARN), true
	case id.AccountID == accountID:
		return state.Trouble{}, true
	case accountID != spec.AccountID:
		return state.Trouble{Reason: v1alpha1.ReasonWrongAccount, Message: fmt.Sprintf(
			"the credentials belong to account %s, and rows name account %s: let spec.aws.roleARN name a role of it, or correct the rows", id.AccountID, accountID)}, true
	}
	return state.Trouble{Reason: v1alpha1.ReasonWrongAccount, Message: fmt.Sprintf(
		"the credentials belong to account %s, spec.aws.accountID is %s: correct one of them", id.AccountID, accountID)}, true
}
