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
	// manyStops in an hour: then stops are coarse apart.
	manyStops = 30
	coarse    = 10 * time.Minute
	// idleSyncs at the beginning of a span of time are all run; later ones where something else happens, and each longest.
	idleSyncs = 2
	longest   = 24 * time.Hour
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
	// stops in an hour, because something asked for them. idles since the last act.
	hour         time.Time
	stops, idles int
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

// calling is the moment right before a call is carried out.
func (w *World) calling(t *task, c call) {
	w.stage.calls++
	w.setTime(w.Clock.Now().Add(latency))
	w.noteCall(t.process, c)
	w.stage.current = t
	defer func() { w.stage.current = nil }()
	for _, a := range slices.Clone(w.stage.armed) {
		if a.left--; a.left == 0 {
			w.stage.armed = slices.DeleteFunc(w.stage.armed, func(b *armed) bool { return a == b })
			w.do(a.act)
		}
	}
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

// nextStop is the next moment at which something is to be done.
func (w *World) nextStop(now, to time.Time) time.Time {
	at := to
	earlier := func(t time.Time) {
		if t.Before(at) {
			at = t
		}
	}
	var idle *delay
	for _, p := range w.living() {
		earlier(laterOf(p.frozenUntil, now, to))
		earlier(laterOf(p.cache.staleUntil, now, to))
		for _, q := range p.queues() {
			for i, d := range q.delayed {
				if !d.idle {
					earlier(d.at)
				} else if idle == nil || d.at.Before(idle.at) {
					idle = &q.delayed[i]
				}
			}
		}
	}
	if hour := now.Truncate(time.Hour); hour != w.stage.hour {
		w.stage.hour, w.stage.stops = hour, 0
	}
	if w.stage.stops > manyStops {
		at = maxTime(at, minTime(now.Add(coarse), to))
	}
	for _, t := range w.stage.timers {
		earlier(t.at)
	}
	if idle == nil || !idle.at.Before(at) {
		w.stage.stops++
		return at
	}
	if w.stage.idles++; w.stage.idles <= idleSyncs {
		return idle.at
	}
	last := minTime(at, now.Add(longest))
	if wait := last.Sub(idle.at); wait > 0 {
		return idle.at.Add(wait.Truncate(idle.wait))
	}
	return idle.at
}

func laterOf(t, now, otherwise time.Time) time.Time {
	if t.After(now) {
		return t
	}
	return otherwise
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
