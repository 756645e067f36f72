package sheet

import (
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// strayed names the keys whose value was found in a row that it was not meant for, and is not in their own.
func (v *verification) strayed(stray map[cellAddress]bool) []string {
	var keys []string
	for _, e := range v.written {
		key, ok := strings.CutPrefix(e.Of, keyPrefix)
		if !ok || v.shownIn(v.afterRows[e.Of], e.Column, e.New) {
			continue
		}
		for at := range stray {
			if at.column == e.Column && sameCell(v.cell(at), e.New) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func (v *verification) shownIn(rows []int, column v1alpha1.ColumnLetter, value any) bool {
	return slices.ContainsFunc(rows, func(row int) bool { return sameCell(v.cell(cellAddress{row, column}), value) })
}

func (v *verification) allStrays() map[cellAddress]bool {
	stray := map[cellAddress]bool{}
	for _, column := range v.columns {
		for _, row := range v.strays(column) {
			stray[cellAddress{row, column}] = true
		}
	}
	return stray
}

// strays finds the rows of after that hold, in column, a value of ours that was meant for another row.
func (v *verification) strays(column v1alpha1.ColumnLetter) []int {
	var strays []int
	var values []any
	for _, e := range v.written {
		if e.Column == column && !slices.ContainsFunc(values, func(value any) bool { return sameCell(value, e.New) }) {
			values = append(values, e.New)
			strays = append(strays, v.straysOf(column, e.New)...)
		}
	}
	return strays
}

// straysOf one value. Certain are rows where it was found astray before, the addresses that it was written to, and rows
// that show what was written together with it too. Of all
// others there are no more than it was written and did not arrive; where there are, a person wrote the same.
func (v *verification) straysOf(column v1alpha1.ColumnLetter, value any) []int {
	most := v.unaccounted(column, value)
	var certain, elsewhere, copies, apart []int
	count := 0
	for row := range v.after {
		at := cellAddress{row, column}
		if !v.suspect(at, value) {
			continue
		}
		fresh := v.fresh(row)
		known, knownFresh := v.knownStray(at)
		switch {
		case !known && v.apart(at, value):
			apart = append(apart, row)
		case known, v.writtenTo(at, value), most > 0 && v.together(at):
			certain = append(certain, row)
			if !fresh && !knownFresh {
				count++
			}
		case fresh:
			copies = append(copies, row)
		default:
			elsewhere = append(elsewhere, row)
		}
	}
	strays := certain
	if count+len(elsewhere) < most {
		v.doubt(column, apart)
	}
	// A row that was not there before may be a copy of one with a stray value: it does not count against that one.
	if count += len(elsewhere); count <= most {
		strays = append(strays, elsewhere...)
	} else if count-len(elsewhere) < most {
		v.doubt(column, elsewhere)
	}
	if len(certain)+len(elsewhere)+len(copies) <= most {
		strays = append(strays, copies...)
	}
	return strays
}

func (v *verification) doubt(column v1alpha1.ColumnLetter, rows []int) {
	for _, row := range rows {
		v.doubtful[cellAddress{row, column}] = true
	}
}

// unaccounted is how often the value was written into the column and neither stands where it was meant to nor was taken
// away again.
func (v *verification) unaccounted(column v1alpha1.ColumnLetter, value any) int {
	n := 0
	arrived, cleared := map[string]bool{}, map[string]bool{}
	for _, e := range v.written {
		rows := v.afterRows[e.Of]
		switch {
		case e.Column != column:
		case sameCell(e.New, value):
			n++
			if e.Of == blankRow {
				continue // which blank row shows it, and since when, cannot be told
			}
			// Of rows that nothing tells apart, as blank ones, as many must show it as did before, and none what it replaced.
			shown := v.count(v.after, rows, column, value)
			legit := slices.ContainsFunc(rows, func(row int) bool { return !v.suspect(cellAddress{row, column}, value) })
			replaced := e.Clears && v.shownIn(rows, column, e.Old)
			if shown > 0 && legit && shown >= v.count(v.before, v.beforeRows[e.Of], column, value) && !replaced {
				arrived[e.Of] = true
			}
		case e.Clears && !e.Fresh && sameCell(e.Old, value) && len(rows) > 0 && !v.shownIn(rows, column, value):
			cleared[e.Of] = true
		}
	}
	return max(0, n-len(arrived)-len(cleared))
}

// fresh: the row, or one that nothing tells from it, was not there before, and has cells that a person may have copied.
func (v *verification) fresh(row int) bool {
	id := v.afterID[row]
	return id != blankRow && len(v.afterRows[id]) > len(v.beforeRows[id])
}

// knownStray: a former reading found this value astray in this row already; fresh: in a row that it had not seen before.
func (v *verification) knownStray(at cellAddress) (known, fresh bool) {
	for _, e := range v.written {
		if e.Clears && e.Column == at.column && e.Of == v.afterID[at.row] && sameCell(e.Old, v.cell(at)) {
			known, fresh = true, fresh || e.Fresh
		}
	}
	return known, fresh
}

// beside are the cells that a request wrote into the same row as e.
func (v *verification) beside(e WrittenCell) []WrittenCell {
	var others []WrittenCell
	for _, o := range v.written {
		if o.Request == e.Request && o.Of == e.Of && o.Row == e.Row && o.Column != e.Column {
			others = append(others, o)
		}
	}
	return others
}

// together: the write is recent, and the row shows date and mark that were written for one key of another row. A person
// hardly writes both of them into one row at that very moment.
func (v *verification) together(at cellAddress) bool {
	return v.recent && slices.ContainsFunc(v.written, func(e WrittenCell) bool {
		return e.Column == at.column && sameCell(e.New, v.cell(at)) && slices.ContainsFunc(v.beside(e), func(o WrittenCell) bool {
			return v.suspect(cellAddress{at.row, o.Column}, o.New)
		})
	})
}

// apart: wherever this mark was written, a date that no other key got was written beside it into the same row, and that
// date is found in another row and not in this: a person wrote this mark.
func (v *verification) apart(at cellAddress, value any) bool {
	elsewhere := func(o WrittenCell) bool {
		return ColumnIndex(o.Column) == v.endDate && cellText(o.New) != "" && !sameCell(v.cell(cellAddress{at.row, o.Column}), o.New) && v.foundElsewhere(o, at.row) &&
			!slices.ContainsFunc(v.written, func(w WrittenCell) bool { return w.Column == o.Column && w.Of != o.Of && sameCell(w.New, o.New) })
	}
	return ColumnIndex(at.column) != v.endDate && !slices.ContainsFunc(v.written, func(e WrittenCell) bool {
		return e.Column == at.column && sameCell(e.New, value) && !slices.ContainsFunc(v.beside(e), elsewhere)
	})
}

// foundElsewhere: a row, not this one, shows what was written, in its own row or astray: not since an earlier reading, and not
// in a copy.
func (v *verification) foundElsewhere(e WrittenCell, row int) bool {
	for other := range v.after {
		at := cellAddress{other, e.Column}
		if other == row || !sameCell(v.cell(at), e.New) {
			continue
		}
		if known, _ := v.knownStray(at); v.afterID[other] == e.Of || (!known && !v.fresh(other) && v.suspect(at, e.New)) {
			return true
		}
	}
	return false
}

// writtenTo: the value was written to that address.
func (v *verification) writtenTo(at cellAddress, value any) bool {
	return slices.ContainsFunc(v.written, func(e WrittenCell) bool {
		return e.Column == at.column && e.Row-1 == at.row && sameCell(e.New, value)
	})
}

// suspect: the cell holds the value, nobody meant it to, and it did not hold it before.
func (v *verification) suspect(at cellAddress, value any) bool {
	if !sameCell(v.cell(at), value) || v.broughtBack(at, value) {
		return false
	}
	for i, e := range v.edits {
		if e.Column == at.column && v.home[i] == at.row && sameCell(e.New, value) {
			return false
		}
	}
	id := v.afterID[at.row]
	own := v.count(v.before, v.beforeRows[id], at.column, value)
	if cellText(value) == "" { // the empty cell of a row that was not there before is its own
		own += max(0, len(v.afterRows[id])-len(v.beforeRows[id]))
	}
	return v.count(v.after, v.afterRows[id], at.column, value) > own
}

func (v *verification) count(rows [][]any, group []int, column v1alpha1.ColumnLetter, value any) int {
	n := 0
	for _, row := range group {
		if sameCell(cellValue(rows, row, ColumnIndex(column)), value) {
			n++
		}
	}
	return n
}
