package controllers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/pace"
)

const (
	// checkDelay behind dailyAt: the day's deletions have IAM's low rate for themselves.
	checkDelay = time.Hour
	// checkTimeout: a call for each user of an account, at IAM's rate.
	checkTimeout = time.Hour
)

// AccountCheck lists once a day the access keys of a sheet's accounts (spec.aws.reportUnleased), in a queue of its own,
// because that takes a call for each user and no sync should wait for it. The sheet's next sync compares them with its
// rows, and tells.
type AccountCheck struct {
	*Deps
	views    *views
	attempts *pace.Attempts
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
	l := r.list(ctx, req.NamespacedName, sheet, policy, v)
	again := failure.Is(l.failed, failure.Retry, failure.Uncertain)
	if again {
		next = r.attempts.Failed(req.NamespacedName, pace.CheckAccount, 0, now, l.failed).Sub(now)
	}
	if again && len(l.keys) == 0 {
		return ctrl.Result{RequeueAfter: next}, nil // nobody was heard: the check is still to be made
	}
	if l.trouble != (trouble{}) {
		r.tellEvent(sheet, corev1.EventTypeWarning, v1alpha1.EventCheckFailed, v1alpha1.EventCheckFailed, l.trouble.message)
	}
	r.views.change(req.NamespacedName, func(v view) view {
		v.keys, v.keyByID, v.keysTime, v.keysComplete, v.keysAgain, v.keysTrouble = l.keys, byID(l.keys), now, l.failed == nil, again, l.trouble
		return v
	})
	r.sheetWake(req.NamespacedName)
	return ctrl.Result{RequeueAfter: next}, nil
}

func byID(keys []lifecycle.AccountKey) map[string]*lifecycle.AccountKey {
	out := make(map[string]*lifecycle.AccountKey, len(keys))
	for i := range keys {
		out[keys[i].AccessKeyID] = &keys[i]
	}
	return out
}

// listing is what one check found.
type listing struct {
	keys []lifecycle.AccountKey
	// failed is why it is not all; of several reasons one that passes, because it is worth another attempt.
	failed error
	// trouble of the check alone, which people must mend. What is wrong with the credentials is the sheet's AWSReady.
	trouble trouble
}

// list the keys of all accounts of the sheet. One account that cannot be read does not keep the others from being told
// of.
func (r *AccountCheck) list(ctx context.Context, key types.NamespacedName, sheet *v1alpha1.AccessKeySheet, policy lifecycle.Policy, v view) (l listing) {
	leases := &v1alpha1.AccessKeyLeaseList{}
	if err := r.Client.List(ctx, leases, client.InNamespace(key.Namespace), client.MatchingFields{indexSheet: key.Name}); err != nil {
		l.failed = &failure.Error{Class: failure.Retry, Service: "kubernetes", Operation: "list leases", Code: v1alpha1.ReasonUnavailable, Message: err.Error()}
		return l
	}
	accounts := map[string]bool{sheet.Spec.AWS.AccountID: true}
	for _, lease := range leases.Items {
		if lease.Spec.AccountID != "" {
			accounts[lease.Spec.AccountID] = true
		}
	}
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		c, err := v.aws(ctx, account)
		refused := err != nil
		var found []lifecycle.AccountKey
		if err == nil {
			found, err = c.AccountKeys(ctx, policy.PathPrefix)
			refused = failure.Is(err, failure.Credentials)
		}
		if err == nil {
			l.keys = append(l.keys, found...)
			continue
		}
		log.FromContext(ctx).Info("the keys of an account cannot be listed", "account", account, "error", err.Error())
		passes := failure.Is(err, failure.Retry, failure.Uncertain)
		switch {
		case passes:
		case refused:
			r.views.setAWSTrouble(key, account, awsTrouble(err, sheet.Spec.AWS.RoleARN))
		case l.trouble == (trouble{}):
			l.trouble = checkTrouble(account, err)
		}
		if l.failed == nil || passes {
			l.failed = err
		}
	}
	return l
}

// checkTrouble is what people read of a check that fails until they mend something.
func checkTrouble(account string, err error) trouble {
	reason := v1alpha1.EventCheckFailed
	if f := failure.Of(err); f != nil {
		reason = f.Code
	}
	return trouble{reason, fmt.Sprintf("the access keys of account %s cannot be listed: %s", account, err)}
}
