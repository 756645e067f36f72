package play

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// restless lets one lease ask for its turn again and again, and make some calls each time. It gives what is told of it.
func restless(t *testing.T, every, span time.Duration, calls int) []ledger.Slowed {
	t.Helper()
	w, err := New(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC), Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.boot(w.clusters[0])
	if err != nil {
		t.Fatal(err)
	}
	item := reconcile.Request{NamespacedName: types.NamespacedName{Name: "a"}}
	p.leases.AddAfter(item, every)
	for end := w.Clock.Now().Add(span); w.Clock.Now().Before(end); {
		w.setTime(w.nextStop(w.Clock.Now(), end))
		if taken, ok := p.leases.take(func(reconcile.Request) bool { return true }); ok {
			for range calls {
				w.calling(&task{process: p, queue: p.leases, item: taken}, call{"aws", "GetUser"})
			}
			p.leases.done(taken, reconcile.Result{RequeueAfter: every}, nil)
		}
	}
	return w.Ledger.Slowed
}

func TestWhoAsksWithoutEndIsTold(t *testing.T) {
	told := restless(t, time.Second, 2*time.Hour, 3)
	if len(told) != 2 {
		t.Fatalf("%+v, want one entry for each hour", told)
	}
	for _, s := range told {
		if s.Item != leaseQueue+" a" || s.Turns != manyStops {
			t.Errorf("%+v", s)
		}
	}
}

func TestWhoAsksNowAndThenIsNotTold(t *testing.T) {
	if told := restless(t, 5*time.Minute, 3*time.Hour, 3); len(told) > 0 {
		t.Errorf("%+v", told)
	}
}

func TestWhoCallsNothingIsNotTold(t *testing.T) {
	for _, s := range restless(t, time.Second, time.Hour, 0) {
		if s.Item != "" || s.Turns > 0 {
			t.Errorf("%+v", s)
		}
	}
}
