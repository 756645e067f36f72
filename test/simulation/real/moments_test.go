package real

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/world"
)

// said is what a row's end-date and status cell say, by the row's timestamp.
type said map[string][2]string

func (s *stage) said() said {
	out := said{}
	for _, row := range s.form.Texts()[1:] {
		for len(row) < 12 {
			row = append(row, "")
		}
		if row[0] != "" {
			out[row[0]] = [2]string{row[8], row[10]}
		} else if row[10] != "" { // a row that nobody wrote has nothing to say
			out[fmt.Sprint("nobody's row: ", row)] = [2]string{row[8], row[10]}
		}
	}
	return out
}

// momentStage has rows in every state that a stray value could destroy: without a mark, notified, held by an extension
// that was asked for, deleted by hand, with a remark, and requests that have no key yet.
func momentStage(t *testing.T) *stage {
	t.Helper()
	s := newStage(t, "2026-12-01 15:10", spreadsheet(t,
		line(1, "2027/06/01", "", keyOf(1)),
		line(2, "2027/06/02", "至急", ""),
		line(3, "2027/06/03", "延長申請済み", keyOf(3)),
		line(4, "2027/06/04", "", keyOf(4)),
		line(5, "2027/06/05", "要確認", keyOf(5)),
		line(6, "2027/06/06", "延長申請済み 部長承認", keyOf(6)),
		line(7, "2026/12/05", "", keyOf(7)),
		line(8, "2027/06/08", "", ""),
		line(9, "2026/12/06", "至急", keyOf(9)),
		line(10, "2027/06/10", "延長不要", keyOf(10)),
		line(11, "2027/06/11", "", keyOf(11)),
	))
	s.begin(generous)
	return s
}

// generous limits: the sheet guard has tests of its own.
func generous(a *v1alpha1.AccessKeySheet) {
	all := int32(100)
	many := int32(10000)
	a.Spec.Limits.MaxChangePercent, a.Spec.Limits.MinChangeRows = &all, &many
}

// written are the leases that a moment's write is about: an extension in the cluster writes both cells of each.
var written = []int{4, 5}

// extendBoth begins a write: both leases get a new end date in the cluster, and their rows no mark as yet.
func (s *stage) extendBoth(round int) (want said) {
	s.Helper()
	for _, n := range written {
		remark := map[int]string{5: "要確認"}[n]
		s.Must(s.form.Edit(func(g *sheets.Grid) error {
			row, _ := g.FindRow("L", keyOf(n))
			return g.SetCell(fmt.Sprint("K", row), remark)
		}))
	}
	s.Sync()
	want = maps.Clone(s.said())
	for _, n := range written {
		mark := map[int]string{4: "延長申請済み", 5: "延長申請済み 要確認"}[n]
		want[stamp(n)] = [2]string{date(round), mark}
	}
	return want
}

// date of a round, later than any before.
func date(round int) string {
	return fmt.Sprintf("%d/%02d/%02d", 2027+round/300, 7+round/28%5, 1+round%28)
}

func dashed(slashed string) string { return slashed[:4] + "-" + slashed[5:7] + "-" + slashed[8:] }

// moved counts the Events that say that a row moved under a write.
func (s *stage) moved() int {
	s.Helper()
	n := 0
	for _, count := range s.eventCounts(v1alpha1.EventRowMoved) {
		n += count
	}
	return n
}

// eventCounts of a reason, by the lease's name.
func (s *stage) eventCounts(reason string) map[string]int {
	s.Helper()
	list := &eventsv1.EventList{}
	s.Must(s.Client.List(s.Context(), list, client.InNamespace(s.Namespace)))
	counts := map[string]int{}
	for _, e := range list.Items {
		if e.Reason == reason {
			counts[e.Regarding.Name]++
			if e.Series != nil {
				counts[e.Regarding.Name] += int(e.Series.Count)
			}
		}
	}
	return counts
}

