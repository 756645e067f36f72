package controllers

import (
	"context"
	"maps"
	"slices"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

const (
	// checkDelay behind dailyAt: the day's deletions have IAM's low rate for themselves.
	checkDelay = time.Hour
	// checkTimeout: a call for each user of an account, at IAM's rate.
	checkTimeout = time.Hour
	// checkRetry after a failure that passes by itself.
	checkRetry = time.Hour
)

// AccountCheck lists once a day the access keys of a sheet's accounts (spec.aws.reportUnleased), in a queue of its own,
// because that takes a call for each user and no sync should wait for it. The sheet's next sync compares them with its
// rows, and tells.
type AccountCheck struct {
	*Deps
	views *views
	// sheetWake asks for a sync of a sheet.
	sheetWake func(types.NamespacedName)
}

func setupAccountCheck(mgr ctrl.Manager, r *AccountCheck) error {
	options := r.options(1)
	options.ReconciliationTimeout = checkTimeout
	return ctrl.NewControllerManagedBy(mgr).Named("accountcheck").
		For(&v1alpha1.AccessKeySheet{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(options).
		Complete(r)
}

// Reconcile makes one sheet's check if it is due.
func (r *AccountCheck) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	sheet := &v1alpha1.AccessKeySheet{}
	if err := r.Client.Get(ctx, req.NamespacedName, sheet); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	policy, err := lifecycle.PolicyOf(sheet.Spec)
	if err != nil {
		return ctrl.Result{}, nil //nolint:nilerr // the sheet's own condition says what is wrong with its spec
	}
	if policy.DryRun || (sheet.Spec.AWS.ReportUnleased != nil && !*sheet.Spec.AWS.ReportUnleased) {
		return ctrl.Result{}, nil // a change of the spec brings it back
	}
	v, _ := r.views.get(req.NamespacedName)
	if v.readStart.IsZero() {
		// Without its rows every key of the account would seem to stand in none.
		return ctrl.Result{RequeueAfter: time.Minute}, nil
	}
	now := r.now()
	last := v.keysTime
	if t := sheet.Status.UnleasedCheckTime; t != nil && t.After(last) {
		last = t.Time
	}
	due := policy.Due(policy.Today(now), 0).Add(checkDelay)
	if due.After(now) {
		due = policy.Due(policy.Today(now), -1).Add(checkDelay)
	}
	next := policy.Due(policy.Today(due), 1).Add(checkDelay).Sub(now)
	if !last.Before(due) && !v.keysAgain {
		return ctrl.Result{RequeueAfter: next}, nil
	}
	keys, err := r.list(ctx, req.NamespacedName, sheet, v)
	again := failure.Is(err, failure.Retry, failure.Uncertain)
	if again {
		next = checkRetry
	}
	if again && len(keys) == 0 {
		return ctrl.Result{RequeueAfter: next}, nil // nobody was heard: the check is still to be made
	}
	r.views.change(req.NamespacedName, func(v view) view {
		v.keys, v.keysTime, v.keysComplete, v.keysAgain = keys, now, err == nil, again
		return v
	})
	r.sheetWake(req.NamespacedName)
	return ctrl.Result{RequeueAfter: next}, nil
}

// list the keys of all accounts of the sheet. One account that cannot be read does not keep the others from being told
// of; the error is its.
func (r *AccountCheck) list(ctx context.Context, key types.NamespacedName, sheet *v1alpha1.AccessKeySheet, v view) ([]lifecycle.AccountKey, error) {
	leases := &v1alpha1.AccessKeyLeaseList{}
	if err := r.Client.List(ctx, leases, client.InNamespace(key.Namespace), client.MatchingFields{indexSheet: key.Name}); err != nil {
		return nil, &failure.Error{Class: failure.Retry, Service: "kubernetes", Operation: "list leases", Code: v1alpha1.ReasonUnavailable, Message: err.Error()}
	}
	accounts := map[string]bool{sheet.Spec.AWS.AccountID: true}
	for _, l := range leases.Items {
		if l.Spec.AccountID != "" {
			accounts[l.Spec.AccountID] = true
		}
	}
	var keys []lifecycle.AccountKey
	var failed error // one that passes, if there is one: it is worth another attempt
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		c, err := v.aws(ctx, account)
		var found []lifecycle.AccountKey
		if err == nil {
			found, err = c.AccountKeys(ctx, sheet.Spec.AWS.UserPathPrefix)
		}
		if err != nil {
			log.FromContext(ctx).Info("the keys of an account cannot be listed", "account", account, "error", err.Error())
			if !failure.Is(failed, failure.Retry, failure.Uncertain) {
				failed = err
			}
			continue
		}
		keys = append(keys, found...)
	}
	return keys, failed
}
