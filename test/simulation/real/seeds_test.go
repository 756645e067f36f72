package real

import (
	"regexp"
	"slices"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/test/simulation/chance"
	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
	"github.com/keylease/keylease/test/world"
)

// seeds of stories that are played on the real control plane too. What restores a cluster needs the server in memory.
var seeds = []uint64{3}

// TestAStoryGoesOnTheRealControlPlaneAsInMemory: the API server in memory is as strict as the real one where these
// stories meet it, or their tales would part.
func TestAStoryGoesOnTheRealControlPlaneAsInMemory(t *testing.T) {
	t.Parallel()
	c, err := client.New(plane.Config(), client.Options{Scheme: world.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	for _, seed := range seeds {
		namespace := plane.Namespace(t)
		s := chance.Draw(seed)
		s.Acts = slices.DeleteFunc(s.Acts, func(a story.Act) bool { return a.Verb == "backup" || a.Verb == "restore" })
		memory, err := play.Play(s, play.Options{Namespace: namespace})
		if err != nil {
			t.Fatal(err)
		}
		real, err := play.Play(s, play.Options{Namespace: namespace, NewAPI: realAPI(c)})
		if err != nil {
			t.Fatal(err)
		}
		if want, got := wholeSeconds(memory.Tale()), wholeSeconds(real.Tale()); got != want {
			t.Errorf("seed %d, in memory:\n%s\non the real control plane:\n%s", seed, want, got)
		}
	}
}

// wholeSeconds of a tale's moments: on the real control plane a write now and then takes a call more.
func wholeSeconds(tale string) string {
	return regexp.MustCompile(`(?m)^(\d\d-\d\d \d\d:\d\d:\d\d)\.\d\d `).ReplaceAllString(tale, "$1 ")
}
