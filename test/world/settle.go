package world

import (
	"context"
	"fmt"
	"time"
)

// pause between two looks at the queues: in it, news that has reached the operator's cache reaches its queues.
const pause = 5 * time.Millisecond

// Settle waits until nothing is worked on or waits to be, at this moment. caughtUp, unless nil, must agree too: news may
// be on its way that no queue knows of yet. Nothing may happen between two looks with that question in between.
func (c *Clock) Settle(ctx context.Context, caughtUp func(context.Context) (bool, error)) error {
	for agreed, last := false, uint64(0); ; {
		busy, activity := c.busy()
		quiet := !busy && activity == last
		if quiet && agreed {
			return nil
		}
		agreed, last = false, activity
		if quiet {
			same, err := true, error(nil)
			if caughtUp != nil {
				same, err = caughtUp(ctx)
			}
			if err != nil {
				return err
			}
			agreed = same
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the operator does not come to rest: %w", context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// Until lets time pass to a moment. The clock stops wherever the operator wanted to be woken, but not more than once in
// every step, which must not be too long for what has to happen in time.
func (c *Clock) Until(ctx context.Context, to time.Time, step time.Duration, settle func(context.Context) error) error {
	if err := settle(ctx); err != nil {
		return err
	}
	for {
		at, ok := c.Next()
		if !ok || at.After(to) {
			c.Set(to)
			return settle(ctx)
		}
		// The nearer the end, the finer the steps: who retries every second must not make a day of them.
		if earliest := c.Now().Add(min(step, to.Sub(c.Now())/8)); at.Before(earliest) {
			at = earliest
		}
		c.Set(at)
		if err := settle(ctx); err != nil {
			return err
		}
	}
}
