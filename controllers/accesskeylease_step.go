package controllers

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/pace"
)

func serviceOf(kind lifecycle.ActionKind) pace.Service {
	switch kind {
	case lifecycle.ActionNotify:
		return pace.Slack
	case lifecycle.ActionObserve:
		return pace.ReadAWS
	}
	return pace.ChangeAWS
}

// step does the one thing decided, if its service may be used now. again: decide again at once.
func (r *leaseRun) step(ctx context.Context, d lifecycle.Decision) (again bool, err error) {
	if r.planDue(d) {
		if !r.inSlot(r.accountPlace(), func() { r.plan(ctx) }) {
			return false, nil
		}
		if d.Action.Kind == lifecycle.ActionNone {
			return true, nil
		}
	}
	switch d.Action.Kind {
	case lifecycle.ActionNone:
		return false, nil
	case lifecycle.ActionComplete:
		return true, r.complete(ctx, d.Action.Reason)
	case lifecycle.ActionNotify:
		if at, _ := r.waits(pace.Slack); !at.IsZero() {
			r.wake(at)
			return false, nil
		}
		r.inSlot(r.slackPlace(), func() {
			again, err = true, r.notify(ctx, d)
			r.slots.Answered(r.slackPlace(), r.now(), err)
		})
		return again, err
	}
	if at, _ := r.waits(pace.ChangeAWS); !at.IsZero() {
		// What comes of asking AWS could not be acted upon.
		r.wake(at)
		return false, nil
	}
	if at, why := r.waits(pace.ReadAWS); !at.IsZero() {
		r.wake(at)
		r.in.AWSError, r.in.AWSReason = why.Error(), v1alpha1.ReasonAWSUnavailable
		return d.Action.Kind == lifecycle.ActionObserve, nil // notices go out although AWS cannot be asked
	}
	r.inSlot(r.accountPlace(), func() {
		if d.Action.Kind == lifecycle.ActionObserve {
			r.observe(ctx)
			again = true
			return
		}
		again, err = r.changeAWS(ctx, d)
		r.slots.Answered(r.accountPlace(), r.now(), err)
	})
	return again, err
}

// inSlot does something at a place where few leases may be at once. false: the lease is woken when it is offered a slot. The
// slot is kept until the reconcile ends: who gave it up after looking would find that all others look first, and never act.
func (r *leaseRun) inSlot(place string, do func()) bool {
	if r.releases[place] == nil {
		release, ok := r.slots.Take(place, r.key)
		if !ok {
			r.parked = true
			return false
		}
		if r.releases == nil {
			r.releases = map[string]func(){}
		}
		r.releases[place] = release
	}
	do()
	return true
}

func (r *leaseRun) releaseSlots() {
	for _, release := range r.releases {
		release()
	}
}

func (r *leaseRun) accountPlace() string {
	return "aws/" + r.sheet.Spec.AWS.Partition + "/" + r.target().AccountID
}

func (r *leaseRun) slackPlace() string { return "slack/" + r.sheetKey().String() }

// waits tells until when a service is to be left alone, because of this lease or of the place, and why.
func (r *leaseRun) waits(s pace.Service) (time.Time, error) {
	at, why := r.nextAttempt(s)
	switch {
	case !at.IsZero():
		return at, why
	case s == pace.Slack:
		return r.slots.Paused(r.slackPlace(), r.now())
	case s == pace.ReadAWS:
		return r.slots.Paused(r.accountPlace(), r.now())
	}
	return time.Time{}, nil
}

// nextAttempt is when the lease itself may try a service again, and why not before; zero: now, as where a person asks for it.
func (r *leaseRun) nextAttempt(s pace.Service) (time.Time, error) {
	if r.asked {
		return time.Time{}, nil
	}
	return r.attempts.Until(r.key, s, r.lease.Generation, r.now())
}

// retryLater notes a failure, and comes back when the service may be tried again.
func (r *leaseRun) retryLater(s pace.Service, err error) time.Time {
	at := r.attempts.Failed(r.key, s, r.lease.Generation, r.now(), err)
	r.wake(at)
	return at
}

// tell the admins what they should hear of a lease that waits. It never delays anything else.
func (r *leaseRun) tell(ctx context.Context, d lifecycle.Decision) error {
	for range maxActions {
		n, ok := lifecycle.Tell(r.in, d)
		if !ok || r.parked {
			return nil
		}
		if at, _ := r.waits(pace.Slack); !at.IsZero() {
			r.wake(at)
			return nil
		}
		telling := d
		telling.Action = lifecycle.Action{Kind: lifecycle.ActionNotify, Notice: n}
		var err error
		if !r.inSlot(r.slackPlace(), func() { err = r.notify(ctx, telling) }) {
			return nil
		}
		if err := r.record(ctx, d); err != nil {
			return err
		}
		if failure.Is(err, failure.Credentials) {
			return nil
		}
		if err == nil {
			continue
		}
		if failure.Of(err) == nil {
			return err
		}
		at := r.retryLater(pace.Slack, err)
		log.FromContext(ctx).Info("the admins could not be told", "kind", n.Kind, "error", err.Error(), "retryAt", at)
		return nil
	}
	return nil
}
