package sheet

import (
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Verify is the read-back after a write: before is the table that edits were addressed by, after the one read behind the
// write. Where a person moved rows in between, some values stand in other people's cells. The repairs give those cells
// their former value back, unless somebody changed them since, and write the values into the rows that they were meant
// for; moved names the keys that were missed. Nothing is returned where everything stands where it should.
//
// The repairs are written like any edits and verified like them, with after as the new before. A row is recognised by its
// access key ID, one without by its other cells. A value that is found once too often in several places, none of them the
// address written to, may be a person's own: such cells are left alone.
func Verify(before, after [][]any, o Options, tab string, edits []CellEdit) (repairs []CellEdit, moved []string) {
	v := newVerification(before, after, o, edits)
	stray := map[cellAddress]bool{}
	for _, column := range v.columns {
		for _, row := range v.strays(column) {
			stray[cellAddress{row, column}] = true
		}
	}
	want := map[cellAddress]any{}
	for at := range stray {
		want[at] = v.former(at)
	}
	for i, e := range v.edits {
		at := cellAddress{v.home[i], e.Column}
		if at.row < 0 || sameCell(v.cell(at), e.New) {
			continue
		}
		if stray[at] || sameCell(v.cell(at), e.Old) {
			want[at] = e.New
			moved = append(moved, e.AccessKeyID)
		}
	}
	for _, e := range v.missed() {
		if v.strayed(e, stray) {
			moved = append(moved, e.AccessKeyID)
		}
	}
	for at, value := range want {
		repairs = append(repairs, CellEdit{AccessKeyID: v.afterKeys[at.row], Column: at.column, Row: at.row + 1,
			Range: CellRange(tab, at.column, at.row+1), Old: v.cell(at), New: value})
	}
	sortEdits(repairs)
	slices.Sort(moved)
	moved = slices.DeleteFunc(slices.Compact(moved), func(key string) bool { return key == "" })
	return repairs, moved
}

type cellAddress struct {
	row    int // from 0, in after
	column v1alpha1.ColumnLetter
}

// verification compares two readings of a table, row by row, wherever the rows stand.
type verification struct {
	before, after [][]any
	edits         []CellEdit
	columns       []v1alpha1.ColumnLetter // that were written
	own           []int                   // columns that may be written
	afterKeys     []string
	// identity of each row; what rows of one identity have in common is all that can be known of them.
	beforeID, afterID []string
	afterRows         map[string][]int
	beforeRows        map[string][]int
	// home is the row in after that an edit was meant for, -1 where it cannot be told.
	home []int
}

func newVerification(before, after [][]any, o Options, edits []CellEdit) *verification {
	v := &verification{before: before, after: after, edits: edits}
	v.own = []int{ColumnIndex(o.Columns.Status), ColumnIndex(o.Columns.EndDate)}
	key := ColumnIndex(o.Columns.AccessKeyID)
	v.beforeID, v.beforeRows = identities(before, key, v.own)
	v.afterID, v.afterRows = identities(after, key, v.own)
	for i := range after {
		v.afterKeys = append(v.afterKeys, keyID(cellAt(after[i], key)))
	}
	for _, e := range edits {
		if !slices.Contains(v.columns, e.Column) {
			v.columns = append(v.columns, e.Column)
		}
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
			id = "cells:" + contents(row, own)
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

// missed lists the edits whose value is not in the row that it was meant for. It went elsewhere, or a person wrote over it:
// then no other row holds it that did not before.
func (v *verification) missed() []CellEdit {
	var missed []CellEdit
	for i, e := range v.edits {
		at := cellAddress{v.home[i], e.Column}
		switch {
		case at.row < 0:
			// The row is gone, or stands there twice: the value may have gone anywhere. Where it stands in one of them
			// it arrived.
			if !v.standsInGroup(e) {
				missed = append(missed, e)
			}
		case !sameCell(v.cell(at), e.New):
			missed = append(missed, e)
		}
	}
	return missed
}

// strayed: the edit's value was found in a row that it was not meant for.
func (v *verification) strayed(e CellEdit, stray map[cellAddress]bool) bool {
	for at := range stray {
		if at.column == e.Column && sameCell(v.cell(at), e.New) {
			return true
		}
	}
	return false
}

func (v *verification) standsInGroup(e CellEdit) bool {
	if e.Row < 1 || e.Row > len(v.beforeID) {
		return false
	}
	return slices.ContainsFunc(v.afterRows[v.beforeID[e.Row-1]], func(row int) bool {
		return sameCell(v.cell(cellAddress{row, e.Column}), e.New)
	})
}

// strays finds the rows of after that hold, in column, a value of ours that was meant for another row. There are no more
// of them than values that were missed, and the first suspect is the address that was written to.
func (v *verification) strays(column v1alpha1.ColumnLetter) []int {
	var strays []int
	var missed []CellEdit
	for _, e := range v.missed() {
		if e.Column == column {
			missed = append(missed, e)
		}
	}
	for len(missed) > 0 {
		value := missed[0].New
		addresses := map[int]bool{}
		var rest []CellEdit
		for _, e := range missed {
			if sameCell(e.New, value) {
				addresses[e.Row-1] = true
			} else {
				rest = append(rest, e)
			}
		}
		missed = rest
		var there, elsewhere []int
		for row := range v.after {
			switch at := (cellAddress{row, column}); {
			case !v.suspect(at, value):
			case addresses[row]:
				there = append(there, row)
			default:
				elsewhere = append(elsewhere, row)
			}
		}
		strays = append(strays, there...)
		if len(elsewhere) <= len(addresses)-len(there) {
			strays = append(strays, elsewhere...)
		}
	}
	return strays
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
