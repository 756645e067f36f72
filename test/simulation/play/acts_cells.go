package play

import (
	"fmt"
	"strings"
	"time"

	"github.com/keylease/keylease/test/emulator/sheets"
)

var _ = register(map[string]func(*World, []string) error{
	"move-end":    func(w *World, args []string) error { return w.setField(headEnds, args) },
	"mark":        func(w *World, args []string) error { return w.setField(headStatus, args) },
	"type-end":    typeEnd,
	"date-cell":   dateCell,
	"hand-over":   handOver,
	"invisible":   invisible,
	"break":       breakCell,
	"long-remark": longRemark,
	"other-user":  otherUser,
	"typo":        typo,
	"script":      script,
})

// setField N VALUE: a person types a text into one cell of the key's row.
func (w *World) setField(header string, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want a value")
	}
	return w.setCell(Key(n), header, args[1])
}

func (w *World) setCell(key, header string, value any) error {
	return w.editCell(key, header, func(g *sheets.Grid, cell string) error { return g.SetCell(cell, value) })
}

// editCell finds a cell by its key and header.
func (w *World) editCell(key, header string, edit func(g *sheets.Grid, cell string) error) error {
	return w.editRow(key, func(g *sheets.Grid, row int) error {
		col, err := column(g, header)
		if err != nil {
			return err
		}
		return edit(g, fmt.Sprint(col, row))
	})
}

// editRow finds a key's row by its header, and changes it at once.
func (w *World) editRow(key string, edit func(g *sheets.Grid, row int) error) error {
	form := w.Form()
	if form == nil {
		return fmt.Errorf("there is no requests tab")
	}
	return form.Edit(func(g *sheets.Grid) error {
		col, err := column(g, headKey)
		if err != nil {
			return err
		}
		row, ok := g.FindRow(col, key)
		if !ok {
			return fmt.Errorf("there is no row of key %s", key)
		}
		return edit(g, row)
	})
}

// typeEnd N TEXT: the date is typed as on a keyboard. The service makes a date or a number of it.
func typeEnd(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want a text")
	}
	return w.editCell(Key(n), headEnds, func(g *sheets.Grid, cell string) error { return g.TypeCell(cell, args[1]) })
}

// dateCell N 2026-12-08: the end becomes a cell with a real date.
func dateCell(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want a date")
	}
	day, err := time.Parse(time.DateOnly, args[1])
	if err != nil {
		return err
	}
	return w.setCell(Key(n), headEnds, sheets.Date(day.Date()))
}

// handOver N OWNER: the key gets another owner.
func handOver(w *World, args []string) error {
	var n, owner int
	if err := numbers(args, &n, &owner); err != nil {
		return err
	}
	return w.setCell(Key(n), headName, Name(owner))
}

// invisible N HEADER: characters that nobody sees get around a value.
func invisible(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want a header")
	}
	return w.editCell(Key(n), args[1], func(g *sheets.Grid, cell string) error {
		return g.SetCell(cell, "\u200b\ufeff"+g.Cell(cell).String()+"\u200e\u3000")
	})
}

// spoil puts a value into a key's cell, for so many seconds. Then the old value comes back, unless another one has come.
func (w *World) spoil(n int, header string, bad any, after string) error {
	was, is := sheets.Cell{}, sheets.Cell{}
	err := w.editCell(Key(n), header, func(g *sheets.Grid, cell string) error {
		was = g.Cell(cell)
		if err := g.SetCell(cell, bad); err != nil {
			return err
		}
		is = g.Cell(cell)
		return nil
	})
	if err != nil {
		return err
	}
	return w.mended(after, fmt.Sprint("spoilt ", header, " ", n), func() error {
		key := Key(n)
		if header == headKey {
			key = is.String() // the row is not found by its key any more
		}
		return w.editCell(key, header, func(g *sheets.Grid, cell string) error {
			if g.Cell(cell).String() != is.String() {
				return nil
			}
			return g.SetCell(cell, was)
		})
	})
}

// breakCell N HEADER TEXT SECONDS: a formula's error stands in a cell, such as #N/A, or what its owner could not decide,
// such as 来月末.
func breakCell(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 4 {
		return fmt.Errorf("want a header, a text and seconds")
	}
	return w.spoil(n, args[1], args[2], args[3])
}

// longRemark N LENGTH SECONDS: a remark of so many characters stands in the status cell.
func longRemark(w *World, args []string) error {
	var n, length int
	if err := numbers(args, &n, &length); err != nil {
		return err
	}
	if len(args) < 3 {
		return fmt.Errorf("want seconds")
	}
	return w.spoil(n, headStatus, strings.Repeat("x", length), args[2])
}

// otherUser N M SECONDS: the row names the user of another key.
func otherUser(w *World, args []string) error {
	var n, m int
	if err := numbers(args, &n, &m); err != nil {
		return err
	}
	if len(args) < 3 {
		return fmt.Errorf("want seconds")
	}
	return w.spoil(n, headUser, User(m), args[2])
}

// typo N SECONDS: the key ID has a wrong letter.
func typo(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want seconds")
	}
	wrong := strings.TrimSuffix(Key(n), Key(n)[len(Key(n))-1:]) + "O"
	if err := w.setCell(Key(n), headKey, wrong); err != nil {
		return err
	}
	return w.mended(args[1], "typo "+args[0], func() error { return w.setCell(wrong, headKey, Key(n)) })
}

// script N HEADER SECONDS: a program puts a cell back after every write of the operator's, to what it is now.
func script(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 3 {
		return fmt.Errorf("want a header and seconds")
	}
	var was sheets.Cell
	err := w.editCell(Key(n), args[1], func(g *sheets.Grid, cell string) error { was = g.Cell(cell); return nil })
	if err != nil {
		return err
	}
	fault := w.Sheets.OnAfterWrite(func(*sheets.Spreadsheet) {
		_ = w.setCell(Key(n), args[1], was) // a row that is gone is no business of the script's
	})
	return w.mended(args[2], "script "+args[0], func() error { fault.Remove(); return nil })
}
