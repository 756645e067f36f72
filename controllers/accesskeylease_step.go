package controllers

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

func serviceOf(kind lifecycle.ActionKind) service {
	switch kind {
	case lifecycle.ActionNotify:
		return serviceSlack
	case lifecycle.ActionObserve:
		return serviceReading
	}
	return serviceAWS
}

// step does the one thing decided, if its service may be used now. again: decide again at once.
func (r *leaseRun) step(ctx context.Context, d lifecycle.Decision) (again bool, err error) {
	if r.planDue(d) {
		if !r.inTurn(r.accountPlace(), func() { r.plan(ctx) }) {
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
		if at, _ := r.waits(serviceSlack); !at.IsZero() {
			r.wake(at)
			return false, nil
		}
		r.inTurn(r.slackPlace(), func() {
			again, err = true, r.notify(ctx, d)
			r.turns.note(r.slackPlace(), r.now(), err)
		})
		return again, err
	}
	if at, _ := r.waits(serviceAWS); !at.IsZero() {
		// What comes of asking AWS could not be acted upon.
		r.wake(at)
		return false, nil
	}
	if at, why := r.waits(serviceReading); !at.IsZero() {
		r.wake(at)
		r.in.AWSError, r.in.AWSReason = why.Error(), v1alpha1.ReasonAWSUnavailable
		return d.Action.Kind == lifecycle.ActionObserve, nil // notices go out although AWS cannot be asked
	}
	r.inTurn(r.accountPlace(), func() {
		if d.Action.Kind == lifecycle.ActionObserve {
			r.observe(ctx)
			again = true
			return
		}
		again, err = r.changeAWS(ctx, d)
		r.turns.note(r.accountPlace(), r.now(), err)
	})
	return again, err
}

// inTurn does something at a place where few leases may be at once. false: the lease is woken when it is its turn. The turn
// is kept until the reconcile ends: who gave it up after looking would find that all others look first, and never act.
func (r *leaseRun) inTurn(place string, do func()) bool {
	if r.turnAt[place] == nil {
		release, ok := r.turns.take(place, r.key)
		if !ok {
			r.parked = true
			return false
		}
		if r.turnAt == nil {
			r.turnAt = map[string]func(){}
		}
		r.turnAt[place] = release
	}
	do()
	return true
}

func (r *leaseRun) endTurns() {
	for _, release := range r.turnAt {
		release()
	}
}

func (r *leaseRun) accountPlace() string {
	return "aws/" + r.sheet.Spec.AWS.Partition + "/" + r.target().AccountID
}

func (r *leaseRun) slackPlace() string { return "slack/" + r.sheetKey().String() }

// waits tells until when a service is to be left alone, because of this lease or of the place, and why.
func (r *leaseRun) waits(s service) (time.Time, error) {
	at, why := r.backoff.until(r.key, s, r.lease, r.now())
	switch {
	case !at.IsZero():
		return at, why
	case s == serviceSlack:
		return r.turns.closed(r.slackPlace(), r.now())
	case s == serviceReading:
		return r.turns.closed(r.accountPlace(), r.now())
	}
	return time.Time{}, nil
}

// tell the admins what they should hear of a lease that waits. It never delays anything else.
func (r *leaseRun) tell(ctx context.Context, d lifecycle.Decision) error {
	for range maxActions {
		n, ok := lifecycle.Tell(r.in, d)
		if !ok || r.parked {
			return nil
		}
		if at, _ := r.waits(serviceSlack); !at.IsZero() {
			r.wake(at)
			return nil
		}
		telling := d
		telling.Action = lifecycle.Action{Kind: lifecycle.ActionNotify, Notice: n}
		var err error
		if !r.inTurn(r.slackPlace(), func() { err = r.notify(ctx, telling) }) {
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
		at := r.backoff.failed(r.key, serviceSlack, r.lease, r.now(), err)
		r.wake(at)
		log.FromContext(ctx).Info("the admins could not be told", "kind", n.Kind, "error", err.Error(), "retryAt", at)
		return nil
	}
	return nil
}
