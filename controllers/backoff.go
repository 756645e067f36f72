package controllers

import (
	"math/rand/v2"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
)

const (
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Minute
	// stalledRetry is the slow pace of what people must mend.
	stalledRetry = 30 * time.Minute
)

// backoff keeps leases that failed from being tried again at every event. It is memory only: after a restart everything
// due is tried at once.
type backoff struct {
	mu sync.Mutex
	m  map[types.NamespacedName]retry
}

type retry struct {
	at       time.Time
	failures int
	// generation and asked: a change of the spec or of the retry annotation ends the wait.
	generation int64
	asked      string
}

func newBackoff() *backoff { return &backoff{m: map[types.NamespacedName]retry{}} }

// failed notes a failure and tells when to try again: as the service asked, or exponentially with jitter.
func (b *backoff) failed(key types.NamespacedName, l *v1alpha1.AccessKeyLease, now time.Time, err error) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.m[key]
	r.failures++
	wait := lastRetry
	if r.failures < 8 {
		wait = min(firstRetry<<(r.failures-1), lastRetry)
	}
	if f := failure.Of(err); f != nil && f.RetryAfter > 0 {
		wait = f.RetryAfter
	}
	if stalled(err) {
		wait = stalledRetry
	}
	// Leases that failed together must not come back together.
	wait += time.Duration(rand.Int64N(int64(wait/5) + 1)) //nolint:gosec // jitter, not a secret
	r.at, r.generation, r.asked = now.Add(wait), l.Generation, l.Annotations[v1alpha1.AnnotationRetry]
	b.m[key] = r
	return r.at
}

// rest lets nothing be done for a lease until then, without counting a failure: what was done has to settle first, and
// asking AWS at every event meanwhile would only cost its rate.
func (b *backoff) rest(key types.NamespacedName, l *v1alpha1.AccessKeyLease, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.m[key] = retry{at: until, generation: l.Generation, asked: l.Annotations[v1alpha1.AnnotationRetry]}
}

// until is when the lease may be tried again; zero: now.
func (b *backoff) until(key types.NamespacedName, l *v1alpha1.AccessKeyLease, now time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.m[key]
	if !ok || !r.at.After(now) || r.generation != l.Generation || r.asked != l.Annotations[v1alpha1.AnnotationRetry] {
		return time.Time{}
	}
	return r.at
}

// succeeded ends the count of failures.
func (b *backoff) succeeded(key types.NamespacedName) { b.forget(key) }

func (b *backoff) forget(key types.NamespacedName) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.m, key)
}

// asked tells whether a person asked, since the last failure, for another attempt at once.
func (b *backoff) askedAnew(key types.NamespacedName, l *v1alpha1.AccessKeyLease) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.m[key]
	return ok && r.asked != l.Annotations[v1alpha1.AnnotationRetry]
}

// stalled: the same call cannot succeed until people mend something.
func stalled(err error) bool {
	return failure.Is(err, failure.Denied, failure.Credentials, failure.Terminal, failure.NotFound)
}
