package teardown

import (
	"context"
	"slices"
	"testing"

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
