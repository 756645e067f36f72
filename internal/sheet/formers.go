package sheet

import "slices"

// formers gives what cells are to get back.
func (v *verification) formers(stray map[cellAddress]bool) map[cellAddress]any {
	formers := map[cellAddress]any{}
	for at := range stray {
		formers[at] = v.former(at)
	}
	return formers
}

// former gives what the row's cell held before the write: of several rows alike, a value that none of the others shows
// any more. A row that was not there before had an empty cell.
func (v *verification) former(at cellAddress) any {
	id := v.afterID[at.row]
	group := v.beforeRows[id]
	if len(group) == 0 && id != blankRow {
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
