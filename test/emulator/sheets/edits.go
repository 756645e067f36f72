package sheets

import (
	"cmp"
	"fmt"
	"slices"
)

// What people do to a sheet. Every edit is checked first: one that returns an
// error has changed nothing.

// SetCell puts a value into a cell as it is; see [CellOf] for the types.
func (g *Grid) SetCell(name string, value any) error {
	c, err := CellOf(value)
	if err != nil {
		return fmt.Errorf("tab %q, cell %s: %w", g.title, name, err)
	}
	return g.enter("set", name, c)
}

// TypeCell types a text into a cell: the service makes dates of dates and
// numbers of digits, as [Typed] says.
func (g *Grid) TypeCell(name, text string) error { return g.enter("type", name, Typed(text)) }

func (g *Grid) enter(op, name string, c Cell) error {
	row, col, err := parseCell(name)
	if err != nil {
		return err
	}
	if err := g.inside(row, col); err != nil {
		return err
	}
	g.put(op, row, col, c)
	return nil
}

// PasteBlock pastes values over a rectangle whose top left cell is name. Empty
// values empty their cells. The grid grows if it must, as in a browser.
func (g *Grid) PasteBlock(name string, block [][]any) error {
	top, left, err := parseCell(name)
	if err != nil {
		return err
	}
	cells := make([][]Cell, len(block))
	width := 0
	for i, line := range block {
		width = max(width, len(line))
		for j, v := range line {
			c, err := CellOf(v)
			if err != nil {
				return fmt.Errorf("tab %q, block at %s, row %d, column %d: %w", g.title, name, i+1, j+1, err)
			}
			cells[i] = append(cells[i], c)
		}
	}
	g.rowCount = max(g.rowCount, top+len(block)-1)
	g.colCount = max(g.colCount, left+width-1)
	for i, line := range cells {
		for j, c := range line {
			g.put("paste", top+i, left+j, c)
		}
	}
	return nil
}

// AppendRow writes a row under the last one with content, as a form does with
// an answer, and returns its number.
func (g *Grid) AppendRow(values ...any) (row int, err error) {
	row = g.lastRow() + 1
	return row, g.PasteBlock(area{row, 1, row, 1}.String(), [][]any{values})
}

// InsertRows inserts n empty rows before row at.
func (g *Grid) InsertRows(at, n int) error {
	if at < 1 || at > g.rowCount+1 || n < 1 {
		return fmt.Errorf("tab %q: cannot insert %d rows before row %d of %d", g.title, n, at, g.rowCount)
	}
	g.rowCount += n
	if at <= len(g.rows) {
		g.rows = slices.Insert(g.rows, at-1, make([][]Cell, n)...)
	}
	g.note(Change{Op: "insert rows", Range: area{row: at, endRow: at + n - 1}.String()})
	return nil
}

// DeleteRows deletes n rows from row at on.
func (g *Grid) DeleteRows(at, n int) error {
	if at < 1 || n < 1 || at+n-1 > g.rowCount || n == g.rowCount {
		return fmt.Errorf("tab %q: cannot delete %d rows from row %d of %d", g.title, n, at, g.rowCount)
	}
	g.rowCount -= n
	if at <= len(g.rows) {
		g.rows = slices.Delete(g.rows, at-1, min(at-1+n, len(g.rows)))
	}
	g.note(Change{Op: "delete rows", Range: area{row: at, endRow: at + n - 1}.String()})
	return nil
}

// InsertColumn inserts an empty column before column, which moves right.
func (g *Grid) InsertColumn(column string) error {
	col, err := g.column(column)
	if err != nil {
		return err
	}
	g.colCount++
	for i, row := range g.rows {
		if col <= len(row) {
			g.rows[i] = slices.Insert(row, col-1, Cell{})
		}
	}
	g.note(Change{Op: "insert column", Range: area{col: col, endCol: col}.String()})
	return nil
}

// DeleteColumn deletes a column; what was right of it moves left.
func (g *Grid) DeleteColumn(column string) error {
	col, err := g.column(column)
	if err != nil {
		return err
	}
	if g.colCount == 1 {
		return fmt.Errorf("tab %q: cannot delete its only column", g.title)
	}
	g.colCount--
	for i, row := range g.rows {
		if col <= len(row) {
			g.rows[i] = slices.Delete(row, col-1, col)
		}
	}
	g.note(Change{Op: "delete column", Range: area{col: col, endCol: col}.String()})
	return nil
}

func (g *Grid) column(letters string) (int, error) {
	col, err := parseColumn(letters)
	if err != nil {
		return 0, err
	}
	return col, g.inside(1, col)
}

// SortBy sorts whole rows below the header by one column: numbers, then texts,
// then booleans, reversed if not ascending; empty cells come last either way,
// and equal rows keep their order.
func (g *Grid) SortBy(column string, headerRows int, ascending bool) error {
	col, err := g.column(column)
	if err != nil {
		return err
	}
	if headerRows < 0 || headerRows > g.rowCount {
		return fmt.Errorf("tab %q: %d header rows of %d", g.title, headerRows, g.rowCount)
	}
	if headerRows >= len(g.rows) {
		return nil
	}
	slices.SortStableFunc(g.rows[headerRows:], func(a, b []Cell) int {
		return compareCells(cellIn(a, col), cellIn(b, col), ascending)
	})
	g.note(Change{Op: "sort by " + ColumnName(col), Range: area{row: headerRows + 1, endRow: len(g.rows)}.String()})
	return nil
}

func cellIn(row []Cell, col int) Cell {
	if col > len(row) {
		return Cell{}
	}
	return row[col-1]
}

func compareCells(a, b Cell, ascending bool) int {
	if a.Empty() || b.Empty() {
		return cmp.Compare(kindOrder(a), kindOrder(b))
	}
	order := cmp.Compare(kindOrder(a), kindOrder(b))
	if order == 0 {
		if x, ok := a.Value.(float64); ok {
			order = cmp.Compare(x, b.Value.(float64))
		} else {
			order = cmp.Compare(a.String(), b.String())
		}
	}
	if !ascending {
		return -order
	}
	return order
}

func kindOrder(c Cell) int {
	switch c.Value.(type) {
	case float64:
		return 0
	case string:
		if !c.Empty() {
			return 1
		}
	case bool:
		return 2
	}
	return 3
}

// Clear empties every cell; formats stay, as with select all and delete.
func (g *Grid) Clear() {
	for i, row := range g.rows {
		for j, c := range row {
			if !c.Empty() {
				g.put("clear", i+1, j+1, Cell{})
			}
		}
	}
}
