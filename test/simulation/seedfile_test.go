package simulation

import (
	"os"
	"testing"

	"github.com/keylease/keylease/test/simulation/story"
)

func TestSeedFile(t *testing.T) {
	b, err := os.ReadFile(os.Getenv("STORY"))
	if err != nil {
		t.Skip(err)
	}
	s, err := story.Parse(string(b))
	if err != nil {
		t.Fatal(err)
	}
	e, err := examine(s, "keylease")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range e.findings {
		t.Logf("FOUND %s %s %s %s", f.Invariant, f.Key, f.At, f.Text)
	}
	t.Log(e.world.Tale())
}
