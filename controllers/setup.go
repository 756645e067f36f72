// Package controllers wires the three reconcilers. accesskeysheet mirrors rows into leases and writes marks back.
// accesskeylease does what internal/lifecycle decides. accountcheck looks once a day for keys in AWS that no row names.
// Only they see both decisions and effects.
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
	// reconcileTimeout ends a reconcile whose service does not answer. Every step of it can be done again.
	reconcileTimeout = 5 * time.Minute
	// coalesce is how long a sheet waits for further leases to change.
	coalesce = time.Second
	// sheetWorkers is how many sheets are synced at once.
	sheetWorkers = 4
	// writers is how many leases of a sheet are applied at once.
	writers = 8
	// leaseWorkers is how many leases are reconciled at once: more than a few hanging services can block (see
	// pace.Slots).
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

// Reconcilers of the three kinds of work. They need no manager, cache or queue: a function wakes them.
type Reconcilers struct {
	Sheets   *accesskeysheet.Reconciler
	Leases   *accesskeylease.Reconciler
	Accounts *accountcheck.Reconciler
}

// New makes reconcilers that share what this process knows. wakeSheet and wakeLease ask for another reconcile.
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

// soonToSheet asks for a sync a moment after a lease changed. When a person or a GitOps tool changes many leases, they
// share one sync.
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

// leaseConcernsSheet passes the changes that need a sync: a phase to mark, an end date or mark set on the lease, a
// deleted lease. It drops the sheet controller's own writes.
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

// leaseConcernsItself drops the lease controller's own status writes, because it decides again after each act anyway.
// It passes what the sheet's controller writes into status.
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
