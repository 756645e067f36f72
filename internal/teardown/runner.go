package teardown

import (
	"context"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

// Runner tears keys down. Audit, DeletedElsewhere and Observed are optional.
type Runner struct {
	IAM       IAM
	Snapshots Snapshots
	// Record persists the status, with the resource version checked. If it fails, nothing more is called. It must not
	// keep the pointer.
	Record func(ctx context.Context, rev *v1alpha1.RevocationStatus) error
	// Audit is called for every call that was to change something, with the request ID that CloudTrail shows too. It is
	// called again, without ID and error, when AWS shows that a call with an unknown outcome was carried out.
	Audit func(s Step, requestID string, err error)
	// DeletedElsewhere tells whether the teardown of another lease deleted the same user, or was about to. That
	// explains a missing user, and an account without users.
	DeletedElsewhere func(ctx context.Context) bool
	Users            *UserLocks
	Clock            clock.PassiveClock
	// Observed is the reading on which the change was decided a moment ago. The next pass begins with it and its
	// verdict. A pass that had to wait for another lease of the user reads again, and so does one whose reading is
	// older than SettleTime. Nil: there is none.
	Observed *lifecycle.Reading
}

// work is one pass over one key. It ends with the call; rev keeps what must outlast it.
type work struct {
	*Runner
	t   Target
	rev *v1alpha1.RevocationStatus
	// observed is the last reading; nil after a change. handed is the Runner's reading, until it is used.
	observed *Observation
	handed   *lifecycle.Reading
	// unsaved: rev has outcomes that are not persisted yet. broken: persisting them failed.
	unsaved, broken bool
	// acted: this pass changed something. lagging: AWS still shows something that was deleted.
	acted, lagging bool
	// kept is why the user stays; others is what else stays.
	kept, others []v1alpha1.Retained
}

// observe returns a reading made after the last change, if every guard passes.
func (w *work) observe(ctx context.Context) (Observation, error) {
	if w.observed != nil {
		return *w.observed, nil
	}
	r, err := w.read(ctx)
	if err == nil {
		err = refused(r.Refused)
	}
	if err != nil {
		return r.Observation, err
	}
	w.observed = &r.Observation
	return r.Observation, nil
}

// read reads AWS, or takes the reading that was handed over.
func (w *work) read(ctx context.Context) (lifecycle.Reading, error) {
	if r := w.handed; r != nil {
		w.handed = nil
		return *r, nil
	}
	o, err := w.IAM.Observe(ctx, w.t.UserName, w.t.AccessKeyID)
	if err != nil {
		return lifecycle.Reading{}, err
	}
	t := w.t.AWSTarget
	t.UserDeleted = lifecycle.UserDeleted(w.rev, w.t.UserName)
	return lifecycle.Judge(o, t, func() bool { return w.deletedElsewhere(ctx) }), nil
}

func (w *work) deletedElsewhere(ctx context.Context) bool {
	return w.DeletedElsewhere != nil && w.DeletedElsewhere(ctx)
}

func (w *work) intends(action, target string) bool {
	i := w.rev.Intent
	return i != nil && i.Action == action && i.Target == target
}

// note records a finished step, once for each action and target, and what follows from it.
func note(rev *v1alpha1.RevocationStatus, action, target string, at metav1.Time) {
	rev.Intent = nil
	switch {
	case action == ActionDeleteAccessKey:
		rev.KeyDeletedTime = &at
	case action == ActionUpdateAccessKey && strings.HasSuffix(target, SuffixInactive):
		rev.DeactivatedTime = &at
	case action == ActionUpdateAccessKey:
		rev.DeactivatedTime = nil
	}
	for i := range rev.Steps {
		if rev.Steps[i].Action == action && rev.Steps[i].Target == target {
			rev.Steps[i].Time = at
			return
		}
	}
	rev.Steps = append(rev.Steps, v1alpha1.RevocationStep{Action: action, Target: target, Time: at})
	// No user has that many things. If one did, the newest steps would be kept.
	rev.Steps = rev.Steps[max(0, len(rev.Steps)-maxSteps):]
}

// start marks the beginning of a revocation.
func start(rev *v1alpha1.RevocationStatus, now metav1.Time) {
	if rev.StartTime == nil {
		rev.StartTime = &now
	}
	if rev.Reason == "" {
		rev.Reason = v1alpha1.ReasonEndDatePassed
	}
}

// save changes the status and persists it. If that fails, the change did not happen.
func (w *work) save(ctx context.Context, change func(*v1alpha1.RevocationStatus, metav1.Time)) error {
	next := w.rev.DeepCopy()
	change(next, w.now())
	if err := w.Record(ctx, next.DeepCopy()); err != nil {
		w.broken = true
		return err
	}
	*w.rev = *next
	w.unsaved = false
	return nil
}

// now is the time, rounded up to seconds, because status stores seconds. Rounding down would shorten the settling time.
func (w *work) now() metav1.Time {
	return metav1.NewTime(w.Clock.Now().Add(time.Second - 1).Truncate(time.Second))
}

func (w *work) flush(ctx context.Context) error {
	if !w.unsaved || w.broken {
		return nil
	}
	return w.save(ctx, func(*v1alpha1.RevocationStatus, metav1.Time) {})
}

// within tells whether AWS may still show what was changed at t.
func within(t *metav1.Time, now time.Time) bool {
	return t != nil && now.Before(t.Add(SettleTime))
}

// VerifyAt is when Verify can decide: the settling time after the last step. It is the same after a restart.
func VerifyAt(rev *v1alpha1.RevocationStatus) time.Time {
	var last time.Time
	if rev.StartTime != nil {
		last = rev.StartTime.Time
	}
	for _, s := range rev.Steps {
		if s.Time.After(last) {
			last = s.Time.Time
		}
	}
	return last.Add(SettleTime)
}
