package world

import (
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// queue is a work queue that waits by a Clock and knows at any moment whether there is work. Otherwise it works like
// client-go's queue.
type queue struct {
	clock   *Clock
	limiter workqueue.TypedRateLimiter[reconcile.Request]
	// ofSheets: an item that waits here for long is a sync that nothing asked for.
	ofSheets bool

	mu      sync.Mutex
	more    *sync.Cond
	delayed map[reconcile.Request]delay
	// waiting are the items to work on, in order. again are items being worked on that must be worked on once more.
	waiting        []reconcile.Request
	working, again map[reconcile.Request]bool
	// asked: a worker has asked for work. Until then the controller is still starting.
	asked, ended bool
}

// delay of an item: when it ends, and how long it was.
type delay struct {
	at   time.Time
	wait time.Duration
}

func newQueue(c *Clock, name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) *queue {
	q := &queue{clock: c, limiter: limiter, ofSheets: name == "accesskeysheet",
		delayed: map[reconcile.Request]delay{}, working: map[reconcile.Request]bool{}, again: map[reconcile.Request]bool{}}
	q.more = sync.NewCond(&q.mu)
	return q
}

func (q *queue) Add(item reconcile.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.add(item)
}

// add needs the lock held.
func (q *queue) add(item reconcile.Request) {
	switch {
	case q.ended:
		return
	case q.working[item]:
		q.again[item] = true
	case !slices.Contains(q.waiting, item):
		q.waiting = append(q.waiting, item)
		q.more.Signal()
	}
	q.clock.happened()
}

func (q *queue) Get() (item reconcile.Request, shutdown bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asked = true
	q.clock.happened()
	for len(q.waiting) == 0 && !q.ended {
		q.more.Wait()
	}
	if len(q.waiting) == 0 {
		return item, true
	}
	item, q.waiting = q.waiting[0], q.waiting[1:]
	q.working[item] = true
	return item, false
}

func (q *queue) Done(item reconcile.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.working, item)
	if q.again[item] {
		delete(q.again, item)
		q.add(item)
	}
	q.more.Broadcast() // ShutDownWithDrain waits for this
	q.clock.happened()
}

func (q *queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// AddAfter keeps the earliest of several moments for one item, as client-go's queue does.
func (q *queue) AddAfter(item reconcile.Request, d time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if d <= 0 {
		q.add(item)
		return
	}
	at := q.clock.Now().Add(d)
	if old, ok := q.delayed[item]; !ok || at.Before(old.at) {
		q.delayed[item] = delay{at, d}
	}
}

func (q *queue) AddRateLimited(item reconcile.Request) { q.AddAfter(item, q.limiter.When(item)) }

func (q *queue) Forget(item reconcile.Request) { q.limiter.Forget(item) }

func (q *queue) NumRequeues(item reconcile.Request) int { return q.limiter.NumRequeues(item) }

// ShutDown ends the queue with its controller.
func (q *queue) ShutDown() {
	q.mu.Lock()
	q.ended = true
	q.more.Broadcast()
	q.mu.Unlock()
	q.clock.drop(q)
}

func (q *queue) ShutDownWithDrain() {
	q.ShutDown()
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.working) > 0 {
		q.more.Wait()
	}
}

func (q *queue) ShuttingDown() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ended
}

func (q *queue) release(now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for item, d := range q.delayed {
		if !d.at.After(now) {
			delete(q.delayed, item)
			q.add(item)
		}
	}
}

// next updates n with the earlier moments of this queue.
func (q *queue) next(n *next) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range q.delayed {
		switch {
		case q.ofSheets && d.wait >= idle:
			if n.idle.IsZero() || d.at.Before(n.idle) {
				n.idle, n.interval = d.at, d.wait
			}
		case n.asked.IsZero() || d.at.Before(n.asked):
			n.asked = d.at
		}
	}
}

func (q *queue) busy() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.asked || len(q.waiting) > 0 || len(q.working) > 0
}
