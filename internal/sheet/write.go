package sheet

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
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
	Gone map[string]GoneRow `json:"gone,omitempty"`
}

// GoneRow is what the cells that Keylease writes said when the row was last read.
type GoneRow struct {
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

// NewWrite of edits that were addressed by before.
func NewWrite(before [][]any, edits []CellEdit) Write {
	w := Write{Before: before, Edits: edits}
	for _, e := range edits {
		w.Written = append(w.Written, WrittenCell{Of: keyPrefix + e.AccessKeyID, Column: e.Column, Row: e.Row, Old: e.Old, New: e.New})
	}
	return w
}

// Remember what leases know of rows that the sheet had and Before has not. Of a date that could not be read, or that both
// sides never agreed on, nothing is known: an empty cell holds the key.
func (w *Write) Remember(leases map[string]*v1alpha1.AccessKeyLease, o Options) {
	_, rows := identities(w.Before, ColumnIndex(o.Columns.AccessKeyID), nil)
	like := lastDate(w.Before, o)
	w.Gone = map[string]GoneRow{}
	for id, l := range leases {
		s := l.Status.Sheet
		if s == nil || len(rows[keyPrefix+id]) > 0 {
			continue
		}
		date, said := cmp.Or(s.RefusedEndDate, s.RowEndDate, s.EndDate), GoneRow{EndDate: "", Status: s.Mark}
		if date != "" && (s.Hold == nil || s.Hold.Reason != v1alpha1.ReasonInvalidRow) {
			said.EndDate = FormatDate(date, like)
		}
		w.Gone[id] = said
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

// maxRecord is the most bytes that a record may have: with the status around it, it must fit into one object of etcd
// (1.5 MiB), in base64. A sheet of 10,000 keys needs about 150 KB.
const maxRecord = 700 << 10

// Record gives the write as bytes to be kept. Of a row with a key it keeps what [Recover] needs: the key, and the cells
// that Keylease writes. It is nil where it would be too large to be kept.
func (w *Write) Record(o Options) ([]byte, error) {
	kept := Write{Before: recorded(w.Before, o), Edits: w.Edits, Written: w.Written, Gone: w.Gone}
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	if err := json.NewEncoder(zip).Encode(kept); err != nil {
		return nil, fmt.Errorf("record of a write: %w", err)
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("record of a write: %w", err)
	}
	if b.Len() > maxRecord {
		return nil, nil
	}
	return b.Bytes(), nil
}

// ReadRecord gives the write of a record.
func ReadRecord(record []byte) (Write, error) {
	var w Write
	zip, err := gzip.NewReader(bytes.NewReader(record))
	if err != nil {
		return w, fmt.Errorf("record of a write: %w", err)
	}
	if err := json.NewDecoder(io.LimitReader(zip, 64<<20)).Decode(&w); err != nil {
		return w, fmt.Errorf("record of a write: %w", err)
	}
	return w, nil
}

func recorded(rows [][]any, o Options) [][]any {
	kept := make([][]any, len(rows))
	key, own := ColumnIndex(o.Columns.AccessKeyID), []int{ColumnIndex(o.Columns.Status), ColumnIndex(o.Columns.EndDate)}
	for i, row := range rows {
		if keyID(cellAt(row, key)) == "" {
			kept[i] = row
			continue
		}
		kept[i] = make([]any, len(row))
		for column, cell := range row {
			if column == key || slices.Contains(own, column) {
				kept[i][column] = cell
			}
		}
	}
	return kept
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
