package accesskeylease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/pace"
	"github.com/keylease/keylease/internal/teardown"
)

// change makes the one change in AWS that was decided.
func (a acts) change(ctx context.Context, in lifecycle.Input, d lifecycle.Decision) acted {
	out, l := acted{in: in}, a.draft.lease
	if limit := a.dailyLimit(); d.Action.Kind != lifecycle.ActionReactivate && !a.begun.reserve(l, limit, a.draft.now()) {
		out.in.LimitReached, out.again = limit.Reached(l.Spec.AccountID), true
		return out
	}
	defer a.begun.release(l)
	c, t, err := a.connect(ctx)
	if err != nil {
		out.err = err
		return out
	}
	rev := ptr.To(ptr.Deref(l.Status.Revocation.DeepCopy(), v1alpha1.RevocationStatus{}))
	before := rev.DeepCopy()
	runner := &teardown.Runner{
		IAM: c, Snapshots: snapshots{a.draft}, Users: a.users, Clock: a.draft.clock,
		Record:           a.recordIntent(in, d, rev.KeyDeletedTime == nil),
		Audit:            a.auditStep,
		DeletedElsewhere: a.userDeletedElsewhere,
		Observed:         in.AWS,
	}
	out.in.AWS = nil // the change makes the observation old
	settles, err := a.tearDown(ctx, runner, d.Action.Kind, t, rev)
	if err == nil && !settles.After(a.draft.now()) {
		err = changedNothing(before, rev)
	}
	if refusal := (*teardown.Refusal)(nil); errors.As(err, &refusal) {
		// AWS changed since the observation: observe again before anything else.
		err = &failure.Error{Class: failure.Retry, Service: "aws", Operation: string(d.Action.Kind), Code: refusal.Reason, Message: refusal.Message}
	}
	if err != nil {
		out.err = err
		return out
	}
	a.use.settles(settles)
	out.again = l.Completed() // tell people of the end at once
	return out
}

// changedNothing is the error of a change that succeeded and left the record as it was; nil: it did not. The same decision
// would follow at once, and AWS would be asked without end. With an error it is tried again ever more slowly, and people
// are told if that does not help.
func changedNothing(before, after *v1alpha1.RevocationStatus) error {
	if !equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	return &failure.Error{Class: failure.Retry, Service: "aws", Operation: "revoke", Code: v1alpha1.ReasonInconsistentAnswers,
		Message: "nothing was left to change, but the key is not yet as it must be: it is looked at again"}
}

// recordIntent returns the function that saves a step's intent before the step. The first save also writes the audit
// line about the decision, if unsaid says that it is still missing: the later steps follow from the same decision.
func (a acts) recordIntent(in lifecycle.Input, d lifecycle.Decision, unsaid bool) func(context.Context, *v1alpha1.RevocationStatus) error {
	l := a.draft.lease
	return func(ctx context.Context, rev *v1alpha1.RevocationStatus) error {
		before := l.Status.Revocation
		l.Status.Revocation = rev
		if l.Status.Key != nil {
			l.Status.Key.Status = keyAfter(l.Status.Key.Status, d.Action.Kind, rev)
		}
		if err := a.draft.save(ctx); err != nil {
			// Nothing began: another lease may use this slot of the daily limit.
			l.Status.Revocation = before
			return err
		}
		if unsaid {
			unsaid = false
			a.auditDecision(ctx, in, d)
		}
		return nil
	}
}

