package teardown

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

// maxRounds bounds how often one pass lists again after a DeleteConflict. IAM can refuse for seconds because of what was
// just removed: that is left to the caller's backoff, nothing sleeps here.
const maxRounds = 4

// Run goes on with the deletion from wherever it stands: key, then user, then policy. It can be called again after any
// error, a *Refusal and a crash included. A key that is gone without our doing is only noted: what goes with it goes
// when Verify has seen that again, because one empty answer must not cost a user.
func (r *Runner) Run(ctx context.Context, t Target, rev *v1alpha1.RevocationStatus) (Progress, error) {
	return r.pass(ctx, t, rev, (*work).run)
}

// Verify asks AWS again, at VerifyAt(rev) or later. Where everything is gone or rightly kept it records the completion
// time; otherwise it goes on, the user included whose other keys went in the meantime.
func (r *Runner) Verify(ctx context.Context, t Target, rev *v1alpha1.RevocationStatus) (Progress, error) {
	return r.pass(ctx, t, rev, (*work).verify)
}

// pass does one kind of work while no other lease of the user is worked on.
func (r *Runner) pass(ctx context.Context, t Target, rev *v1alpha1.RevocationStatus,
	do func(*work, context.Context) (Progress, error)) (Progress, error) {
	unlock, waited, err := r.Users.lock(ctx, t.lockKey())
	if err != nil {
		return Progress{}, err
	}
	defer unlock()
	w := &work{Runner: r, t: t, rev: rev}
	if o := r.Observed; o != nil && !waited && within(&metav1.Time{Time: o.Time}, r.Clock.Now()) {
		w.handed = o
	}
	r.Observed = nil // no second pass rests on it
	progress, err := do(w, ctx)
	if err := errors.Join(err, w.flush(ctx)); err != nil {
		return Progress{}, err
	}
	return progress, nil
}

func (w *work) run(ctx context.Context) (Progress, error) {
	if w.rev.CompletionTime != nil {
		return w.progress(), nil
	}
	o, err := w.observe(ctx)
	if err != nil {
		return Progress{}, err
	}
	w.settleKey(o)
	if w.missing(o) {
		return w.missedOnce(ctx)
	}
	return w.delete(ctx, o)
}

func (w *work) verify(ctx context.Context) (Progress, error) {
	// A completion time is final; a teardown that never began has nothing to be verified.
	if w.rev.CompletionTime != nil || w.rev.StartTime == nil {
		return w.run(ctx)
	}
	if w.Clock.Now().Before(VerifyAt(w.rev)) {
		return w.progress(), nil
	}
	o, err := w.observe(ctx)
	if err != nil {
		return Progress{}, err
	}
	w.settleKey(o)
	if w.missing(o) && !w.missedBefore() {
		return w.missedOnce(ctx)
	}
	progress, err := w.delete(ctx, o)
	if err != nil || w.acted || w.lagging {
		return progress, err
	}
	err = w.save(ctx, func(rev *v1alpha1.RevocationStatus, now metav1.Time) {
		rev.Intent = nil
		rev.CompletionTime = &now
	})
	return w.progress(), err
}

// delete takes the three stages, each of which reads AWS anew if anything was changed since.
func (w *work) delete(ctx context.Context, o Observation) (Progress, error) {
	if err := w.deleteKey(ctx, o); err != nil {
		return Progress{}, err
	}
	gone, err := w.deleteUser(ctx)
	if err != nil {
		return Progress{}, err
	}
	if gone {
		if err := w.deletePolicy(ctx); err != nil {
			return Progress{}, err
		}
	}
	return w.progress(), w.report(ctx)
}

// report records what stays and why, if that is news.
func (w *work) report(ctx context.Context) error {
	retained := append(slices.Clone(w.kept), w.others...)
	for _, r := range w.rev.Retained {
		// A policy that was misnamed cannot be seen any more once its user is gone.
		if r.Reason == v1alpha1.RetainedPolicyNameMismatch && !slices.Contains(retained, r) {
			retained = append(retained, r)
		}
	}
	retained = retained[:min(len(retained), maxRetained)]
	if slices.Equal(retained, w.rev.Retained) {
		return nil
	}
	return w.save(ctx, func(rev *v1alpha1.RevocationStatus, _ metav1.Time) { rev.Retained = retained })
}

func (w *work) progress() Progress {
	p := Progress{Done: true, VerifyAt: VerifyAt(w.rev), Complete: w.rev.CompletionTime != nil,
		KeyAlreadyGone: w.rev.Reason == v1alpha1.ReasonKeyAlreadyGone}
	if next := w.Clock.Now().Add(SettleTime); w.lagging && next.After(p.VerifyAt) {
		p.VerifyAt = next
	}
	return p
}

// firstLookFor is how long a first look at a missing key counts. The key may have been seen again since, while something
// else stopped the teardown.
const firstLookFor = time.Hour

// missing: the key is gone, and not by our doing.
func (w *work) missing(o Observation) bool {
	return o.Key == v1alpha1.KeyAbsent && w.rev.KeyDeletedTime == nil
}

// missedBefore: a first look at the missing key still counts.
func (w *work) missedBefore() bool {
	first := w.rev.StartTime
	return first != nil && w.rev.Reason == v1alpha1.ReasonKeyAlreadyGone && w.Clock.Now().Before(first.Add(firstLookFor))
}

// missedOnce leaves all that hangs on a missing key for a second look.
func (w *work) missedOnce(ctx context.Context) (Progress, error) {
	if err := w.noteAlreadyGone(ctx); err != nil {
		return Progress{}, err
	}
	return w.progress(), nil
}