// TestRowsMoveBetweenAnyTwoRequests has a person move rows right before the n-th request of the sync that writes: 0 is
// its reading, 1 the look-up, 2 the write, 3 the read-back, 4 and 5 what a repair needs.
func TestRowsMoveBetweenAnyTwoRequests(t *testing.T) {
	s := momentStage(t)
	round := 0
	for _, m := range moves {
		for position := range 6 {
			for _, times := range []int{1, 3} {
				if times > 1 && position != 2 && position != 3 {
					continue // what begins elsewhere is one of these, or goes on behind the last request
				}
				round++
				t.Run(fmt.Sprintf("%s, before request %d, %d times in a row", m.name, position, times), func(t *testing.T) {
					s.at(t).moveAt(round, m, position, times)
				})
			}
		}
	}
}

func (s *stage) moveAt(round int, m move, position, times int) {
	s.Helper()
	want := s.extendBoth(round)
	before := s.moved()
	s.Sheets.ResetStats()
	moved := s.Sheets.Inject(sheets.Fault{Skip: position, Times: times, Before: func(*sheets.Spreadsheet) {
		m.around(s.T, s.form, keyOf(written[0]))
	}})
	for _, n := range written {
		s.extend(keyOf(n), dashed(date(round)))
	}
	s.Sync()
	moved.Remove()
	s.Sync()
	s.expectSaid(want)
	if stray := position <= 2 && position+times > 2; stray && s.wroteElsewhere() && s.moved() == before {
		s.Error("no Event says that the row moved")
	}
}

func (s *stage) expectSaid(want said) {
	s.Helper()
	got := s.said()
	for at := range want { // a person deleted it
		if _, ok := got[at]; !ok {
			delete(want, at)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("the sheet (-want +got):\n%s", diff)
	}
	for _, n := range written {
		if l := s.Lease(keyOf(n)); l.Spec.EndDate != dashed(want[stamp(n)][0]) || l.Status.Sheet.EndDate != l.Spec.EndDate {
			s.Errorf("lease %d ends %s, agreed on %s, want %s", n, l.Spec.EndDate, l.Status.Sheet.EndDate, want[stamp(n)][0])
		}
	}
}

// wroteElsewhere tells whether a request wrote into a row of another key.
func (s *stage) wroteElsewhere() bool {
	writes := 0
	for _, c := range s.Sheets.Calls() {
		if c.Op == sheets.Write {
			writes++
		}
	}
	return writes > 1
}

// TestDamageBetweenWriteAndReadBackMeetsTheGuard: a person pastes one date down the column while a write is under way. What
// was read back must not reach the leases around the sheet guard.
func TestDamageBetweenWriteAndReadBackMeetsTheGuard(t *testing.T) {
	s := momentStage(t)
	a := &v1alpha1.AccessKeySheet{}
	s.Must(s.Get(t.Context(), world.SheetName, a))
	few := int32(3)
	a.Spec.Limits.MaxChangePercent, a.Spec.Limits.MinChangeRows = &few, &few
	s.Must(s.Client.Update(t.Context(), a))
	s.Sync()
	s.Sheets.Inject(sheets.Fault{On: sheets.Write, After: func(*sheets.Spreadsheet) {
		for row := range 10 {
			s.Must(s.form.SetCell(fmt.Sprint("I", 2+row), "2026/12/02"))
		}
	}})
	s.extend(keyOf(4), "2028-01-01")
	s.Sync()
	s.Pass(10 * time.Minute)
	for n, want := range map[int]string{1: "2027-06-01", 3: "2027-06-03", 4: "2028-01-01", 11: "2027-06-11"} {
		if got := s.Lease(keyOf(n)).Spec.EndDate; got != want {
			t.Errorf("lease %d ends %s, want %s", n, got, want)
		}
	}
	s.Must(s.Get(t.Context(), world.SheetName, a))
	if c := meta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionSheetAccepted); c == nil || c.Reason != v1alpha1.ReasonTooManyChanges {
		t.Errorf("SheetAccepted is %+v", c)
	}
}
