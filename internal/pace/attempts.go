package pace

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"

	"github.com/keylease/keylease/internal/failure"
)

const (
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Minute
	// slowRetry is the backoff for what people must fix first.
	slowRetry = 30 * time.Minute
	// patience is how many failures in a row are treated as passing: about ten minutes of them. After that the object
	// is Stalled. It is still retried, but people are told.
	patience = 9
)

// Service is what an object waits for after a failure. An object waits for each service separately: a Slack outage must
// not delay AWS, or the other way round.
type Service string

// The services.
const (
	// Slack sends the messages about a lease.
	Slack Service = "slack"
	// ReadAWS only reads AWS, ChangeAWS changes it. They are counted separately: a successful reading must not reset
	// the count of refused changes.
	ReadAWS   Service = "aws reading"
	ChangeAWS Service = "aws"
	// ReadSheet keeps a minimum time between two syncs of a sheet. Sync is for a sync that failed.
	ReadSheet Service = "google"
	Sync      Service = "sync"
	// CheckAccount is the daily list of an account's keys.
	CheckAccount Service = "account check"
)

// rule is an object's backoff for a service: the first wait, the longest, and the one for what people must fix (0: as
// for any other failure). With spread, objects that failed together are not retried together.
type rule struct {
	first, last, slow time.Duration
	spread            bool
}

var rules = map[Service]rule{
	Slack:        {first: firstRetry, last: lastRetry, slow: slowRetry, spread: true},
	ReadAWS:      {first: firstRetry, last: lastRetry, slow: slowRetry, spread: true},
	ChangeAWS:    {first: firstRetry, last: lastRetry, slow: slowRetry, spread: true},
	ReadSheet:    {first: firstRetry, last: lastRetry},
	Sync:         {first: firstRetry, last: lastRetry},
	CheckAccount: {first: time.Hour, last: time.Hour},
}

// Attempts keeps failed objects from being retried at every event. It forgets at a restart: then everything due is
// tried at once.
type Attempts struct {
	chance func(int64) int64

	mu       sync.Mutex
	failures map[Service]workqueue.TypedRateLimiter[types.NamespacedName]
	waits    map[types.NamespacedName]map[Service]wait
}

// wait is the wait of one object for one service. The zero value: it was tried, and may be tried again.
type wait struct {
	until time.Time
	// generation of the object that waits: a new spec is tried at once.
	generation int64
	err        error
}

// NewAttempts takes the source of jitter: it returns a number from 0 up to, but not including, n, as math/rand/v2's
// Int64N does.
func NewAttempts(chance func(n int64) int64) *Attempts {
	a := &Attempts{
		chance: chance, failures: map[Service]workqueue.TypedRateLimiter[types.NamespacedName]{},
		waits: map[types.NamespacedName]map[Service]wait{},
	}
	for s, r := range rules {
		a.failures[s] = workqueue.NewTypedItemExponentialFailureRateLimiter[types.NamespacedName](r.first, r.last)
	}
	return a
}

// QueueLimiter is the backoff of a controller's queue, for errors of the API server.
func QueueLimiter[T comparable]() workqueue.TypedRateLimiter[T] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[T](firstRetry, lastRetry)
}

// Failed notes a failure and returns when to try again: when the service asked for, or after an exponential backoff.
func (a *Attempts) Failed(key types.NamespacedName, s Service, generation int64, now time.Time, err error) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, d := rules[s], a.failures[s].When(key)
	switch f := failure.Of(err); {
	case f == nil || f.RetryAfter == 0:
	case f.Class == failure.Uncertain: // no service asked for it: it is the least that a half done call needs
		d = max(d, f.RetryAfter)
	default:
		d = f.RetryAfter
	}
	if r.slow > 0 && failure.NeedsFix(err) {
		d = r.slow
	}
	if r.spread {
		d += time.Duration(a.chance(int64(d/5) + 1))
	}
	a.set(key, s, wait{now.Add(d), generation, err})
	return now.Add(d)
}

// Succeeded resets the count of failures and ends the wait.
func (a *Attempts) Succeeded(key types.NamespacedName, s Service) {
	a.Defer(key, s, 0, time.Time{})
}

// Defer resets the count of failures too, but allows no attempt before a moment. A change must settle first, or an
// earlier attempt would waste calls.
func (a *Attempts) Defer(key types.NamespacedName, s Service, generation int64, until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures[s].Forget(key)
	a.set(key, s, wait{until: until, generation: generation})
}

// set a wait. The lock is held.
func (a *Attempts) set(key types.NamespacedName, s Service, w wait) {
	if a.waits[key] == nil {
		a.waits[key] = map[Service]wait{}
	}
	a.waits[key][s] = w
}

// Until is when the service may be tried again for the object, and the failure that caused the wait, if any; zero: now.
func (a *Attempts) Until(key types.NamespacedName, s Service, generation int64, now time.Time) (time.Time, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w := a.waits[key][s]
	if !w.until.After(now) || w.generation != generation {
		return time.Time{}, nil
	}
	return w.until, w.err
}

// Tried tells whether this process has tried the service for the object, with whatever result. A restart may have fixed
// what an earlier process was refused.
func (a *Attempts) Tried(key types.NamespacedName, s Service) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.waits[key][s]
	return ok
}

// Exhausted tells whether one of the services failed so often in a row that people must be told.
func (a *Attempts) Exhausted(key types.NamespacedName, services ...Service) bool {
	for _, s := range services {
		if a.failures[s].NumRequeues(key) >= patience {
			return true
		}
	}
	return false
}

// Forget drops an object that was deleted.
func (a *Attempts) Forget(key types.NamespacedName) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.waits, key)
	for _, failures := range a.failures {
		failures.Forget(key)
	}
}
