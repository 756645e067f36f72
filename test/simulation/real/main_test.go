// Package simulation lets people and the operator loose on one sheet at the same time, on a real control plane and the
// emulators: at the worst single moments, one by one, and at random for as long as is asked for.
package real

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/controlplane"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

var (
	soakDuration = flag.Duration("soak-duration", 0, "how long TestSoak goes on; 0: not at all")
	seedFlag     = flag.Uint64("seed", 0, "seed of the random simulation, to see one again; 0: a new one")
)

var plane *controlplane.ControlPlane

func TestMain(m *testing.M) {
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	os.Exit(controlplane.Main(m, world.ControlPlane(), &plane))
}

// stage whose sheet people edit while the operator works on it.
type stage struct {
	*fixture.Stage
	sheet *sheets.Spreadsheet
	form  *sheets.Tab
}

// newStage with a sheet, all of whose keys are in AWS; nothing runs yet.
func newStage(t *testing.T, now string, sheet *sheets.Spreadsheet, change ...func(*world.Options)) *stage {
	t.Helper()
	if !strings.Contains(t.Name(), "/") {
		t.Parallel()
	}
	s := &stage{Stage: fixture.NewStage(t, plane, now, change...), sheet: sheet, form: sheet.Tab("key_request_form")}
	s.Seed(sheet)
	for _, row := range s.form.Texts()[1:] {
		if len(row) > 11 && row[11] != "" {
			s.Key(row[9], row[11], fixture.JST("2026-06-01 09:00"))
		}
	}
	return s
}

// begin the operator's work on a sheet of default settings.
func (s *stage) begin(change ...func(*v1alpha1.AccessKeySheet)) {
	s.Helper()
	s.Begin(change...)
	s.Sync()
}

// at the same stage, a part of the test, which reports for itself.
func (s *stage) at(t *testing.T) *stage { return &stage{Stage: s.On(t), sheet: s.sheet, form: s.form} }

// extend a lease, as kubectl patch does.
func (s *stage) extend(accessKeyID, endDate string) {
	s.Helper()
	s.Must(s.Patch(accessKeyID, fmt.Sprintf(`{"endDate":%q}`, endDate)))
}
