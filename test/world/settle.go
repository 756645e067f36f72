package world

import (
	"context"
	"fmt"
	"time"
)

const (
	// lookAgain is how often to check what no signal reports, such as a write whose answer was lost.
	lookAgain = 50 * time.Millisecond
	// idle: a sheet that waits at least this long waits for a sync that nothing asked for. Requested syncs wait for
	// seconds.
	idle = time.Minute
	// begun is how many idle syncs run at the beginning of a span of time: people may have just edited the sheet.
	begun = 2
)

// Settle waits until no item waits or is being worked on. caughtUp must agree, because a change may not have reached a
// queue yet. Nothing may happen while it is asked.
func (c *Clock) Settle(ctx context.Context, caughtUp func(context.Context) (bool, error)) error {
	for {
		busy, activity, more := c.look()
		if !busy {
			same, err := caughtUp(ctx)
			if err != nil {
				return err
			}
			if _, still, _ := c.look(); same && still == activity {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the operator does not come to rest: %w", context.Cause(ctx))
		case <-more:
		case <-time.After(lookAgain):
		}
	}
}

// Until lets time pass to a moment. It stops when the operator asked to be woken, but at most once in every step, and
// steps get finer towards the end. Of the syncs that nothing asked for, it runs the first ones, the last before each
// other stop, the last before the end, and one in every step.
func (c *Clock) Until(ctx context.Context, to time.Time, step time.Duration, settle func(context.Context) error) error {
	if err := settle(ctx); err != nil {
		return err
	}
	for idles := 0; ; {
		n := c.next()
		// Steps get finer towards the end: an item that is retried every second must not make a day of stops.
		asked, end := n.asked, c.Now().Add(min(step, to.Sub(c.Now())/8))
		if !asked.IsZero() && asked.Before(end) {
			asked = end
		}
		at := to
		if !asked.IsZero() && asked.Before(to) {
			at = asked
		}
		if !n.idle.IsZero() && n.idle.Before(at) {
			if idles++; idles <= begun {
				at = n.idle
			} else {
				at = n.lastIdle(earliest(at, to.Add(-2*n.interval), c.Now().Add(step)))
			}
		}
		c.Set(at)
		if err := settle(ctx); err != nil || at.Equal(to) {
			return err
		}
	}
}

// lastIdle is the last idle sync not later than a moment, as if all before it had run; at least the next one.
func (n next) lastIdle(notAfter time.Time) time.Time {
	if wait := notAfter.Sub(n.idle); wait > 0 {
		return n.idle.Add(wait.Truncate(n.interval))
	}
	return n.idle
}

func earliest(first time.Time, more ...time.Time) time.Time {
	for _, t := range more {
		if t.Before(first) {
			first = t
		}
	}
	return first
}
