package sheet

import (
	"maps"
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// bringBack gives before the rows that were gone then and are there now, as they were before they went: pasted back under a
// write, they look like any other row then, and get that back instead of nothing.
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

// row with these cells, and no others.
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

// isBack: the row of after came back under the write.
func (v *verification) isBack(row int) bool { return v.back[v.after.ids[row]] }

// goneNow are the rows that are gone by now: those that were before, and those that went since. Of several rows with one
// key nobody knows which one comes back.
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

// broughtBack: the row came back with a value that was written into it before it went.
func (v *verification) broughtBack(at cellAddress, value any) bool {
	return v.isBack(at.row) && slices.ContainsFunc(v.w.Written, func(e WrittenCell) bool {
		return e.Of == v.after.ids[at.row] && e.wrote(at.column, value)
	})
}
