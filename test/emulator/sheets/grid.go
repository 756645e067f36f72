package sheets

import (
	"fmt"
	"slices"
)

// The size that the service gives a new tab.
const (
	defaultRows    = 1000
	defaultColumns = 26
)

// Grid is the content of one tab. It is not locked: a [Tab] hands it out
// inside [Tab.Edit], and [Tab.Snapshot] returns a copy. Rows and columns count
// from 1, cells are named as K3, columns as K.
type Grid struct {
	title              string
	rowCount, colCount int
	// rows is ragged; what is not stored is empty. Ragged rows keep a sheet of
	// 10,000 rows cheap to copy.
	rows [][]Cell
	// changes are those since the owner last collected them.
	changes []Change
}

func newGrid(title string, rows, cols int) *Grid {
	return &Grid{title: title, rowCount: rows, colCount: cols}
}

// Title is the tab's name.
func (g *Grid) Title() string { return g.title }

// Size is the grid's size (gridProperties), not that of its content.
func (g *Grid) Size() (rows, cols int) { return g.rowCount, g.colCount }

// Resize changes the grid's size; what falls outside is lost.
func (g *Grid) Resize(rows, cols int) error {
	if rows < 1 || cols < 1 {
		return fmt.Errorf("tab %q: a grid of %d×%d: a tab has at least one row and one column", g.title, rows, cols)
	}
	g.rowCount, g.colCount = rows, cols
	g.rows = g.rows[:min(len(g.rows), rows)]
	for i, row := range g.rows {
		g.rows[i] = row[:min(len(row), cols)]
	}
	g.note(Change{Op: "resize", Range: area{row: 1, col: 1, endRow: rows, endCol: cols}.String()})
	return nil
}

// at returns a cell; outside the stored content it is empty.
func (g *Grid) at(row, col int) Cell {
	if row < 1 || row > len(g.rows) || col < 1 || col > len(g.rows[row-1]) {
		return Cell{}
	}
	return g.rows[row-1][col-1]
}

// Cell returns the cell with that name. It panics if name is not one: that is
// a mistake of the test.
func (g *Grid) Cell(name string) Cell {
	row, col, err := parseCell(name)
	if err != nil {
		panic("sheets: " + err.Error())
	}
	return g.at(row, col)
}

// put stores a cell and notes the change. Position and value are checked
// before.
func (g *Grid) put(op string, row, col int, c Cell) {
	old := g.at(row, col)
	for len(g.rows) < row {
		g.rows = append(g.rows, nil)
	}
	for len(g.rows[row-1]) < col {
		g.rows[row-1] = append(g.rows[row-1], Cell{})
	}
	c = old.put(c)
	g.rows[row-1][col-1] = c
	g.note(Change{Op: op, Range: area{row, col, row, col}.String(), Old: old, New: c})
}

func (g *Grid) note(c Change) {
	c.Tab = g.title
	g.changes = append(g.changes, c)
}

// inside says where the grid ends if a position is outside of it.
func (g *Grid) inside(row, col int) error {
	if row < 1 || row > g.rowCount || col < 1 || col > g.colCount {
		return fmt.Errorf("tab %q: %s is outside the grid of %d rows and %d columns",
			g.title, area{row, col, row, col}, g.rowCount, g.colCount)
	}
	return nil
}

// lastRow is the last row with content, 0 if there is none.
func (g *Grid) lastRow() int {
	for i := len(g.rows); i > 0; i-- {
		if slices.ContainsFunc(g.rows[i-1], func(c Cell) bool { return !c.Empty() }) {
			return i
		}
	}
	return 0
}

// Rows returns a copy of the content without trailing empty rows; a row ends
// with its last cell that is not empty.
func (g *Grid) Rows() [][]Cell {
	rows := make([][]Cell, g.lastRow())
	for i := range rows {
		rows[i] = slices.Clone(g.rows[i])
		for len(rows[i]) > 0 && rows[i][len(rows[i])-1].Empty() {
			rows[i] = rows[i][:len(rows[i])-1]
		}
	}
	return rows
}

// Texts returns Rows as a person sees them.
func (g *Grid) Texts() [][]string {
	texts := make([][]string, 0, len(g.rows))
	for _, row := range g.Rows() {
		line := make([]string, len(row))
		for i, c := range row {
			line[i] = c.String()
		}
		texts = append(texts, line)
	}
	return texts
}

// FindRow returns the first row whose cell in column shows value. It panics if
// column is not a column's letters.
func (g *Grid) FindRow(column, value string) (row int, found bool) {
	col, err := parseColumn(column)
	if err != nil {
		panic("sheets: " + err.Error())
	}
	for row := 1; row <= len(g.rows); row++ {
		if g.at(row, col).String() == value {
			return row, true
		}
	}
	return 0, false
}

func (g *Grid) clone() *Grid {
	c := *g
	c.changes = nil
	c.rows = make([][]Cell, len(g.rows))
	for i, row := range g.rows {
		c.rows[i] = slices.Clone(row)
	}
	return &c
}
