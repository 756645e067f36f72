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

// begun keeps when the revocations of each account began, as the cluster's status says and as this process has begun since,
// because the cache lags. Which of them are of a day, each sheet says by its own time zone.
type begun struct {
	mu sync.Mutex
	m  map[string]map[types.UID]time.Time
}

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
	if limit.Counts(set[l.UID]) || !lifecycle.RevocationBegan(l).IsZero() {
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

// limitReached is why the lease waits: the day's revocations of its account are taken by leases that ended earlier.
func (r *Reconciler) limitReached(ctx context.Context, about loaded, in lifecycle.Input) (string, error) {
	if !lifecycle.NeedsPlace(in) {
		return "", nil
	}
	account := in.Lease.Spec.AccountID
	leases, err := lookup.OfAccount(ctx, r.Client, account)
	if err != nil {
		return "", err
	}
	limit := lifecycle.DailyLimitOf(about.sheet, in.Policy, in.Now)
	started, before := map[types.UID]time.Time{}, 0
	sides := sheetSides{about.sheetKey: {policy: in.Policy, sheet: about.sheet}}
	for i := range leases {
		o := &leases[i]
		if t := lifecycle.RevocationBegan(o); limit.Counts(t) {
			started[o.UID] = t
		} else if lifecycle.GoesBefore(r.inputOf(ctx, o, in.Now, sides), in) {
			before++
		}
	}
	if r.begun.merge(account, started, limit)+before >= limit.Limit {
		return limit.Reached(account), nil
	}
	return "", nil
}

// sheetSides are what sheets rule of their leases, as far as they were met.
type sheetSides map[types.NamespacedName]struct {
	sheet  *v1alpha1.AccessKeySheet // nil: it cannot be used
	policy lifecycle.Policy
}

// inputOf another lease, as its own sheet has it. Of a sheet that is gone, or whose spec is unusable, nothing is known: its
// leases are not acted on.
func (r *Reconciler) inputOf(ctx context.Context, l *v1alpha1.AccessKeyLease, now time.Time, sides sheetSides) lifecycle.Input {
	key := types.NamespacedName{Namespace: l.Namespace, Name: l.Spec.SheetRef.Name}
	side, ok := sides[key]
	if !ok {
		sheet := &v1alpha1.AccessKeySheet{}
		err := r.Client.Get(ctx, key, sheet)
		if err == nil {
			side.policy, err = lifecycle.PolicyOf(sheet.Spec)
		}
		if err == nil {
			side.sheet = sheet
		}
		sides[key] = side
	}
	in := lifecycle.Input{Now: now, Lease: l, Policy: side.policy}
	if side.sheet != nil {
		in.Sheet = sheetFacts(r.Known.Get(key), side.sheet, l.Spec.AccessKeyID)
	}
	return in
}
