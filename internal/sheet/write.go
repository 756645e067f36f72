package sheet

import (
	"slices"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Write is a write to the sheet under way: what is needed to find its values wherever rows went meanwhile. It is recorded
// before every request that writes, so that a process that comes after a crash can undo what went astray.
type Write struct {
	// Before is the requests tab as it was read to address the edits, without what went astray.
	Before [][]any `json:"before"`
	// Edits are what was to be written, addressed as in Before.
	Edits []CellEdit `json:"edits"`
	// Written is every cell that a request wrote or may have written, repairs too, in that order.
	Written []WrittenCell `json:"written"`
	// Gone are rows that are not in Before, by access key ID: people bring rows back.
	Gone map[string]OwnCells `json:"gone,omitempty"`
	// DateLike is a cell of the tab that shows how dates are spelled in it.
	DateLike any `json:"dateLike,omitempty"`
	// Omitted is a digest of the keys that a record left out, because their leases say what their rows said.
	Omitted string `json:"omitted,omitempty"`
	// incomplete: not all of those leases are there any more.
	incomplete bool
}

// OwnCells is what the cells that Keylease writes said when their row was last read.
type OwnCells struct {
	EndDate any `json:"endDate,omitempty"`
	Status  any `json:"status,omitempty"`
}

// WrittenCell is a cell that a request wrote, or may have written.
type WrittenCell struct {
	// Of is what the row is known by that it was meant for: its key, or without one its other cells.
	Of     string                `json:"of"`
	Column v1alpha1.ColumnLetter `json:"column"`
	// Request counts the requests from 0: what one of them wrote for one row went to one row.
	Request int `json:"request,omitempty"`
	// Row that was written to, from 1. Old is what stood there when the row was last read, New what was written.
	Row int `json:"row"`
	Old any `json:"old"`
	New any `json:"new"`
	// Clears: Old was a value of ours that had gone astray.
	Clears bool `json:"clears,omitempty"`
	// Fresh: the row was first seen with it, and may be a copy of one into which it was written.
	Fresh bool `json:"fresh,omitempty"`
}

// wrote tells whether the value was written into the column.
func (c WrittenCell) wrote(column v1alpha1.ColumnLetter, value any) bool {
	return c.Column == column && sameCell(c.New, value)
}

// NewWrite of edits that were addressed by before.
func NewWrite(before [][]any, edits []CellEdit) Write {
	w := Write{Before: before, Edits: edits}
	for _, e := range edits {
		w.Written = append(w.Written, WrittenCell{Of: keyPrefix + e.AccessKeyID, Column: e.Column, Row: e.Row, Old: e.Old, New: e.New})
	}
	return w
}

// Remember what leases know of rows that the sheet had and Before has not.
func (w *Write) Remember(leases map[string]*v1alpha1.AccessKeyLease, o Options) {
	w.DateLike = lastDate(w.Before, o)
	rows := readingOf(w.Before, o)
	w.Gone = map[string]OwnCells{}
	for id, seen := range lastSeen(leases, w.DateLike) {
		if len(rows.of[keyPrefix+id]) == 0 {
			w.Gone[id] = seen.OwnCells
		}
	}
}

// lastDate is the end-date cell of the last row that has one: nobody knows how a row that is gone spelled its date, but most
// rows of a sheet spell it alike.
func lastDate(rows [][]any, o Options) any {
	for _, row := range slices.Backward(rows) {
		cell := cellAt(row, ColumnIndex(o.Columns.EndDate))
		if _, err := ParseDate(cell); err == nil {
			return cell
		}
	}
	return ""
}

// Apply gives rows as they are once the cells are written.
func Apply(rows [][]any, cells []CellEdit) [][]any {
	rows = slices.Clone(rows)
	for _, e := range cells {
		for len(rows) < e.Row {
			rows = append(rows, nil)
		}
		row, column := slices.Clone(rows[e.Row-1]), ColumnIndex(e.Column)
		for len(row) <= column {
			row = append(row, "")
		}
		row[column] = e.New
		rows[e.Row-1] = row
	}
	return rows
}
