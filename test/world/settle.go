package world

import (
	"context"
	"fmt"
	"time"
)

const (
	// lookAgain at what no signal tells of, such as a write whose answer was lost.
	lookAgain = 50 * time.Millisecond
	// idle is a wait of a sheet between two syncs that nothing asked for. What asks for a sync waits for seconds.
	idle = time.Minute
	// begun is how many idle syncs are played at the beginning of a span of time: people may have just edited the sheet.
	begun = 2
)

// Settle waits until nothing is worked on or waits to be, at this moment. caughtUp must agree too: news may be on its way
// that no queue knows of yet. Nothing may happen while it is asked.
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

// Until lets time pass to a moment. The clock stops where the operator wanted to be woken. Of the syncs of a sheet that
// nothing asked for, it plays the first ones, the last before each other stop, the last before the end, and one in every
// step; for all the rest, no more than one stop in every step, which gets finer towards the end.
func (c *Clock) Until(ctx context.Context, to time.Time, step time.Duration, settle func(context.Context) error) error {
	if err := settle(ctx); err != nil {
		return err
	}
	for idles := 0; ; {
		n := c.next()
		// The nearer the end, the finer the steps: who retries every second must not make a day of them.
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

// lastIdle sync not later than a moment, as if all before it had been made; at least the next.
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
