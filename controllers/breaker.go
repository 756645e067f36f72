package controllers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
)

const (
	defaultRevocationsPerDay = 20
	// mostRaised: an annotation raises the day's total five-fold at most.
	mostRaised = 5
)

// breaker counts the revocations that began on a day in an account. What the cluster's status says is joined with what
// this process has begun since, because the cache lags.
type breaker struct {
	mu    sync.Mutex
	begun map[string]map[types.UID]bool
}

func newBreaker() *breaker { return &breaker{begun: map[string]map[types.UID]bool{}} }

// merge what the cache shows for a day, and give the number begun.
func (b *breaker) merge(account, day string, started []types.UID) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	set := b.day(account, day)
	for _, uid := range started {
		set[uid] = true
	}
	return len(set)
}

// reserve a place for a lease; false when the day's are taken.
func (b *breaker) reserve(l *v1alpha1.AccessKeyLease, limit int, day string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	set := b.day(l.Spec.AccountID, day)
	if rev := l.Status.Revocation; set[l.UID] || (rev != nil && rev.StartTime != nil) {
		return true
	}
	if len(set) >= limit {
		return false
	}
	set[l.UID] = true
	return true
}

func (b *breaker) day(account, day string) map[types.UID]bool {
	key := account + " " + day
	if b.begun[key] == nil {
		// Yesterday's places are of no use to anyone.
		for k := range b.begun {
			if strings.HasPrefix(k, account+" ") {
				delete(b.begun, k)
			}
		}
		b.begun[key] = map[types.UID]bool{}
	}
	return b.begun[key]
}

// breakerOpen is why the lease waits: the day's revocations of its account are taken by leases that ended earlier.
func (r *leaseRun) breakerOpen(ctx context.Context) (string, error) {
	l := r.lease
	if l.Status.Phase != v1alpha1.PhaseExpired || (l.Status.Revocation != nil && l.Status.Revocation.StartTime != nil) {
		return "", nil
	}
	if t := l.Status.NextTransitionTime; t == nil || t.After(r.in.Now) {
		return "", nil
	}
	list := &v1alpha1.AccessKeyLeaseList{}
	if err := r.Client.List(ctx, list, client.MatchingFields{indexAccount: l.Spec.AccountID}); err != nil {
		return "", err
	}
	var started []types.UID
	today, before := r.in.Policy.Today(r.in.Now), 0
	for i := range list.Items {
		o := &list.Items[i]
		if rev := o.Status.Revocation; rev != nil && rev.StartTime != nil {
			if r.in.Policy.Today(rev.StartTime.Time) == today {
				started = append(started, o.UID)
			}
			continue
		}
		if o.UID != l.UID && waiting(o, r) && earlier(o, l) {
			before++
		}
	}
	if r.breaker.merge(l.Spec.AccountID, today, started)+before < r.breakerLimit() {
		return "", nil
	}
	return r.breakerMessage(), nil
}

// waiting: due, and nothing but its place in the day's order keeps it.
func waiting(o *v1alpha1.AccessKeyLease, r *leaseRun) bool {
	t := o.Status.NextTransitionTime
	if o.Status.Phase != v1alpha1.PhaseExpired || t == nil || t.After(r.in.Now) || meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionHeld) {
		return false
	}
	// Who is stopped by something else does not take a place from others.
	c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	return c != nil && (c.Reason == v1alpha1.ReasonWaiting || c.Reason == v1alpha1.ReasonBreakerOpen)
}

// earlier in the order of end date, then name.
func earlier(a, b *v1alpha1.AccessKeyLease) bool {
	if c := strings.Compare(a.Spec.EndDate, b.Spec.EndDate); c != 0 {
		return c < 0
	}
	return a.Name < b.Name
}

// breakerLimit of today: the spec's, or what an annotation "<YYYY-MM-DD>=<N>" raises it to.
func (r *leaseRun) breakerLimit() int {
	limit := defaultRevocationsPerDay
	if n := r.sheet.Spec.Limits.MaxRevocationsPerDay; n != nil {
		limit = int(*n)
	}
	day, n, ok := strings.Cut(r.sheet.Annotations[v1alpha1.AnnotationAllowRevocations], "=")
	if raised, err := strconv.Atoi(strings.TrimSpace(n)); ok && err == nil && strings.TrimSpace(day) == r.in.Policy.Today(r.now()) {
		limit = slices.Max([]int{limit, min(raised, mostRaised*limit)})
	}
	return limit
}

func (r *leaseRun) breakerMessage() string {
	return fmt.Sprintf("%d revocations began today in account %s, the most for a day: it waits for tomorrow, or for the annotation %s=%s=<N> on AccessKeySheet %s",
		r.breakerLimit(), r.lease.Spec.AccountID, v1alpha1.AnnotationAllowRevocations, r.in.Policy.Today(r.now()), r.sheet.Name)
}
