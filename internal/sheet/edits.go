package sheet

import (
	"cmp"
	"slices"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Wanted is what a merge wants one key's row to say, and what the row said when that was decided.
type Wanted struct {
	// StatusText of the status cell; nil: leave it alone. See [Outcome].
	StatusText *string
	// EndDate of the end-date cell, YYYY-MM-DD; empty: leave it alone.
	EndDate string
	// BasisStatus is the text of the status cell (Row.Status.Text) at the decision.
	BasisStatus string
	// BasisEndDate is the date (Row.EndDate, YYYY-MM-DD) at the decision.
	BasisEndDate string
}

// CellEdit is one cell to write RAW.
type CellEdit struct {
	// AccessKeyID of the row. For another row whose cell is restored, it is the text of its ID cell, which may be
	// empty.
	AccessKeyID string
	// Column of the cell.
	Column v1alpha1.ColumnLetter
	// Row number in the tab, from 1, as it was just read.
	Row int
	// Range of the cell in A1 notation, with the tab.
	Range string
	// Old is the cell as it was just read: string, float64 or bool; "" if it was empty. New is its new value.
	Old, New any
}

// PlanEdits turns what is wanted, by access key ID, into cells to write, in the order of rows. fresh is the requests
// tab from row 1 and column A, read immediately before the write. In Google Sheets only the key identifies a row, and
// there is no conditional write (protocols of the Sheets API). So an address is valid only for this moment.
//
// PlanEdits skips a key that is not in exactly one usable row. It also skips one whose status or end date a person
// changed since the decision: the next sync decides on the new values. It does not write a cell that is right already.
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

// changedSince tells whether one of the two cells has neither the value at the decision nor the wanted one. Then both
// wait, because mark and date are one decision.
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

// cellValue returns a cell as it can be written back; "" if it does not exist.
func cellValue(rows [][]any, row, column int) any {
	if row < 0 || row >= len(rows) {
		return ""
	}
	if cell := cellAt(rows[row], column); cell != nil {
		return cell
	}
	return ""
}

// sameCell compares two cells as the sheet stores them: numbers by value, however they were decoded, and texts exactly.
func sameCell(a, b any) bool {
	fa, na := number(a)
	fb, nb := number(b)
	if na || nb {
		return na && nb && fa == fb
	}
	return cellText(a) == cellText(b)
}
