package controllers

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/internal/failure"
)

const (
	// atOnce is how many leases use one AWS account, or one sheet's Slack, at the same time. The rest wait without a worker:
	// an account that hangs must not take the workers from all others.
	atOnce = 4
	// silent is how many leases in a row must get no answer before the whole place counts as out of order, and silence how
	// long it is then left alone.
	silent  = 4
	silence = time.Minute
)

// turns gives out the use of a place (an account, a sheet's Slack) to a few leases at once, in the order they came.
type turns struct {
	wake func(types.NamespacedName)

	mu     sync.Mutex
	places map[string]*place
	// called leases were woken for their turn, and hold it until their reconcile ends.
	called map[types.NamespacedName]string
}

type place struct {
	busy    int
	waiting []types.NamespacedName
	// unanswered leases in a row, and what comes of them.
	unanswered int
	closed     time.Time
	err        error
}

func newTurns(wake func(types.NamespacedName)) *turns {
	return &turns{wake: wake, places: map[string]*place{}, called: map[types.NamespacedName]string{}}
}

func (t *turns) place(name string) *place {
	if t.places[name] == nil {
		t.places[name] = &place{}
	}
	return t.places[name]
}

// take a turn. Without one the lease is woken when it is its turn.
func (t *turns) take(name string, key types.NamespacedName) (release func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.place(name)
	switch {
	case t.called[key] == name:
		delete(t.called, key) // its place was kept for it
	case p.busy < atOnce:
		p.busy++
	default:
		if !slices.Contains(p.waiting, key) {
			p.waiting = append(p.waiting, key)
		}
		return nil, false
	}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		p.busy--
		t.next(name)
	}, true
}

// done ends a lease's reconcile: a turn that it was called for and did not take is the next one's.
func (t *turns) done(key types.NamespacedName) {
	t.mu.Lock()
	defer t.mu.Unlock()
	name, ok := t.called[key]
	if !ok {
		return
	}
	delete(t.called, key)
	t.place(name).busy--
	t.next(name)
}

// next calls whoever waits first. The lock is held.
func (t *turns) next(name string) {
	p := t.place(name)
	for p.busy < atOnce && len(p.waiting) > 0 {
		key := p.waiting[0]
		p.waiting = p.waiting[1:]
		if _, twice := t.called[key]; twice {
			continue // it comes anyway, and asks again
		}
		p.busy++
		t.called[key] = name
		t.wake(key)
	}
}

// note how an attempt ended. A place that answers nobody is closed for a while: each attempt there costs a worker half a
// minute.
func (t *turns) note(name string, now time.Time, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.place(name)
	if f := failure.Of(err); f == nil || (f.Code != failure.CodeTimeout && f.Code != failure.CodeNoConnection) {
		p.unanswered = 0
		return
	}
	if p.unanswered++; p.unanswered >= silent {
		p.closed, p.err = now.Add(silence), err
	}
}

// closed until when, and why; zero: it is open.
func (t *turns) closed(name string, now time.Time) (time.Time, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.place(name); p.closed.After(now) {
		return p.closed, p.err
	}
	return time.Time{}, nil
}
