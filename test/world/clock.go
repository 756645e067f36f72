// Package world is everything around the operator on one machine: a real control plane, the three emulators with what
// they are seeded with, and a clock that moves only when it is told to. Tests and the laboratory live in it.
package world

import (
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Clock stands still until it is moved. The work queues that it makes wait by it, so that a week passes in no time and
// nothing of it is skipped: what a queue was to hand out in between is known.
type Clock struct {
	*testclock.FakePassiveClock

	mu     sync.Mutex
	queues []*queue
	// activity counts what was put into a queue or taken from one.
	activity uint64
}

// NewClock that shows now.
func NewClock(now time.Time) *Clock {
	return &Clock{FakePassiveClock: testclock.NewFakePassiveClock(now)}
}

// NewQueue is controllers.Deps.NewQueue.
func (c *Clock) NewQueue(_ string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
	q := &queue{
		TypedInterface: workqueue.NewTyped[reconcile.Request](),
		clock:          c, limiter: limiter,
		delayed: map[reconcile.Request]time.Time{},
		waiting: map[reconcile.Request]bool{}, working: map[reconcile.Request]bool{},
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queues = append(c.queues, q)
	return q
}

// Set moves the clock to a moment, never back, and hands out what became due.
func (c *Clock) Set(to time.Time) {
	if to.Before(c.Now()) {
		return
	}
	c.SetTime(to)
	for _, q := range c.all() {
		q.release(to)
	}
}

// Next moment at which a queue has something to hand out; false: never.
func (c *Clock) Next() (next time.Time, ok bool) {
	for _, q := range c.all() {
		if at, some := q.next(); some && (!ok || at.Before(next)) {
			next, ok = at, true
		}
	}
	return next, ok
}

// busy tells whether something waits to be worked on or is worked on, and how much happened so far. Without all three
// controllers' queues the operator is still starting.
func (c *Clock) busy() (bool, uint64) {
	busy := len(c.all()) < 3
	for _, q := range c.all() {
		busy = busy || q.busy()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return busy, c.activity
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
}

// queue is a work queue whose delays pass by a Clock.
type queue struct {
	workqueue.TypedInterface[reconcile.Request]
	clock   *Clock
	limiter workqueue.TypedRateLimiter[reconcile.Request]

	mu      sync.Mutex
	delayed map[reconcile.Request]time.Time
	// waiting to be worked on, and worked on: the queue below keeps that to itself.
	waiting, working map[reconcile.Request]bool
	// asked: a worker came for work. Until then the controller is still starting.
	asked bool
}

func (q *queue) Add(item reconcile.Request) {
	q.mu.Lock()
	q.waiting[item] = true
	q.mu.Unlock()
	q.clock.happened()
	q.TypedInterface.Add(item)
}

func (q *queue) Get() (reconcile.Request, bool) {
	q.mu.Lock()
	q.asked = true
	q.mu.Unlock()
	item, shutdown := q.TypedInterface.Get()
	if !shutdown {
		q.mu.Lock()
		delete(q.waiting, item)
		q.working[item] = true
		q.mu.Unlock()
		q.clock.happened()
	}
	return item, shutdown
}

func (q *queue) Done(item reconcile.Request) {
	q.TypedInterface.Done(item)
	q.mu.Lock()
	delete(q.working, item)
	q.mu.Unlock()
	q.clock.happened()
}

// AddAfter keeps the earliest of several moments for one item, as client-go's queue does.
func (q *queue) AddAfter(item reconcile.Request, d time.Duration) {
	if d <= 0 {
		q.Add(item)
		return
	}
	at := q.clock.Now().Add(d)
	q.mu.Lock()
	defer q.mu.Unlock()
	if old, ok := q.delayed[item]; !ok || at.Before(old) {
		q.delayed[item] = at
	}
}

func (q *queue) AddRateLimited(item reconcile.Request) { q.AddAfter(item, q.limiter.When(item)) }

func (q *queue) Forget(item reconcile.Request) { q.limiter.Forget(item) }

func (q *queue) NumRequeues(item reconcile.Request) int { return q.limiter.NumRequeues(item) }

// ShutDown ends the queue with its controller.
func (q *queue) ShutDown() {
	q.TypedInterface.ShutDown()
	q.clock.drop(q)
}

func (q *queue) release(now time.Time) {
	var due []reconcile.Request
	q.mu.Lock()
	for item, at := range q.delayed {
		if !at.After(now) {
			due = append(due, item)
			delete(q.delayed, item)
		}
	}
	q.mu.Unlock()
	for _, item := range due {
		q.Add(item)
	}
}

func (q *queue) next() (next time.Time, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, at := range q.delayed {
		if !ok || at.Before(next) {
			next, ok = at, true
		}
	}
	return next, ok
}

func (q *queue) busy() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.asked || len(q.waiting) > 0 || len(q.working) > 0 || q.Len() > 0
}
