package teardown

import (
	"context"
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
)

// From then on an extension is refused; it must not depend on what comes after.
func TestThatAKeyIsDeletedIsPersistedBeforeItsUserIsLookedAt(t *testing.T) {
	b := newBench()
	b.onSave = func() {
		if b.recorded[len(b.recorded)-1].KeyDeletedTime == nil {
			t.Error("the snapshot was taken, and the key's deletion is not on record")
		}
	}
	b.finish(t)
}

// lingering shows the user for ever, as IAM does for some seconds.
type lingering struct{ *fakeIAM }

func (l lingering) Observe(ctx context.Context, user, key string) (Observation, error) {
	o, err := l.fakeIAM.Observe(ctx, user, key)
	o.UserExists, o.AccountHasUsers = true, true
	return o, err
}

func TestAUserThatAWSStillShowsIsDeletedOnce(t *testing.T) {
	b := newBench()
	b.IAM = lingering{b.iam}
	for range 2 {
		if _, err := b.Run(ctx, target(), b.rev); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(b.iam.Calls, wholeOrder) {
		t.Errorf("calls %v, want %v", b.iam.Calls, wholeOrder)
	}
}

func TestACompletedTeardownAsksNothingMore(t *testing.T) {
	b := newBench()
	b.finish(t)
	b.iam.NextErr["Observe"] = problem(failure.Denied, "AccessDenied")
	if progress, err := b.Run(ctx, target(), b.rev); err != nil || !progress.Complete {
		t.Errorf("progress %+v, %v", progress, err)
	}
}

// The decision's reading is some seconds old when the verification begins with it.
func TestAReadingFromBeforeAWSSettledCompletesNothing(t *testing.T) {
	b := newBench()
	if _, err := b.Run(ctx, target(), b.rev); err != nil {
		t.Fatal(err)
	}
	b.passes(SettleTime / 2)
	echo := judged(observation())
	echo.Time = b.clock.Now()
	b.passes(SettleTime / 2)
	b.Observed = &echo
	if progress, err := b.Verify(ctx, target(), b.rev); err != nil || progress.Complete {
		t.Errorf("progress %+v, %v", progress, err)
	}
	b.finish(t)
}

func TestTheListsInStatusAreBounded(t *testing.T) {
	b := newBench()
	w := &work{Runner: b.Runner, t: target(), rev: b.rev}
	for i := range max(maxSteps, maxRetained) + 10 {
		note(b.rev, ActionDetachPolicy, fmt.Sprint(i), metav1.NewTime(b.clock.Now()))
		w.alsoKept(v1alpha1.Retained{Target: fmt.Sprint(i), Reason: v1alpha1.RetainedOtherKeys})
	}
	if err := w.report(ctx); err != nil {
		t.Fatal(err)
	}
	if len(b.rev.Steps) != maxSteps || len(b.rev.Retained) != maxRetained {
		t.Errorf("%d steps and %d that stay, want %d and %d", len(b.rev.Steps), len(b.rev.Retained), maxSteps, maxRetained)
	}
}
