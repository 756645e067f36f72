// Package world is everything around the operator on one machine: a real control plane, the three emulators with their
// data, and a clock that moves only when told to. Tests and the laboratory use it.
package world

import (
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Clock stands still until it is moved. Its work queues wait by it, so a week passes at once and nothing is skipped:
// the clock knows when each queue hands out its next item.
type Clock struct {
	*testclock.FakePassiveClock

	mu     sync.Mutex
	queues []*queue
	// activity counts items put into a queue, taken from one, or delivered to a controller. more is closed at the next
	// one.
	activity uint64
	more     chan struct{}
}

// NewClock makes a clock that shows now.
func NewClock(now time.Time) *Clock {
	return &Clock{FakePassiveClock: testclock.NewFakePassiveClock(now), more: make(chan struct{})}
}

// NewQueue is controllers.Deps.NewQueue.
func (c *Clock) NewQueue(name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
	q := newQueue(c, name, limiter)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queues = append(c.queues, q)
	return q
}

// Set moves the clock forward to a moment, and releases the items that are due by then. It never moves it back.
func (c *Clock) Set(to time.Time) {
	if to.Before(c.Now()) {
		return
	}
	c.SetTime(to)
	for _, q := range c.all() {
		q.release(to)
	}
}

// Next is the next moment at which a queue has an item; false: never.
func (c *Clock) Next() (time.Time, bool) {
	n := c.next()
	switch {
	case n.idle.IsZero():
		return n.asked, !n.asked.IsZero()
	case n.asked.IsZero():
		return n.idle, true
	}
	return earliest(n.asked, n.idle), true
}

// next has the next moments: idle of the first sync of a sheet that nothing asked for, with its interval, and asked of
// all other items. Zero: never.
type next struct {
	asked, idle time.Time
	interval    time.Duration
}

func (c *Clock) next() next {
	var n next
	for _, q := range c.all() {
		q.next(&n)
	}
	return n
}

// look tells whether an item waits or is being worked on, how much has happened so far, and when more does. Until all
// three controllers have a queue, the operator is still starting.
func (c *Clock) look() (busy bool, activity uint64, more <-chan struct{}) {
	c.mu.Lock()
	activity, more = c.activity, c.more
	c.mu.Unlock()
	queues := c.all()
	busy = len(queues) < 3
	for _, q := range queues {
		busy = busy || q.busy()
	}
	return busy, activity, more
}

func (c *Clock) drop(q *queue) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queues = slices.DeleteFunc(c.queues, func(o *queue) bool { return o == q })
}

func (c *Clock) all() []*queue {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*queue(nil), c.queues...)
}

func (c *Clock) happened() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.activity++
	close(c.more)
	c.more = make(chan struct{})
}
