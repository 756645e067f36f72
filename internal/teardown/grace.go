package teardown

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

// Deactivate makes the key unusable and leaves it in place, for the grace period. A key that somebody else deactivated
// is left alone and not counted as ours (DeactivatedTime stays empty), so that an extension does not give back what a
// person took away; StartTime then says when the grace period began.
func (r *Runner) Deactivate(ctx context.Context, t Target, rev *v1alpha1.RevocationStatus) (Progress, error) {
	return r.pass(ctx, t, rev, (*work).deactivate)
}

func (w *work) deactivate(ctx context.Context) (Progress, error) {
	o, err := w.observe(ctx)
	if err != nil {
		return Progress{}, err
	}
	w.settleKey(o)
	switch {
	case o.Key == v1alpha1.KeyAbsent && w.rev.KeyDeletedTime == nil:
		err := w.noteAlreadyGone(ctx)
		return Progress{KeyAlreadyGone: true}, err
	case o.Key == v1alpha1.KeyAbsent || w.rev.KeyDeletedTime != nil:
		return Progress{Done: true}, nil
	}
	if err := refused(lifecycle.CheckPinned(o, w.t.AWSTarget)); err != nil {
		return Progress{}, err
	}
	w.foundAgain()
	if o.Key == v1alpha1.KeyInactive || within(w.rev.DeactivatedTime, o.Time) {
		progress := Progress{Done: true, AlreadyInactive: w.rev.DeactivatedTime == nil}
		if w.rev.StartTime != nil {
			return progress, nil
		}
		return progress, w.save(ctx, start)
	}
	err = w.act(ctx, deactivation(w.t))
	return Progress{Done: err == nil}, err
}

// Reactivate gives a key back that Keylease deactivated, because its lease was extended in the grace period. It does
// nothing where the key was deactivated by someone else, is gone, or is not the pinned one. What was done stays in
// Steps; all else of the status begins anew.
func (r *Runner) Reactivate(ctx context.Context, t Target, rev *v1alpha1.RevocationStatus) (Progress, error) {
	return r.pass(ctx, t, rev, (*work).reactivate)
}

func (w *work) reactivate(ctx context.Context) (Progress, error) {
	// The outcome of a deactivation may be unknown, and AWS may still show the key as active: then it is activated
	// all the same, or its owner loses it a moment later.
	uncertain := w.intends(ActionUpdateAccessKey, w.t.AccessKeyID+SuffixInactive) ||
		w.intends(ActionUpdateAccessKey, w.t.AccessKeyID+SuffixActive)
	if w.rev.KeyDeletedTime != nil || w.rev.DeactivatedTime == nil && !uncertain {
		return Progress{Done: true}, nil
	}
	o, err := w.observe(ctx)
	if err != nil {
		return Progress{}, err
	}
	if err := refused(lifecycle.CheckPinned(o, w.t.AWSTarget)); err != nil {
		return Progress{}, err
	}
	settled := o.Key == v1alpha1.KeyActive && !uncertain && !within(w.rev.DeactivatedTime, o.Time)
	if o.Key != v1alpha1.KeyAbsent && !settled {
		if err := w.act(ctx, reactivation(w.t)); err != nil {
			return Progress{}, err
		}
	}
	return Progress{Done: true, KeyAlreadyGone: o.Key == v1alpha1.KeyAbsent}, w.save(ctx, restart)
}

// restart forgets a revocation that was called off, but for its steps.
func restart(rev *v1alpha1.RevocationStatus, _ metav1.Time) {
	*rev = v1alpha1.RevocationStatus{Steps: rev.Steps}
}
