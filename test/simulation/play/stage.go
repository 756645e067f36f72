package play

import (
	"math/rand/v2"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/story"
)

const (
	// leaseTasks are as many leases as one process works on at once.
	leaseTasks = 2
	// busy is how many calls without a rest are too many: something goes round in circles.
	busy = 20_000
)

// stage decides what runs when.
type stage struct {
	tasks   []*task
	yielded chan struct{}
	// armed acts wait for a call.
	armed []*armed
	// timers in no order.
	timers []timer
	// weave mixes tasks at random until a moment.
	weave      *rand.Rand
	weaveUntil time.Time
	stops
	// idles since the last act.
	idles int
	// current is the task whose call an armed act interrupts.
	current *task
	calls   int
}

type armed struct {
	act  story.Act
	left int
}

type timer struct {
	at time.Time
	do func()
}

// after lets something happen later.
func (w *World) after(d time.Duration, do func()) {
	w.stage.timers = append(w.stage.timers, timer{w.Clock.Now().Add(d), do})
}

// setTime moves the clock forward, and wakes what is due.
func (w *World) setTime(to time.Time) {
	if to.After(w.Clock.Now()) {
		w.Clock.SetTime(to)
	}
	for _, p := range w.living() {
		for _, q := range p.queues() {
			q.release()
		}
	}
}

// calling is the moment right before a call is carried out. It returns what notes that the call failed.
func (w *World) calling(t *task, c call) (failed func()) {
	w.stage.calls++
	w.setTime(w.Clock.Now().Add(latency))
	failed = w.noteCall(t.process, c)
	w.noteTurn(t)
	w.stage.current = t
	defer func() { w.stage.current = nil }()
	for _, a := range slices.Clone(w.stage.armed) {
		if a.left--; a.left == 0 {
			w.stage.armed = slices.DeleteFunc(w.stage.armed, func(b *armed) bool { return a == b })
			w.do(a.act)
		}
	}
	return failed
}

// drain lets everything run that can run now.
func (w *World) drain() {
	for end := w.stage.calls + busy; w.stage.calls < end; {
		for _, p := range w.living() {
			p.cache.deliver(w.Clock.Now())
		}
		t := w.next()
		if t == nil {
			return
		}
		w.run(t)
		if t.ended {
			w.stage.tasks = slices.DeleteFunc(w.stage.tasks, func(o *task) bool { return o == t })
			if !t.process.dead {
				t.queue.done(t.item, t.result, t.err)
			}
		}
	}
}

// next task to run: the one that runs, then others that wait, then new ones. Woven tasks come in any order.
func (w *World) next() *task {
	now := w.Clock.Now()
	var ready []*task
	for _, t := range w.stage.tasks {
		if t.process.dead || !now.Before(t.process.frozenUntil) {
			ready = append(ready, t)
		}
	}
	woven := w.stage.weave != nil && now.Before(w.stage.weaveUntil)
	if len(ready) > 0 && (!woven || w.stage.weave.IntN(2) > 0) {
		if woven {
			return ready[w.stage.weave.IntN(len(ready))]
		}
		return ready[0]
	}
	if t := w.begin(now); t != nil || len(ready) == 0 {
		return t
	}
	return ready[0]
}

// begin a new task, if a controller has one to do.
func (w *World) begin(now time.Time) *task {
	for _, p := range w.living() {
		if now.Before(p.frozenUntil) {
			continue
		}
		for _, q := range p.queues() {
			if item, ok := q.take(func(item reconcile.Request) bool { return w.may(p, q, item) }); ok {
				return w.start(p, q, item)
			}
		}
	}
	return nil
}

// may an item be worked on beside those that are? Two leases of one user would wait for each other.
func (w *World) may(p *process, q *queue, item reconcile.Request) bool {
	running := 0
	for _, t := range w.stage.tasks {
		if t.queue != q {
			continue
		}
		running++
		if q == p.leases && userOf(p, t.item) == userOf(p, item) {
			return false
		}
	}
	return running == 0 || (q == p.leases && running < leaseTasks)
}

func userOf(p *process, item reconcile.Request) string {
	l, ok := p.cache.leases[item.NamespacedName]
	if !ok {
		l = &v1alpha1.AccessKeyLease{}
	}
	return l.Spec.UserName
}

// until lets time pass to a moment.
func (w *World) until(to time.Time) {
	for !w.stopped {
		if w.drain(); w.fire() {
			continue
		}
		w.step()
		now := w.Clock.Now()
		if !now.Before(to) {
			return
		}
		w.setTime(w.nextStop(now, to))
	}
}

// fire the timers that are due, and the acts that have waited for a call in vain.
func (w *World) fire() bool {
	now, fired := w.Clock.Now(), false
	timers := w.stage.timers
	w.stage.timers = nil
	for _, t := range timers {
		if t.at.After(now) {
			w.stage.timers = append(w.stage.timers, t)
			continue
		}
		t.do()
		fired = true
	}
	for _, a := range slices.Clone(w.stage.armed) {
		if now.Sub(a.act.At) > time.Hour {
			w.stage.armed = slices.DeleteFunc(w.stage.armed, func(b *armed) bool { return a == b })
			w.do(a.act)
			fired = true
		}
	}
	return fired
}
