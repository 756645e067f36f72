package sheet

import (
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

const (
	// keyPrefix begins the identity of a row with a key.
	keyPrefix = "key:"
	// blankRow is the identity of a row in which only cells that Keylease writes are filled.
	blankRow = "cells:"
)

type cellAddress struct {
	row    int // from 0
	column v1alpha1.ColumnLetter
}

// reading is a tab as it was read. Rows with the same identity cannot be told apart.
type reading struct {
	rows [][]any
	// ids identify the rows: by the key or, without one, by the cells that Keylease never writes.
	ids []string
	// of are the rows of each identity.
	of map[string][]int
}

func readingOf(rows [][]any, o Options) reading {
	r := reading{rows: rows, of: map[string][]int{}}
	own := ownColumns(o)
	for i, row := range rows {
		id := keyPrefix + keyID(cellAt(row, ColumnIndex(o.Columns.AccessKeyID)))
		if id == keyPrefix {
			id = blankRow + contents(row, own)
		}
		r.ids = append(r.ids, id)
		r.of[id] = append(r.of[id], i)
	}
	return r
}

// ownColumns are the columns that Keylease writes.
func ownColumns(o Options) []int {
	return []int{ColumnIndex(o.Columns.EndDate), ColumnIndex(o.Columns.Status)}
}

// contents joins all cells except own. Empty cells at the end do not count, because the API leaves them out.
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

func (r *reading) cell(at cellAddress) any {
	return cellValue(r.rows, at.row, ColumnIndex(at.column))
}

// key of a row; empty: it has none.
func (r *reading) key(row int) string {
	key, ok := strings.CutPrefix(r.ids[row], keyPrefix)
	if !ok {
		return ""
	}
	return key
}

// count returns how many rows of an identity show a value.
func (r *reading) count(id string, column v1alpha1.ColumnLetter, value any) int {
	n := 0
	for _, row := range r.of[id] {
		if sameCell(r.cell(cellAddress{row, column}), value) {
			n++
		}
	}
	return n
}
