package sheet

import (
	"maps"
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// bringBack gives before the rows that were gone then and are there now, as they were before they went: pasted back under a
// write, they look like any other row then, and get that back instead of nothing.
func (v *verification) bringBack(o Options) {
	for _, key := range slices.Sorted(maps.Keys(v.gone)) {
		id := keyPrefix + key
		if len(v.afterRows[id]) == 0 || len(v.beforeRows[id]) > 0 {
			continue
		}
		v.beforeRows[id] = []int{len(v.before)}
		v.before = append(slices.Clip(v.before), v.gone[key].row(key, o))
		v.beforeID = append(v.beforeID, id)
		v.back[id] = true
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
func (v *verification) isBack(row int) bool { return v.back[v.afterID[row]] }

// goneNow are the rows that are gone by now: those that were before, and those that went since. Of several rows with one
// key nobody knows which one comes back.
func (v *verification) goneNow() map[string]OwnCells {
	gone := maps.Clone(v.gone)
	for id, rows := range v.beforeRows {
		key, ok := strings.CutPrefix(id, keyPrefix)
		if !ok || len(rows) != 1 || len(v.afterRows[id]) > 0 {
			continue
		}
		if gone == nil {
			gone = map[string]OwnCells{}
		}
		gone[key] = OwnCells{EndDate: cellValue(v.before, rows[0], v.endDate), Status: cellValue(v.before, rows[0], v.status)}
	}
	return gone
}

// broughtBack: the row came back with a value that was written into it before it went.
func (v *verification) broughtBack(at cellAddress, value any) bool {
	return v.isBack(at.row) && slices.ContainsFunc(v.written, func(e WrittenCell) bool {
		return e.Of == v.afterID[at.row] && e.Column == at.column && sameCell(e.New, value)
	})
}
