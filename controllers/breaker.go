package controllers

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/lookup"
)

const (
	defaultRevocationsPerDay = 20
	// mostRaised: an annotation raises the day's total five-fold at most.
	mostRaised = 5
	// soon is how far ahead the order of end dates looks: notices of one day went out within minutes of each other, and
	// so keys become due.
	soon = 10 * time.Minute
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

// giveBack a place that came to nothing.
func (b *breaker) giveBack(l *v1alpha1.AccessKeyLease, day string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if rev := l.Status.Revocation; rev == nil || rev.StartTime == nil {
		delete(b.day(l.Spec.AccountID, day), l.UID)
	}
}

func (b *breaker) day(account, day string) map[types.UID]bool {
	key := account + " " + day
	if b.begun[key] == nil {
		// Places of days long past are of no use to anyone. Two sheets in two time zones can have two days at once.
		for k := range b.begun {
			if strings.HasPrefix(k, account+" ") && len(b.begun[k]) > 0 && longPast(strings.TrimPrefix(k, account+" "), day) {
				delete(b.begun, k)
			}
		}
		b.begun[key] = map[types.UID]bool{}
	}
	return b.begun[key]
}

func longPast(day, today string) bool {
	then, err1 := time.Parse(time.DateOnly, day)
	now, err2 := time.Parse(time.DateOnly, today)
	return err1 != nil || err2 != nil || now.Sub(then) > 48*time.Hour
}

// breakerOpen is why the lease waits: the day's revocations of its account are taken by leases that ended earlier.
func (r *leaseRun) breakerOpen(ctx context.Context) (string, error) {
	l := r.lease
	if l.Status.Sheet == nil || (l.Status.Revocation != nil && l.Status.Revocation.StartTime != nil) ||
		r.in.Policy.Due(l.Spec.EndDate, 1).After(r.in.Now) {
		return "", nil
	}
	leases, err := lookup.OfAccount(ctx, r.Client, r.lease.Spec.AccountID)
	if err != nil {
		return "", err
	}
	var started []types.UID
	today, before := r.in.Policy.Today(r.in.Now), 0
	for i := range leases {
		o := &leases[i]
		if rev := o.Status.Revocation; rev != nil && rev.StartTime != nil {
			if r.in.Policy.Today(rev.StartTime.Time) == today {
				started = append(started, o.UID)
			}
			continue
		}
		if o.UID != l.UID && earlier(o, l) && r.inLine(o) {
			before++
		}
	}
	if r.breaker.merge(l.Spec.AccountID, today, started)+before < r.breakerLimit() {
		return "", nil
	}
	return r.breakerMessage(), nil
}

// inLine: due, and nothing but its place in the day's order keeps it. Who is stopped by something else does not take a
// place from others, or one sheet that cannot be read would stop its whole account.
func (r *leaseRun) inLine(o *v1alpha1.AccessKeyLease) bool {
	if o.Status.Sheet == nil || meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionHeld) {
		return false
	}
	v := r.known.Get(types.NamespacedName{Namespace: o.Namespace, Name: o.Spec.SheetRef.Name})
	if !v.SlackTrouble.None() || r.in.Now.Sub(v.Reading.Start) > r.in.Policy.FreshFor() {
		return false
	}
	switch o.Status.Phase {
	case v1alpha1.PhaseExpired:
		c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
		t := o.Status.NextTransitionTime
		return t != nil && !t.After(r.in.Now.Add(soon)) && c != nil && (c.Reason == v1alpha1.ReasonWaiting || c.Reason == v1alpha1.ReasonBreakerOpen)
	case v1alpha1.PhaseNotified:
		// Not looked at since its end: nobody may overtake it just because its turn to be reconciled comes later.
		return !r.in.Policy.Due(o.Spec.EndDate, 1).After(r.in.Now) && r.noticed(o)
	}
	return false
}

// noticed: the term's notice was delivered to somebody long enough ago.
func (r *leaseRun) noticed(o *v1alpha1.AccessKeyLease) bool {
	for _, n := range o.Status.Notices {
		if o.Status.Term != nil && n.Term == o.Status.Term.Number && n.Kind == v1alpha1.NoticeExpiry &&
			n.State == v1alpha1.NoticeDelivered && !n.Time.Add(r.in.Policy.MinimumNotice).After(r.in.Now.Add(soon)) {
			return true
		}
	}
	return false
}

// earlier in the order of end date, then name.
func earlier(a, b *v1alpha1.AccessKeyLease) bool {
	if c := strings.Compare(a.Spec.EndDate, b.Spec.EndDate); c != 0 {
		return c < 0
	}
	return a.Name < b.Name
}

func (r *leaseRun) breakerLimit() int {
	limit, _ := revocationsOn(r.sheet, r.in.Policy.Today(r.now()))
	return limit
}

// revocationsOn a day: the spec's number, or what an annotation "<YYYY-MM-DD>=<N>" raises it to; and the most that it can.
func revocationsOn(s *v1alpha1.AccessKeySheet, today string) (limit, most int) {
	limit = defaultRevocationsPerDay
	if n := s.Spec.Limits.MaxRevocationsPerDay; n != nil {
		limit = int(*n)
	}
	most = mostRaised * limit
	day, n, ok := strings.Cut(s.Annotations[v1alpha1.AnnotationAllowRevocations], "=")
	if raised, err := strconv.Atoi(strings.TrimSpace(n)); ok && err == nil && strings.TrimSpace(day) == today {
		limit = max(limit, min(raised, most))
	}
	return limit, most
}

// raisedLimit is the annotation's value that a message proposes: twice the day's number. Empty where nothing raises it.
func raisedLimit(s *v1alpha1.AccessKeySheet, today string) string {
	limit, most := revocationsOn(s, today)
	if limit >= most {
		return ""
	}
	return fmt.Sprintf("%s=%d", today, min(2*limit, most))
}

func (r *leaseRun) breakerMessage() string {
	return fmt.Sprintf("today's limit of %d deletions in account %s is taken by keys that ended earlier: this one waits until tomorrow, or until AccessKeySheet %s is annotated %s=%s=<N>",
		r.breakerLimit(), r.lease.Spec.AccountID, r.sheet.Name, v1alpha1.AnnotationAllowRevocations, r.in.Policy.Today(r.now()))
}
