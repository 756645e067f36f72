package teardown

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

// What only the second reading shows counts before anything of the user's is touched.
func TestWhatOnlyTheInventoryShowsKeepsTheUserWhole(t *testing.T) {
	for reason, change := range map[string]func(*bench, *Target){
		v1alpha1.RetainedOtherKeys:   func(b *bench, _ *Target) { b.iam.Inv.AccessKeys = append(b.iam.Inv.AccessKeys, "AKIAOTHER00000000001") },
		v1alpha1.RetainedConsoleUser: func(b *bench, t *Target) { b.iam.Inv.LoginProfile, t.KeepConsoleUsers = true, true },
	} {
		t.Run(reason, func(t *testing.T) {
			b, target := newBench(), target()
			change(b, &target)
			if _, err := b.Run(ctx, target, b.rev); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wholeOrder[:2], b.iam.Calls); diff != "" {
				t.Errorf("more than the key was touched (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]v1alpha1.Retained{{Target: "svc-report", Reason: reason}}, b.rev.Retained); diff != "" {
				t.Errorf("retained (-want +got):\n%s", diff)
			}
		})
	}
}

// Two readings missed the key, and the list that comes last shows it: it lives, and its user is not taken apart.
func TestAKeyThatOnlyTheInventoryShowsIsNotGone(t *testing.T) {
	for name, others := range map[string][]string{"alone": nil, "beside another": {"AKIAOTHER00000000001"}} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			b.iam.Inv.AccessKeys = append(b.iam.Inv.AccessKeys, others...)
			b.iam.Observed.Key, b.iam.Observed.KeyUser = v1alpha1.KeyAbsent, ""
			for range 3 {
				_, err := b.Verify(ctx, target(), b.rev)
				if begun := b.rev.StartTime.Before(&metav1.Time{Time: b.clock.Now()}); begun && !failure.Is(err, failure.Retry) {
					t.Errorf("error %v", err)
				}
				b.passes(SettleTime)
			}
			if len(b.iam.Calls) > 0 || b.rev.KeyDeletedTime != nil || len(b.rev.Retained) > 0 {
				t.Errorf("calls %v, status %+v", b.iam.Calls, b.rev)
			}
			b.iam.Observed.Key = v1alpha1.KeyActive
			if _, err := b.Verify(ctx, target(), b.rev); err != nil || b.rev.Reason != v1alpha1.ReasonEndDatePassed {
				t.Errorf("once it is seen again: %v, reason %s", err, b.rev.Reason)
			}
		})
	}
}

// A user on which nothing hangs is looked at once more as well before it goes: keeping its snapshot takes its time.
func TestABareUserIsLookedAtBeforeItGoes(t *testing.T) {
	b := newBench()
	b.iam.Inv = Inventory{AccessKeys: []string{target().AccessKeyID}}
	b.onSave = func() { b.iam.Observed.Tags = map[string]string{lifecycle.ProtectedTag: "true"} }
	_, err := b.Run(ctx, target(), b.rev)
	if refusal := (*Refusal)(nil); !errors.As(err, &refusal) || refusal.Reason != v1alpha1.ReasonProtected {
		t.Errorf("got %v, want the refusal %s", err, v1alpha1.ReasonProtected)
	}
	if diff := cmp.Diff(wholeOrder[:2], b.iam.Calls); diff != "" {
		t.Errorf("more than the key was touched (-want +got):\n%s", diff)
	}
}
