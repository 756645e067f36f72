package sheet

import (
	"maps"
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// bringBack adds to before the rows that were missing then and are there now, as they were before they were deleted. A
// row pasted back during a write then gets that back, and not an empty cell.
func (v *verification) bringBack() {
	rows := slices.Clip(v.w.Before)
	for _, key := range slices.Sorted(maps.Keys(v.w.Gone)) {
		id := keyPrefix + key
		if len(v.after.of[id]) > 0 && len(v.before.of[id]) == 0 {
			rows = append(rows, v.w.Gone[key].row(key, v.o))
			v.back[id] = true
		}
	}
	if len(v.back) > 0 {
		v.before = readingOf(rows, v.o)
	}
}

// row makes a row with only these cells.
func (c OwnCells) row(id string, o Options) []any {
	cells := map[v1alpha1.ColumnLetter]any{o.Columns.AccessKeyID: id, o.Columns.EndDate: c.EndDate, o.Columns.Status: c.Status}
	var row []any
	for column, value := range cells {
		i := ColumnIndex(column)
		for len(row) <= i {
			row = append(row, nil)
		}
		if i >= 0 {
			row[i] = value
		}
	}
	return row
}

// isBack tells whether the row of after was brought back during the write.
func (v *verification) isBack(row int) bool { return v.back[v.after.ids[row]] }

// goneNow are the rows that are missing now: those that were missing before, and those deleted since. If several rows
// have one key, nobody knows which one comes back.
func (v *verification) goneNow() map[string]OwnCells {
	gone := maps.Clone(v.w.Gone)
	for id, rows := range v.before.of {
		key, ok := strings.CutPrefix(id, keyPrefix)
		if !ok || len(rows) != 1 || len(v.after.of[id]) > 0 {
			continue
		}
		if gone == nil {
			gone = map[string]OwnCells{}
		}
		gone[key] = ownCells(v.before.rows[rows[0]], v.o)
	}
	return gone
}

// broughtBack tells whether the row came back with a value that was written into it before it was deleted.
func (v *verification) broughtBack(at cellAddress, value any) bool {
	return v.isBack(at.row) && slices.ContainsFunc(v.w.Written, func(e WrittenCell) bool {
		return e.Of == v.after.ids[at.row] && e.wrote(at.column, value)
	})
}