// tearDown does as many steps as it can now. settles is when to continue; zero: it is finished.
func (a acts) tearDown(ctx context.Context, runner *teardown.Runner, kind lifecycle.ActionKind, t teardown.Target, rev *v1alpha1.RevocationStatus) (settles time.Time, err error) {
	now, s := a.draft.now(), &a.draft.lease.Status
	switch kind {
	case lifecycle.ActionDeactivate:
		p, err := runner.Deactivate(ctx, t, rev)
		if err != nil {
			return settles, err
		}
		s.Revocation = rev
		switch {
		case p.AlreadyInactive:
			a.draft.event(record.Warning, v1alpha1.EventKeyDeactivated, "somebody else had deactivated the key; it is deleted after the grace period")
		case !p.KeyAlreadyGone:
			a.draft.event(record.Warning, v1alpha1.EventKeyDeactivated, "key deactivated; it is deleted after the grace period")
		}
		return now, nil
	case lifecycle.ActionReactivate:
		if _, err := runner.Reactivate(ctx, t, rev); err != nil {
			return settles, err
		}
		s.Revocation = rev
		if rev.StartTime == nil && rev.DeactivatedTime == nil && len(rev.Steps) == 0 {
			s.Revocation = nil
		}
		a.draft.event(record.Normal, v1alpha1.EventKeyReactivated, "the lease was extended: key active again")
		return now, nil
	}
	// Verify also does the steps that are left. Running the teardown before it would read everything twice.
	pass := runner.Run
	if rev.StartTime != nil && !now.Before(teardown.VerifyAt(rev)) {
		pass = runner.Verify
	}
	p, err := pass(ctx, t, rev)
	if err != nil {
		return settles, err
	}
	s.Revocation = rev
	switch {
	case p.Complete:
		a.draft.event(record.Normal, v1alpha1.EventRevoked, fmt.Sprintf("key %s of user %s is gone from AWS", t.AccessKeyID, t.UserName))
		a.completed()
		return settles, nil
	case p.Done:
		return p.VerifyAt, nil
	}
	return a.draft.now().Add(teardown.SettleTime), nil
}

// keyAfter returns how our own step left the key. It is saved with the step: the next reading may be months away.
func keyAfter(was v1alpha1.KeyState, kind lifecycle.ActionKind, rev *v1alpha1.RevocationStatus) v1alpha1.KeyState {
	switch {
	case rev.Intent != nil || rev.KeyDeletedTime != nil || was == v1alpha1.KeyAbsent: // not known yet, or gone
	case kind == lifecycle.ActionDeactivate && rev.DeactivatedTime != nil:
		return v1alpha1.KeyInactive
	case kind == lifecycle.ActionReactivate && rev.DeactivatedTime == nil:
		return v1alpha1.KeyActive
	}
	return was
}

// settles notes that a change of AWS succeeded, and that nothing more is changed before that moment. Zero: nothing has
// to settle.
func (u *services) settles(at time.Time) {
	if at.After(u.clock.Now()) {
		u.attempts.Defer(u.key, pace.ChangeAWS, u.generation, at)
	} else {
		u.succeeded(pace.ChangeAWS)
	}
	if !at.IsZero() {
		u.wakeAt = at
	}
}

// auditDecision says why the key is about to be changed. All guards have passed, and the intent is saved.
func (a acts) auditDecision(ctx context.Context, in lifecycle.Input, d lifecycle.Decision) {
	kv := []any{"action", d.Action.Kind, "endDate", a.draft.lease.Spec.EndDate, "term", d.TermNumber(), "sheetRead", in.Sheet.ReadStart.UTC()}
	if a.dailyLimit().Raised() {
		name := v1alpha1.AnnotationAllowRevocations
		kv = append(kv, "approval", a.about.sheet.Annotations[name], "approvedBy", a.draft.rec.AnnotatedBy(ctx, a.about.sheet, name))
	}
	a.draft.audit("decided", kv...)
}

// auditStep writes a line about each call that changes something. A line without a request ID is about a call whose
// answer was lost; AWS showed afterwards that it was carried out.
func (a acts) auditStep(s teardown.Step, requestID string, err error) {
	kv := []any{"action", s.Action, "target", s.Target, "requestID", requestID}
	switch {
	case err != nil:
		kv = append(kv, "error", err.Error())
	case requestID == "":
		kv = append(kv, "found", "carried out")
	}
	a.draft.audit("aws", kv...)
	metrics.AWSStep(a.draft.lease.Namespace, a.draft.lease.Spec.SheetRef.Name, s.Action)
}
