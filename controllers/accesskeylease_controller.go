package controllers

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/pace"
	"github.com/keylease/keylease/internal/teardown"
)

// maxActions in one reconcile. A lease needs at most an observation, a notice and a deed; whatever asks for more is a
// loop, and waits for its next reconcile.
const maxActions = 6

// LeaseReconciler drives one lease: load, decide, do the one thing decided, record, decide again.
type LeaseReconciler struct {
	*Deps
	known *state.Sheets
	rec   *record.Recorder
	// sheetWake asks for a sync of a sheet.
	sheetWake func(types.NamespacedName)
	attempts  *pace.Attempts
	slots     *pace.Slots
	users     *teardown.UserLocks
	begun     *begun
	written   *ownWrites
}

// +kubebuilder:rbac:groups=iam.keylease.dev,resources=accesskeyleases,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=iam.keylease.dev,resources=accesskeyleases/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile one lease.
func (r *LeaseReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	defer r.slots.Done(req.NamespacedName)
	lease, err := r.newest(ctx, req.NamespacedName)
	if err != nil {
		if apierrors.IsNotFound(err) {
			r.attempts.Forget(req.NamespacedName)
			r.written.forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !lease.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	run := &leaseRun{LeaseReconciler: r, lease: lease.DeepCopy(), saved: lease.Status, key: req.NamespacedName}
	defer run.releaseSlots()
	if err := run.load(ctx); err != nil {
		return ctrl.Result{}, err
	}
	result, err := run.loop(ctx)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		// Somebody changed the lease meanwhile: the watch brings the newest, and it is decided again. Nothing was lost,
		// because intent is recorded before every deed.
		return ctrl.Result{RequeueAfter: time.Second}, nil
	}
	return result, err
}

// newest is the lease as the cache has it, or, where this process knows that the cache is behind, as the API server has it.
func (r *LeaseReconciler) newest(ctx context.Context, key types.NamespacedName) (*v1alpha1.AccessKeyLease, error) {
	lease := &v1alpha1.AccessKeyLease{}
	err := r.Client.Get(ctx, key, lease)
	if err == nil && r.written.aheadOf(lease) {
		err = r.Live.Get(ctx, key, lease)
	}
	return lease, err
}

// leaseRun is one reconcile of one lease.
type leaseRun struct {
	*LeaseReconciler
	key   types.NamespacedName
	lease *v1alpha1.AccessKeyLease
	// saved is the status as the API has it.
	saved v1alpha1.AccessKeyLeaseStatus
	sheet *v1alpha1.AccessKeySheet
	view  state.Sheet
	// in is what decisions rest on; actions add to it.
	in lifecycle.Input
	// asked: a person asked by annotation for another attempt at once, and it was not made yet.
	asked bool
	// failed is the error of this run's action, told in Stalled or Reconciling.
	failed error
	// planned: this run worked out a plan, or tried to.
	planned bool
	// parked: the lease waits for a slot, and is woken when it is offered one.
	parked bool
	// releases give back the slots that this reconcile took, by place.
	releases map[string]func()
	// wakeAt asks for another reconcile, for a retry or a verification.
	wakeAt time.Time
}

// load gathers what a decision needs. It makes no call beyond the cache.
func (r *leaseRun) load(ctx context.Context) error {
	r.in = lifecycle.Input{Now: r.now(), Lease: r.lease, SettleTime: teardown.SettleTime}
	sheetKey := r.sheetKey()
	sheet := &v1alpha1.AccessKeySheet{}
	switch err := r.Client.Get(ctx, sheetKey, sheet); {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return err
	}
	r.sheet = sheet
	policy, err := lifecycle.PolicyOf(sheet.Spec)
	if err != nil {
		// The sheet's own condition says what is wrong with it.
		log.FromContext(ctx).V(1).Info("sheet's spec is unusable", "error", err.Error())
		return reconcile.TerminalError(err)
	}
	r.view = r.known.Get(sheetKey)
	r.in.Policy = policy
	if r.lease.Completed() {
		r.in.Listed = r.view.Accounts.Listed(r.lease.Spec.AccessKeyID)
	}
	r.in.Sheet = sheetFacts(r.view, sheet, r.lease.Spec.AccessKeyID)
	wish := retryWish(r.lease)
	r.asked = wish != "" && wish != r.lease.Status.LastHandledRetry
	r.in.Retry = r.asked || (lifecycle.Refused(r.lease) && !r.attempts.Tried(r.key, pace.ReadAWS))
	r.in.LimitReached, err = r.limitReached(ctx)
	return err
}

// sheetFacts are what decisions about one of the sheet's keys take from its last syncs.
func sheetFacts(v state.Sheet, sheet *v1alpha1.AccessKeySheet, accessKeyID string) lifecycle.SheetFacts {
	f := lifecycle.SheetFacts{
		Exists: true, ReadStart: v.Reading.AppliedTo(accessKeyID), Resumed: v.Reading.Resumed, Foreign: v.Reading.Claimed,
		SlackError: v.SlackTrouble.Message, SlackReason: v.SlackTrouble.Reason,
	}
	if t := sheet.Status.ResumedTime; t != nil && t.After(f.Resumed) {
		f.Resumed = t.Time
	}
	if v.Clients.Slack == nil && v.SlackTrouble.None() {
		f.SlackError = "Slack is not connected yet: see the AccessKeySheet's condition SlackReady"
		f.SlackReason = v1alpha1.ReasonSlackUnavailable
	}
	return f
}

func (r *leaseRun) sheetKey() types.NamespacedName {
	return types.NamespacedName{Namespace: r.key.Namespace, Name: r.lease.Spec.SheetRef.Name}
}

// loop decides and acts until there is nothing to do now, and tells the admins what they should hear of it.
func (r *leaseRun) loop(ctx context.Context) (ctrl.Result, error) {
	d, err := r.run(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	if err := r.tell(ctx, d); err != nil {
		return ctrl.Result{}, err
	}
	return r.result(d), nil
}

// run decides and acts. Its error is the API server's; what a service answers is recorded and tried again.
func (r *leaseRun) run(ctx context.Context) (lifecycle.Decision, error) {
	d := lifecycle.Decide(r.in)
	for range maxActions {
		// Every deed begins by saving its intent, and with that what led to it: one write for both. What was told is saved
		// with what follows from it.
		r.decided(d)
		told := d.Action.Kind == lifecycle.ActionNotify
		again, err := r.step(ctx, d)
		if err != nil {
			if err := r.afterError(ctx, d, err); err != nil {
				return d, err
			}
		}
		r.in.Lease, r.in.Now = r.lease, r.now()
		d = lifecycle.Decide(r.in)
		switch {
		case r.parked && err == nil && r.learnedNothing() && r.saved.Phase == d.Phase:
			return d, nil // it is back in a moment
		case !again || err != nil:
			return d, r.finish(ctx, d)
		case told:
			if err := r.record(ctx, d); err != nil {
				return d, err
			}
		}
	}
	return d, r.finish(ctx, d)
}

// finish records what the acts of this reconcile came to, and that the attempt that a person asked for was made.
func (r *leaseRun) finish(ctx context.Context, d lifecycle.Decision) error {
	if r.asked && !r.parked {
		r.lease.Status.LastHandledRetry = retryWish(r.lease)
	}
	return r.record(ctx, d)
}

// longestWish that status keeps of what stands in the retry annotation.
const longestWish = 256

func retryWish(l *v1alpha1.AccessKeyLease) string {
	return lifecycle.Cut(l.Annotations[v1alpha1.AnnotationRetry], longestWish)
}

// learnedNothing: AWS was not asked in this reconcile.
func (r *leaseRun) learnedNothing() bool { return r.in.AWS == nil && r.in.AWSError == "" }

// record writes what was decided, if anything differs. An unchanged lease costs no write.
func (r *leaseRun) record(ctx context.Context, d lifecycle.Decision) error {
	r.decided(d)
	if equality.Semantic.DeepEqual(record.LeasePart(r.saved), record.LeasePart(r.lease.Status)) {
		return nil
	}
	return r.save(ctx)
}

// result is when to come back.
func (r *leaseRun) result(d lifecycle.Decision) ctrl.Result {
	at := r.wakeAt
	for _, t := range []time.Time{d.Next, d.Again} {
		if t.After(r.in.Now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if d.Blocked != nil && d.Blocked.Reason == v1alpha1.ReasonWaiting && r.sheet != nil {
		r.sheetWake(r.sheetKey())
	}
	if at.IsZero() {
		return ctrl.Result{}
	}
	// A moment later than the moment: a timer that fires a hair early would find nothing due.
	return ctrl.Result{RequeueAfter: max(at.Sub(r.now()), 0) + time.Millisecond}
}

// wake the lease at a moment, or earlier where something else asks for it.
func (r *leaseRun) wake(at time.Time) {
	if r.wakeAt.IsZero() || at.Before(r.wakeAt) {
		r.wakeAt = at
	}
}

// afterError records why an action failed, and when it is tried again. What it gives back is the API server's own error.
func (r *leaseRun) afterError(ctx context.Context, d lifecycle.Decision, err error) error {
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return err
	}
	metrics.ActionFailed(r.lease.Namespace, r.lease.Spec.SheetRef.Name, string(d.Action.Kind))
	if d.Action.Kind == lifecycle.ActionNotify && failure.Is(err, failure.Credentials) {
		// It concerns everybody: the sheet says so, and wakes the leases when it is mended.
		r.in.Sheet.SlackError = err.Error()
		return nil
	}
	r.failed = err
	at := r.retryLater(serviceOf(d.Action.Kind), err)
	log.FromContext(ctx).Info("action failed", "action", d.Action.Kind, "error", err.Error(), "retryAt", at)
	return nil
}
