// Package accountcheck lists the access keys of a sheet's accounts once a day (spec.aws.reportUnleased). It has a queue
// of its own, because it makes one call for each user, and no sync should wait for that. The sheet's next sync compares
// the keys with its rows and tells the admins.
package accountcheck

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/pace"
)

const (
	// delay after dailyAt: the day's deletions use IAM's low rate first.
	delay = time.Hour
	// Timeout of a check: one call for each user of an account, at IAM's rate.
	Timeout = time.Hour
)

// Reconciler checks the accounts of a sheet.
type Reconciler struct {
	Client   client.Client
	Record   *record.Recorder
	Known    *state.Sheets
	Attempts *pace.Attempts
	Clock    clock.PassiveClock
	// WakeSheet asks for a sync of a sheet.
	WakeSheet func(types.NamespacedName)
}

// Reconcile makes one sheet's check if it is due.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	sheet := &v1alpha1.AccessKeySheet{}
	if err := r.Client.Get(ctx, req.NamespacedName, sheet); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	policy, err := lifecycle.PolicyOf(sheet.Spec)
	if err != nil {
		return ctrl.Result{}, nil //nolint:nilerr // the sheet's own condition says what is wrong with its spec
	}
	if policy.DryRun || (sheet.Spec.AWS.ReportUnleased != nil && !*sheet.Spec.AWS.ReportUnleased) {
		return ctrl.Result{}, nil // a change of the spec wakes it
	}
	known := r.Known.Get(req.NamespacedName)
	if known.Reading.Start.IsZero() {
		// Without the rows, every key of the account would seem to be on none.
		return ctrl.Result{RequeueAfter: time.Minute}, nil
	}
	now := r.Clock.Now()
	due, next := moments(policy, now)
	if !lastCheck(sheet, known.Accounts).Before(due) && !known.Accounts.Again {
		return ctrl.Result{RequeueAfter: next}, nil
	}
	l, err := r.list(ctx, req.NamespacedName, sheet, policy, known.Clients.AWS)
	if err != nil {
		return ctrl.Result{}, err
	}
	again := failure.Is(l.failed, failure.Retry, failure.Uncertain)
	if again {
		next = r.Attempts.Failed(req.NamespacedName, pace.CheckAccount, 0, now, l.failed).Sub(now)
	}
	if again && len(l.keys) == 0 {
		return ctrl.Result{RequeueAfter: next}, nil // no account answered: the check must still be made
	}
	if !l.trouble.None() {
		r.Record.Event(sheet, record.Warning, v1alpha1.EventCheckFailed, v1alpha1.EventCheckFailed, l.trouble.Message)
	}
	r.Known.SetAccounts(req.NamespacedName, state.Accounts{Time: now, Keys: l.keys, Complete: l.failed == nil, Again: again, Trouble: l.trouble})
	r.WakeSheet(req.NamespacedName)
	return ctrl.Result{RequeueAfter: next}, nil
}

// moments gives when the last check became due, and the time until the next.
func moments(p lifecycle.Policy, now time.Time) (due time.Time, next time.Duration) {
	due = p.Due(p.Today(now), 0).Add(delay)
	if due.After(now) {
		due = p.Due(p.Today(now), -1).Add(delay)
	}
	return due, p.Due(p.Today(due), 1).Add(delay).Sub(now)
}

func lastCheck(sheet *v1alpha1.AccessKeySheet, found state.Accounts) time.Time {
	if t := sheet.Status.UnleasedCheckTime; t != nil && t.After(found.Time) {
		return t.Time
	}
	return found.Time
}

// listing is what one check found.
type listing struct {
	keys []lifecycle.AccountKey
	// failed is why the list is incomplete. Of several errors it is one that passes, because that is worth a retry.
	failed error
	// trouble is what people must fix for the check to work. Bad credentials are not in it: the sheet's AWSReady shows
	// them.
	trouble state.Trouble
}

// list lists the keys of all accounts of the sheet. If one account cannot be read, the others are still listed. It
// returns only errors of the API server.
func (r *Reconciler) list(ctx context.Context, key types.NamespacedName, sheet *v1alpha1.AccessKeySheet, policy lifecycle.Policy, connect state.ConnectAWS) (l listing, err error) {
	leases, err := lookup.OfSheet(ctx, r.Client, key)
	if err != nil {
		return l, fmt.Errorf("leases of AccessKeySheet %s: %w", key, err)
	}
	accounts := map[string]bool{sheet.Spec.AWS.AccountID: true}
	for _, lease := range leases {
		if lease.Spec.AccountID != "" {
			accounts[lease.Spec.AccountID] = true
		}
	}
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		var found []lifecycle.AccountKey
		c, err := connect(ctx, account)
		refused := err != nil
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
			r.Known.SetAWSTrouble(key, account, state.AWSTrouble(err, sheet.Spec.AWS.RoleARN))
		case l.trouble.None():
			l.trouble = checkTrouble(account, err)
		}
		if l.failed == nil || passes {
			l.failed = err
		}
	}
	return l, nil
}

// checkTrouble says what people must fix so that the check works again.
func checkTrouble(account string, err error) state.Trouble {
	reason := v1alpha1.EventCheckFailed
	if f := failure.Of(err); f != nil {
		reason = f.Code
	}
	return state.Trouble{Reason: reason, Message: fmt.Sprintf("the access keys of account %s cannot be listed: %s", account, err)}
}
