package controllers

import (
	"context"
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/lifecycle"
)

// begun keeps when the revocations of each account began, as the cluster's status says and as this process has begun since,
// because the cache lags. Which of them are of a day, each sheet says by its own time zone.
type begun struct {
	mu sync.Mutex
	m  map[string]map[types.UID]time.Time
}

func newBegun() *begun { return &begun{m: map[string]map[types.UID]time.Time{}} }

// merge what the cache shows, and give the number that began on the limit's day.
func (b *begun) merge(account string, started map[types.UID]time.Time, limit lifecycle.DailyLimit) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	set := b.of(account)
	maps.Copy(set, started)
	return countOn(set, limit)
}

// reserve a place for a lease; false when the day's are taken.
func (b *begun) reserve(l *v1alpha1.AccessKeyLease, limit lifecycle.DailyLimit, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	set := b.of(l.Spec.AccountID)
	// Of days long past nobody asks any more, in whatever time zone.
	maps.DeleteFunc(set, func(_ types.UID, t time.Time) bool { return now.Sub(t) > 48*time.Hour })
	if t, ok := set[l.UID]; (ok && limit.Counts(t)) || !lifecycle.RevocationBegan(l).IsZero() {
		return true
	}
	if countOn(set, limit) >= limit.Limit {
		return false
	}
	set[l.UID] = now
	return true
}

// giveBack a place that came to nothing.
func (b *begun) giveBack(l *v1alpha1.AccessKeyLease) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if lifecycle.RevocationBegan(l).IsZero() {
		delete(b.of(l.Spec.AccountID), l.UID)
	}
}

func (b *begun) of(account string) map[types.UID]time.Time {
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

func (r *leaseRun) dailyLimit() lifecycle.DailyLimit {
	return lifecycle.DailyLimitOf(r.sheet, r.in.Policy, r.now())
}

// limitReached is why the lease waits: the day's revocations of its account are taken by leases that ended earlier.
func (r *leaseRun) limitReached(ctx context.Context) (string, error) {
	if !lifecycle.NeedsPlace(r.in) {
		return "", nil
	}
	leases, err := lookup.OfAccount(ctx, r.Client, r.lease.Spec.AccountID)
	if err != nil {
		return "", err
	}
	limit := r.dailyLimit()
	started, before := map[types.UID]time.Time{}, 0
	sheets := map[types.NamespacedName]sheetSide{r.sheetKey(): {r.sheet, r.in.Policy, r.view}}
	for i := range leases {
		o := &leases[i]
		if t := lifecycle.RevocationBegan(o); !t.IsZero() {
			if limit.Counts(t) {
				started[o.UID] = t
			}
			continue
		}
		if o.UID == r.lease.UID {
			continue
		}
		if lifecycle.GoesBefore(r.inputOf(ctx, o, sheets), r.in) {
			before++
		}
	}
	if r.begun.merge(r.lease.Spec.AccountID, started, limit)+before >= limit.Limit {
		return limit.Reached(r.lease.Spec.AccountID), nil
	}
	return "", nil
}

// sheetSide is what a sheet rules and says of its leases.
type sheetSide struct {
	sheet  *v1alpha1.AccessKeySheet // nil: it cannot be used
	policy lifecycle.Policy
	known  state.Sheet
}

// inputOf another lease, as its own sheet has it. sheets are those met before. Of a sheet that is gone, or whose spec is
// unusable, nothing is known: its leases are not acted on.
func (r *leaseRun) inputOf(ctx context.Context, l *v1alpha1.AccessKeyLease, sheets map[types.NamespacedName]sheetSide) lifecycle.Input {
	key := types.NamespacedName{Namespace: l.Namespace, Name: l.Spec.SheetRef.Name}
	side, ok := sheets[key]
	if !ok {
		sheet := &v1alpha1.AccessKeySheet{}
		err := r.Client.Get(ctx, key, sheet)
		if err == nil {
			side.policy, err = lifecycle.PolicyOf(sheet.Spec)
		}
		if err == nil {
			side.sheet = sheet
			side.known = r.known.Get(key)
		}
		sheets[key] = side
	}
	in := lifecycle.Input{Now: r.in.Now, Lease: l, Policy: side.policy}
	if side.sheet != nil {
		in.Sheet = sheetFacts(side.known, side.sheet, l.Spec.AccessKeyID)
	}
	return in
}
