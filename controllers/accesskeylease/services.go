package accesskeylease

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/pace"
)

// services tells which services a reconcile may use now, and when to come back for the others.
type services struct {
	attempts *pace.Attempts
	slots    *pace.Slots
	clock    clock.PassiveClock
	key      types.NamespacedName
	// generation of the lease. asked: a person asks for another attempt, so the lease's own backoff does not count.
	generation int64
	asked      bool
	// account and slack name the places whose slots the lease needs.
	account, slack string
	// releases give back the slots that this reconcile took, by place.
	releases map[string]func()
	// parked: the lease waits for a slot, and is woken when it is offered one.
	parked bool
	// wakeAt asks for another reconcile, for a retry or a verification.
	wakeAt time.Time
}

func (r *Reconciler) services(about loaded, in lifecycle.Input) *services {
	l := in.Lease
	u := &services{
		attempts: r.Attempts, slots: r.Slots, clock: r.Clock, key: client.ObjectKeyFromObject(l),
		generation: l.Generation, asked: about.wish != "",
		slack: "slack/" + about.sheetKey.String(), releases: map[string]func(){},
	}
	if about.sheet != nil {
		u.account = "aws/" + about.sheet.Spec.AWS.Partition + "/" + lifecycle.TargetOf(l, in.Policy).AccountID
	}
	return u
}

// withSlot takes a slot at a place and calls do; false: no slot is free, and the lease is woken when it is offered one. The
// lease keeps the slot until the reconcile ends. If it gave the slot back after observing, all leases would observe
// first and none would act.
func (u *services) withSlot(place string, do func()) bool {
	if u.releases[place] == nil {
		release, ok := u.slots.Take(place, u.key)
		if !ok {
			u.parked = true
			return false
		}
		u.releases[place] = release
	}
	do()
	return true
}

func (u *services) release() {
	for _, release := range u.releases {
		release()
	}
}

// answered notes how an attempt at a place ended.
func (u *services) answered(place string, err error) { u.slots.Answered(place, u.clock.Now(), err) }

// until is when a service may be used again, and why not before: the lease backs off, or the place is paused. Zero:
// now.
func (u *services) until(s pace.Service) (time.Time, error) {
	at, why := u.nextAttempt(s)
	switch {
	case !at.IsZero():
		return at, why
	case s == pace.Slack:
		return u.slots.Paused(u.slack, u.clock.Now())
	case s == pace.ReadAWS:
		return u.slots.Paused(u.account, u.clock.Now())
	}
	return time.Time{}, nil
}

// waits tells whether a service may not be used now. If so, the lease comes back when it may.
func (u *services) waits(s pace.Service) bool {
	at, _ := u.until(s)
	if !at.IsZero() {
		u.wake(at)
	}
	return !at.IsZero()
}

// nextAttempt is when the lease's own backoff ends, and which failure caused it; zero: now.
func (u *services) nextAttempt(s pace.Service) (time.Time, error) {
	if u.asked {
		return time.Time{}, nil
	}
	return u.attempts.Until(u.key, s, u.generation, u.clock.Now())
}

// retryLater notes a failure, and comes back when the service may be tried again.
func (u *services) retryLater(s pace.Service, err error) time.Time {
	at := u.attempts.Failed(u.key, s, u.generation, u.clock.Now(), err)
	u.wake(at)
	return at
}

func (u *services) succeeded(s pace.Service) { u.attempts.Succeeded(u.key, s) }

// wake asks for a reconcile at a moment, unless there is an earlier one.
func (u *services) wake(at time.Time) {
	if u.wakeAt.IsZero() || at.Before(u.wakeAt) {
		u.wakeAt = at
	}
}

// failures is what the lease's conditions say about failed attempts.
func (u *services) failures(failed error) lifecycle.Attempts {
	_, awaited := u.nextAttempt(pace.ChangeAWS)
	a := lifecycle.Attempts{Exhausted: u.attempts.Exhausted(u.key, pace.ChangeAWS, pace.ReadAWS, pace.Slack), Awaited: awaited != nil}
	if failed != nil {
		a.Failure = &lifecycle.Failure{Message: failed.Error(), NeedsFix: failure.NeedsFix(failed)}
		if f := failure.Of(failed); f != nil {
			a.Failure.Code = f.Code
		}
	}
	return a
}
