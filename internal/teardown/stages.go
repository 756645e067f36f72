package teardown

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

// prepare keeps what could not be read any more afterwards: the snapshot, and which policy was attached to the pinned
// user.
func (w *work) prepare(ctx context.Context, inv Inventory) error {
	pin, misnamed := choosePolicy(inv, w.t, w.rev)
	w.alsoKept(misnamed...)
	if w.rev.SnapshotRef != nil && (pin == nil || w.rev.Policy != nil) {
		return nil
	}
	ref := w.rev.SnapshotRef
	if ref == nil {
		snapshot, err := w.IAM.Snapshot(ctx, w.t.UserName)
		if err != nil {
			return err
		}
		if snapshot.UserID != w.t.Pin.UserID {
			return &Refusal{lifecycle.Block{Guard: "SameUser", Reason: v1alpha1.ReasonUserRecreated, Message: fmt.Sprintf(
				"user %s was recreated while its snapshot was taken: delete the lease to accept it", w.t.UserName)}}
		}
		data, digest, err := snapshot.Encode()
		if err != nil {
			return fmt.Errorf("snapshot of user %s: %w", w.t.UserName, err)
		}
		name, err := w.Snapshots.Save(ctx, snapshotName(w.t), data)
		if err != nil {
			return fmt.Errorf("snapshot of user %s could not be kept, so nothing is deleted: %w", w.t.UserName, err)
		}
		ref = &v1alpha1.SnapshotReference{Name: name, SHA256: digest}
	}
	return w.save(ctx, func(rev *v1alpha1.RevocationStatus, now metav1.Time) {
		start(rev, now)
		rev.SnapshotRef, rev.Policy = ref, pin
		if rev.KeyDeletedTime == nil {
			rev.KeyDeletedTime = &now // seen gone twice; from here on an extension has nothing to extend
		}
	})
}

// finishMFA deletes virtual devices that were deactivated before. One that is somebody else's by now is left.
func (w *work) finishMFA(ctx context.Context) error {
	for _, s := range unassignedMFA(w.t, w.rev) {
		err := w.act(ctx, s)
		if failure.Is(err, failure.Conflict) && !w.broken {
			w.alsoKept(v1alpha1.Retained{Target: s.Target, Reason: v1alpha1.RetainedAttachedElsewhere})
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// alsoKept notes what stays besides the user, once.
func (w *work) alsoKept(kept ...v1alpha1.Retained) {
	for _, k := range kept {
		if !slices.Contains(w.others, k) {
			w.others = append(w.others, k)
		}
	}
}

// deletePolicy deletes the policy that was attached to the user, once the user is gone.
func (w *work) deletePolicy(ctx context.Context) error {
	if w.rev.Policy == nil {
		return nil
	}
	pin := *w.rev.Policy
	for range maxRounds {
		if _, err := w.observe(ctx); err != nil {
			return err
		}
		p, err := w.IAM.Policy(ctx, pin.ARN)
		if err != nil {
			return err
		}
		w.settlePolicy(p)
		if w.policyLags(p, pin) {
			w.lagging = true
			return nil
		}
		steps, kept := policySteps(p, pin, w.t, usedByAnyone)
		if len(steps) == 0 {
			w.alsoKept(kept...)
			return nil
		}
		again, err := w.all(ctx, steps)
		if !again || err != nil {
			return err
		}
	}
	return &failure.Error{Class: failure.Retry, Service: "iam", Operation: ActionDeletePolicy, Code: v1alpha1.ReasonDeleteConflict,
		Message: fmt.Sprintf("policy %s is still in use, though IAM lists no use of it", pin.ARN)}
}

// policyLags: what is shown is what was just removed. Versions of a policy that a recreated user of the same name holds
// must not go, so the user's own use is believed as soon as it cannot be an echo any more.
func (w *work) policyLags(p *Policy, pin v1alpha1.PolicyPin) bool {
	now := w.Clock.Now()
	if p == nil {
		return false
	}
	return within(doneAt(w.rev, ActionDeletePolicy, pin.ARN), now) ||
		within(doneAt(w.rev, ActionDeleteUser, w.t.UserName), now) && usedByOwnName(p, w.t)
}

// settleKey concludes an intent about the key from what AWS shows.
func (w *work) settleKey(o Observation) {
	id := w.t.AccessKeyID
	switch {
	case w.intends(ActionDeleteAccessKey, id) && o.Key == v1alpha1.KeyAbsent,
		w.intends(ActionUpdateAccessKey, id+SuffixInactive) && o.Key == v1alpha1.KeyInactive,
		w.intends(ActionUpdateAccessKey, id+SuffixActive) && o.Key == v1alpha1.KeyActive:
		w.settle()
	}
}

// settleAllOfUser concludes an intent about the user or anything on it: it is gone with the user.
func (w *work) settleAllOfUser() {
	if i := w.rev.Intent; i != nil && slices.Contains([]string{ActionDeleteLoginProfile, ActionDeactivateMFA,
		ActionDeleteSSHKey, ActionDeleteCertificate, ActionDeleteCredential, ActionDeleteInlinePolicy, ActionDetachPolicy,
		ActionLeaveGroup, ActionDeleteUser}, i.Action) {
		w.settle()
	}
}

// settleUser concludes an intent about something on a living user: what is not listed any more is gone. What is still
// listed will be planned again.
func (w *work) settleUser(inv Inventory) {
	i := w.rev.Intent
	if i == nil {
		return
	}
	listed := func(s Step) bool { return s.Action == i.Action && s.Target == i.Target }
	switch i.Action {
	case ActionDeleteLoginProfile, ActionDeactivateMFA, ActionDeleteSSHKey, ActionDeleteCertificate, ActionDeleteCredential,
		ActionDeleteInlinePolicy, ActionDetachPolicy, ActionLeaveGroup:
		if !slices.ContainsFunc(userSteps(inv, w.t), listed) {
			w.settle()
		}
	}
}

// settlePolicy concludes an intent about the policy or a version of it.
func (w *work) settlePolicy(p *Policy) {
	i := w.rev.Intent
	if i == nil {
		return
	}
	switch i.Action {
	case ActionDeletePolicy:
		if p == nil {
			w.settle()
		}
	case ActionDeleteVersion:
		if p == nil || !slices.ContainsFunc(p.Versions, func(v string) bool { return p.ARN+":"+v == i.Target }) {
			w.settle()
		}
	}
}

// settle notes the intended step as done at the time of the intent: the call is at least as old.
func (w *work) settle() {
	i := *w.rev.Intent
	note(w.rev, i.Action, i.Target, i.Time)
	w.unsaved = true
	if w.Audit != nil {
		w.Audit(Step{Action: i.Action, UserName: w.t.UserName, Target: i.Target}, "", nil)
	}
}
