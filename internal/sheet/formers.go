package sheet

import "slices"

// formers returns what to restore stray cells to.
func (v *verification) formers(stray map[cellAddress]bool) map[cellAddress]any {
	formers := map[cellAddress]any{}
	for at := range stray {
		formers[at] = v.former(at)
	}
	return formers
}

// former returns what the row's cell had before the write. Of several rows that look the same, it is a value that none
// of the others shows any more. A new row had an empty cell.
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

// resembling returns the row of before that became this row of after when a person changed one of its identifying
// cells. It must be nowhere else, and all other cells must be equal. With more differences it may be another row, whose
// mark or date this one must not get.
func (v *verification) resembling(row int) []int {
	for i, id := range v.before.ids {
		if len(v.after.of[id]) == 0 && v.differences(i, row) <= 1 {
			return []int{i}
		}
	}
	return nil
}

// differences counts the cells in which two rows differ, except those that Keylease writes.
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
