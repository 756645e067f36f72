package accesskeylease

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/pace"
)

// maxActions in one reconcile. A lease needs at most an observation, a notice and a change. More than that is a loop,
// and waits for the next reconcile.
const maxActions = 6

// reconciling is one reconcile: what it is about, and the structs that act.
type reconciling struct {
	draft   *draft
	about   loaded
	use     *services
	notices notifier
	acts    acts
	// failed is the error of this reconcile's act, shown in Stalled or Reconciling.
	failed error
	// planned: this reconcile worked out a plan, or tried to.
	planned bool
}

// acted is the result of one act.
type acted struct {
	// in is the input of the next decision.
	in lifecycle.Input
	// again: decide again at once.
	again bool
	err   error
}

// run decides and acts until there is nothing to do now, and then tells the admins why the lease waits. It returns only
// errors of the API server. Errors of services are recorded and retried.
func (r *reconciling) run(ctx context.Context, in lifecycle.Input) (ctrl.Result, error) {
	in, d, err := r.act(ctx, in)
	if err == nil {
		err = r.tell(ctx, in, d)
	}
	if err != nil {
		return ctrl.Result{}, err
	}
	return r.result(in, d), nil
}

func (r *reconciling) act(ctx context.Context, in lifecycle.Input) (lifecycle.Input, lifecycle.Decision, error) {
	d := lifecycle.Decide(in)
	for range maxActions {
		// Every act first saves its intent, and this decision with it, in one write. After a notice, the outcome is
		// saved together with the next decision.
		r.decided(in, d)
		told := d.Action.Kind == lifecycle.ActionNotify
		act := r.step(ctx, in, d)
		in = act.in
		failed := act.err != nil
		if failed {
			if in, act.err = r.afterError(ctx, in, d, act.err); act.err != nil {
				return in, d, act.err
			}
		}
		in.Now = r.draft.now()
		d = lifecycle.Decide(in)
		switch {
		case r.use.parked && !failed && in.AWS == nil && in.AWSError == "" && r.draft.saved.Phase == d.Phase:
			return in, d, nil // nothing new is known, and a free slot wakes the lease soon
		case !act.again || failed:
			return in, d, r.finish(ctx, in, d)
		case told:
			if err := r.record(ctx, in, d); err != nil {
				return in, d, err
			}
		}
	}
	return in, d, r.finish(ctx, in, d)
}

// step does the one thing decided, if its service may be used now.
func (r *reconciling) step(ctx context.Context, in lifecycle.Input, d lifecycle.Decision) acted {
	out := acted{in: in}
	if r.planDue(d) {
		if !r.use.withSlot(r.use.account, func() { out.in = r.acts.plan(ctx, in) }) {
			return out
		}
		r.planned = true
		if d.Action.Kind == lifecycle.ActionNone {
			out.again = true
			return out
		}
	}
	switch d.Action.Kind {
	case lifecycle.ActionNone:
	case lifecycle.ActionComplete:
		out.again, out.err = true, r.acts.complete(ctx, d.Action.Reason)
	case lifecycle.ActionNotify:
		if r.use.waits(pace.Slack) {
			break
		}
		r.use.withSlot(r.use.slack, func() {
			out.again, out.err = true, r.notices.notify(ctx, d)
			r.use.answered(r.use.slack, out.err)
		})
	default:
		out = r.stepAWS(ctx, out, d)
	}
	return out
}

func (r *reconciling) stepAWS(ctx context.Context, out acted, d lifecycle.Decision) acted {
	if r.use.waits(pace.ChangeAWS) {
		return out // AWS's answer could not be used before that
	}
	if at, why := r.use.until(pace.ReadAWS); !at.IsZero() {
		r.use.wake(at)
		out.in.AWSError, out.in.AWSReason = why.Error(), v1alpha1.ReasonAWSUnavailable
		out.again = d.Action.Kind == lifecycle.ActionObserve // notices are sent even if AWS cannot be asked
		return out
	}
	r.use.withSlot(r.use.account, func() {
		if d.Action.Kind == lifecycle.ActionObserve {
			out.in, out.again = r.acts.observe(ctx, out.in), true
			return
		}
		out = r.acts.change(ctx, out.in, d)
		r.use.answered(r.use.account, out.err)
	})
	return out
}

