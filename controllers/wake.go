package controllers

import (
	"context"
	"maps"
	"sync"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// waker is a source through which one controller wakes another. The queue joins repeated requests.
type waker struct {
	mu    sync.Mutex
	queue workqueue.TypedRateLimitingInterface[reconcile.Request]
}

// Start keeps the controller's queue. The controller calls it once.
func (w *waker) Start(_ context.Context, q workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = q
	return nil
}

// wake asks for a reconcile. A request before the controller has started is not lost, because starting reconciles
// everything.
func (w *waker) wake(key types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queue != nil {
		w.queue.Add(reconcile.Request{NamespacedName: key})
	}
}

// SheetConcernsItself passes the changes of a sheet that need a sync: of its spec, and of an annotation, which may be an
// approval.
func SheetConcernsItself() predicate.Predicate {
	return predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{})
}

// SheetConcernsAccounts passes the changes that need another look at the accounts.
func SheetConcernsAccounts() predicate.Predicate { return predicate.GenerationChangedPredicate{} }

// SoonToSheet asks for a sync a moment after a lease changed. When a person or a GitOps tool changes many leases, they
// share one sync.
func SoonToSheet() handler.EventHandler {
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

// LeaseConcernsSheet passes the changes that need a sync: a phase to mark, an end date or mark set on the lease, a
// deleted lease. It drops the sheet controller's own writes.
func LeaseConcernsSheet() predicate.Predicate {
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

// LeaseConcernsItself drops the lease controller's own status writes, because it decides again after each act anyway.
// It passes what the sheet's controller writes into status.
func LeaseConcernsItself() predicate.Predicate {
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
