package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/pace"
	"github.com/keylease/keylease/internal/teardown"
)

func (r *leaseRun) account(ctx context.Context) (state.AWS, error) {
	if r.view.Clients.AWS == nil {
		return nil, &failure.Error{Class: failure.Retry, Service: "aws", Operation: "connect", Code: v1alpha1.ReasonNotConnected, Message: "the sheet was not synced yet"}
	}
	return r.view.Clients.AWS(ctx, r.target().AccountID)
}

func (r *leaseRun) target() lifecycle.AWSTarget { return lifecycle.TargetOf(r.lease, r.in.Policy) }

// observe reads AWS. That it cannot be read is no error of the reconcile: notices go out all the same, and Decide knows
// what may not be done without.
func (r *leaseRun) observe(ctx context.Context) {
	c, err := r.account(ctx)
	var o lifecycle.Observation
	if err == nil {
		o, err = c.Observe(ctx, r.lease.Spec.UserName, r.lease.Spec.AccessKeyID)
	}
	r.slots.Answered(r.accountPlace(), r.now(), err)
	r.in.Retry = r.asked
	if err != nil {
		r.unobserved(err)
		return
	}
	r.attempts.Succeeded(r.key, pace.ReadAWS)
	t := r.target()
	reading := lifecycle.Judge(o, t, func() bool { return r.userDeletedElsewhere(ctx) })
	r.in.AWS, r.in.AWSError, r.in.AWSReason = &reading, "", ""
	r.lease.Status.Key = reading.KeyStatus(r.lease.Status.Key, r.now())
	r.accountError(t.AccountID, reading.Refused)
}

// unobserved notes why AWS could not be read. What passes by itself is retried soon; what people must mend, hourly.
func (r *leaseRun) unobserved(err error) {
	r.in.AWSError, r.in.AWSReason = err.Error(), v1alpha1.ReasonAWSUnavailable
	if !failure.NeedsFix(err) {
		r.retryLater(pace.ReadAWS, err)
		return
	}
	r.in.AWSReason = v1alpha1.ReasonAWSForbidden
	// AWS answered: the failures before it are no row any more, and what a person asked to be tried again was tried.
	r.attempts.Succeeded(r.key, pace.ReadAWS)
	r.in.Retry = false
	key := v1alpha1.KeyStatus{}
	if r.lease.Status.Key != nil {
		key = *r.lease.Status.Key
	}
	key.ObservedTime = lifecycle.Moment(r.now())
	r.lease.Status.Key = &key
	if failure.Is(err, failure.Credentials) && r.known.SetAWSTrouble(r.sheetKey(), r.target().AccountID, state.AWSTrouble(err, r.sheet.Spec.AWS.RoleARN)) {
		r.sheetWake(r.sheetKey())
	}
}

// accountError tells the sheet what concerns the whole account.
func (r *leaseRun) accountError(account string, refused *lifecycle.Block) {
	met := state.Trouble{}
	if refused != nil && lifecycle.LeaseReason(refused.Reason).Account {
		met = state.Trouble{Reason: refused.Reason, Message: refused.Message}
	}
	if r.known.SetAWSTrouble(r.sheetKey(), account, met) {
		r.sheetWake(r.sheetKey())
	}
}

// complete records that the key is gone without our doing.
func (r *leaseRun) complete(ctx context.Context, reason string) error {
	rev := r.lease.Status.Revocation
	if rev == nil {
		rev = &v1alpha1.RevocationStatus{}
		r.lease.Status.Revocation = rev
	}
	rev.Reason, rev.CompletionTime = reason, lifecycle.Moment(r.now())
	if err := r.save(ctx); err != nil {
		return err
	}
	r.auditComplete()
	r.event(corev1.EventTypeNormal, v1alpha1.EventRevoked, reason)
	return nil
}

// changeAWS does the one destructive thing decided, and says whether to decide again at once.
func (r *leaseRun) changeAWS(ctx context.Context, d lifecycle.Decision) (again bool, err error) {
	if limit := r.dailyLimit(); d.Action.Kind != lifecycle.ActionReactivate && !r.begun.reserve(r.lease, limit, r.now()) {
		r.in.LimitReached = limit.Reached(r.lease.Spec.AccountID)
		return true, nil
	}
	defer func() { r.begun.giveBack(r.lease) }()
	c, err := r.account(ctx)
	if err != nil {
		return false, err
	}
	t, err := r.teardownTarget()
	if err != nil {
		return false, err
	}
	rev := r.lease.Status.Revocation.DeepCopy()
	if rev == nil {
		rev = &v1alpha1.RevocationStatus{}
	}
	// What follows the key follows from the decision about it.
	unsaid := rev.KeyDeletedTime == nil
	runner := &teardown.Runner{
		IAM: c, Snapshots: snapshots{r}, Users: r.users, Clock: r.Clock,
		Record: func(ctx context.Context, rev *v1alpha1.RevocationStatus) error {
			saved := r.lease.Status.Revocation
			r.lease.Status.Revocation = rev
			if err := r.save(ctx); err != nil {
				// Nothing began: the place in the day's limit is for others.
				r.lease.Status.Revocation = saved
				return err
			}
			if unsaid {
				unsaid = false
				r.auditDecision(ctx, d)
			}
			return nil
		},
		Audit:            r.auditStep,
		DeletedElsewhere: r.userDeletedElsewhere,
		Observed:         r.in.AWS,
	}
	defer func() {
		// What AWS showed before is history now.
		r.in.AWS = nil
	}()
	err = r.runTeardown(ctx, runner, d.Action.Kind, t, rev)
	if refusal := (*teardown.Refusal)(nil); errors.As(err, &refusal) {
		// AWS changed since it was observed a moment ago: look again before anything else.
		return false, &failure.Error{Class: failure.Retry, Service: "aws", Operation: string(d.Action.Kind), Code: refusal.Reason, Message: refusal.Message}
	}
	switch {
	case err != nil:
	case r.wakeAt.After(r.now()):
		r.attempts.Defer(r.key, pace.ChangeAWS, r.lease.Generation, r.wakeAt)
	default:
		r.attempts.Succeeded(r.key, pace.ChangeAWS)
	}
	// People are told of the end at once.
	return err == nil && r.lease.Completed(), err
}

