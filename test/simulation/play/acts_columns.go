package play

import (
	"fmt"
	"slices"

	"github.com/keylease/keylease/test/emulator/sheets"
)

var _ = register(map[string]func(*World, []string) error{
	"sort-alone":    sortAlone,
	"clear":         clearColumn,
	"paste-down":    pasteDown,
	"break-column":  breakColumn,
	"insert-column": insertColumn,
	"delete-column": deleteColumn,
	"rename-tab":    renameTab,
	"empty-tab":     emptyTab,
})

// sortAlone HEADER SECONDS: one column is sorted without the others.
func sortAlone(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want a header and seconds")
	}
	return w.overwrite(args[0], args[1], func(old []sheets.Cell) []sheets.Cell {
		sorted := slices.Clone(old)
		slices.SortStableFunc(sorted, func(a, b sheets.Cell) int {
			switch {
			case a.String() < b.String():
				return 1
			case a.String() > b.String():
				return -1
			}
			return 0
		})
		return sorted
	})
}

// clearColumn HEADER SECONDS: all cells of a column are emptied.
func clearColumn(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want a header and seconds")
	}
	return w.overwrite(args[0], args[1], func(old []sheets.Cell) []sheets.Cell { return make([]sheets.Cell, len(old)) })
}

// breakColumn HEADER TEXT SECONDS: a formula's error stands in all cells of a column.
func breakColumn(w *World, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("want a header, a text and seconds")
	}
	return w.overwrite(args[0], args[2], func(old []sheets.Cell) []sheets.Cell {
		return slices.Repeat([]sheets.Cell{sheets.Text(args[1])}, len(old))
	})
}

// pasteDown HEADER FIRST COUNT VALUE SECONDS: one value is pasted over so many rows from a row on.
func pasteDown(w *World, args []string) error {
	if len(args) < 5 {
		return fmt.Errorf("want a header, a row, how many, a value and seconds")
	}
	var first, count int
	if err := numbers(args[1:], &first, &count); err != nil {
		return err
	}
	if first < 2 {
		return fmt.Errorf("row %d is the header", first)
	}
	return w.overwrite(args[0], args[4], func(old []sheets.Cell) []sheets.Cell {
		pasted := slices.Clone(old)
		for i := range pasted {
			if row := i + 2; row >= first && row < first+count {
				pasted[i] = sheets.Text(args[3])
			}
		}
		return pasted
	})
}

// tabOf "form" or "users".
func (w *World) tabOf(arg string) (*sheets.Tab, error) {
	tab := w.Form()
	if arg == "users" {
		tab = w.Users()
	}
	if tab == nil {
		return nil, fmt.Errorf("there is no such tab")
	}
	return tab, nil
}

// insertColumn form|users HEADER SECONDS: a column is inserted before another one, until it is taken out.
func insertColumn(w *World, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("want a tab, a header and seconds")
	}
	tab, err := w.tabOf(args[0])
	if err != nil {
		return err
	}
	title := fmt.Sprint("備考 ", len(w.Ledger.Acts))
	err = tab.Edit(func(g *sheets.Grid) error {
		col, err := column(g, args[1])
		if err != nil {
			return err
		}
		if err := g.InsertColumn(col); err != nil {
			return err
		}
		return g.SetCell(col+"1", title)
	})
	if err != nil {
		return err
	}
	return w.mended(args[2], "insert-column "+args[0], func() error {
		return tab.Edit(func(g *sheets.Grid) error {
			col, err := column(g, title)
			if err != nil {
				return err
			}
			return g.DeleteColumn(col)
		})
	})
}

// deleteColumn HEADER NEXT SECONDS: a column of the requests tab is deleted, until it is inserted again before the next.
func deleteColumn(w *World, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("want two headers and seconds")
	}
	if args[0] == headKey {
		return fmt.Errorf("without its keys nobody knows a row")
	}
	was := map[string]sheets.Cell{}
	err := w.editColumn(args[0], func(g *sheets.Grid, col string) error {
		keys, err := column(g, headKey)
		if err != nil {
			return err
		}
		for row := 2; row <= len(g.Rows()); row++ {
			was[g.Cell(fmt.Sprint(keys, row)).String()] = g.Cell(fmt.Sprint(col, row))
		}
		return g.DeleteColumn(col)
	})
	if err != nil {
		return err
	}
	return w.mended(args[2], "delete-column "+args[0], func() error {
		err := w.editColumn(args[1], func(g *sheets.Grid, next string) error {
			if err := g.InsertColumn(next); err != nil {
				return err
			}
			return g.SetCell(next+"1", args[0])
		})
		if err != nil {
			return err
		}
		return w.putBack(args[0], was, nil)
	})
}

// renameTab form|users TITLE SECONDS: the tab has another name.
func renameTab(w *World, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("want a tab, a title and seconds")
	}
	tab, err := w.tabOf(args[0])
	if err != nil {
		return err
	}
	before := tab.Title()
	if err := tab.RenameTab(args[1]); err != nil {
		return err
	}
	return w.mended(args[2], "rename-tab "+args[0], func() error { return tab.RenameTab(before) })
}

// emptyTab form|users SECONDS: everything is deleted, its header too, until someone brings it back: what was written
// meanwhile stays.
func emptyTab(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want a tab and seconds")
	}
	tab, err := w.tabOf(args[0])
	if err != nil {
		return err
	}
	was := tab.Rows()
	tab.ClearTab()
	return w.mended(args[1], "empty-tab "+args[0], func() error {
		return tab.Edit(func(g *sheets.Grid) error {
			for i, row := range was {
				for j, c := range row {
					cell := fmt.Sprint(sheets.ColumnName(j+1), i+1)
					if c.Empty() || !g.Cell(cell).Empty() {
						continue
					}
					if err := g.SetCell(cell, c); err != nil {
						return err
					}
				}
			}
			return nil
		})
	})
}
