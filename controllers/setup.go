// Package controllers wires the three reconcilers. accesskeysheet mirrors rows into leases and writes marks back.
// accesskeylease does what internal/lifecycle decides. accountcheck looks once a day for keys in AWS that no row names.
// Only they see both decisions and effects.
package controllers

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/controller"
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
		For(&v1alpha1.AccessKeySheet{}, builder.WithPredicates(SheetConcernsItself())).
		Watches(&v1alpha1.AccessKeyLease{}, SoonToSheet(), builder.WithPredicates(LeaseConcernsSheet())).
		WatchesRawSource(wakeSheets).
		WithOptions(d.options(sheetWorkers, reconcileTimeout)).
		Complete(r.Sheets)
	if err != nil {
		return fmt.Errorf("accesskeysheet controller: %w", err)
	}
	err = ctrl.NewControllerManagedBy(mgr).Named("accountcheck").
		For(&v1alpha1.AccessKeySheet{}, builder.WithPredicates(SheetConcernsAccounts())).
		WithOptions(d.options(1, accountcheck.Timeout)).
		Complete(r.Accounts)
	if err != nil {
		return fmt.Errorf("accountcheck controller: %w", err)
	}
	err = ctrl.NewControllerManagedBy(mgr).Named("accesskeylease").
		For(&v1alpha1.AccessKeyLease{}, builder.WithPredicates(LeaseConcernsItself())).
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
