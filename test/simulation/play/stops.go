package play

import (
	"maps"
	"slices"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

const (
	// manyStops in an hour: then stops are coarse apart, and the ledger tells who asked for them.
	manyStops = 30
	coarse    = 10 * time.Minute
	// idleSyncs at the beginning of a span of time are all run; later ones where something else happens, and each longest.
	idleSyncs = 2
	longest   = 24 * time.Hour
)

// stops in an hour, because something asked for them.
type stops struct {
	hour  time.Time
	count int
	// asks for the present one: an item, as the ledger names it. of each item: those at which it then called something.
	asks string
	of   map[string]int
}

// nextStop is the next moment at which something is to be done.
func (w *World) nextStop(now, to time.Time) time.Time {
	at, asks := to, ""
	earlier := func(t time.Time, who string) {
		if t.Before(at) {
			at, asks = t, who
		}
	}
	var idle *delay
	for _, p := range w.living() {
		earlier(laterOf(p.frozenUntil, now, to), "")
		earlier(laterOf(p.cache.staleUntil, now, to), "")
		for _, q := range p.queues() {
			for i, d := range q.delayed {
				if w.follows(p, q, d) {
					continue
				}
				if !d.idle {
					earlier(d.at, q.named(d.item))
				} else if idle == nil || d.at.Before(idle.at) {
					idle = &q.delayed[i]
				}
			}
		}
	}
	w.beginHour(now)
	if w.stage.count > manyStops {
		at = maxTime(at, minTime(now.Add(coarse), to))
	}
	for _, t := range w.stage.timers {
		earlier(t.at, "")
	}
	if idle == nil || !idle.at.Before(at) {
		w.noteStop(asks)
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

// follows tells whether something is done only when time stops for something else: an account check that waits for the
// first reading, and looks without a call each minute, and what another cluster does in vain.
func (w *World) follows(p *process, q *queue, d delay) bool {
	return (q == p.accounts && d.wait <= idleWait) || (d.idle && p.of != w.clusters[0])
}

// beginHour, if another one has begun. Who has asked counts anew.
func (w *World) beginHour(now time.Time) {
	if hour := now.Truncate(time.Hour); hour != w.stage.hour {
		w.stage.stops = stops{hour: hour, of: map[string]int{}}
	}
}

// noteStop that somebody asked for, and tell when there were too many.
func (w *World) noteStop(asks string) {
	w.stage.count++
	w.stage.asks = asks
	if w.stage.count != manyStops+1 {
		return
	}
	most := ledger.Slowed{Stamp: w.Ledger.Stamp(w.Clock.Now(), ledger.Service)}
	for _, item := range slices.Sorted(maps.Keys(w.stage.of)) {
		if n := w.stage.of[item]; n > most.Turns {
			most.Item, most.Turns = item, n
		}
	}
	w.Ledger.Slowed = append(w.Ledger.Slowed, most)
}

// noteTurn of an item that calls something. Who asks for its turn and then calls nothing costs nothing.
func (w *World) noteTurn(t *task) {
	if item := t.queue.named(t.item); item == w.stage.asks && w.stage.of != nil {
		w.stage.of[item]++
		w.stage.asks = ""
	}
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
