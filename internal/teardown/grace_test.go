package teardown

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

func TestADeactivatedKeyIsGivenBack(t *testing.T) {
	b := newBench()
	if got, err := b.Deactivate(ctx, target(), b.rev); err != nil || !got.Done || b.rev.DeactivatedTime == nil {
		t.Fatalf("deactivate: %+v, %v, status %+v", got, err, b.rev)
	}
	b.passes(SettleTime)
	if got, err := b.Reactivate(ctx, target(), b.rev); err != nil || !got.Done {
		t.Fatalf("reactivate: %+v, %v", got, err)
	}
	want := []string{"UpdateAccessKey AKIAKEYLEASE00000002:Inactive", "UpdateAccessKey AKIAKEYLEASE00000002:Active"}
	if diff := cmp.Diff(want, b.iam.Calls); diff != "" || b.iam.Observed.Key != v1alpha1.KeyActive {
		t.Errorf("the key is %s, calls (-want +got):\n%s", b.iam.Observed.Key, diff)
	}
	if b.rev.DeactivatedTime != nil || b.rev.StartTime != nil || len(b.rev.Steps) != 2 {
		t.Errorf("status %+v", b.rev)
	}
}

func TestAKeyThatSomebodyElseDeactivatedIsNotOurs(t *testing.T) {
	b := newBench()
	b.iam.Observed.Key = v1alpha1.KeyInactive
	got, err := b.Deactivate(ctx, target(), b.rev)
	if err != nil || !got.Done || !got.AlreadyInactive || b.rev.DeactivatedTime != nil || b.rev.StartTime == nil {
		t.Errorf("deactivate: %+v, %v, status %+v", got, err, b.rev)
	}
	if _, err := b.Reactivate(ctx, target(), b.rev); err != nil || len(b.iam.Calls) != 0 {
		t.Errorf("reactivate: %v, calls %v", err, b.iam.Calls)
	}
}

// One empty answer, and then the key is there after all.
func TestAMissedKeyThatIsSeenAgainIsNotAlreadyGone(t *testing.T) {
	for _, state := range []v1alpha1.KeyState{v1alpha1.KeyActive, v1alpha1.KeyInactive} {
		t.Run(string(state), func(t *testing.T) {
			b := newBench()
			b.iam.Observed.Key = v1alpha1.KeyAbsent
			if got, err := b.Deactivate(ctx, target(), b.rev); err != nil || !got.KeyAlreadyGone || b.rev.Reason != v1alpha1.ReasonKeyAlreadyGone {
				t.Fatalf("deactivate: %+v, %v, status %+v", got, err, b.rev)
			}
			b.passes(time.Minute)
			b.iam.Observed.Key = state
			got, err := b.Deactivate(ctx, target(), b.rev)
			if err != nil || !got.Done || got.KeyAlreadyGone || b.rev.Reason != v1alpha1.ReasonEndDatePassed {
				t.Errorf("deactivate: %+v, %v, status %+v", got, err, b.rev)
			}
			if last := b.recorded[len(b.recorded)-1]; last.Reason != v1alpha1.ReasonEndDatePassed {
				t.Errorf("recorded %+v", last)
			}
			// The grace period of a key that somebody else deactivated is counted from StartTime.
			if began := b.rev.StartTime.Time; !began.Equal(b.clock.Now()) {
				t.Errorf("began %s, now it is %s", began, b.clock.Now())
			}
		})
	}
}

func TestADeactivationOfUnknownOutcome(t *testing.T) {
	b := newBench()
	b.iam.NextErr[ActionUpdateAccessKey] = problem(failure.Uncertain, "Timeout")
	if _, err := b.Deactivate(ctx, target(), b.rev); !failure.Is(err, failure.Uncertain) {
		t.Fatalf("error %v", err)
	}
	t.Run("counts as ours once AWS shows it", func(t *testing.T) {
		rev := b.rev.DeepCopy()
		if _, err := b.Deactivate(ctx, target(), rev); err != nil || rev.DeactivatedTime == nil || len(b.iam.Calls) != 1 {
			t.Errorf("%v, status %+v, calls %v", err, rev, b.iam.Calls)
		}
	})
	t.Run("is taken back on an extension, even if AWS does not show it yet", func(t *testing.T) {
		b.iam.Observed.Key = v1alpha1.KeyActive
		rev := b.rev.DeepCopy()
		if _, err := b.Reactivate(ctx, target(), rev); err != nil || len(b.iam.Calls) != 2 || rev.Intent != nil {
			t.Errorf("%v, status %+v, calls %v", err, rev, b.iam.Calls)
		}
	})
}

func TestNothingIsGivenBackToAnother(t *testing.T) {
	cases := map[string]func(*bench, *Target){
		"recreated user": func(b *bench, _ *Target) { b.iam.Observed.UserID = "AIDAOTHER" },
		"protected user": func(b *bench, _ *Target) { b.iam.Observed.Tags = map[string]string{lifecycle.ProtectedTag: "true"} },
		"no pin":         func(_ *bench, t *Target) { t.Pin = lifecycle.Pin{} },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			b, target := newBench(), target()
			if _, err := b.Deactivate(ctx, target, b.rev); err != nil {
				t.Fatal(err)
			}
			change(b, &target)
			_, err := b.Reactivate(ctx, target, b.rev)
			var refusal *Refusal
			if !errors.As(err, &refusal) || len(b.iam.Calls) != 1 {
				t.Errorf("error %v, calls %v", err, b.iam.Calls)
			}
		})
	}
}

func TestADeletedKeyCannotBeGivenBack(t *testing.T) {
	b := newBench()
	if _, err := b.Run(ctx, target(), b.rev); err != nil {
		t.Fatal(err)
	}
	calls, before := len(b.iam.Calls), b.rev.DeepCopy()
	if _, err := b.Reactivate(ctx, target(), b.rev); err != nil || len(b.iam.Calls) != calls || !cmp.Equal(before, b.rev) {
		t.Errorf("%v, calls %v", err, b.iam.Calls[calls:])
	}
}

func TestAKeyThatWasNeverPinnedIsNotDeactivated(t *testing.T) {
	b, target := newBench(), target()
	target.Pin = lifecycle.Pin{}
	var refusal *Refusal
	if _, err := b.Deactivate(ctx, target, b.rev); !errors.As(err, &refusal) || refusal.Guard != "Pinned" || len(b.iam.Calls) != 0 {
		t.Errorf("got %v after %v", err, b.iam.Calls)
	}
}
