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
	id := v.after.ids[at.row]
	group := v.before.of[id]
	if len(group) == 0 && id != blankRow {
		group = v.resembling(at.row)
	}
	var values []any
	for _, row := range group {
		values = append(values, v.before.cell(cellAddress{row, at.column}))
	}
	if len(values) == 0 {
		return ""
	}
	left := slices.Clone(values)
	for _, row := range v.after.of[id] {
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
	for i, id := range v.before.ids {
		if len(v.after.of[id]) == 0 && v.differences(i, row) <= 1 {
			return []int{i}
		}
	}
	return nil
}

// differences counts the cells that two rows differ in, those aside that Keylease writes.
func (v *verification) differences(before, after int) int {
	n, own := 0, ownColumns(v.o)
	for column := range max(len(v.before.rows[before]), len(v.after.rows[after])) {
		b, a := cellValue(v.before.rows, before, column), cellValue(v.after.rows, after, column)
		if !slices.Contains(own, column) && !sameCell(a, b) {
			n++
		}
	}
	return n
}
