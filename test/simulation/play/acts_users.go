package play

import (
	"fmt"

	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
)

var _ = register(map[string]func(*World, []string) error{
	"user-leaves":  userLeaves,
	"user-id":      userID,
	"user-name":    userName,
	"user-twin":    userTwin,
	"users-broken": usersBroken,
})

// editUser N: the users tab's row of an owner, by name.
func (w *World) editUser(n int, edit func(g *sheets.Grid, row int) error) error {
	users := w.Users()
	if users == nil {
		return fmt.Errorf("there is no users tab")
	}
	name := names[(n-1)%len(names)]
	return users.Edit(func(g *sheets.Grid) error {
		last, err := column(g, headLast)
		if err != nil {
			return err
		}
		first, err := column(g, headFirst)
		if err != nil {
			return err
		}
		for row := 2; row <= len(g.Rows()); row++ {
			if g.Cell(fmt.Sprint(last, row)).String() == name[0] && g.Cell(fmt.Sprint(first, row)).String() == name[1] {
				return edit(g, row)
			}
		}
		return fmt.Errorf("owner %d is not in the users tab", n)
	})
}

// userLeaves N SECONDS: the owner's row goes from the users tab, until it is added again.
func userLeaves(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want seconds")
	}
	var was map[string]sheets.Cell
	err := w.editUser(n, func(g *sheets.Grid, row int) error {
		was = byHeader(g, row)
		return g.DeleteRows(row, 1)
	})
	if err != nil {
		return err
	}
	return w.mended(args[1], "user-leaves "+args[0], func() error {
		users := w.Users()
		if users == nil {
			return fmt.Errorf("there is no users tab")
		}
		return appendByHeader(users, was)
	})
}

// userID N ID [unknown]: the owner has another Slack ID. Unknown: Slack knows nobody of that ID.
func userID(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want an ID")
	}
	id := who(args[1])
	err := w.editUser(n, func(g *sheets.Grid, row int) error {
		col, err := column(g, headID)
		if err != nil {
			return err
		}
		return g.SetCell(fmt.Sprint(col, row), id)
	})
	if err != nil {
		return err
	}
	if len(args) > 2 {
		w.unreach(id)
		return nil
	}
	w.Slack.AddUser(slack.User{ID: id, Name: id})
	return nil
}

// userName N LAST SECONDS: the owner is written in another way.
func userName(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 3 {
		return fmt.Errorf("want a name and seconds")
	}
	id, was := "", sheets.Cell{}
	err := w.editUser(n, func(g *sheets.Grid, row int) error {
		last, err := column(g, headLast)
		if err != nil {
			return err
		}
		ids, err := column(g, headID)
		if err != nil {
			return err
		}
		id, was = g.Cell(fmt.Sprint(ids, row)).String(), g.Cell(fmt.Sprint(last, row))
		return g.SetCell(fmt.Sprint(last, row), args[1])
	})
	if err != nil {
		return err
	}
	return w.mended(args[2], "user-name "+args[0], func() error { return w.setUser(id, headLast, was) })
}

// setUser sets a cell of the row with a Slack ID.
func (w *World) setUser(id, header string, value any) error {
	users := w.Users()
	if users == nil {
		return fmt.Errorf("there is no users tab")
	}
	return users.Edit(func(g *sheets.Grid) error {
		ids, err := column(g, headID)
		if err != nil {
			return err
		}
		col, err := column(g, header)
		if err != nil {
			return err
		}
		row, ok := g.FindRow(ids, id)
		if !ok {
			return fmt.Errorf("%s is not in the users tab", id)
		}
		return g.SetCell(fmt.Sprint(col, row), value)
	})
}

// userTwin N SECONDS: somebody else of the owner's name comes, and goes again.
func userTwin(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want seconds")
	}
	if err := addOwner(w, []string{args[0], Owner(900 + n)}); err != nil {
		return err
	}
	return w.mended(args[1], "user-twin "+args[0], func() error {
		users := w.Users()
		if users == nil {
			return fmt.Errorf("there is no users tab")
		}
		return users.Edit(func(g *sheets.Grid) error {
			ids, err := column(g, headID)
			if err != nil {
				return err
			}
			row, ok := g.FindRow(ids, Owner(900+n))
			if !ok {
				return fmt.Errorf("the other one is gone")
			}
			return g.DeleteRows(row, 1)
		})
	})
}

// usersBroken TEXT SECONDS: a formula's error stands in all cells below the header, as of an IMPORTRANGE.
func usersBroken(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want a text and seconds")
	}
	users := w.Users()
	if users == nil {
		return fmt.Errorf("there is no users tab")
	}
	was := users.Rows()
	err := users.Edit(func(g *sheets.Grid) error {
		for i, row := range was[1:] {
			for j := range row {
				if err := g.SetCell(fmt.Sprint(sheets.ColumnName(j+1), i+2), args[0]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.mended(args[1], "users-broken", func() error {
		return users.Edit(func(g *sheets.Grid) error {
			for i, row := range was {
				var cells []any
				for _, c := range row {
					cells = append(cells, c)
				}
				if err := g.PasteBlock(fmt.Sprint("A", i+1), [][]any{cells}); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
