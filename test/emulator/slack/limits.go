package slack

import (
	"math"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

// Rate is a token bucket on the server's clock: Per second on average, Burst
// at once. The zero value does not limit.
type Rate struct {
	Per   rate.Limit
	Burst int
}

// perMinute is one of Slack's tiers: n calls a minute, all at once if need be.
func perMinute(n int) Rate { return Rate{Per: rate.Limit(float64(n) / 60), Burst: n} }

// Limits are Slack's rate limits. A call over a limit gets HTTP 429 with
// Retry-After. The zero value does not limit anything.
type Limits struct {
	// Channel is the rate of chat.postMessage for each channel.
	Channel Rate
	// Methods are the rates of methods, for each token.
	Methods map[string]Rate
}

// DefaultLimits are those of https://docs.slack.dev/apis/web-api/rate-limits/:
// about one message a second for each channel (with a burst of 3 here, where
// Slack speaks of "short bursts"), tier 3 is 50 calls a minute, tier 4 is 100.
func DefaultLimits() Limits {
	tier3, tier4 := perMinute(50), perMinute(100)
	return Limits{
		Channel: Rate{Per: 1, Burst: 3},
		Methods: map[string]Rate{
			"conversations.open":    tier3,
			"conversations.info":    tier3,
			"conversations.history": tier3,
			"chat.update":           tier3,
			"users.info":            tier4,
		},
	}
}

// SetLimits changes the rate limits from now on, with full buckets;
// Limits{} switches them off.
func (s *Server) SetLimits(limits Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.limiter = newLimiter(limits)
}

// limiter keeps the buckets. It is guarded by Server.mu.
type limiter struct {
	limits  Limits
	buckets map[string]*rate.Limiter
}

func newLimiter(limits Limits) *limiter {
	return &limiter{limits: limits, buckets: map[string]*rate.Limiter{}}
}

func (l *limiter) method(method, token string, now time.Time) *answer {
	return l.take("method "+method+" "+token, l.limits.Methods[method], now)
}

func (l *limiter) channel(id string, now time.Time) *answer {
	return l.take("channel "+id, l.limits.Channel, now)
}

// take takes one call out of a bucket, or returns the 429.
func (l *limiter) take(bucket string, r Rate, now time.Time) *answer {
	if r == (Rate{}) {
		return nil
	}
	b, known := l.buckets[bucket]
	if !known {
		b = rate.NewLimiter(r.Per, r.Burst)
		l.buckets[bucket] = b
	}
	reservation := b.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait <= 0 {
		return nil
	}
	reservation.CancelAt(now)
	return rateLimited(wait)
}

// rateLimited is Slack's 429. Retry-After is in whole seconds, at least one.
func rateLimited(wait time.Duration) *answer {
	a := fail("ratelimited")
	a.status = 429
	seconds := max(1, int(math.Ceil(wait.Seconds())))
	a.header.Set("Retry-After", strconv.Itoa(seconds))
	return a
}
