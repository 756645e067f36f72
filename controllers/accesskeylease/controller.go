// Package accesskeylease drives one lease: load, decide, act, record, and again until there is nothing to do now.
// internal/lifecycle decides; this package acts.
package accesskeylease

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/pace"
	"github.com/keylease/keylease/internal/teardown"
)

// Deps is what the reconciler is given.
type Deps struct {
	Client client.Client
	// Live reads past the cache.
	Live     client.Reader
	Record   *record.Recorder
	Known    *state.Sheets
	Attempts *pace.Attempts
	Slots    *pace.Slots
	Clock    clock.PassiveClock
	Texts    *message.Texts
	// WakeSheet asks for a sync of a sheet.
	WakeSheet func(types.NamespacedName)
}

// Reconciler drives leases.
type Reconciler struct {
	Deps
	users   teardown.UserLocks
	begun   begun
	written ownWrites
	looks   looks
}

// New reconciler.
func New(d Deps) *Reconciler { return &Reconciler{Deps: d} }

// +kubebuilder:rbac:groups=iam.keylease.dev,resources=accesskeyleases,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=iam.keylease.dev,resources=accesskeyleases/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile one lease.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	defer r.Slots.Done(req.NamespacedName)
	lease, err := r.newest(ctx, req.NamespacedName)
	if err != nil {
		if apierrors.IsNotFound(err) {
			r.Attempts.Forget(req.NamespacedName)
			r.written.forget(req.NamespacedName)
			r.looks.forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !lease.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	d := &draft{rec: r.Record, live: r.Live, clock: r.Clock, written: &r.written, looks: &r.looks, lease: lease.DeepCopy(), saved: lease.Status}
	r.looks.recall(d.lease)
	about, in, err := r.load(ctx, d.lease)
	if err != nil {
		return ctrl.Result{}, err
	}
	use := r.services(about, in)
	defer use.release()
	run := &reconciling{
		draft: d, about: about, use: use,
		notices: notifier{draft: d, about: about, use: use, policy: in.Policy, texts: r.Texts, known: r.Known, wakeSheet: r.WakeSheet},
		acts: acts{
			draft: d, about: about, use: use, policy: in.Policy, client: r.Client, known: r.Known, wakeSheet: r.WakeSheet,
			users: &r.users, begun: &r.begun,
		},
	}
	result, err := run.run(ctx, in)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		// Someone changed the lease meanwhile. The watch delivers the newest version, and the next reconcile decides
		// again. Nothing is lost, because intent is recorded before every act.
		return ctrl.Result{RequeueAfter: time.Second}, nil
	}
	return result, err
}

// newest reads the lease from the cache, or from the API server if this process knows that the cache is behind.
func (r *Reconciler) newest(ctx context.Context, key types.NamespacedName) (*v1alpha1.AccessKeyLease, error) {
	lease := &v1alpha1.AccessKeyLease{}
	err := r.Client.Get(ctx, key, lease)
	if err == nil && r.written.aheadOf(lease) {
		err = r.Live.Get(ctx, key, lease)
	}
	return lease, err
}

// loaded is what a reconcile knows beside the lease itself. It does not change.
type loaded struct {
	sheetKey types.NamespacedName
	// sheet of the lease; nil: it does not exist. known is what this process knows of it.
	sheet *v1alpha1.AccessKeySheet
	known state.Sheet
	// wish is the value of the retry annotation, by which a person asks for another attempt at once. Empty: nobody
	// asks, or the attempt was made.
	wish string
}

// load gathers what a decision needs. It reads only the cache.
func (r *Reconciler) load(ctx context.Context, l *v1alpha1.AccessKeyLease) (loaded, lifecycle.Input, error) {
	about := loaded{sheetKey: types.NamespacedName{Namespace: l.Namespace, Name: l.Spec.SheetRef.Name}}
	in := lifecycle.Input{Now: r.Clock.Now(), Lease: l, SettleTime: teardown.SettleTime}
	sheet := &v1alpha1.AccessKeySheet{}
	switch err := r.Client.Get(ctx, about.sheetKey, sheet); {
	case apierrors.IsNotFound(err):
		return about, in, nil
	case err != nil:
		return about, in, err
	}
	policy, err := lifecycle.PolicyOf(sheet.Spec)
	if err != nil {
		// The sheet's own condition says what is wrong.
		log.FromContext(ctx).V(1).Info("sheet's spec is unusable", "error", err.Error())
		return about, in, reconcile.TerminalError(err)
	}
	about.sheet, about.known = sheet, r.Known.Get(about.sheetKey)
	if wish := retryWish(l); wish != l.Status.LastHandledRetry {
		about.wish = wish
	}
	in.Policy, in.Sheet = policy, sheetFacts(about.known, sheet, l)
	if l.Completed() {
		in.Listed = about.known.Accounts.Listed(l.Spec.AccessKeyID)
	}
	in.Retry = about.wish != "" || (lifecycle.Refused(l) && !r.Attempts.Tried(client.ObjectKeyFromObject(l), pace.ReadAWS))
	in.LimitReached, err = r.limitReached(ctx, about, in)
	return about, in, err
}

// sheetFacts are what a decision about a lease takes from its sheet's last syncs.
func sheetFacts(known state.Sheet, sheet *v1alpha1.AccessKeySheet, l *v1alpha1.AccessKeyLease) lifecycle.SheetFacts {
	f := lifecycle.SheetFacts{
		Exists: true, ReadStart: known.Reading.StartFor(l.Spec.AccessKeyID), Applied: known.Reading.Holds(l),
		TokenAsked: known.Reading.TokenAsked, Resumed: known.Reading.Resumed, Foreign: known.Reading.Claimed,
		SlackError: known.SlackTrouble.Message, SlackReason: known.SlackTrouble.Reason,
	}
	if t := sheet.Status.ResumedTime; t != nil && t.After(f.Resumed) {
		f.Resumed = t.Time
	}
	if known.Clients.Slack == nil && known.SlackTrouble.None() {
		f.SlackError = "Slack is not connected yet: see the AccessKeySheet's condition SlackReady"
		f.SlackReason = v1alpha1.ReasonSlackUnavailable
	}
	return f
}

// longestWish is how many bytes of the retry annotation status keeps.
const longestWish = 256

func retryWish(l *v1alpha1.AccessKeyLease) string {
	return lifecycle.Cut(l.Annotations[v1alpha1.AnnotationRetry], longestWish)
}
