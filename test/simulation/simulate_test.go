// Package simulation plays random stories of the whole product: people, services that fail, operators that die, for years
// of leases. What it plays is in the folders beside: story, chance, play, ledger, judge, trial. The folder real plays on a
// real control plane.
package simulation

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/keylease/keylease/test/simulation/chance"
	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
	"github.com/keylease/keylease/test/simulation/trial"
)

var (
	seedFlag        = flag.Uint64("seed", 1, "seed of the first story")
	simulateMinutes = flag.Float64("simulate-minutes", 0, "how long TestSimulate plays random stories; 0: as many as a test run needs")
)

// testRun is how many stories make test plays, from seed 1 on.
const testRun = 10

// TestSimulate plays random stories of the whole product, and judges them. It ends at the first finding that nobody knows.
func TestSimulate(t *testing.T) {
	seed, end := *seedFlag, time.Time{}
	if *simulateMinutes > 0 {
		end = time.Now().Add(time.Duration(*simulateMinutes * float64(time.Minute)))
	}
	r := &run{found: map[string]int{}}
	next := ^uint64(0) // the first number is 0
	more := func() (uint64, bool) {
		n := atomic.AddUint64(&next, 1)
		switch {
		case t.Failed():
			return 0, false
		case !end.IsZero():
			return seed + n, time.Now().Before(end)
		}
		return seed + n, n < testRun
	}
	var all sync.WaitGroup
	for worker := range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for n, ok := more(); ok; n, ok = more() {
				if problem := r.one(n, fmt.Sprintf("keylease-%d", worker)); problem != "" {
					t.Error(problem)
				}
			}
		})
	}
	all.Wait()
	t.Log(r)
}

func init() { ctrl.SetLogger(logr.Discard()) } // else controller-runtime complains, with a stack trace

// run sums up stories.
type run struct {
	mu                            sync.Mutex
	stories, lives, acts, skipped int
	days                          float64
	// found known faults, by name.
	found map[string]int
}

// one story. The result is the report of a finding that nobody knows.
func (r *run) one(seed uint64, namespace string) string {
	o := play.Options{Namespace: namespace}
	e, err := trial.Play(chance.Draw(seed), o, everywhere()...)
	for err == nil && len(e.Findings) > 0 {
		from, unknown := cause(e, o)
		if from == nil {
			return unknown.Report(seed)
		}
		r.note(from.name)
		e, err = trial.Play(from.without(e.Story), o, everywhere()...)
	}
	if err != nil {
		return fmt.Sprintf("seed %d: %v", seed, err)
	}
	r.add(e)
	return ""
}

// cause is the known fault that a finding comes from: without its last act the finding does not come. Where two known
// faults do the same harm, only a shorter story has one alone. nil: nobody knows the cause of the finding in the story
// that is given too.
func cause(e trial.Trial, o play.Options) (*fault, trial.Trial) {
	if from := causeOf(e, o); from != nil {
		return from, e
	}
	fmt.Fprintf(os.Stderr, "found %q, and makes the story short, which may take minutes\n", e.Findings[0].Invariant)
	short := e.Shrunk(o)
	return causeOf(short, o), short
}

func causeOf(e trial.Trial, o play.Options) *fault {
	for i, f := range known {
		if !f.mayShow(e) {
			continue
		}
		if without, err := trial.Play(f.without(e.Story), o, everywhere()...); err == nil && !without.Shows(e.Findings[0]) {
			return &known[i]
		}
	}
	return nil
}

func (r *run) note(known string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.found[known]++
}

func (r *run) add(e trial.Trial) {
	r.mu.Lock()
	defer r.mu.Unlock()
	whole, days := trial.Lives(e.World.Ledger)
	r.stories, r.lives, r.days, r.acts = r.stories+1, r.lives+whole, r.days+days, r.acts+len(e.World.Ledger.Acts)
	for _, a := range e.World.Ledger.Acts {
		if a.Skipped != "" {
			r.skipped++
		}
	}
}

func (r *run) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d stories, %d whole lives, %.0f lease-years, %d acts (%d impossible). Known faults that were passed over:", r.stories, r.lives, r.days/365, r.acts, r.skipped)
	for _, name := range slices.Sorted(maps.Keys(r.found)) {
		fmt.Fprintf(&b, "\n  %d × %s", r.found[name], name)
	}
	return b.String()
}

// expectNothing plays a story in which an invariant was broken once.
func expectNothing(t *testing.T, text string) trial.Trial {
	t.Helper()
	s, err := story.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	e, err := trial.Play(s, play.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Findings) > 0 {
		t.Error(e.Report(0))
	}
	return e
}
