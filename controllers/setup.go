// Package controllers wires the three reconcilers: accesskeysheet mirrors rows into leases and writes marks back;
// accesskeylease decides by internal/lifecycle and does the one thing decided; accountcheck looks once a day for keys in AWS
// that no row names. Only they see both decisions and effects.
package controllers

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/accesskeylease"
	"github.com/keylease/keylease/controllers/accesskeysheet"
	"github.com/keylease/keylease/controllers/accountcheck"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/pace"
)

const (
	// reconcileTimeout ends a reconcile whose service does not answer; everything in it can be done again.
	reconcileTimeout = 5 * time.Minute
	// coalesce is how long a sheet waits for other leases to change too.
	coalesce = time.Second
	// sheetWorkers sync that many sheets at once.
	sheetWorkers = 4
	// writers apply that many leases of a sheet at once.
	writers = 8
	// leaseWorkers are more than a few hanging services can take: see pace.Slots.
	leaseWorkers = 20
)

// Setup registers the reconcilers with the manager.
func Setup(mgr ctrl.Manager, d *Deps) error {
	if err := lookup.Register(context.Background(), mgr.GetFieldIndexer()); err != nil {
		return err
	}
	wakeSheets, wakeLeases := &waker{}, &waker{}
	r := New(d, wakeSheets.wake, wakeLeases.wake)
	err := ctrl.NewControllerManagedBy(mgr).Named("accesskeysheet").
		For(&v1alpha1.AccessKeySheet{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Watches(&v1alpha1.AccessKeyLease{}, soonToSheet(), builder.WithPredicates(leaseConcernsSheet())).
		WatchesRawSource(wakeSheets).
		WithOptions(d.options(sheetWorkers, reconcileTimeout)).
		Complete(r.Sheets)
	if err != nil {
		return fmt.Errorf("accesskeysheet controller: %w", err)
	}
	err = ctrl.NewControllerManagedBy(mgr).Named("accountcheck").
		For(&v1alpha1.AccessKeySheet{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(d.options(1, accountcheck.Timeout)).
		Complete(r.Accounts)
	if err != nil {
		return fmt.Errorf("accountcheck controller: %w", err)
	}
	err = ctrl.NewControllerManagedBy(mgr).Named("accesskeylease").
		For(&v1alpha1.AccessKeyLease{}, builder.WithPredicates(leaseConcernsItself())).
		WatchesRawSource(wakeLeases).
		WithOptions(d.options(cmp.Or(d.Workers, leaseWorkers), reconcileTimeout)).
		Complete(r.Leases)
	if err != nil {
		return fmt.Errorf("accesskeylease controller: %w", err)
	}
	return nil
}

// Reconcilers of the three kinds of work. They need no manager, cache or queue: what wakes one is a function.
type Reconcilers struct {
	Sheets   *accesskeysheet.Reconciler
	Leases   *accesskeylease.Reconciler
	Accounts *accountcheck.Reconciler
}

// New reconcilers that share what this process knows. wakeSheet and wakeLease ask for another reconcile.
func New(d *Deps, wakeSheet, wakeLease func(types.NamespacedName)) Reconcilers {
	if d.Chance == nil {
		d.Chance = rand.Int64N
	}
	known := state.NewSheets()
	attempts := pace.NewAttempts(d.Chance)
	rec := &record.Recorder{Client: d.Client, Live: d.Live, Events: d.Events, Log: d.Audit}
	return Reconcilers{
		Sheets: accesskeysheet.New(accesskeysheet.Deps{
			Client: d.Client, Live: d.Live, Record: rec, Known: known, Attempts: attempts, Clock: d.Clock, Texts: d.Texts,
			Sheets: d.Sheets, Slack: d.Slack, AWS: d.account,
			WakeLease: wakeLease, WakeSheet: wakeSheet, Writers: cmp.Or(d.Writers, writers),
		}),
		Accounts: &accountcheck.Reconciler{Client: d.Client, Record: rec, Known: known, Attempts: attempts, Clock: d.Clock, WakeSheet: wakeSheet},
		Leases: accesskeylease.New(accesskeylease.Deps{
			Client: d.Client, Live: d.Live, Record: rec, Known: known, Attempts: attempts, Slots: pace.NewSlots(wakeLease),
			Clock: d.Clock, Texts: d.Texts, WakeSheet: wakeSheet,
		}),
	}
}

func (d *Deps) options(workers int, timeout time.Duration) controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: workers,
		NewQueue:                d.NewQueue,
		ReconciliationTimeout:   timeout,
		RateLimiter:             pace.QueueLimiter[reconcile.Request](),
	}
}

// soonToSheet asks for a sync a moment after a lease changed: who patches many leases, or a GitOps tool that applies them
// one after the other, gets one batch.
func soonToSheet() handler.EventHandler {
	soon := func(o client.Object, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		if l, ok := o.(*v1alpha1.AccessKeyLease); ok {
			queue.AddAfter(reconcile.Request{NamespacedName: types.NamespacedName{Namespace: l.Namespace, Name: l.Spec.SheetRef.Name}}, coalesce)
		}
	}
	return handler.Funcs{
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			soon(e.ObjectNew, queue)
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			soon(e.Object, queue)
		},
	}
}

// leaseConcernsSheet lets through what a sheet must hear of: a phase to be marked, an end date or mark set here, a lease
// deleted by hand. The sheet's own writes are not among them.
func leaseConcernsSheet() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		DeleteFunc:  func(event.DeleteEvent) bool { return true },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok1 := e.ObjectOld.(*v1alpha1.AccessKeyLease)
			after, ok2 := e.ObjectNew.(*v1alpha1.AccessKeyLease)
			if !ok1 || !ok2 {
				return false
			}
			return before.Status.Phase != after.Status.Phase || before.Generation != after.Generation
		},
	}
}

// leaseConcernsItself keeps a lease's own status writes from waking it: it decides again after each of its acts anyway.
// What the sheet's controller writes into status, it must hear of.
func leaseConcernsItself() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok1 := e.ObjectOld.(*v1alpha1.AccessKeyLease)
			after, ok2 := e.ObjectNew.(*v1alpha1.AccessKeyLease)
			if !ok1 || !ok2 {
				return false
			}
			return before.Generation != after.Generation || !maps.Equal(before.Annotations, after.Annotations) ||
				!equality.Semantic.DeepEqual(record.SheetPart(before.Status), record.SheetPart(after.Status))
		},
	}
}
