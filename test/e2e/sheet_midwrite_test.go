package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/world"
)

// at names a cell.
func at(column string, row int) string { return fmt.Sprint(column, row) }

// TestARowBroughtBackUnderAWriteKeepsItsDate: a row was deleted and is pasted back right where, a moment later, the date of
// another is written.
func TestARowBroughtBackUnderAWriteKeepsItsDate(t *testing.T) {
	s := companyStage(t, distantRow, reportRow, alikeRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	row := map[string]string{}
	for _, column := range "ABCDEFGHIJKL" {
		row[string(column)] = s.Cell(string(column) + "2")
	}
	s.Must(s.Form().DeleteRows(2, 1))
	s.Annotate(v1alpha1.AnnotationSync, "1")
	s.Soon(10 * time.Second)
	if got := s.Cell(keyCell(firstRow)); got != reportKey {
		t.Fatalf("row 2 is %s", got)
	}
	s.Sheets.Inject(sheets.Fault{On: sheets.Write, Before: func(*sheets.Spreadsheet) {
		s.Must(s.Form().Edit(func(g *sheets.Grid) error {
			if err := g.InsertRows(2, 1); err != nil {
				return err
			}
			for column, value := range row {
				if err := g.SetCell(column+"2", value); err != nil {
					return err
				}
			}
			return nil
		}))
	}})
	s.Must(s.Patch(reportKey, `{"endDate":"2027-01-31"}`))
	s.Soon(20 * time.Second)
	for cell, want := range map[string]string{keyCell(firstRow): distantKey, statusCell(firstRow): row["K"], keyCell(secondRow): reportKey, endCell(secondRow): "2027/01/31", statusCell(secondRow): "延長申請済み"} {
		if got := s.Cell(cell); got != want {
			t.Errorf("cell %s is %q, want %q", cell, got, want)
		}
	}
	if got, want := s.Cell(endCell(firstRow)), strings.ReplaceAll(s.Lease(distantKey).Spec.EndDate, "-", "/"); got != want {
		t.Errorf("the row that came back ends %s, its lease %s", got, want)
	}
	if got := s.Events(v1alpha1.EventMarkDoubtful, strings.ToLower(distantKey)); len(got) == 0 {
		t.Error("nobody was told to look at the row that came back")
	}
}

// TestAColumnInsertedUnderAWriteIsToldAndMendedByDeletingIt: what was written stands in another column then.
func TestAColumnInsertedUnderAWriteIsToldAndMendedByDeletingIt(t *testing.T) {
	s := companyStage(t, distantRow, reportRow, lateRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	row, _ := s.Form().FindRow("L", reportKey)
	start, user := s.Cell(at("H", row)), s.Cell(at("J", row))
	s.Sheets.Inject(sheets.Fault{On: sheets.Write, Before: func(*sheets.Spreadsheet) { s.Must(s.Form().InsertColumn("B")) }})
	s.Must(s.Patch(reportKey, `{"endDate":"2027-01-31"}`))
	s.Soon(2 * time.Minute)
	got := strings.Join(s.Events(v1alpha1.EventMarkDoubtful, strings.ToLower(reportKey)), "\n")
	if !strings.Contains(got, "Version history") {
		t.Errorf("events: %q", got)
	}
	if got := s.Account.KeyStatus(reportKey); got != "Active" {
		t.Errorf("the key is %q", got)
	}
	s.Must(s.Form().DeleteColumn("B"))
	s.Annotate(v1alpha1.AnnotationSync, "2")
	s.Soon(2 * time.Minute)
	if held := expect.Held(s.Lease(reportKey)); held != v1alpha1.ReasonInvalidRow {
		t.Errorf("held is %q", held) // its start date and its user's name were written over
	}
	s.Must(s.Form().SetCell(at("H", row), start))
	s.Must(s.Form().SetCell(at("J", row), user))
	s.Annotate(v1alpha1.AnnotationSync, "3")
	s.Soon(2 * time.Minute)
	for column, want := range map[string]string{"I": "2027/01/31", "J": user, "K": "延長申請済み", "L": reportKey} {
		if got := s.Cell(at(column, row)); got != want {
			t.Errorf("cell %s is %q, want %q", at(column, row), got, want)
		}
	}
}

// TestATabRenamedUnderAWriteIsWrittenWhenItIsBack.
func TestATabRenamedUnderAWriteIsWrittenWhenItIsBack(t *testing.T) {
	s := companyStage(t, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	row, _ := s.Form().FindRow("L", reportKey)
	form := s.Form()
	s.Sheets.Inject(sheets.Fault{On: sheets.Write, Before: func(*sheets.Spreadsheet) { s.Must(form.RenameTab("申請")) }})
	s.Must(s.Patch(reportKey, `{"endDate":"2027-01-31"}`))
	s.Soon(time.Minute)
	a := &v1alpha1.AccessKeySheet{}
	s.Must(s.Get(t.Context(), world.SheetName, a))
	if a.Status.Writing != nil {
		t.Error("a write that Google refused is still looked for")
	}
	s.Must(form.RenameTab("key_request_form"))
	s.Soon(20 * time.Minute)
	for column, want := range map[string]string{"I": "2027/01/31", "K": "延長申請済み"} {
		if got := s.Cell(at(column, row)); got != want {
			t.Errorf("cell %s is %q, want %q", at(column, row), got, want)
		}
	}
	s.Must(s.Get(t.Context(), world.SheetName, a))
	if a.Status.Writing != nil {
		t.Error("the record of the write is still there")
	}
}

// TestAWriteWithoutARecordIsTold: the process dies between write and read-back of a sheet that is too large for a record.
func TestAWriteWithoutARecordIsTold(t *testing.T) {
	s := companyStage(t, distantRow, reportRow)
	random := rand.New(rand.NewPCG(1, 2))
	for range 15 { // requests without a key yet, with texts as long as a cell takes
		text := make([]rune, 50_000)
		for i := range text {
			text[i] = rune('一' + random.IntN(20_000))
		}
		_, err := s.Form().AppendRow("2026/11/30 09:00:00", "鈴木 花子", string(text))
		s.Must(err)
	}
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.stopBehindAWrite(nil)
	s.Restart()
	s.Soon(time.Minute)
	if got := s.Events(v1alpha1.EventWriteUnverified, world.SheetName); len(got) != 1 {
		t.Errorf("events: %v", got)
	}
	if got := s.Audit.With(`"writeUnverified"`); len(got) != 1 {
		t.Errorf("audit lines: %v", got)
	}
	a := &v1alpha1.AccessKeySheet{}
	s.Must(s.Get(t.Context(), world.SheetName, a))
	if a.Status.Writing != nil {
		t.Errorf("the write of %d cells is still under way", a.Status.Writing.Cells)
	}
}
