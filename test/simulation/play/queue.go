package play

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// idleWait: a sheet that waits at least this long waits for a sync that nothing asked for.
const idleWait = time.Minute

// queue of one controller. It works like client-go's, in a fixed order, and never blocks: the world takes items from it.
type queue struct {
	// The interface is that of the handlers, which only add.
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	name    string
	now     func() time.Time
	limiter workqueue.TypedRateLimiter[reconcile.Request]

	ready   []reconcile.Request
	delayed []delay
	// working are being reconciled. again must be reconciled once more after that.
	working, again map[reconcile.Request]bool
}

type delay struct {
	item reconcile.Request
	at   time.Time
	wait time.Duration
	// idle: nothing asked for it.
	idle bool
}

func newQueue(name string, now func() time.Time, limiter workqueue.TypedRateLimiter[reconcile.Request]) *queue {
	return &queue{name: name, now: now, limiter: limiter, working: map[reconcile.Request]bool{}, again: map[reconcile.Request]bool{}}
}

// named is an item of this queue, for people.
func (q *queue) named(item reconcile.Request) string { return q.name + " " + item.Name }

func (q *queue) Add(item reconcile.Request) {
	switch {
	case q.working[item]:
		q.again[item] = true
	case !slices.Contains(q.ready, item):
		q.ready = append(q.ready, item)
	}
}

// idles tells whether a wait is one for a sync that nothing asked for, or for an account check that has to wait for a sync.
func (q *queue) idles(wait time.Duration) bool {
	return wait >= idleWait && (q.name == sheetQueue || q.name == accountQueue && wait < time.Hour)
}

// AddAfter keeps the earliest of several moments for one item.
func (q *queue) AddAfter(item reconcile.Request, d time.Duration) {
	if d <= 0 {
		q.Add(item)
		return
	}
	fresh := delay{item: item, at: q.now().Add(d), wait: d, idle: q.idles(d)}
	if i := slices.IndexFunc(q.delayed, func(d delay) bool { return d.item == item }); i >= 0 {
		if !fresh.at.Before(q.delayed[i].at) {
			return
		}
		q.delayed = slices.Delete(q.delayed, i, i+1)
	}
	i, _ := slices.BinarySearchFunc(q.delayed, fresh.at, func(d delay, at time.Time) int {
		if d.at.After(at) {
			return 1
		}
		return -1 // behind those of the same moment
	})
	q.delayed = slices.Insert(q.delayed, i, fresh)
}

func (q *queue) AddRateLimited(item reconcile.Request) { q.AddAfter(item, q.limiter.When(item)) }

func (q *queue) wake(key types.NamespacedName) { q.Add(reconcile.Request{NamespacedName: key}) }

// release makes ready what is due.
func (q *queue) release() {
	for len(q.delayed) > 0 && !q.delayed[0].at.After(q.now()) {
		d := q.delayed[0]
		q.delayed = q.delayed[1:]
		q.Add(d.item)
	}
}

// take the next item that may be worked on now; false: there is none.
func (q *queue) take(may func(reconcile.Request) bool) (reconcile.Request, bool) {
	i := slices.IndexFunc(q.ready, may)
	if i < 0 {
		return reconcile.Request{}, false
	}
	item := q.ready[i]
	q.ready = slices.Delete(q.ready, i, i+1)
	q.working[item] = true
	return item, true
}

// done puts an item back as controller-runtime does.
func (q *queue) done(item reconcile.Request, result reconcile.Result, err error) {
	delete(q.working, item)
	switch {
	case err != nil:
		q.AddRateLimited(item)
	case result.RequeueAfter > 0:
		q.limiter.Forget(item)
		q.AddAfter(item, result.RequeueAfter)
	default:
		q.limiter.Forget(item)
	}
	if q.again[item] {
		delete(q.again, item)
		q.Add(item)
	}
}
