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
	// patience is how many failures in a row, about ten minutes of them, are told as passing. After that the lease is
	// Stalled: it is still retried, but people hear of it.
	patience = 8
)

// service is what a lease waits for after a failure. The three wait apart: a Slack that is down must not keep AWS from being
// asked, nor the other way round.
type service string

const (
	serviceSlack service = "slack"
	// serviceReading is AWS while it is only asked, serviceAWS while it is changed: a reading that succeeds ends no count of
	// refused changes.
	serviceReading service = "aws reading"
	serviceAWS     service = "aws"
)

// backoff keeps leases that failed from being tried again at every event. It is memory only: after a restart everything
// due is tried at once.
type backoff struct {
	mu sync.Mutex
	m  map[types.NamespacedName]map[service]retry
	// honoured is the value of the retry annotation that was acted on last.
	honoured map[types.NamespacedName]string
	// read are the leases that this process has asked AWS about, whatever came of it.
	read map[types.NamespacedName]bool
}

type retry struct {
	at       time.Time
	failures int
	// generation of the lease that failed: another spec is tried at once.
	generation int64
	err        error
}

func newBackoff() *backoff {
	return &backoff{m: map[types.NamespacedName]map[service]retry{}, honoured: map[types.NamespacedName]string{}, read: map[types.NamespacedName]bool{}}
}

// failed notes a failure and tells when to try again: as the service asked, or exponentially with jitter.
func (b *backoff) failed(key types.NamespacedName, s service, l *v1alpha1.AccessKeyLease, now time.Time, err error) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.m[key][s]
	r.failures++
	wait := lastRetry
	if r.failures < patience {
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
	r.at, r.generation, r.err = now.Add(wait), l.Generation, err
	if b.m[key] == nil {
		b.m[key] = map[service]retry{}
	}
	b.m[key][s] = r
	return r.at
}

// rest lets nothing be done for a lease until then, without counting a failure: what was done has to settle first, and
// asking AWS at every event meanwhile would only cost its rate.
func (b *backoff) rest(key types.NamespacedName, s service, l *v1alpha1.AccessKeyLease, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.m[key] == nil {
		b.m[key] = map[service]retry{}
	}
	b.m[key][s] = retry{at: until, generation: l.Generation}
}

// until is when the service may be tried again for the lease, and why not before; zero: now.
func (b *backoff) until(key types.NamespacedName, s service, l *v1alpha1.AccessKeyLease, now time.Time) (time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.m[key][s]
	if !ok || !r.at.After(now) || r.generation != l.Generation || b.unheard(key, l) {
		return time.Time{}, nil
	}
	return r.at, r.err
}

// exhausted tells whether the service failed for so long that people should hear of it.
func (b *backoff) exhausted(key types.NamespacedName, s service) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.m[key][s].failures >= patience
}

// succeeded ends the count of failures.
func (b *backoff) succeeded(key types.NamespacedName, s service) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.m[key], s)
}

func (b *backoff) forget(key types.NamespacedName) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.m, key)
	delete(b.honoured, key)
	delete(b.read, key)
}

// untried: this process has not asked AWS about the lease yet. What was refused to the process before it may have been
// mended, perhaps by this very restart.
func (b *backoff) untried(key types.NamespacedName) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.read[key]
}

func (b *backoff) tried(key types.NamespacedName) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read[key] = true
}

// asked tells whether a person asked by annotation for another attempt at once, and was not heard yet. A new process has
// heard nobody: it tries once more, as it tries everything that is due.
func (b *backoff) asked(key types.NamespacedName, l *v1alpha1.AccessKeyLease) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.unheard(key, l)
}

func (b *backoff) unheard(key types.NamespacedName, l *v1alpha1.AccessKeyLease) bool {
	wish := l.Annotations[v1alpha1.AnnotationRetry]
	return wish != "" && wish != b.honoured[key]
}

// heard: the attempt that was asked for was made.
func (b *backoff) heard(key types.NamespacedName, l *v1alpha1.AccessKeyLease) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if wish := l.Annotations[v1alpha1.AnnotationRetry]; wish != "" {
		b.honoured[key] = wish
	}
}

// stalled: the same call cannot succeed until people mend something.
func stalled(err error) bool {
	return failure.Is(err, failure.Denied, failure.Credentials, failure.Terminal, failure.NotFound)
}
