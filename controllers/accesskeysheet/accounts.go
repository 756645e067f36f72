package accesskeysheet

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
	"github.com/keylease/keylease/internal/teardown"
)

// checkFailed tells the admins, once, that an account's keys cannot be listed until people fix something.
func checkFailed(t state.Trouble) telling {
	if t.None() {
		return telling{kind: v1alpha1.NoticeCheckFailed}
	}
	return once(v1alpha1.NoticeCheckFailed, t.Message, t.Reason, t.Message)
}

// unleasedKeys are keys of the accounts that are on no row of this sheet and have no lease of any sheet.
func (r *Reconciler) unleasedKeys(ctx context.Context, d *draft, o outcome, accounts state.Accounts) (telling, error) {
	t := telling{kind: v1alpha1.NoticeUnleasedKeys}
	if accounts.Time.IsZero() {
		return t, nil
	}
	if checked, last := lifecycle.Moment(accounts.Time), d.status().UnleasedCheckTime; accounts.Complete && (last == nil || last.Before(checked)) {
		d.status().UnleasedCheckTime = checked
	}
	r.wakeSurvivors(o.leases, accounts)
	rows := map[string]bool{}
	for _, row := range o.reading.requests.Rows {
		rows[row.AccessKeyID] = true
	}
	for _, p := range o.merged.problems {
		rows[p.AccessKeyID] = true
	}
	for _, k := range accounts.Keys {
		if rows[k.AccessKeyID] || o.leases[k.AccessKeyID] != nil {
			continue
		}
		others, err := lookup.OfKey(ctx, r.Client, k.AccessKeyID)
		if err != nil {
			return t, err
		}
		if len(others) > 0 {
			continue
		}
		item := message.Item{AccessKeyID: k.AccessKeyID, UserName: k.UserName}
		if k.Status != v1alpha1.KeyActive {
			item.Value = string(k.Status)
		}
		t.problems = append(t.problems, problem{id: notice.ProblemID(k.AccessKeyID, t.kind), item: item})
	}
	return t, nil
}

// wakeSurvivors wakes the completed leases whose keys the daily check found, if the leases do not say so yet.
func (r *Reconciler) wakeSurvivors(leases leaseSet, accounts state.Accounts) {
	for _, l := range leases.where(func(l *v1alpha1.AccessKeyLease) bool {
		found := lifecycle.Survived(l, accounts.Listed(l.Spec.AccessKeyID), teardown.SettleTime)
		c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionKeyVerified)
		return found != nil && (c == nil || c.Message != found.Message)
	}) {
		r.WakeLease(client.ObjectKeyFromObject(l))
	}
}
