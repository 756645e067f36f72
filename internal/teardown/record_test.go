package teardown_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

// Another replica, or a person, changed the lease: at whatever write of status that shows, this pass calls nothing more,
// and a later one finishes.
func TestAfterAConflictOfTheStatusNothingMoreIsCalled(t *testing.T) {
	seed := func() (*world, *lease) {
		w := newWorld(t, iam.Options{})
		w.addSmallFullUser()
		return w, w.lease(leased)
	}
	undisturbed, whole := seed()
	whole.finish(t)
	want := undisturbed.account.Inventory()
	for n := 1; n <= whole.records; n++ {
		w, l := seed()
		conflict := errors.New("the lease was changed meanwhile")
		calls, conflicted := 0, false
		l.onRecord = func(store func()) error {
			if l.records != n {
				store()
				return nil
			}
			calls, conflicted = len(w.Calls()), true
			return conflict
		}
		for range 10 {
			_, err := l.step(ctx)
			if conflicted {
				if !errors.Is(err, conflict) {
					t.Errorf("record %d: error %v, want the conflict", n, err)
				}
				break
			}
			w.passes(teardown.SettleTime + time.Second)
		}
		if more := w.Calls()[calls:]; !conflicted || len(more) != 0 {
			t.Errorf("record %d conflicted: %t, then was called %v", n, conflicted, more)
		}
		l.onRecord = nil
		w.passes(teardown.SettleTime + time.Second)
		l.finish(t)
		if diff := cmp.Diff(want, w.account.Inventory()); diff != "" {
			t.Errorf("record %d: the account (-want +got):\n%s", n, diff)
		}
	}
}
