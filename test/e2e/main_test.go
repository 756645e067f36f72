// Package e2e runs the whole operator on a real control plane and the three emulators, by a clock that the tests move.
package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers"
	"github.com/keylease/keylease/test/controlplane"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/world"
)

var plane *controlplane.ControlPlane

func TestMain(m *testing.M) {
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
	clock    *world.Clock
	operator *world.Operator
	audit    *lines
}

// newStage at a moment. Nothing runs yet.
func newStage(t *testing.T, now string, change ...func(*world.Options)) *stage {
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
	s := &stage{World: w, T: t, clock: c, audit: &lines{}}
	s.must(w.Client.Create(t.Context(), w.SlackSecret()))
	return s
}

// company is the fixture as it stands in testdata.
func company(t *testing.T) *sheets.Spreadsheet {
	t.Helper()
	s, err := sheets.LoadPath(filepath.Join("..", "..", "testdata", "company"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// start the operator with a sheet of default settings.
func (s *stage) start(change ...func(*v1alpha1.AccessKeySheet)) {
	s.Helper()
	s.must(s.Client.Create(s.Context(), s.AccessKeySheet(change...)))
	s.restart()
}

// restart the operator, or start the first.
func (s *stage) restart(change ...func(*controllers.Deps)) {
	s.Helper()
	if s.operator != nil {
		s.must(s.operator.Stop())
	}
	log := logr.Discard()
	if os.Getenv("KEYLEASE_TEST_LOG") != "" {
		log = funcr.New(func(prefix, args string) { s.Log(prefix, args) }, funcr.Options{})
	}
	operator, err := s.Start(context.WithoutCancel(s.Context()), s.clock, log, s.audit.logger(), change...)
	s.must(err)
	s.operator = operator
	s.Cleanup(func() { _ = operator.Stop() }) // stopped already where it was restarted
	s.settle()
}

func (s *stage) settle() {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 5*time.Minute) // a thousand new leases on a busy machine take one
	defer cancel()
	s.must(s.operator.Settle(ctx))
}

// until a moment, at the operator's own pace, looked at every three hours at most where nothing else is asked for.
func (s *stage) until(at string) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 5*time.Minute)
	defer cancel()
	s.must(s.operator.Until(ctx, jst(at), 3*time.Hour))
}

func (s *stage) lease(accessKeyID string) *v1alpha1.AccessKeyLease {
	s.Helper()
	l := &v1alpha1.AccessKeyLease{}
	s.must(s.Get(s.Context(), strings.ToLower(accessKeyID), l))
	return l
}

func (s *stage) sheet() *v1alpha1.AccessKeySheet {
	s.Helper()
	a := &v1alpha1.AccessKeySheet{}
	s.must(s.Get(s.Context(), world.SheetName, a))
	return a
}

// changes in AWS so far.
func (s *stage) changes() []iam.Call {
	var out []iam.Call
	for _, c := range s.IAM.Calls() {
		if c.Changing() {
			out = append(out, c)
		}
	}
	return out
}
