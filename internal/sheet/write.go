package sheet

import (
	"slices"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Write is a write to the sheet in progress: what is needed to find its values wherever rows moved. It is recorded
// before every request that writes. After a crash, another process can then repair what went astray.
type Write struct {
	// Before is the requests tab as it was read to address the edits, without stray values.
	Before [][]any `json:"before"`
	// Edits are the cells to write, addressed as in Before.
	Edits []CellEdit `json:"edits"`
	// Written is every cell that a request wrote or may have written, including repairs, in order.
	Written []WrittenCell `json:"written"`
	// Gone are rows that are missing in Before, by access key ID: people bring rows back.
	Gone map[string]OwnCells `json:"gone,omitempty"`
	// DateLike is a cell of the tab that shows how its dates are written.
	DateLike any `json:"dateLike,omitempty"`
	// Omitted is a digest of the keys that a record left out, because their leases say what their rows said.
	Omitted string `json:"omitted,omitempty"`
	// incomplete: not all of those leases are there any more.
	incomplete bool
}

// OwnCells is what a row's cells that Keylease writes said when it was last read.
type OwnCells struct {
	EndDate any `json:"endDate,omitempty"`
	Status  any `json:"status,omitempty"`
}

// WrittenCell is a cell that a request wrote, or may have written.
type WrittenCell struct {
	// Of identifies the row that the cell was meant for: by its key or, without one, by its other cells.
	Of     string                `json:"of"`
	Column v1alpha1.ColumnLetter `json:"column"`
	// Request counts requests from 0. All that one request wrote for one row was written to one row.
	Request int `json:"request,omitempty"`
	// Row that was written to, from 1. Old is what it had when it was last read, New what was written.
	Row int `json:"row"`
	Old any `json:"old"`
	New any `json:"new"`
	// Clears: Old was a stray value of ours.
	Clears bool `json:"clears,omitempty"`
	// Fresh: the row had the value when it was first seen, and may be a copy of a row that was written to.
	Fresh bool `json:"fresh,omitempty"`
}

// wrote tells whether this value was written into the column.
func (c WrittenCell) wrote(column v1alpha1.ColumnLetter, value any) bool {
	return c.Column == column && sameCell(c.New, value)
}

// NewWrite makes a write of edits that were addressed by before.
func NewWrite(before [][]any, edits []CellEdit) Write {
	w := Write{Before: before, Edits: edits}
	for _, e := range edits {
		w.Written = append(w.Written, WrittenCell{Of: keyPrefix + e.AccessKeyID, Column: e.Column, Row: e.Row, Old: e.Old, New: e.New})
	}
	return w
}

// Remember notes what leases know of rows that are missing in Before.
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

// lastDate is the end-date cell of the last row that has one. Nobody knows how a missing row wrote its date, but most
// rows of a sheet write it the same way.
func lastDate(rows [][]any, o Options) any {
	for _, row := range slices.Backward(rows) {
		cell := cellAt(row, ColumnIndex(o.Columns.EndDate))
		if _, err := ParseDate(cell); err == nil {
			return cell
		}
	}
	return ""
}

// Apply returns the rows as they are after the cells are written.
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
