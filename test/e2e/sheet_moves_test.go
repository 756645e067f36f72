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
	s.must(s.form().Edit(func(g *sheets.Grid) error {
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
	s, _ := companyStage(t)
	s.start()
	s.until("2026-12-01 15:04")
	s.must(s.form().SetCell("K2", "要確認"))
	s.annotate(v1alpha1.AnnotationSync, "1")
	s.soon(10 * time.Second)
	before := s.cell("I2")
	s.Sheets.Inject(sheets.Fault{On: sheets.Write, Before: func(*sheets.Spreadsheet) { s.swapRows() }})
	s.must(s.patch(key(2), `{"endDate":"2027-01-31"}`))
	s.soon(20 * time.Second)
	for cell, want := range map[string]string{"L2": key(2), "I2": "2027/01/31", "K2": "延長申請済み", "L3": key(1), "I3": before, "K3": "要確認"} {
		if got := s.cell(cell); got != want {
			t.Errorf("cell %s is %q, want %q", cell, got, want)
		}
	}
	if got := s.events(v1alpha1.EventRowMoved, strings.ToLower(key(2))); len(got) != 1 {
		t.Errorf("events of the row that was missed: %v", got)
	}
	got := strings.Join(s.events(v1alpha1.EventMarkRewritten, strings.ToLower(key(1))), "\n")
	if !strings.Contains(got, "K3") && !strings.Contains(got, "I3") {
		t.Errorf("events of the row that was hit: %q", got)
	}
	if got := len(s.audit.with(`"markRewritten"`, strings.ToLower(key(1)))); got != 2 {
		t.Errorf("%d audit lines, want one for each cell", got)
	}
}

// TestWhatMayBeAPersonsOwnStaysAndIsSaid: the process dies behind a write into a wrong row, and is back an hour later,
// when rows moved on.
func TestWhatMayBeAPersonsOwnStaysAndIsSaid(t *testing.T) {
	s, _ := companyStage(t)
	s.start()
	s.until("2026-12-01 15:04")
	gate, written := make(chan struct{}), make(chan struct{})
	defer close(gate)
	s.Sheets.Inject(sheets.Fault{On: sheets.Write, Before: func(*sheets.Spreadsheet) { s.swapRows() },
		StallAnswer: gate, After: func(*sheets.Spreadsheet) { close(written) }})
	s.must(s.patch(key(2), `{"endDate":"2027-01-31"}`))
	s.clock.Set(s.clock.Now().Add(5 * time.Second))
	<-written
	s.must(s.operator.Stop())
	s.swapRows()
	s.clock.Set(s.clock.Now().Add(time.Hour))
	s.restart()
	s.soon(20 * time.Second)
	if got, want := s.cell("I2")+s.cell("K2"), "2027/01/31延長申請済み"; s.cell("L2") != key(1) || got != want {
		t.Errorf("row 2 of %s says %q, want %q", s.cell("L2"), got, want)
	}
	got := strings.Join(s.events(v1alpha1.EventMarkDoubtful, strings.ToLower(key(1))), "\n")
	if !strings.Contains(got, "I2") && !strings.Contains(got, "K2") {
		t.Errorf("events: %q", got)
	}
	s.soon(10 * time.Minute)
	if got := s.audit.with(`"markDoubtful"`, strings.ToLower(key(1))); len(got) != 2 {
		t.Errorf("%d audit lines, want one for each cell: %v", len(got), got)
	}
	if got := s.cell("I3"); got != "2027/01/31" {
		t.Errorf("the row that was meant ends %s", got)
	}
}

// TestExtensionsWithinSecondsAreOneRequest: whatever many change, the sheet gets one batch.
func TestExtensionsWithinSecondsAreOneRequest(t *testing.T) {
	s, form := bigStage(t, 60)
	s.Sheets.ResetStats()
	for i := range 50 {
		s.must(s.patch(bigKey(i), `{"endDate":"2027-09-30"}`))
	}
	s.soon(15 * time.Second)
	if got := s.Sheets.Stats(); got.Writes != 1 {
		t.Errorf("%d write requests for 50 extensions: %+v", got.Writes, got)
	}
	for i := range 50 {
		row, ok := form.FindRow("L", bigKey(i))
		if date, mark := s.cell(fmt.Sprint("I", row)), s.cell(fmt.Sprint("K", row)); !ok || date != "2027/09/30" || mark != "延長申請済み" {
			t.Fatalf("row %d says %q, %q", row, date, mark)
		}
	}
	s.Sheets.ResetStats()
	for i := range 50 { // what the sheet says already
		s.must(s.patch(bigKey(i), `{"endDate":"2027-09-30"}`))
	}
	s.must(s.operator.Until(s.Context(), s.clock.Now().Add(time.Hour), time.Minute))
	if got := s.Sheets.Stats().Writes; got != 0 {
		t.Errorf("%d write requests of what the cells say", got)
	}
}
