package sheet

import (
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// strayed returns the keys whose value is in a row that it was not meant for, and not in their own.
func (v *verification) strayed(stray map[cellAddress]bool) []string {
	var keys []string
	for _, e := range v.w.Written {
		key, ok := strings.CutPrefix(e.Of, keyPrefix)
		if !ok || v.after.count(e.Of, e.Column, e.New) > 0 {
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

// allStrays finds the cells of after that have a value of ours that was meant for another row. It skips columns that
// are no longer ours, because the spec changed.
func (v *verification) allStrays() map[cellAddress]bool {
	stray := map[cellAddress]bool{}
	for i, e := range v.w.Written {
		done := slices.ContainsFunc(v.w.Written[:i], func(o WrittenCell) bool { return o.wrote(e.Column, e.New) })
		if done || !slices.Contains(ownColumns(v.o), ColumnIndex(e.Column)) {
			continue
		}
		for _, row := range v.straysOf(e.Column, e.New) {
			stray[cellAddress{row, e.Column}] = true
		}
	}
	return stray
}

// straysOf finds the strays of one value. Rows are certain if it was found astray there before, if it was written to
// that address, or if they also show what was written together with it. The others can be at most as many as were
// written and did not arrive. If there are more, a person wrote the same.
func (v *verification) straysOf(column v1alpha1.ColumnLetter, value any) []int {
	most := v.unaccounted(column, value)
	var certain, elsewhere, copies, apart []int
	count := 0
	for row := range v.after.rows {
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
	// A new row may be a copy of a row with a stray value. It does not count against that row.
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

// unaccounted is how often the value was written into the column, but is neither in its own row nor removed again.
func (v *verification) unaccounted(column v1alpha1.ColumnLetter, value any) int {
	n := 0
	arrived, cleared := map[string]bool{}, map[string]bool{}
	for _, e := range v.w.Written {
		switch rows := v.after.of[e.Of]; {
		case e.Column != column:
		case sameCell(e.New, value):
			n++
			if e.Of == blankRow {
				continue // blank rows cannot be told apart
			}
			// Of rows that look the same, such as blank ones, as many must show the value as before, and none the one
			// it replaced.
			shown := v.after.count(e.Of, column, value)
			legit := slices.ContainsFunc(rows, func(row int) bool { return !v.suspect(cellAddress{row, column}, value) })
			replaced := e.Clears && v.after.count(e.Of, column, e.Old) > 0
			if shown > 0 && legit && shown >= v.before.count(e.Of, column, value) && !replaced {
				arrived[e.Of] = true
			}
		case e.Clears && !e.Fresh && sameCell(e.Old, value) && len(rows) > 0 && v.after.count(e.Of, column, value) == 0:
			cleared[e.Of] = true
		}
	}
	return max(0, n-len(arrived)-len(cleared))
}

// fresh tells whether the row, or one that looks the same, is new and has cells that a person may have copied.
func (v *verification) fresh(row int) bool {
	id := v.after.ids[row]
	return id != blankRow && len(v.after.of[id]) > len(v.before.of[id])
}

// knownStray tells whether an earlier reading found this stray value in this row; fresh: the row was new then.
func (v *verification) knownStray(at cellAddress) (known, fresh bool) {
	for _, e := range v.w.Written {
		if e.Clears && e.Column == at.column && e.Of == v.after.ids[at.row] && sameCell(e.Old, v.cell(at)) {
			known, fresh = true, fresh || e.Fresh
		}
	}
	return known, fresh
}

// beside are the cells that the same request wrote into the same row as e.
func (v *verification) beside(e WrittenCell) []WrittenCell {
	var others []WrittenCell
	for _, o := range v.w.Written {
		if o.Request == e.Request && o.Of == e.Of && o.Row == e.Row && o.Column != e.Column {
			others = append(others, o)
		}
	}
	return others
}

// together tells whether the write is recent, and the row shows both date and mark that were written for one key of
// another row. A person hardly writes both into one row at that moment.
func (v *verification) together(at cellAddress) bool {
	return v.recent && slices.ContainsFunc(v.w.Written, func(e WrittenCell) bool {
		return e.wrote(at.column, v.cell(at)) && slices.ContainsFunc(v.beside(e), func(o WrittenCell) bool {
			return v.suspect(cellAddress{at.row, o.Column}, o.New)
		})
	})
}

// apart tells whether a person wrote this mark. That is so if, wherever we wrote it, we also wrote a date beside it
// that no other key got, and that date is in another row and not in this one.
func (v *verification) apart(at cellAddress, value any) bool {
	elsewhere := func(o WrittenCell) bool {
		return o.Column == v.o.Columns.EndDate && cellText(o.New) != "" && !sameCell(v.cell(cellAddress{at.row, o.Column}), o.New) && v.foundElsewhere(o, at.row) &&
			!slices.ContainsFunc(v.w.Written, func(w WrittenCell) bool { return w.Of != o.Of && w.wrote(o.Column, o.New) })
	}
	return at.column != v.o.Columns.EndDate && !slices.ContainsFunc(v.w.Written, func(e WrittenCell) bool {
		return e.wrote(at.column, value) && !slices.ContainsFunc(v.beside(e), elsewhere)
	})
}

// foundElsewhere tells whether another row shows what was written: its own row, or one where it is astray. Values known
// from an earlier reading, or in a copy, do not count.
func (v *verification) foundElsewhere(e WrittenCell, row int) bool {
	for other := range v.after.rows {
		at := cellAddress{other, e.Column}
		if other == row || !sameCell(v.cell(at), e.New) {
			continue
		}
		if known, _ := v.knownStray(at); v.after.ids[other] == e.Of || (!known && !v.fresh(other) && v.suspect(at, e.New)) {
			return true
		}
	}
	return false
}

// writtenTo tells whether the value was written to that address.
func (v *verification) writtenTo(at cellAddress, value any) bool {
	return slices.ContainsFunc(v.w.Written, func(e WrittenCell) bool {
		return e.Row-1 == at.row && e.wrote(at.column, value)
	})
}

// suspect tells whether the cell has the value, was not meant to, and did not have it before.
func (v *verification) suspect(at cellAddress, value any) bool {
	if !sameCell(v.cell(at), value) || v.broughtBack(at, value) {
		return false
	}
	if meant, ok := v.meant[at]; ok && sameCell(meant, value) {
		return false
	}
	id := v.after.ids[at.row]
	own := v.before.count(id, at.column, value)
	if cellText(value) == "" { // an empty cell of a new row is its own
		own += max(0, len(v.after.of[id])-len(v.before.of[id]))
	}
	return v.after.count(id, at.column, value) > own
}
