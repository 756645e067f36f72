package real

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/world"
)

// crashBehind stops the operator, as a process that dies, behind its n-th request of a kind from now on: the request is
// carried out, and nobody hears of it.
func (s *stage) crashBehind(op sheets.Op, n, round int) {
	s.Helper()
	gate, carriedOut := make(chan struct{}), make(chan struct{})
	defer close(gate)
	s.Sheets.Inject(sheets.Fault{On: op, Skip: n, StallAnswer: gate, After: func(*sheets.Spreadsheet) { close(carriedOut) }})
	s.dieAt(carriedOut, round)
}

// crashBefore stops the operator when it has sent its next request of a kind, which is never carried out.
func (s *stage) crashBefore(op sheets.Op, round int) {
	s.Helper()
	arrived, release := s.Sheets.StallNext(op)
	defer release()
	s.dieAt(arrived, round)
}

// dieAt that moment of the sync that writes what is extended now.
func (s *stage) dieAt(moment <-chan struct{}, round int) {
	s.Helper()
	for _, n := range written {
		s.extend(keyOf(n), dashed(date(round)))
	}
	for range 60 { // the clock goes on, because the sync may begin to wait after it was set
		s.Clock.Set(s.Clock.Now().Add(5 * time.Second))
		select {
		case <-moment:
			s.Stop()
			return
		case <-time.After(time.Second):
		}
	}
	s.Fatal("the request was never sent")
}

// reboot an operator after a crash, and let it find out how things stand.
func (s *stage) reboot() {
	s.Helper()
	s.Boot()
	s.Settle()
	s.Sync()
	s.Sync()
}

// TestACrashBetweenWriteAndReadBackLeavesNoMarkInAWrongRow: rows move right before the write, the process dies right
// behind it, and rows move again before the next one starts.
func TestACrashBetweenWriteAndReadBackLeavesNoMarkInAWrongRow(t *testing.T) {
	s := momentStage(t)
	nothing := move{"nothing", func(*sheets.Grid, int) error { return nil }}
	round := 100
	for _, before := range moves {
		for _, after := range []move{nothing, moves[1]} {
			round++
			t.Run(fmt.Sprintf("%s before the write, %s after the crash", before.name, after.name), func(t *testing.T) {
				s := s.at(t)
				want := s.extendBoth(round)
				s.Sheets.Inject(sheets.Fault{On: sheets.Write, Before: func(*sheets.Spreadsheet) { before.around(t, s.form, keyOf(written[0])) }})
				s.crashBehind(sheets.Write, 0, round)
				after.around(t, s.form, keyOf(written[0]))
				s.reboot()
				s.expectSaid(s.butSafe(want, after.name == nothing.name))
			})
		}
	}
}

// butSafe: where rows moved on before anybody looked, a stray date or extension mark may be a person's own and stays. It
// holds a key and never takes one, and is the only thing that may be wrong.
func (s *stage) butSafe(want said, certain bool) said {
	s.Helper()
	if certain {
		return want
	}
	want = maps.Clone(want)
	for row, is := range s.said() {
		was, known := want[row]
		if is != was && (!known || is[0] >= was[0]) {
			want[row] = is
		}
	}
	return want
}

func TestAWriteWhoseAnswerIsLostIsHealed(t *testing.T) {
	s := momentStage(t)
	unavailable := sheets.Response{Status: http.StatusServiceUnavailable, Body: `{"error":{"code":503,"status":"UNAVAILABLE","message":"later"}}`}
	round := 150
	for name, fault := range map[string]sheets.Fault{
		"the answer is lost":                    {On: sheets.Write, LoseAnswer: true},
		"the request is lost":                   {On: sheets.Write, LoseRequest: true},
		"503, and nothing was written":          {On: sheets.Write, Answer: &unavailable},
		"the read-back fails":                   {On: sheets.Read, Skip: 2, Answer: &unavailable},
		"the read-back is lost, twice in a row": {On: sheets.Read, Skip: 2, Times: 2, LoseAnswer: true},
	} {
		for _, m := range moves[:2] {
			round++
			t.Run(name+", with "+m.name, func(t *testing.T) {
				s := s.at(t)
				want := s.extendBoth(round)
				s.Sheets.Inject(sheets.Fault{On: sheets.Write, Before: func(*sheets.Spreadsheet) { m.around(t, s.form, keyOf(written[0])) }})
				hit := s.Sheets.Inject(fault)
				for _, n := range written {
					s.extend(keyOf(n), dashed(date(round)))
				}
				s.Sync()
				s.Pass(3 * time.Minute)
				s.expectSaid(want)
				if hit.Hits() == 0 {
					t.Error("the fault was never met")
				}
			})
		}
	}
}

func TestACrashBeforeTheWriteLosesNothing(t *testing.T) {
	s := momentStage(t)
	want := s.extendBoth(200)
	s.crashBehind(sheets.Read, 1, 200)
	s.reboot()
	s.expectSaid(want)
}

// TestAPersonsOwnExtensionIsNotTakenForAStrayOne: the process died, and while nobody watched, a person asked for an
// extension in the very words that were to be written into another row.
func TestAPersonsOwnExtensionIsNotTakenForAStrayOne(t *testing.T) {
	s := momentStage(t)
	want := s.extendBoth(201)
	s.crashBefore(sheets.Write, 201)
	row, _ := s.form.FindRow("L", keyOf(11))
	s.Must(s.form.SetCell(fmt.Sprint("K", row), "延長申請済み"))
	s.reboot()
	want[stamp(11)] = [2]string{want[stamp(11)][0], "延長申請済み"}
	if diff := cmp.Diff(want, s.said()); diff != "" {
		t.Errorf("the sheet (-want +got):\n%s", diff)
	}
	if !s.Lease(keyOf(11)).Spec.ExtensionRequested {
		t.Error("the lease does not know of it")
	}
}

// TestAConflictOfDatesIsToldThoughTheProcessDiedWhenItWasDecided: the merge that decided it is done then, and the next one
// finds nothing but a date that has still to be written.
func TestAConflictOfDatesIsToldThoughTheProcessDiedWhenItWasDecided(t *testing.T) {
	s := momentStage(t)
	row, _ := s.form.FindRow("L", keyOf(4))
	s.Must(s.form.SetCell(fmt.Sprint("I", row), "2028/01/31"))
	s.crashBehind(sheets.Read, 1, 450)
	s.reboot()
	var told []string
	for _, m := range s.Slack.AllMessages() {
		if strings.Contains(m.PlainText(), keyOf(4)) {
			told = append(told, m.PlainText())
		}
	}
	if len(told) != len(s.admins()) {
		t.Errorf("%d messages about the conflict, want one to each of %v: %q", len(told), s.admins(), told)
	}
}

func (s *stage) admins() []string {
	s.Helper()
	a := &v1alpha1.AccessKeySheet{}
	s.Must(s.Get(s.Context(), world.SheetName, a))
	return a.Spec.Slack.Admins
}
