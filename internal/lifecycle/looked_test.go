package lifecycle

import (
	"testing"

	"github.com/keylease/keylease/api/v1alpha1"
)

func TestALookThatShowsNothingNewIsNotWorthAWrite(t *testing.T) {
	stored := at("2026-12-09 16:00", seenAt("2026-12-09 15:00")).Lease.Status
	for name, tc := range map[string]struct {
		change change
		want   bool
	}{
		"nothing was done":                       {func(*Input) {}, true},
		"looked at an hour later":                {seenAt("2026-12-09 16:00"), true},
		"almost a day later":                     {seenAt("2026-12-10 14:59:59"), true},
		"a day later it is the heartbeat":        {seenAt("2026-12-10 15:00"), false},
		"the clock was set back":                 {seenAt("2026-12-09 14:00"), false},
		"the key has another state":              {lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Key.Status = v1alpha1.KeyInactive }), false},
		"it was used":                            {lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Key.LastUsed = &v1alpha1.LastUsed{Region: "x"} }), false},
		"a condition tells something else":       {wasHeldFor(v1alpha1.ReasonProtected), false},
		"the first look of all":                  {func(in *Input) { in.Lease.Status.Key = nil }, false},
		"looked at, and another phase too":       {func(in *Input) { seenAt("2026-12-09 16:00")(in); in.Lease.Status.Phase = v1alpha1.PhaseExpired }, false},
		"looked at, and the key was just missed": {missedAt("2026-12-09 16:00"), false},
	} {
		t.Run(name, func(t *testing.T) {
			is := at("2026-12-09 16:00", seenAt("2026-12-09 15:00"), tc.change).Lease.Status
			if got := OnlyLooked(stored, is); got != tc.want {
				t.Errorf("only looked: %v, want %v", got, tc.want)
			}
			if stored.Key.ObservedTime.String() != moment("2026-12-09 15:00").String() {
				t.Fatal("the stored status was changed")
			}
		})
	}
}
