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
	// acts without which it does not happen: each is a regular expression of an act's verb and arguments.
	acts []string
	// story in which it happens.
	story string
}

// knownFault is the name of the fault that a shrunk story shows; empty: nobody knows it.
func knownFault(e trial.Trial) string {
	for _, f := range known {
		if slices.Contains(f.invariants, e.Findings[0].Invariant) && !slices.ContainsFunc(f.acts, func(act string) bool { return !hasAct(e.Story, act) }) {
			return f.name
		}
	}
	return ""
}

func hasAct(s story.Story, expression string) bool {
	act := regexp.MustCompile("^" + expression)
	return slices.ContainsFunc(s.Acts, func(a story.Act) bool {
		return act.MatchString(strings.Join(append([]string{a.Verb}, a.Args...), " "))
	})
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
			if got := knownFault(e); got != f.name {
				t.Errorf("it shows as %q: %s", got, e.Report(0))
			}
		})
	}
}
