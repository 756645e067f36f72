package pace

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/internal/failure"
)

const account = "aws/aws/123456789012"

func named(n int) types.NamespacedName {
	return types.NamespacedName{Namespace: "keylease", Name: fmt.Sprintf("lease-%d", n)}
}

// crowd is a place whose slots are all taken, and who was woken since.
type crowd struct {
	*Slots
	woken    []types.NamespacedName
	releases []func()
}

func newCrowd(t *testing.T) *crowd {
	c := &crowd{}
	c.Slots = NewSlots(func(key types.NamespacedName) { c.woken = append(c.woken, key) })
	for n := range slotsPerPlace {
		release, ok := c.Take(account, named(n))
		if !ok {
			t.Fatalf("slot %d is not given", n)
		}
		c.releases = append(c.releases, release)
	}
	return c
}

func (c *crowd) mustWait(t *testing.T, keys ...types.NamespacedName) {
	t.Helper()
	for _, key := range keys {
		if _, ok := c.Take(account, key); ok {
			t.Errorf("%s got a slot", key)
		}
	}
}

func (c *crowd) wantWoken(t *testing.T, want ...types.NamespacedName) {
	t.Helper()
	if diff := cmp.Diff(want, c.woken); diff != "" {
		t.Errorf("woken (-want +got):\n%s", diff)
	}
}

func TestAFreeSlotIsOfferedInTheOrderOfArrival(t *testing.T) {
	c := newCrowd(t)
	c.mustWait(t, named(10), named(11), named(10), named(12))
	c.wantWoken(t)
	c.releases[0]()
	c.releases[1]()
	c.wantWoken(t, named(10), named(11))
	if _, ok := c.Take(account, named(11)); !ok {
		t.Error("the offered slot was given to another")
	}
}

func TestAnOfferedSlotIsKeptUntilTheReconcileEnds(t *testing.T) {
	c := newCrowd(t)
	c.mustWait(t, named(10), named(11))
	c.releases[0]()
	c.mustWait(t, named(20)) // it came later
	c.Done(named(10))        // it needs the slot no more
	c.wantWoken(t, named(10), named(11))
	c.Done(named(11))
	c.wantWoken(t, named(10), named(11), named(20))
}

func TestASlotThatWasTakenIsFreeOnlyWhenReleased(t *testing.T) {
	c := newCrowd(t)
	c.mustWait(t, named(10), named(11))
	c.releases[0]()
	release, ok := c.Take(account, named(10))
	if !ok {
		t.Fatal("the offered slot is not given")
	}
	c.Done(named(10))
	c.wantWoken(t, named(10))
	release()
	c.wantWoken(t, named(10), named(11))
}

func TestAPlaceThatIsFullKeepsNobodyFromAnother(t *testing.T) {
	c := newCrowd(t)
	if _, ok := c.Take("slack/keylease/requests", named(10)); !ok {
		t.Error("a slot in Slack waits for AWS")
	}
}

func TestWhoIsOfferedASlotElsewhereIsNotWokenTwice(t *testing.T) {
	c := newCrowd(t)
	const slack = "slack/keylease/requests"
	var releases []func()
	for n := range slotsPerPlace {
		release, _ := c.Take(slack, named(n))
		releases = append(releases, release)
	}
	c.mustWait(t, named(10), named(11))
	if _, ok := c.Take(slack, named(10)); ok {
		t.Fatal("a slot in a full place")
	}
	c.releases[0]()
	releases[0]() // named(10) is awake: it asks for this one again
	c.wantWoken(t, named(10))
	if _, ok := c.Take(slack, named(10)); !ok {
		t.Error("the slot in Slack is lost")
	}
}

func TestAPlaceThatAnswersNobodyIsPaused(t *testing.T) {
	lost := &failure.Error{Class: failure.Retry, Code: failure.CodeNoConnection}
	for name, c := range map[string]struct {
		results []error
		paused  bool
	}{
		"nobody has asked":                     {nil, false},
		"fewer in a row got no answer":         {[]error{errTimeout, lost, errTimeout}, false},
		"four in a row got no answer":          {[]error{errTimeout, lost, errTimeout, lost}, true},
		"one of them was answered":             {[]error{errTimeout, errTimeout, nil, errTimeout, errTimeout}, false},
		"a refusal is an answer":               {[]error{errTimeout, errTimeout, errTimeout, errDenied}, false},
		"an error of no class is no silence":   {[]error{errTimeout, errTimeout, errTimeout, errors.New("broken")}, false},
		"the silence goes on after the answer": {[]error{nil, errTimeout, errTimeout, errTimeout, errTimeout}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewSlots(nil)
			for _, err := range c.results {
				s.Answered(account, start, err)
			}
			until, why := s.Paused(account, start)
			if got := !until.IsZero(); got != c.paused || (why != nil) != c.paused {
				t.Fatalf("paused until %s because of %v", until, why)
			}
			if c.paused && !until.Equal(start.Add(time.Minute)) {
				t.Errorf("paused until %s", until)
			}
			if until, _ := s.Paused(account, start.Add(time.Minute)); !until.IsZero() {
				t.Error("the pause does not end")
			}
			if until, _ := s.Paused("aws/aws/210987654321", start); !until.IsZero() {
				t.Error("another account is paused too")
			}
		})
	}
}

func TestAPlaceThatStillAnswersNobodyAfterItsPauseIsPausedAtOnce(t *testing.T) {
	s := NewSlots(nil)
	for range pauseAfter {
		s.Answered(account, start, errTimeout)
	}
	later := start.Add(pauseFor)
	s.Answered(account, later, errTimeout)
	if until, _ := s.Paused(account, later); !until.Equal(later.Add(pauseFor)) {
		t.Errorf("paused until %s", until)
	}
}
