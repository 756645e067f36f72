// Package simulation lets people and the operator loose on one sheet at the same time, on a real control plane and the
// emulators: at the worst single moments, one by one, and at random for as long as is asked for.
package simulation

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/controlplane"
	"github.com/keylease/keylease/test/emulator/sheets"
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

var tokyo = func() *time.Location {
	loc, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		panic(err)
	}
	return loc
}()

// jst reads "2026-12-01 15:00".
func jst(text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", text, tokyo)
	if err != nil {
		panic(err)
	}
	return at
}

// stage is a world with an operator in it, and the test that watches.
type stage struct {
	*world.World
	*testing.T
	// whole test, of which T may be a part.
	whole *testing.T
	clock *world.Clock
	// process is the operator that runs now; parts of a test share it.
	process *process
	sheet   *sheets.Spreadsheet
	form    *sheets.Tab
}

type process struct{ *world.Operator }

// newStage with a sheet; nothing runs yet.
func newStage(t *testing.T, now string, sheet *sheets.Spreadsheet, change ...func(*world.Options)) *stage {
	t.Helper()
	c := world.NewClock(jst(now))
	o := world.Options{Clock: c, Config: plane.Config(), Namespace: plane.Namespace(t)}
	for _, f := range change {
		f(&o)
	}
	w, err := world.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	for k, v := range w.Environment() {
		t.Setenv(k, v)
	}
	s := &stage{World: w, T: t, whole: t, clock: c, process: &process{}, sheet: sheet, form: sheet.Tab("key_request_form")}
	s.must(w.Client.Create(t.Context(), w.SlackSecret()))
	w.Seed(sheet)
	for _, row := range s.form.Texts()[1:] {
		if len(row) > 11 && row[11] != "" {
			s.Key(row[9], row[11], jst("2026-06-01 09:00"))
		}
	}
	return s
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// begin the operator's work on a sheet of default settings.
func (s *stage) begin(change ...func(*v1alpha1.AccessKeySheet)) {
	s.Helper()
	s.must(s.Client.Create(s.Context(), s.AccessKeySheet(change...)))
	s.boot()
	s.settle()
	s.sync()
}

// boot an operator, as a process that starts.
func (s *stage) boot() {
	s.Helper()
	log := logr.Discard()
	if os.Getenv("KEYLEASE_TEST_LOG") != "" {
		log = funcr.New(func(prefix, args string) { s.Log(prefix, args) }, funcr.Options{})
	}
	operator, err := s.Start(context.WithoutCancel(s.whole.Context()), s.clock, log, log)
	s.must(err)
	s.process.Operator = operator
	s.whole.Cleanup(func() { _ = operator.Stop() })
}

// settle waits until the operator has nothing to do at this moment.
func (s *stage) settle() {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 2*time.Minute)
	defer cancel()
	s.must(s.process.Settle(ctx))
}

// sync lets one whole sync happen, asked for by annotation.
func (s *stage) sync() {
	s.Helper()
	s.askForSync()
	s.pass(5 * time.Second)
}

// pass some time, as the operator's timers see it.
func (s *stage) pass(d time.Duration) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 5*time.Minute)
	defer cancel()
	s.must(s.process.Until(ctx, s.clock.Now().Add(d), 3*time.Hour))
}

func (s *stage) askForSync() {
	s.Helper()
	body := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.AnnotationSync, s.clock.Now().Format(time.RFC3339Nano))
	a := &v1alpha1.AccessKeySheet{}
	a.Name, a.Namespace = world.SheetName, s.Namespace
	s.must(s.Client.Patch(context.WithoutCancel(s.Context()), a, client.RawPatch(types.MergePatchType, []byte(body))))
}

// extend a lease, as kubectl patch does.
func (s *stage) extend(accessKeyID, endDate string) {
	s.Helper()
	s.must(s.patch(accessKeyID, fmt.Sprintf(`{"endDate":%q}`, endDate)))
}

func (s *stage) patch(accessKeyID, spec string) error {
	l := &v1alpha1.AccessKeyLease{}
	l.Name, l.Namespace = strings.ToLower(accessKeyID), s.Namespace
	return s.Client.Patch(context.WithoutCancel(s.Context()), l, client.RawPatch(types.MergePatchType, []byte(`{"spec":`+spec+`}`)))
}

func (s *stage) lease(accessKeyID string) *v1alpha1.AccessKeyLease {
	s.Helper()
	l := &v1alpha1.AccessKeyLease{}
	s.must(s.Get(s.Context(), strings.ToLower(accessKeyID), l))
	return l
}
