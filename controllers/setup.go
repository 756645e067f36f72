// Package controllers holds the three reconcilers. The sheet's mirrors rows into leases and writes marks back; the lease's
// decides by internal/lifecycle and does the one thing decided; the account check looks once a day for keys in AWS that no
// row names. Only this package sees both decisions and effects.
package controllers

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/pace"
	"github.com/keylease/keylease/internal/teardown"
)

const (
	indexSheet   = "spec.sheetRef.name"
	indexAccount = "spec.accountID"
	indexKey     = "spec.accessKeyID"
	// reconcileTimeout ends a reconcile whose service does not answer; everything in it can be done again.
	reconcileTimeout = 5 * time.Minute
	// coalesce is how long a sheet waits for other leases to change too.
	coalesce = time.Second
	// defaultWorkers are more than a few hanging services can take: see pace.Slots.
	defaultWorkers = 20
)

// Setup registers the reconcilers with the manager.
func Setup(mgr ctrl.Manager, d *Deps) error {
	for field, of := range map[string]func(*v1alpha1.AccessKeyLease) string{
		indexSheet:   func(l *v1alpha1.AccessKeyLease) string { return l.Spec.SheetRef.Name },
		indexAccount: func(l *v1alpha1.AccessKeyLease) string { return l.Spec.AccountID },
		indexKey:     func(l *v1alpha1.AccessKeyLease) string { return l.Spec.AccessKeyID },
	} {
		index := func(o client.Object) []string { return []string{of(o.(*v1alpha1.AccessKeyLease))} } //nolint:forcetypeassert // the indexer is registered for leases
		if err := mgr.GetFieldIndexer().IndexField(context.Background(), &v1alpha1.AccessKeyLease{}, field, index); err != nil {
			return fmt.Errorf("index %s: %w", field, err)
		}
	}
	shared, wakeSheets, wakeLeases := newViews(), &waker{}, &waker{}
	attempts := pace.NewAttempts(rand.Int64N)
	sheets := &SheetReconciler{Deps: d, views: shared, attempts: attempts, leaseWake: wakeLeases.wake, sheetWake: wakeSheets.wake}
	leases := &LeaseReconciler{
		Deps: d, views: shared, sheetWake: wakeSheets.wake,
		attempts: attempts, slots: pace.NewSlots(wakeLeases.wake), users: &teardown.UserLocks{}, breaker: newBreaker(),
		written: newOwnWrites(),
	}
	err := ctrl.NewControllerManagedBy(mgr).Named("accesskeysheet").
		For(&v1alpha1.AccessKeySheet{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Watches(&v1alpha1.AccessKeyLease{}, soonToSheet(), builder.WithPredicates(leaseConcernsSheet())).
		WatchesRawSource(wakeSheets).
		WithOptions(d.options(4)).
		Complete(sheets)
	if err != nil {
		return fmt.Errorf("accesskeysheet controller: %w", err)
	}
	if err := setupAccountCheck(mgr, &AccountCheck{Deps: d, views: shared, attempts: attempts, sheetWake: wakeSheets.wake}); err != nil {
		return err
	}
	workers := d.Workers
	if workers == 0 {
		workers = defaultWorkers
	}
	err = ctrl.NewControllerManagedBy(mgr).Named("accesskeylease").
		For(&v1alpha1.AccessKeyLease{}, builder.WithPredicates(leaseConcernsItself())).
		WatchesRawSource(wakeLeases).
		WithOptions(d.options(workers)).
		Complete(leases)
	if err != nil {
		return fmt.Errorf("accesskeylease controller: %w", err)
	}
	return nil
}

func (d *Deps) options(workers int) controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: workers,
		NewQueue:                d.NewQueue,
		ReconciliationTimeout:   reconcileTimeout,
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
			return before.Generation != after.Generation || !sameSheetStatus(before, after) || !sameAnnotations(before, after)
		},
	}
}