func (r *leaseRun) runTeardown(ctx context.Context, runner *teardown.Runner, kind lifecycle.ActionKind, t teardown.Target, rev *v1alpha1.RevocationStatus) error {
	switch kind {
	case lifecycle.ActionDeactivate:
		p, err := runner.Deactivate(ctx, t, rev)
		if err != nil {
			return err
		}
		r.lease.Status.Revocation = rev
		r.keyIs(v1alpha1.KeyInactive, p.KeyAlreadyGone || rev.KeyDeletedTime != nil)
		switch {
		case p.AlreadyInactive:
			r.event(corev1.EventTypeWarning, v1alpha1.EventKeyDeactivated, "somebody else had deactivated the key; it is deleted after the grace period")
		case !p.KeyAlreadyGone:
			r.event(corev1.EventTypeWarning, v1alpha1.EventKeyDeactivated, "key deactivated; it is deleted after the grace period")
		}
		r.wakeAt = r.now()
		return nil
	case lifecycle.ActionReactivate:
		p, err := runner.Reactivate(ctx, t, rev)
		if err != nil {
			return err
		}
		r.lease.Status.Revocation = rev
		r.keyIs(v1alpha1.KeyActive, p.KeyAlreadyGone || rev.KeyDeletedTime != nil)
		if rev.StartTime == nil && rev.DeactivatedTime == nil && len(rev.Steps) == 0 {
			r.lease.Status.Revocation = nil
		}
		r.event(corev1.EventTypeNormal, v1alpha1.EventKeyReactivated, "the lease was extended: key active again")
		r.wakeAt = r.now()
		return nil
	}
	// Verify goes on with whatever is left; who ran the teardown before it would read everything twice.
	pass := runner.Run
	if rev.StartTime != nil && !r.now().Before(teardown.VerifyAt(rev)) {
		pass = runner.Verify
	}
	p, err := pass(ctx, t, rev)
	if err != nil {
		return err
	}
	r.lease.Status.Revocation = rev
	switch {
	case p.Complete:
		r.event(corev1.EventTypeNormal, v1alpha1.EventRevoked, fmt.Sprintf("key %s of user %s is gone from AWS", t.AccessKeyID, t.UserName))
		r.auditComplete()
	case p.Done:
		r.wakeAt = p.VerifyAt
	default:
		r.wakeAt = r.now().Add(teardown.SettleTime)
	}
	return nil
}

// keyIs notes what our own change made of the key: no reading may follow for months.
func (r *leaseRun) keyIs(state v1alpha1.KeyState, gone bool) {
	if r.lease.Status.Key != nil && !gone {
		r.lease.Status.Key.Status = state
	}
}

// userDeletedElsewhere: another lease of the same pinned user, with the user's last key, took it along. Where the cache cannot
// tell, people had better look.
func (r *leaseRun) userDeletedElsewhere(ctx context.Context) bool {
	pinned := r.target().Pin.UserID
	if pinned == "" {
		return false
	}
	leases, err := lookup.OfAccount(ctx, r.Client, r.lease.Spec.AccountID)
	return err == nil && slices.ContainsFunc(leases, func(o v1alpha1.AccessKeyLease) bool {
		return o.UID != r.lease.UID && o.Spec.UserName == r.lease.Spec.UserName && o.Status.Key != nil &&
			o.Status.Key.UserID == pinned && lifecycle.UserDeleted(o.Status.Revocation, o.Spec.UserName)
	})
}

func (r *leaseRun) teardownTarget() (teardown.Target, error) {
	spec, t := r.sheet.Spec.AWS, r.target()
	policy := ""
	if spec.PolicyName != nil {
		var err error
		if policy, err = lifecycle.FillIn(*spec.PolicyName, map[string]string{"UserName": t.UserName, "AccountID": t.AccountID}); err != nil {
			return teardown.Target{}, &failure.Error{Class: failure.Terminal, Service: "keylease", Operation: "revoke", Code: v1alpha1.ReasonInvalidSpec,
				Message: "spec.aws.policyName: " + err.Error()}
		}
	}
	return teardown.Target{
		AWSTarget: t, Partition: spec.Partition, PolicyName: policy,
		KeepConsoleUsers: ptr.Deref(spec.KeepConsoleUsers, true),
	}, nil
}
