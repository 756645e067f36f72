package awsiam

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"golang.org/x/time/rate"
)

// maxAttempts of one call; then the error goes up, and the caller's backoff takes over.
const maxAttempts = 3

// pace is the rate of calls to one account. The SDK's adaptive mode is not used: its first throttling lets the rate
// fall to one call in two seconds, whatever it was.
type pace struct {
	limiter        *rate.Limiter
	ceiling, floor float64

	mu sync.Mutex
}

func newPace(perSecond float64, burst int) *pace {
	return &pace{limiter: rate.NewLimiter(rate.Limit(perSecond), burst), ceiling: perSecond, floor: perSecond / 10}
}

// note adapts the rate: a quarter less when throttled, a fiftieth of the ceiling more for each call that was not. An account
// that refuses one call in twenty, whatever the rate, is so still asked at nearly the full one; where calls are refused for
// being too many, fewer than one in six is.
func (p *pace) note(throttled bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := float64(p.limiter.Limit())
	next := min(p.ceiling, now+p.ceiling/50)
	if throttled {
		next = max(p.floor, now*3/4)
	}
	if next != now {
		p.limiter.SetLimit(rate.Limit(next))
	}
}

// notSentError: the call was given up before it left.
type notSentError struct{ error }

func (e notSentError) Unwrap() error { return e.error }

// retryer is the SDK's standard one behind the account's pace.
type retryer struct {
	*retry.Standard
	pace *pace
}

func newStandard(options Options) *retry.Standard {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.MaxBackoff = options.MaxBackoff
	})
}

// GetAttemptToken waits for the pace, or fails at once where the context would end first.
func (r *retryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	if err := r.pace.limiter.Wait(ctx); err != nil {
		return nil, notSentError{err}
	}
	release, err := r.Standard.GetAttemptToken(ctx)
	if err != nil {
		return nil, err
	}
	return func(failed error) error {
		r.pace.note(throttled(failed))
		return release(failed)
	}, nil
}

// onlyUnsent repeats a call that changes something only where the first one certainly did nothing. Whoever repeats it
// in doubt looks first, and that is not the SDK.
type onlyUnsent struct{ *retryer }

// IsErrorRetryable is asked after each attempt.
func (onlyUnsent) IsErrorRetryable(err error) bool { return throttled(err) || neverConnected(err) }

var throttles = retry.IsErrorThrottles(retry.DefaultThrottles)

func throttled(err error) bool {
	return err != nil && throttles.IsErrorThrottle(err) == aws.TrueTernary
}

// neverConnected: no connection was made, so nothing was sent.
func neverConnected(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}
