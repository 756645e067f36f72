package chance

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
)

func TestADrawnStoryIsWholeAndCanBePasted(t *testing.T) {
	for seed := range uint64(200) {
		s := Draw(seed)
		text := s.String()
		again, err := story.Parse(text)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if diff := cmp.Diff(text, again.String()); diff != "" {
			t.Errorf("seed %d is not what was printed:\n%s", seed, diff)
		}
		if diff := cmp.Diff(text, Draw(seed).String()); diff != "" {
			t.Errorf("seed %d gives another story:\n%s", seed, diff)
		}
		if !slices.IsSortedFunc(s.Acts, func(a, b story.Act) int { return a.At.Compare(b.At) }) {
			t.Errorf("seed %d is out of order", seed)
		}
		for _, a := range s.Acts {
			if !play.Knows(a.Verb) {
				t.Errorf("seed %d: nobody knows how to %s", seed, a.Verb)
			}
		}
	}
}
