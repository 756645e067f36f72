package sheet

import (
	"maps"
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Verify is the read-back after a write: after is the tab as it was read behind it. Where a person moved rows in between,
// some values stand in other people's cells. The repairs give those cells their former value back, unless somebody changed
// them since, and write the values into the rows that they were meant for; moved names the keys that were missed. Nothing
// is returned where everything stands where it should.
//
// The repairs can go astray as well: next is the write to be verified once they were written. A row is recognised by its
// access key ID, one without by its other cells. A value that is found once too often in several places, none of them an
// address written to, may be a person's own: such cells are left alone.
func Verify(w Write, after [][]any, o Options, tab string) (next Write, repairs []CellEdit, moved []string) {
	v := newVerification(w, after, o)
	stray := v.allStrays()
	formers := map[cellAddress]any{}
	for at := range stray {
		formers[at] = v.former(at)
	}
	want := maps.Clone(formers)
	var edits []CellEdit
	for i, e := range v.edits {
		at := cellAddress{v.home[i], e.Column}
		switch {
		case at.row < 0:
			continue // its row is gone: there is nothing to write any more, only to find
		case sameCell(v.cell(at), e.New):
		case stray[at], sameCell(v.cell(at), e.Old):
			want[at] = e.New
			moved = append(moved, e.AccessKeyID)
		default:
			continue // a person wrote over it
		}
		e.Row, e.Range = at.row+1, CellRange(tab, e.Column, at.row+1)
		edits = append(edits, e)
	}
	moved = append(moved, v.strayed(stray)...)
	slices.Sort(moved)
	repairs = v.repairs(want, tab)
	// What people wrote since is the value to be given back from now on.
	next = Write{Before: Apply(after, v.repairs(formers, tab)), Edits: edits, Written: append(slices.Clone(w.Written), v.writtenBy(repairs, stray)...)}
	return next, repairs, slices.Compact(moved)
}

// Recover is the read-back of a write that nobody read back, because the process died or the answer was lost: after is
// the tab as it stands now. The repairs give wrong cells their former value back, and no more: what the right ones are to
// say is decided anew by the next merge. moved names the keys whose values had gone astray.
//
// People had more time to write than between two requests. An extension mark, or a date later than the former, is therefore
// taken for ours only where it was written to: taking away a person's own would let a key be deleted, and a stray one only
// keeps it.
func Recover(w Write, after [][]any, o Options, tab string) (next Write, repairs []CellEdit, moved []string) {
	v := newVerification(w, after, o)
	stray := v.allStrays()
	formers := map[cellAddress]any{}
	for at := range stray {
		former := v.former(at)
		if v.keepsKey(at, former, o) && !v.writtenTo(at, v.cell(at)) {
			delete(stray, at)
			continue
		}
		formers[at] = former
	}
	moved = v.strayed(stray)
	slices.Sort(moved)
	repairs = v.repairs(formers, tab)
	next = Write{Before: Apply(after, repairs), Written: append(slices.Clone(w.Written), v.writtenBy(repairs, stray)...)}
	return next, repairs, slices.Compact(moved)
}

// keepsKey: the cell holds what people write too, and what keeps a key alive for longer than its former value.
func (v *verification) keepsKey(at cellAddress, former any, o Options) bool {
	if at.column != o.Columns.EndDate {
		return ParseStatus(cellText(v.cell(at)), o.Marks).Mark == MarkExtension
	}
	is, err := ParseDate(v.cell(at))
	was, formerErr := ParseDate(former)
	return err != nil || formerErr != nil || is > was
}

// blankRow is the identity of a row without any cell but those that Keylease writes.
const blankRow = "cells:"

type cellAddress struct {
	row    int // from 0, in after
	column v1alpha1.ColumnLetter
}

// verification compares two readings of a table, row by row, wherever the rows stand.
type verification struct {
	before, after [][]any
	// edits are what was to be written, written every cell that was since.
	edits     []CellEdit
	written   []WrittenCell
	columns   []v1alpha1.ColumnLetter // that were written
	own       []int                   // columns that may be written
	afterKeys []string
	// identity of each row; what rows of one identity have in common is all that can be known of them.
	beforeID, afterID []string
	afterRows         map[string][]int
	beforeRows        map[string][]int
	// home is the row in after that an edit was meant for, -1 where it cannot be told.
	home []int
}

func newVerification(w Write, after [][]any, o Options) *verification {
	v := &verification{before: w.Before, after: after, edits: w.Edits, written: w.Written}
	v.own = []int{ColumnIndex(o.Columns.Status), ColumnIndex(o.Columns.EndDate)}
	key := ColumnIndex(o.Columns.AccessKeyID)
	v.beforeID, v.beforeRows = identities(v.before, key, v.own)
	v.afterID, v.afterRows = identities(after, key, v.own)
	for i := range after {
		v.afterKeys = append(v.afterKeys, keyID(cellAt(after[i], key)))
	}
	for _, e := range v.written {
		if !slices.Contains(v.columns, e.Column) {
			v.columns = append(v.columns, e.Column)
		}
	}
	for _, e := range v.edits {
		v.home = append(v.home, v.findHome(e))
	}
	return v
}

// identities gives what each row is known by: its key, or, without one, the cells that Keylease never writes.
func identities(rows [][]any, key int, own []int) (ids []string, rowsOf map[string][]int) {
	rowsOf = map[string][]int{}
	for i, row := range rows {
		id := "key:" + keyID(cellAt(row, key))
		if id == "key:" {
			id = blankRow + contents(row, own)
		}
		ids = append(ids, id)
		rowsOf[id] = append(rowsOf[id], i)
	}
	return ids, rowsOf
}

// contents joins all cells but own; empty cells at the end count as none, because the API leaves them out.
func contents(row []any, own []int) string {
	var cells []string
	for i, cell := range row {
		text := cellText(cell)
		if slices.Contains(own, i) {
			text = ""
		}
		cells = append(cells, text)
	}
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return strings.Join(cells, "\x00")
}

// findHome gives the one row of after that is the row the edit was addressed to; of several alike, the one at the address.
func (v *verification) findHome(e CellEdit) int {
	if e.Row < 1 || e.Row > len(v.beforeID) {
		// Beyond the end of what was read: an empty row, which the API does not return.
		return -1
	}
	rows := v.afterRows[v.beforeID[e.Row-1]]
	switch {
	case len(rows) == 1:
		return rows[0]
	case slices.Contains(rows, e.Row-1):
		return e.Row - 1
	}
	return -1
}

// strayed names the keys whose value was found in a row that it was not meant for, and is not in their own.
func (v *verification) strayed(stray map[cellAddress]bool) []string {
	var keys []string
	for _, e := range v.written {
		key, ok := strings.CutPrefix(e.Of, "key:")
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

// strays finds the rows of after that hold, in column, a value of ours that was meant for another row. There are no more
// of them than were written and did not arrive, and the first suspects are the addresses that were written to.
func (v *verification) strays(column v1alpha1.ColumnLetter) []int {
	var strays []int
	var seen []any
	for _, e := range v.written {
		value := e.New
		if e.Column != column || slices.ContainsFunc(seen, func(s any) bool { return sameCell(s, value) }) {
			continue
		}
		seen = append(seen, value)
		most := v.unaccounted(column, value)
		var there, elsewhere, copies []int
		known := 0
		for row := range v.after {
			at, fresh := cellAddress{row, column}, v.fresh(row)
			seen, wasFresh := v.knownStray(at)
			switch {
			case !v.suspect(at, value):
			case seen, v.writtenTo(at, value):
				there = append(there, row)
				known += one(!fresh && !wasFresh)
			case fresh:
				copies = append(copies, row)
			default:
				elsewhere = append(elsewhere, row)
			}
		}
		strays = append(strays, there...)
		// A row that was not there before may be a copy of one with a stray value: it does not count against that one.
		if known += len(elsewhere); known <= most {
			strays = append(strays, elsewhere...)
		}
		if len(there)+len(elsewhere)+len(copies) <= most {
			strays = append(strays, copies...)
		}
	}
	return strays
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

// fresh: the row was not there before, and has cells that a person may have copied.
func (v *verification) fresh(row int) bool {
	id := v.afterID[row]
	return id != blankRow && len(v.beforeRows[id]) == 0
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

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// writtenTo: the value was written to that address.
func (v *verification) writtenTo(at cellAddress, value any) bool {
	return slices.ContainsFunc(v.written, func(e WrittenCell) bool {
		return e.Column == at.column && e.Row-1 == at.row && sameCell(e.New, value)
	})
}

func (v *verification) writtenBy(repairs []CellEdit, stray map[cellAddress]bool) []WrittenCell {
	var cells []WrittenCell
	for _, e := range repairs {
		at := cellAddress{e.Row - 1, e.Column}
		_, fresh := v.knownStray(at)
		cells = append(cells, WrittenCell{
			Of: v.afterID[at.row], Column: e.Column, Row: e.Row, Old: e.Old, New: e.New, Clears: stray[at],
			Fresh: fresh || v.fresh(at.row),
		})
	}
	return cells
}

func (v *verification) repairs(want map[cellAddress]any, tab string) []CellEdit {
	var repairs []CellEdit
	for at, value := range want {
		repairs = append(repairs, CellEdit{AccessKeyID: v.afterKeys[at.row], Column: at.column, Row: at.row + 1,
			Range: CellRange(tab, at.column, at.row+1), Old: v.cell(at), New: value})
	}
	sortEdits(repairs)
	return repairs
}

// suspect: the cell holds the value, nobody meant it to, and it did not hold it before.
func (v *verification) suspect(at cellAddress, value any) bool {
	if !sameCell(v.cell(at), value) {
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

// former gives what the row's cell held before the write: of several rows alike, a value that none of the others shows
// any more. A row that was not there before had an empty cell.
func (v *verification) former(at cellAddress) any {
	id := v.afterID[at.row]
	group := v.beforeRows[id]
	if len(group) == 0 {
		group = v.resembling(at.row)
	}
	var values []any
	for _, row := range group {
		values = append(values, cellValue(v.before, row, ColumnIndex(at.column)))
	}
	if len(values) == 0 {
		return ""
	}
	left := slices.Clone(values)
	for _, row := range v.afterRows[id] {
		if row == at.row {
			continue
		}
		i := slices.IndexFunc(left, func(value any) bool {
			return sameCell(value, v.cell(cellAddress{row, at.column}))
		})
		if i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
	}
	if len(left) == 0 {
		return values[0]
	}
	return left[0]
}

// resembling gives the row of before that a row of after was before a person changed one cell of it that it is known by,
// the key or another: it is nowhere else, and all other cells are the same. More difference than that could be another
// row, and one row's mark or date is not to be given to another.
func (v *verification) resembling(row int) []int {
	for i, id := range v.beforeID {
		if len(v.afterRows[id]) == 0 && v.differences(i, row) <= 1 {
			return []int{i}
		}
	}
	return nil
}

// differences counts the cells that two rows differ in, those aside that Keylease writes.
func (v *verification) differences(before, after int) int {
	n := 0
	for column := range max(len(v.before[before]), len(v.after[after])) {
		b, a := cellValue(v.before, before, column), cellValue(v.after, after, column)
		if !slices.Contains(v.own, column) && !sameCell(a, b) {
			n++
		}
	}
	return n
}

func (v *verification) cell(at cellAddress) any {
	return cellValue(v.after, at.row, ColumnIndex(at.column))
}
