// Package e2e runs the whole operator on a real control plane and the three emulators, by a clock that the tests move.
package e2e

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/keylease/keylease/test/controlplane"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

var plane *controlplane.ControlPlane

// testsAtOnce is how many tests run at the same time: most of the time they wait for the API server.
const testsAtOnce = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	if given := flag.Lookup("test.parallel"); given.Value.String() == given.DefValue {
		if err := given.Value.Set(testsAtOnce); err != nil {
			panic(err) // it is a number
		}
	}
	ctrl.SetLogger(logr.Discard())
	os.Exit(controlplane.Main(m, world.ControlPlane(), &plane))
}

// stage has what more these tests look at.
type stage struct{ *expect.Stage }

// newStage in a namespace of its own, so that tests may run at the same time; the cases of one test follow each other.
func newStage(t *testing.T, now string, change ...func(*world.Options)) *stage {
	t.Helper()
	if !strings.Contains(t.Name(), "/") {
		t.Parallel()
	}
	return &stage{expect.On(fixture.NewStage(t, plane, now, change...))}
}

// on the same stage, a part of the test, which reports for itself.
func (s *stage) on(t *testing.T) *stage { return &stage{expect.On(s.Stage.On(t))} }
