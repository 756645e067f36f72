package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
)

// swapRows 2 and 3 with all their cells, as a person who pastes them over each other.
func (s *stage) swapRows() {
	s.Helper()
	s.Must(s.Form().Edit(func(g *sheets.Grid) error {
		row := func(n int) []any {
			cells := make([]any, 12)
			for i := range cells {
				cells[i] = g.Cell(fmt.Sprintf("%c%d", 'A'+i, n))
			}
			return cells
		}
		second, third := row(2), row(3)
		if err := g.PasteBlock("A2", [][]any{third}); err != nil {
			return err
		}
		return g.PasteBlock("A3", [][]any{second})
	}))
}

// TestWhoseRowGotAMarkOfAnotherIsTold: a person swaps two rows between the look-up and the write of an extension.
func TestWhoseRowGotAMarkOfAnotherIsTold(t *testing.T) {
	s := companyStage(t, distantRow, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Must(s.Form().SetCell(statusCell(firstRow), "要確認"))
	s.Annotate(v1alpha1.AnnotationSync, "1")
	s.Soon(10 * time.Second)
	before := s.Cell(endCell(firstRow))
	s.Sheets.Inject(sheets.Fault{On: sheets.Write, Before: func(*sheets.Spreadsheet) { s.swapRows() }})
	s.Must(s.Patch(reportKey, `{"endDate":"2027-01-31"}`))
	s.Soon(20 * time.Second)
	for cell, want := range map[string]string{keyCell(firstRow): reportKey, endCell(firstRow): "2027/01/31", statusCell(firstRow): "延長申請済み", keyCell(secondRow): distantKey, endCell(secondRow): before, statusCell(secondRow): "要確認"} {
		if got := s.Cell(cell); got != want {
			t.Errorf("cell %s is %q, want %q", cell, got, want)
		}
	}
	if got := s.Events(v1alpha1.EventRowMoved, strings.ToLower(reportKey)); len(got) != 1 {
		t.Errorf("events of the row that was missed: %v", got)
	}
	got := strings.Join(s.Events(v1alpha1.EventMarkRewritten, strings.ToLower(distantKey)), "\n")
	if !strings.Contains(got, statusCell(secondRow)) && !strings.Contains(got, endCell(secondRow)) {
		t.Errorf("events of the row that was hit: %q", got)
	}
	if got := len(s.Audit.With(`"markRewritten"`, strings.ToLower(distantKey))); got != 2 {
		t.Errorf("%d audit lines, want one for each cell", got)
	}
}

// goOnUntil something happens: the clock goes on, because what is to happen may begin to wait after it was set.
func (s *stage) goOnUntil(happened <-chan struct{}) {
	s.Helper()
	for range 30 {
		s.Clock.Set(s.Clock.Now().Add(5 * time.Second))
		select {
		case <-happened:
			return
		case <-time.After(time.Second):
		}
	}
	s.Fatal("it did not happen")
}

// stopBehindAWrite extends key 2, and ends the process when the row is written, before it hears so. before happens right
// before the write; nil: nothing.
func (s *stage) stopBehindAWrite(before func(*sheets.Spreadsheet)) {
	s.Helper()
	gate, written := make(chan struct{}), make(chan struct{})
	s.Cleanup(func() { close(gate) })
	s.Sheets.Inject(sheets.Fault{On: sheets.Write, Before: before, StallAnswer: gate, After: func(*sheets.Spreadsheet) { close(written) }})
	s.Must(s.Patch(reportKey, `{"endDate":"2027-01-31"}`))
	s.goOnUntil(written)
	s.Stop()
}

// TestWhatMayBeAPersonsOwnStaysAndIsSaid: the process dies behind a write into a wrong row, and is back an hour later,
// when rows moved on.
func TestWhatMayBeAPersonsOwnStaysAndIsSaid(t *testing.T) {
	s := companyStage(t, distantRow, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.stopBehindAWrite(func(*sheets.Spreadsheet) { s.swapRows() })
	s.swapRows()
	s.Clock.Set(s.Clock.Now().Add(time.Hour))
	s.Restart()
	s.Soon(20 * time.Second)
	if got, want := s.Cell(endCell(firstRow))+s.Cell(statusCell(firstRow)), "2027/01/31延長申請済み"; s.Cell(keyCell(firstRow)) != distantKey || got != want {
		t.Errorf("row 2 of %s says %q, want %q", s.Cell(keyCell(firstRow)), got, want)
	}
	got := strings.Join(s.Events(v1alpha1.EventMarkDoubtful, strings.ToLower(distantKey)), "\n")
	if !strings.Contains(got, endCell(firstRow)) && !strings.Contains(got, statusCell(firstRow)) {
		t.Errorf("events: %q", got)
	}
	s.Soon(10 * time.Minute)
	if got := s.Audit.With(`"markDoubtful"`, strings.ToLower(distantKey)); len(got) != 2 {
		t.Errorf("%d audit lines, want one for each cell: %v", len(got), got)
	}
	if got := s.Cell(endCell(secondRow)); got != "2027/01/31" {
		t.Errorf("the row that was meant ends %s", got)
	}
}

// TestADoubtIsToldThoughItsLeaseIsMadeAgainInThatMoment: the same, and somebody deleted the lease of the row that was hit.
func TestADoubtIsToldThoughItsLeaseIsMadeAgainInThatMoment(t *testing.T) {
	s := companyStage(t, distantRow, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.stopBehindAWrite(func(*sheets.Spreadsheet) { s.swapRows() })
	s.swapRows()
	s.Clock.Set(s.Clock.Now().Add(time.Hour))
	s.Must(s.Client.Delete(t.Context(), s.Lease(distantKey)))
	s.Restart()
	s.Soon(time.Minute)
	if got := s.Audit.With(`"markDoubtful"`, strings.ToLower(distantKey)); len(got) != 2 {
		t.Errorf("%d audit lines, want one for each cell: %v", len(got), got)
	}
	if got := s.Events(v1alpha1.EventMarkDoubtful, strings.ToLower(distantKey)); len(got) == 0 {
		t.Error("no Event says so")
	}
}

// TestExtensionsWithinSecondsAreOneRequest: whatever many change, the sheet gets one batch.
func TestExtensionsWithinSecondsAreOneRequest(t *testing.T) {
	s, form := bigStage(t, 60)
	s.Sheets.ResetStats()
	for i := range 50 {
		s.Must(s.Patch(bigKey(i), `{"endDate":"2027-09-30"}`))
	}
	s.Soon(15 * time.Second)
	if got := s.Sheets.Stats(); got.Writes != 1 {
		t.Errorf("%d write requests for 50 extensions: %+v", got.Writes, got)
	}
	for i := range 50 {
		row, ok := form.FindRow("L", bigKey(i))
		if date, mark := s.Cell(fmt.Sprint("I", row)), s.Cell(fmt.Sprint("K", row)); !ok || date != "2027/09/30" || mark != "延長申請済み" {
			t.Fatalf("row %d says %q, %q", row, date, mark)
		}
	}
	s.Sheets.ResetStats()
	for i := range 50 { // what the sheet says already
		s.Must(s.Patch(bigKey(i), `{"endDate":"2027-09-30"}`))
	}
	s.Must(s.Operator().Until(s.Context(), s.Clock.Now().Add(time.Hour), time.Minute))
	if got := s.Sheets.Stats().Writes; got != 0 {
		t.Errorf("%d write requests of what the cells say", got)
	}
}
