package teardown

import (
	"context"
	"errors"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

// act does a step. Where the answer was lost it looks, once and only at that step, and repeats it if AWS still shows it to
// be done: a server that fails in a fixed rhythm would otherwise meet the same step in every round. Looking itself can be in
// step with that rhythm; so what nobody else can come to own meanwhile is tried twice.
func (w *work) act(ctx context.Context, s Step) error {
	err := w.attempt(ctx, s)
	if !failure.Is(err, failure.Uncertain) || ctx.Err() != nil || failure.Of(err).Code == failure.CodeTimeout {
		return err // who does not answer at all is not asked again at once
	}
	again, lookErr := w.lookFor(ctx, s)
	var refusal *Refusal
	switch {
	case errors.As(lookErr, &refusal):
		return lookErr
	case lookErr != nil:
		return err // it stays unknown: the next run looks first
	case w.rev.Intent == nil:
		w.acted = true
		return w.flush(ctx)
	case !again:
		return err
	}
	err = w.attempt(ctx, s)
	if failure.Is(err, failure.Uncertain) && !byName(s) {
		err = w.attempt(ctx, s)
	}
	return err
}

// byName: another user or policy could have the target's name a moment later, and would be deleted in its stead. (The first
// version of a new policy is its default one, which DeletePolicyVersion refuses.)
func byName(s Step) bool { return s.Action == ActionDeleteUser || s.Action == ActionDeletePolicy }

// lookFor concludes the intent of a step whose outcome is unknown, if AWS shows it. again: it is still to be done, and all
// that allowed it a moment ago still does.
func (w *work) lookFor(ctx context.Context, s Step) (again bool, err error) {
	o, err := w.observe(ctx)
	if err != nil {
		return false, err
	}
	switch s.Action {
	case ActionUpdateAccessKey, ActionDeleteAccessKey:
		if s.Target != w.t.AccessKeyID+SuffixActive || !within(w.rev.DeactivatedTime, o.Time) { // else it may be an echo
			w.settleKey(o)
		}
		return o.Key != v1alpha1.KeyAbsent && lifecycle.CheckPinned(o, w.t.AWSTarget) == nil, nil
	case ActionDeletePolicy, ActionDeleteVersion:
		return w.lookForPolicy(ctx, s)
	case ActionDeleteVirtualMFA:
		return true, nil // nothing lists it any more; one that is somebody else's by now is refused
	}
	if !o.UserExists {
		w.settleAllOfUser()
		return false, nil
	}
	if len(keepUser(o, Inventory{}, w.t)) > 0 {
		return false, nil
	}
	if s.Action == ActionDeleteUser {
		return true, nil
	}
	inv, err := w.IAM.Inventory(ctx, w.t.UserName, w.t.PolicyName)
	if err != nil {
		return false, err
	}
	w.settleUser(inv)
	return len(keepUser(o, inv, w.t)) == 0, nil
}

func (w *work) lookForPolicy(ctx context.Context, s Step) (again bool, err error) {
	p, err := w.IAM.Policy(ctx, w.rev.Policy.ARN)
	if err != nil {
		return false, err
	}
	w.settlePolicy(p)
	steps, _ := policySteps(p, *w.rev.Policy, w.t, usedByAnyone)
	return slices.Contains(steps, s), nil
}

// attempt records the intent, does the step and notes the outcome. What is already gone is a success: the guards have shown
// that the account is the right one.
func (w *work) attempt(ctx context.Context, s Step) error {
	before := w.rev.Intent
	err := w.save(ctx, func(rev *v1alpha1.RevocationStatus, now metav1.Time) {
		start(rev, now)
		rev.Intent = &v1alpha1.RevocationIntent{Action: s.Action, Target: s.Target, Time: now}
	})
	if err != nil {
		return err
	}
	requestID, err := w.IAM.Do(ctx, s)
	if w.Audit != nil {
		w.Audit(s, requestID, err)
	}
	w.observed = nil
	switch {
	case err == nil:
		w.acted = true
		return w.done(ctx, s)
	case failure.Is(err, failure.NotFound):
		return w.alreadyGone(ctx, s)
	case failure.Of(err) == nil || failure.Is(err, failure.Uncertain):
		return err // the intent stays: the next run looks first
	}
	// Nothing happened, and so nothing is known now that was not before: a call whose outcome was open may have been carried
	// out all the same. But not the same one, where AWS says that its target is still in use.
	if failure.Is(err, failure.Conflict) && before != nil && before.Action == s.Action && before.Target == s.Target {
		before = nil
	}
	return errors.Join(err, w.save(ctx, func(rev *v1alpha1.RevocationStatus, _ metav1.Time) { rev.Intent = before }))
}

// alreadyGone looks again where "no such entity" could mean another thing than the key: a user that was renamed took its
// living key along. A key that is not there was neither deactivated nor activated.
func (w *work) alreadyGone(ctx context.Context, s Step) error {
	w.acted = true
	if s.Action != ActionDeleteAccessKey && s.Action != ActionUpdateAccessKey {
		return w.done(ctx, s)
	}
	if _, err := w.observe(ctx); err != nil {
		return err
	}
	if s.Action == ActionDeleteAccessKey {
		return w.done(ctx, s)
	}
	return w.save(ctx, func(rev *v1alpha1.RevocationStatus, _ metav1.Time) { rev.Intent = nil })
}

// done notes a step as done. It is persisted with the next intent or at the end of the pass, because a crash in between is
// healed by looking; but that the key is deleted at once: from then on an extension is refused.
func (w *work) done(ctx context.Context, s Step) error {
	note(w.rev, s.Action, s.Target, w.now())
	w.unsaved = true
	if s.Action == ActionDeleteAccessKey {
		return w.flush(ctx)
	}
	return nil
}
