package sheets

import (
	"cmp"
	"fmt"
)

// CellDiff is a cell that two spreadsheets show differently, or a tab that one
// of them has not (then Cell is empty).
type CellDiff struct {
	Tab  string
	Cell string
	// Old and New are what a person sees in the first and in the second.
	Old, New string
}

// String is a line for a person.
func (d CellDiff) String() string {
	if d.Cell == "" {
		return fmt.Sprintf("tab %s: %s → %s", d.Tab, cmp.Or(d.Old, "absent"), cmp.Or(d.New, "absent"))
	}
	return fmt.Sprintf("%s!%s: %q → %q", d.Tab, d.Cell, d.Old, d.New)
}

// Diff compares two spreadsheets cell by cell, tab by tab, row by row: a cell
// differs if its value, its formula or what a person sees differs. A moved row
// is many differing cells.
func Diff(a, b *Spreadsheet) []CellDiff {
	var diffs []CellDiff
	before, after := a.grids(), b.grids()
	for _, old := range before {
		fresh := gridNamed(after, old.title)
		if fresh == nil {
			diffs = append(diffs, CellDiff{Tab: old.title, Old: "present"})
			continue
		}
		diffs = append(diffs, diffGrids(old, fresh)...)
	}
	for _, fresh := range after {
		if gridNamed(before, fresh.title) == nil {
			diffs = append(diffs, CellDiff{Tab: fresh.title, New: "present"})
		}
	}
	return diffs
}

func gridNamed(grids []*Grid, title string) *Grid {
	for _, g := range grids {
		if g.title == title {
			return g
		}
	}
	return nil
}

func diffGrids(old, fresh *Grid) []CellDiff {
	var diffs []CellDiff
	for row := 1; row <= max(len(old.rows), len(fresh.rows)); row++ {
		for col := 1; col <= max(old.colCount, fresh.colCount); col++ {
			a, b := old.at(row, col), fresh.at(row, col)
			if a.Empty() && b.Empty() || a.Value == b.Value && a.Formula == b.Formula && a.String() == b.String() {
				continue
			}
			diffs = append(diffs, CellDiff{Tab: old.title, Cell: area{row, col, row, col}.String(), Old: a.String(), New: b.String()})
		}
	}
	return diffs
}