// noteAlreadyGone records when the key was first missed.
func (w *work) noteAlreadyGone(ctx context.Context) error {
	if w.missedBefore() {
		return nil
	}
	return w.save(ctx, func(rev *v1alpha1.RevocationStatus, now metav1.Time) {
		rev.StartTime, rev.Reason = &now, v1alpha1.ReasonKeyAlreadyGone
	})
}

// foundAgain: a key that was missed is there after all, and its revocation begins now.
func (w *work) foundAgain() {
	if w.rev.Reason == v1alpha1.ReasonKeyAlreadyGone {
		w.rev.Reason, w.rev.StartTime = v1alpha1.ReasonEndDatePassed, nil
	}
}

func (w *work) deleteKey(ctx context.Context, o Observation) error {
	steps := keySteps(o, w.t, w.rev)
	if len(steps) == 0 {
		w.lagging = w.lagging || o.Key != v1alpha1.KeyAbsent
		return nil
	}
	if err := refused(lifecycle.CheckPinned(o, w.t.AWSTarget)); err != nil {
		return err
	}
	w.foundAgain()
	conflict, err := w.all(ctx, steps)
	if conflict {
		// A user whose key is still there is not taken apart.
		return &failure.Error{Class: failure.Retry, Service: "iam", Operation: ActionDeleteAccessKey, Code: v1alpha1.ReasonDeleteConflict,
			Message: fmt.Sprintf("key %s of user %s cannot be deleted yet: it is tried again", w.t.AccessKeyID, w.t.UserName)}
	}
	return err
}

// all does the steps in order. A conflict ends them early: the caller lists again.
func (w *work) all(ctx context.Context, steps []Step) (conflict bool, err error) {
	for _, s := range steps {
		switch err := w.act(ctx, s); {
		case failure.Is(err, failure.Conflict) && !w.broken:
			return true, nil
		case err != nil:
			return false, err
		}
	}
	return false, nil
}

// deleteUser removes the user and all that hangs on it, if it may go. gone: it is not there any more.
func (w *work) deleteUser(ctx context.Context) (gone bool, err error) {
	for range maxRounds {
		o, err := w.observe(ctx)
		if err != nil {
			return false, err
		}
		if !o.UserExists {
			w.settleAllOfUser()
		}
		if err := w.finishMFA(ctx); err != nil {
			return false, err
		}
		if !o.UserExists {
			if vanished(w.rev, w.t) && !w.deletedElsewhere(ctx) {
				w.alsoKept(v1alpha1.Retained{Target: w.t.UserName, Reason: v1alpha1.RetainedUserNotFound})
			}
			return true, nil
		}
		if within(doneAt(w.rev, ActionDeleteUser, w.t.UserName), o.Time) {
			w.lagging = true
			return true, nil
		}
		again, err := w.deleteLivingUser(ctx, o)
		if err != nil {
			return false, err
		}
		if !again {
			return len(w.kept) == 0, nil
		}
	}
	return false, &failure.Error{Class: failure.Retry, Service: "iam", Operation: ActionDeleteUser, Code: v1alpha1.ReasonDeleteConflict,
		Message: fmt.Sprintf("user %s still has something after %d rounds of removing everything that IAM lists", w.t.UserName, maxRounds)}
}

// vanished: a user that is not there any more was when its key was deleted, and was not deleted here. It may live on under
// another name.
func vanished(rev *v1alpha1.RevocationStatus, t Target) bool {
	return doneAt(rev, ActionDeleteAccessKey, t.AccessKeyID) != nil && !lifecycle.UserDeleted(rev, t.UserName)
}

// deleteLivingUser is one round. again: IAM says that something is still there.
func (w *work) deleteLivingUser(ctx context.Context, o Observation) (again bool, err error) {
	if w.keep(o, Inventory{}) {
		return false, nil
	}
	inv, err := w.IAM.Inventory(ctx, w.t.UserName, w.t.PolicyName)
	if failure.Is(err, failure.NotFound) {
		w.observed = nil
		return true, nil
	}
	if err != nil {
		return false, err
	}
	// The readings before missed it.
	if slices.Contains(inv.AccessKeys, w.t.AccessKeyID) && doneAt(w.rev, ActionDeleteAccessKey, w.t.AccessKeyID) == nil {
		return false, &failure.Error{Class: failure.Retry, Service: "iam", Operation: "ListAccessKeys", Code: v1alpha1.ReasonInconsistentAnswers,
			Message: fmt.Sprintf("key %s of user %s was not listed, and now it is: it is looked for again", w.t.AccessKeyID, w.t.UserName)}
	}
	if w.keep(o, inv) {
		return false, nil
	}
	w.settleUser(inv)
	if err := w.prepare(ctx, inv); err != nil {
		return false, err
	}
	steps := userSteps(inv, w.t)
	last := len(steps) - 1
	if again, err := w.all(ctx, steps[:last]); again || err != nil {
		return again, err
	}
	// Removing all that may have taken minutes: look at pins, tags and keys once more before the user itself goes.
	w.observed = nil
	o, err = w.observe(ctx)
	if err != nil {
		return false, err
	}
	if !o.UserExists {
		return true, nil
	}
	if w.keep(o, Inventory{}) {
		return false, nil
	}
	return w.all(ctx, steps[last:])
}

// keep decides that the user stays, and says why.
func (w *work) keep(o Observation, inv Inventory) bool {
	w.kept = keepUser(o, inv, w.t)
	return len(w.kept) > 0
}
