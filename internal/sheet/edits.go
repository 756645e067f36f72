package sheet

import (
	"cmp"
	"slices"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Wanted is what a merge wants the row of one key to say, and what the row said when that was decided.
type Wanted struct {
	// StatusText of the status cell, nil to leave it alone. See [Outcome].
	StatusText *string
	// EndDate of the end-date cell, YYYY-MM-DD, empty to leave it alone.
	EndDate string
	// BasisStatus is the text of the status cell (Row.Status.Text) that the decision was made on.
	BasisStatus string
	// BasisEndDate is the date (Row.EndDate, YYYY-MM-DD) that it was made on.
	BasisEndDate string
}

// CellEdit is one cell to be written RAW.
type CellEdit struct {
	// AccessKeyID of the row; what stands in the ID cell of a foreign row that gets a value back, which may be nothing.
	AccessKeyID string
	// Column of the cell.
	Column v1alpha1.ColumnLetter
	// Row number in the tab, from 1, as it was just read.
	Row int
	// Range of the cell in A1 notation, with the tab.
	Range string
	// Old is the cell as it was just read: string, float64 or bool, "" where it was empty. New is what it is to hold.
	Old, New any
}

// PlanEdits turns what is wanted, by access key ID, into cells to write, in the order of rows. fresh is the requests tab
// from row 1 and column A, read immediately before the write: rows have no identity in Google Sheets but the key they
// hold, and there is no conditional write (protocols of the Sheets API), so the address is good for this moment only.
//
// A key is passed over where it does not stand in exactly one usable row, and where a person changed its status or end
// date since the decision: the next sync decides again on what they wrote. A cell that says it already is not written.
func PlanEdits(fresh [][]any, o Options, tab string, want map[string]Wanted) []CellEdit {
	var edits []CellEdit
	for _, row := range ParseRequests(fresh, o).Rows {
		w, ok := want[row.AccessKeyID]
		if !ok || changedSince(row, w) {
			continue
		}
		add := func(column v1alpha1.ColumnLetter, value any) {
			old := cellValue(fresh, row.Number-1, ColumnIndex(column))
			if !sameCell(old, value) {
				edits = append(edits, CellEdit{AccessKeyID: row.AccessKeyID, Column: column, Row: row.Number,
					Range: CellRange(tab, column, row.Number), Old: old, New: value})
			}
		}
		if w.EndDate != "" && w.EndDate != row.EndDate {
			add(o.Columns.EndDate, FormatDate(w.EndDate, row.EndDateCell))
		}
		if w.StatusText != nil {
			add(o.Columns.Status, *w.StatusText)
		}
	}
	sortEdits(edits)
	return edits
}

// changedSince: one of the two cells holds neither what was read when the write was decided nor what is wanted. Then both
// wait: a mark and a date are one decision.
func changedSince(row Row, w Wanted) bool {
	status := row.Status.Text != w.BasisStatus && (w.StatusText == nil || row.Status.Text != *w.StatusText)
	date := row.EndDate != w.BasisEndDate && (w.EndDate == "" || row.EndDate != w.EndDate)
	return status || date
}

func sortEdits(edits []CellEdit) {
	slices.SortFunc(edits, func(a, b CellEdit) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(ColumnIndex(a.Column), ColumnIndex(b.Column)))
	})
}

// cellValue gives a cell as it can be written back; "" for one that is not there.
func cellValue(rows [][]any, row, column int) any {
	if row < 0 || row >= len(rows) {
		return ""
	}
	if cell := cellAt(rows[row], column); cell != nil {
		return cell
	}
	return ""
}

// sameCell compares two cells as the sheet keeps them: a number is the same however it was decoded, a text to the letter.
func sameCell(a, b any) bool {
	fa, na := number(a)
	fb, nb := number(b)
	if na || nb {
		return na && nb && fa == fb
	}
	return cellText(a) == cellText(b)
}
