package accesskeylease

import (
	"context"
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/internal/lifecycle"
)

// begun keeps when the revocations of each account began. It adds this process's own to those in status, because the
// cache lags behind. Each sheet decides by its own time zone which of them count for a day.
type begun struct {
	mu sync.Mutex
	m  map[string]map[types.UID]time.Time
}

// merge adds what the cache shows, and returns how many revocations began on the limit's day.
func (b *begun) merge(account string, started map[types.UID]time.Time, limit lifecycle.DailyLimit) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	set := b.of(account)
	maps.Copy(set, started)
	return countOn(set, limit)
}

// reserve takes one slot of the daily limit for a lease; false: all are taken.
func (b *begun) reserve(l *v1alpha1.AccessKeyLease, limit lifecycle.DailyLimit, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	set := b.of(l.Spec.AccountID)
	// No time zone needs older ones.
	maps.DeleteFunc(set, func(_ types.UID, t time.Time) bool { return now.Sub(t) > 48*time.Hour })
	if limit.Counts(set[l.UID]) || !lifecycle.RevocationBegan(l).IsZero() {
		return true
	}
	if countOn(set, limit) >= limit.Limit {
		return false
	}
	set[l.UID] = now
	return true
}

// release returns a slot that was not used.
func (b *begun) release(l *v1alpha1.AccessKeyLease) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if lifecycle.RevocationBegan(l).IsZero() {
		delete(b.of(l.Spec.AccountID), l.UID)
	}
}

func (b *begun) of(account string) map[types.UID]time.Time {
	if b.m == nil {
		b.m = map[string]map[types.UID]time.Time{}
	}
	if b.m[account] == nil {
		b.m[account] = map[types.UID]time.Time{}
	}
	return b.m[account]
}

func countOn(set map[types.UID]time.Time, limit lifecycle.DailyLimit) int {
	n := 0
	for _, t := range set {
		if limit.Counts(t) {
			n++
		}
	}
	return n
}

func (a acts) dailyLimit() lifecycle.DailyLimit {
	return lifecycle.DailyLimitOf(a.about.sheet, a.policy, a.draft.now())
}

// limitReached is why the lease waits: leases that ended earlier take all of the day's slots in its account.
func (r *Reconciler) limitReached(ctx context.Context, about loaded, in lifecycle.Input) (string, error) {
	if !lifecycle.NeedsSlot(in) {
		return "", nil
	}
	account := in.Lease.Spec.AccountID
	leases, err := lookup.OfAccount(ctx, r.Client, account)
	if err != nil {
		return "", err
	}
	limit := lifecycle.DailyLimitOf(about.sheet, in.Policy, in.Now)
	started, before := map[types.UID]time.Time{}, 0
	rules := sheetRules{about.sheetKey: {policy: in.Policy, sheet: about.sheet}}
	for i := range leases {
		o := &leases[i]
		if t := lifecycle.RevocationBegan(o); limit.Counts(t) {
			started[o.UID] = t
		} else if lifecycle.GoesBefore(r.inputOf(ctx, o, in.Now, rules), in) {
			before++
		}
	}
	if r.begun.merge(account, started, limit)+before >= limit.Limit {
		return limit.Reached(account), nil
	}
	return "", nil
}

// sheetRules are the rules that each sheet has for its leases, as far as they were needed.
type sheetRules map[types.NamespacedName]struct {
	sheet  *v1alpha1.AccessKeySheet // nil: it cannot be used
	policy lifecycle.Policy
}

// inputOf gives the input of another lease, by the rules of its own sheet. If that sheet is gone or its spec is
// invalid, nothing is known, and its leases do nothing.
func (r *Reconciler) inputOf(ctx context.Context, l *v1alpha1.AccessKeyLease, now time.Time, rules sheetRules) lifecycle.Input {
	key := types.NamespacedName{Namespace: l.Namespace, Name: l.Spec.SheetRef.Name}
	rule, ok := rules[key]
	if !ok {
		sheet := &v1alpha1.AccessKeySheet{}
		err := r.Client.Get(ctx, key, sheet)
		if err == nil {
			rule.policy, err = lifecycle.PolicyOf(sheet.Spec)
		}
		if err == nil {
			rule.sheet = sheet
		}
		rules[key] = rule
	}
	in := lifecycle.Input{Now: now, Lease: l, Policy: rule.policy}
	if rule.sheet != nil {
		in.Sheet = sheetFacts(r.Known.Get(key), rule.sheet, l)
	}
	return in
}