// afterError records why an action failed, and when it is retried. It returns only errors of the API server.
func (r *reconciling) afterError(ctx context.Context, in lifecycle.Input, d lifecycle.Decision, err error) (lifecycle.Input, error) {
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return in, err
	}
	l := r.draft.lease
	metrics.ActionFailed(l.Namespace, l.Spec.SheetRef.Name, string(d.Action.Kind))
	service := pace.ChangeAWS
	if d.Action.Kind == lifecycle.ActionNotify {
		service = pace.Slack
		if failure.Is(err, failure.Credentials) {
			// It concerns the whole sheet: the sheet shows it, and wakes the leases when it is fixed.
			in.Sheet.SlackError = err.Error()
			return in, nil
		}
	}
	r.failed = err
	at := r.use.retryLater(service, err)
	log.FromContext(ctx).Info("action failed", "action", d.Action.Kind, "error", err.Error(), "retryAt", at)
	return in, nil
}

// tell tells the admins why a lease waits. It delays nothing else.
func (r *reconciling) tell(ctx context.Context, in lifecycle.Input, d lifecycle.Decision) error {
	for range maxActions {
		n, ok := lifecycle.Tell(in, d)
		if !ok || r.use.parked || r.use.waits(pace.Slack) {
			return nil
		}
		telling := d
		telling.Action = lifecycle.Action{Kind: lifecycle.ActionNotify, Notice: n}
		var err error
		if !r.use.withSlot(r.use.slack, func() { err = r.notices.notify(ctx, telling) }) {
			return nil
		}
		if err := r.record(ctx, in, d); err != nil {
			return err
		}
		switch {
		case err == nil:
			continue
		case failure.Is(err, failure.Credentials):
			return nil
		case failure.Of(err) == nil:
			return err
		}
		at := r.use.retryLater(pace.Slack, err)
		log.FromContext(ctx).Info("the admins could not be told", "kind", n.Kind, "error", err.Error(), "retryAt", at)
		return nil
	}
	return nil
}

// decided puts a decision into the lease's status, in memory.
func (r *reconciling) decided(in lifecycle.Input, d lifecycle.Decision) {
	in.Now = r.draft.now()
	r.draft.lease.Status = lifecycle.NextStatus(in, d, r.use.failures(r.failed))
}

// record writes what was decided, if anything differs. An unchanged lease costs no write, and neither does a look at AWS
// that showed nothing new.
func (r *reconciling) record(ctx context.Context, in lifecycle.Input, d lifecycle.Decision) error {
	r.decided(in, d)
	if lifecycle.OnlyLooked(record.LeasePart(r.draft.saved), record.LeasePart(r.draft.lease.Status)) {
		r.draft.looks.note(r.draft.lease)
		return nil
	}
	return r.draft.save(ctx)
}

// finish records the result of this reconcile, and that the attempt a person asked for was made.
func (r *reconciling) finish(ctx context.Context, in lifecycle.Input, d lifecycle.Decision) error {
	if r.about.wish != "" && !r.use.parked {
		r.draft.lease.Status.LastHandledRetry = r.about.wish
	}
	return r.record(ctx, in, d)
}

// result says when to come back.
func (r *reconciling) result(in lifecycle.Input, d lifecycle.Decision) ctrl.Result {
	at := r.use.wakeAt
	for _, t := range []time.Time{d.Next, d.Again} {
		if t.After(in.Now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if d.Blocked != nil && d.Blocked.Reason == v1alpha1.ReasonWaiting && r.about.sheet != nil {
		r.acts.wakeSheet(r.about.sheetKey) // the lease waits only for a fresh reading
	}
	if at.IsZero() {
		return ctrl.Result{}
	}
	// One millisecond later: a timer that fires too early would find nothing due.
	return ctrl.Result{RequeueAfter: max(at.Sub(r.draft.now()), 0) + time.Millisecond}
}
