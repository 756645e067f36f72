package simulation

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
	"github.com/keylease/keylease/test/simulation/trial"
)

// fault that is known and not mended yet. When it is mended, the test fails until its entry is taken out.
type fault struct {
	name string
	// invariants that it breaks.
	invariants []string
	// acts without which it does not happen: each is a regular expression of an act's verb and arguments. None: it happens
	// everywhere, and random stories pass over what breaks its invariants.
	acts []string
	// story in which it happens.
	story string
}

// everywhere are the invariants that a known fault breaks in any story.
func everywhere() []string {
	var invariants []string
	for _, f := range known {
		if len(f.acts) == 0 {
			invariants = append(invariants, f.invariants...)
		}
	}
	return invariants
}

// mayShow tells whether a finding may come from the fault.
func (f fault) mayShow(e trial.Trial) bool {
	return len(f.acts) > 0 && slices.Contains(f.invariants, e.Findings[0].Invariant) &&
		!slices.ContainsFunc(f.acts, func(act string) bool { return !slices.ContainsFunc(e.Story.Acts, isAct(act)) })
}

// without gives a story without the fault's last act.
func (f fault) without(s story.Story) story.Story {
	last := isAct(f.acts[len(f.acts)-1])
	return story.Story{Acts: slices.DeleteFunc(slices.Clone(s.Acts), last), End: s.End}
}

func isAct(expression string) func(story.Act) bool {
	act := regexp.MustCompile("^" + expression)
	return func(a story.Act) bool { return act.MatchString(strings.Join(append([]string{a.Verb}, a.Args...), " ")) }
}

func TestAKnownFaultIsStillThere(t *testing.T) {
	for _, f := range known {
		t.Run(f.name, func(t *testing.T) {
			s, err := story.Parse(f.story)
			if err != nil {
				t.Fatal(err)
			}
			e, err := trial.Play(s, play.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(e.Findings) == 0 {
				t.Fatalf("it is mended: take its entry out of the list of known faults\n%s", e.World.Tale())
			}
			if len(f.acts) == 0 {
				if !slices.Contains(f.invariants, e.Findings[0].Invariant) {
					t.Errorf("it shows otherwise: %s", e.Report(0))
				}
				return
			}
			without, err := trial.Play(f.without(s), play.Options{})
			if err != nil || !f.mayShow(e) || without.Shows(e.Findings[0]) {
				t.Errorf("it shows otherwise (%v): %s", err, e.Report(0))
			}
		})
	}
}
