package play

import (
	"fmt"

	"github.com/keylease/keylease/test/emulator/sheets"
)

var _ = register(map[string]func(*World, []string) error{
	"sort":        sortRows,
	"insert-rows": insertRows,
	"delete-gap":  deleteGap,
	"cut-row":     cutRow,
	"delete-row":  deleteRow,
	"double-row":  doubleRow,
})

// edit the requests tab by one of its columns.
func (w *World) editColumn(header string, edit func(g *sheets.Grid, col string) error) error {
	form := w.Form()
	if form == nil {
		return fmt.Errorf("there is no requests tab")
	}
	return form.Edit(func(g *sheets.Grid) error {
		col, err := column(g, header)
		if err != nil {
			return err
		}
		return edit(g, col)
	})
}

// sortRows HEADER up|down: whole rows.
func sortRows(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want a header and a direction")
	}
	return w.editColumn(args[0], func(g *sheets.Grid, col string) error { return g.SortBy(col, 1, args[1] == "up") })
}

// insertRows N COUNT: empty rows before that of key N.
func insertRows(w *World, args []string) error {
	var n, count int
	if err := numbers(args, &n, &count); err != nil {
		return err
	}
	return w.editRow(Key(n), func(g *sheets.Grid, row int) error { return g.InsertRows(row, count) })
}

// deleteGap: the first empty row between others goes.
func deleteGap(w *World, _ []string) error {
	return w.editColumn(headKey, func(g *sheets.Grid, _ string) error {
		for i, row := range g.Rows() {
			if len(row) == 0 {
				return g.DeleteRows(i+1, 1)
			}
		}
		return fmt.Errorf("there is no empty row")
	})
}

// cutRow N SECONDS: the row's cells are empty, until they are pasted below all others.
func cutRow(w *World, args []string) error {
	return w.takeRow(args, func(g *sheets.Grid, row int) error {
		for i := range g.Rows()[row-1] {
			if err := g.SetCell(fmt.Sprint(sheets.ColumnName(i+1), row), nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// deleteRow N SECONDS: the row is not there, until it is written again below all others.
func deleteRow(w *World, args []string) error {
	return w.takeRow(args, func(g *sheets.Grid, row int) error { return g.DeleteRows(row, 1) })
}

// takeRow away, and bring it back, in the columns that then have its headers.
func (w *World) takeRow(args []string, take func(g *sheets.Grid, row int) error) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want seconds")
	}
	var was map[string]sheets.Cell
	err := w.editRow(Key(n), func(g *sheets.Grid, row int) error {
		was = byHeader(g, row)
		return take(g, row)
	})
	if err != nil {
		return err
	}
	return w.mended(args[1], "row "+args[0], func() error {
		if w.editRow(Key(n), func(*sheets.Grid, int) error { return nil }) == nil {
			return fmt.Errorf("key %d has a row again", n)
		}
		form := w.Form()
		if form == nil {
			return fmt.Errorf("there is no requests tab")
		}
		return appendByHeader(form, was)
	})
}

// byHeader are the cells of a row.
func byHeader(g *sheets.Grid, row int) map[string]sheets.Cell {
	cells, rows := map[string]sheets.Cell{}, g.Rows()
	for i, header := range headers(g) {
		if header != "" && i < len(rows[row-1]) {
			cells[header] = rows[row-1][i]
		}
	}
	return cells
}

// appendByHeader puts a row's cells into the columns where their headers stand now.
func appendByHeader(tab *sheets.Tab, cells map[string]sheets.Cell) error {
	return tab.Edit(func(g *sheets.Grid) error {
		var row []any
		for _, header := range headers(g) {
			row = append(row, cells[header])
		}
		_, err := g.AppendRow(row...)
		return err
	})
}

// doubleRow N SECONDS: the key's row stands twice, until the lower one is deleted.
func doubleRow(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want seconds")
	}
	err := w.editRow(Key(n), func(g *sheets.Grid, row int) error {
		_, err := g.AppendRow(cellsOf(g, row)...)
		return err
	})
	if err != nil {
		return err
	}
	return w.mended(args[1], "double-row "+args[0], func() error {
		return w.editColumn(headKey, func(g *sheets.Grid, col string) error {
			first, _ := g.FindRow(col, Key(n))
			for row := len(g.Rows()); row > first; row-- {
				if g.Cell(fmt.Sprint(col, row)).String() == Key(n) {
					return g.DeleteRows(row, 1)
				}
			}
			return fmt.Errorf("key %d stands once", n)
		})
	})
}

// overwrite a column of the requests tab, by row number from 2 on. After so many seconds the cells that still are as they
// were left get their old values, wherever their keys stand then.
func (w *World) overwrite(header, after string, with func(old []sheets.Cell) []sheets.Cell) error {
	was, is := map[string]sheets.Cell{}, map[string]sheets.Cell{}
	err := w.editColumn(header, func(g *sheets.Grid, col string) error {
		keys, err := column(g, headKey)
		if err != nil {
			return err
		}
		var old []sheets.Cell
		for row := 2; row <= len(g.Rows()); row++ {
			old = append(old, g.Cell(fmt.Sprint(col, row)))
		}
		for i, c := range with(old) {
			cell, key := fmt.Sprint(col, i+2), g.Cell(fmt.Sprint(keys, i+2)).String()
			if err := g.SetCell(cell, c); err != nil {
				return err
			}
			was[key], is[key] = old[i], g.Cell(cell)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.mended(after, "overwritten "+header, func() error { return w.putBack(header, was, is) })
}

// putBack what was in a column, by key, where it still is as it was left.
func (w *World) putBack(header string, was, is map[string]sheets.Cell) error {
	return w.editColumn(header, func(g *sheets.Grid, col string) error {
		keys, err := column(g, headKey)
		if err != nil {
			return err
		}
		for row := 2; row <= len(g.Rows()); row++ {
			cell, key := fmt.Sprint(col, row), g.Cell(fmt.Sprint(keys, row)).String()
			old, ok := was[key]
			if !ok || key == "" || old == is[key] || g.Cell(cell).String() != is[key].String() {
				continue
			}
			if err := g.SetCell(cell, old); err != nil {
				return err
			}
		}
		return nil
	})
}
