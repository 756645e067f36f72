package sheets

// Tab is a handle on one tab of a [Spreadsheet]; it stays valid when the tab is
// renamed. Each method is atomic towards requests and other edits. Their rules
// are those of the [Grid] method with the same name.
type Tab struct {
	spreadsheet *Spreadsheet
	state       *tabState
}

// Edit runs several edits as one, so that nothing comes between finding a row
// and changing it:
//
//	tab.Edit(func(g *Grid) error {
//		row, _ := g.FindRow("L", keyID)
//		return g.SetCell(fmt.Sprint("K", row), "延長申請済み")
//	})
//
// It returns f's error; edits made before it stay. f must not call the Tab.
func (t *Tab) Edit(f func(*Grid) error) error {
	return t.spreadsheet.edit(Person, func() error { return f(t.state.grid) })
}

// Snapshot returns a copy of the whole grid.
func (t *Tab) Snapshot() *Grid {
	t.spreadsheet.mu.Lock()
	defer t.spreadsheet.mu.Unlock()
	return t.state.grid.clone()
}

// Title is the tab's present name.
func (t *Tab) Title() string { return t.Snapshot().title }

// Cell returns one cell, named as K3.
func (t *Tab) Cell(name string) Cell {
	t.spreadsheet.mu.Lock()
	defer t.spreadsheet.mu.Unlock()
	return t.state.grid.Cell(name)
}

// Rows returns a copy of the content.
func (t *Tab) Rows() [][]Cell { return t.Snapshot().Rows() }

// Texts returns the content as a person sees it.
func (t *Tab) Texts() [][]string { return t.Snapshot().Texts() }

// FindRow returns the first row whose cell in column shows value. By the time
// it is used the row may have moved: inside Edit it cannot.
func (t *Tab) FindRow(column, value string) (row int, found bool) {
	return t.Snapshot().FindRow(column, value)
}

// SetCell puts a value into a cell as it is.
func (t *Tab) SetCell(name string, value any) error {
	return t.Edit(func(g *Grid) error { return g.SetCell(name, value) })
}

// TypeCell types a text into a cell, with what the service makes of it.
func (t *Tab) TypeCell(name, text string) error {
	return t.Edit(func(g *Grid) error { return g.TypeCell(name, text) })
}

// PasteBlock pastes values over a rectangle.
func (t *Tab) PasteBlock(name string, block [][]any) error {
	return t.Edit(func(g *Grid) error { return g.PasteBlock(name, block) })
}

// AppendRow writes a row under the last one.
func (t *Tab) AppendRow(values ...any) (row int, err error) {
	err = t.Edit(func(g *Grid) (err error) { row, err = g.AppendRow(values...); return err })
	return row, err
}

// InsertRows inserts n empty rows before row at.
func (t *Tab) InsertRows(at, n int) error {
	return t.Edit(func(g *Grid) error { return g.InsertRows(at, n) })
}

// DeleteRows deletes n rows from row at on.
func (t *Tab) DeleteRows(at, n int) error {
	return t.Edit(func(g *Grid) error { return g.DeleteRows(at, n) })
}

// InsertColumn inserts an empty column before column.
func (t *Tab) InsertColumn(column string) error {
	return t.Edit(func(g *Grid) error { return g.InsertColumn(column) })
}

// DeleteColumn deletes a column.
func (t *Tab) DeleteColumn(column string) error {
	return t.Edit(func(g *Grid) error { return g.DeleteColumn(column) })
}

// SortBy sorts the rows below the header by one column.
func (t *Tab) SortBy(column string, headerRows int, ascending bool) error {
	return t.Edit(func(g *Grid) error { return g.SortBy(column, headerRows, ascending) })
}

// Resize changes the size of the grid.
func (t *Tab) Resize(rows, cols int) error {
	return t.Edit(func(g *Grid) error { return g.Resize(rows, cols) })
}

// ClearTab empties every cell of the tab.
func (t *Tab) ClearTab() {
	_ = t.Edit(func(g *Grid) error { g.Clear(); return nil })
}

// RenameTab gives the tab another title, which must be free.
func (t *Tab) RenameTab(title string) error {
	return t.spreadsheet.edit(Person, func() error {
		if err := t.spreadsheet.titleFree(title, t.state); err != nil {
			return err
		}
		old := t.state.grid.title
		t.state.grid.title = title
		t.state.grid.note(Change{Op: "rename tab", Old: Text(old), New: Text(title)})
		return nil
	})
}
