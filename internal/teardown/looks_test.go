package teardown

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
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
