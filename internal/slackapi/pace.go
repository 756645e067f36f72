package slackapi

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// slotLife is how long a place in a channel's queue is kept for a message that does not come back for it.
	slotLife = time.Minute
	// maxUnposted bounds the memory of messages that were not posted; those forgotten are searched for in Slack.
	maxUnposted = 10_000
)

// pace keeps the messages of each channel to one a second, and calls away from a limit that Slack said is reached.
//
// A message that has to wait gets a place in the queue, and is told when its turn is: a thousand leases that are due at
// once come back one after the other, rather than all of them every second.
type pace struct {
	burst int

	mu       sync.Mutex
	limiters map[string]*rate.Limiter
	// slots by channel and key: when the message's turn is.
	slots map[slot]time.Time
	// until by limit: when Slack's Retry-After ends.
	until map[string]time.Time
	// unposted messages, by recipient and key, of which this process knows that they do not stand in Slack: searching
	// for them would cost a call of a method with a lower limit than posting has.
	unposted map[slot]struct{}
}

type slot struct{ channel, key string }

func newPace(burst int) *pace {
	return &pace{
		burst: burst, limiters: map[string]*rate.Limiter{}, slots: map[slot]time.Time{},
		until: map[string]time.Time{}, unposted: map[slot]struct{}{},
	}
}

// reserve gives how long the message must wait for its turn; asking again keeps its place. Once it is 0, use it.
func (p *pace) reserve(channel, key string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, known := p.slots[slot{channel, key}]
	if !known || now.Sub(at) > slotLife {
		p.dropOldSlots(now)
		limiter, ok := p.limiters[channel]
		if !ok {
			limiter = rate.NewLimiter(rate.Every(time.Second), p.burst)
			p.limiters[channel] = limiter
		}
		at = now.Add(limiter.ReserveN(now, 1).DelayFrom(now))
		p.slots[slot{channel, key}] = at
	}
	return max(at.Sub(now), 0)
}

// use ends the message's place in the queue.
func (p *pace) use(channel, key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.slots, slot{channel, key})
}

func (p *pace) dropOldSlots(now time.Time) {
	for s, at := range p.slots {
		if now.Sub(at) > slotLife {
			delete(p.slots, s)
		}
	}
}

// block keeps calls of a limit back until then.
func (p *pace) block(limit string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until[limit] = until
}

// blocked gives how long calls of a limit are still kept back.
func (p *pace) blocked(limit string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	until, ok := p.until[limit]
	if ok && !now.Before(until) {
		delete(p.until, limit)
		return 0
	}
	if !ok {
		return 0
	}
	return until.Sub(now)
}

func (p *pace) rememberUnposted(recipient, key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.unposted) >= maxUnposted {
		clear(p.unposted)
	}
	p.unposted[slot{recipient, key}] = struct{}{}
}

func (p *pace) forgetUnposted(recipient, key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.unposted, slot{recipient, key})
}

func (p *pace) knownUnposted(recipient, key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.unposted[slot{recipient, key}]
	return ok
}
