package play

import (
	"fmt"

	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
)

var _ = register(map[string]func(*World, []string) error{
	"owner":         addOwner,
	"request":       request,
	"request-later": requestLater,
	"copy-row":      copyRow,
})

// addOwner N [ID]: a person in the users tab and in Slack, maybe with another ID.
func addOwner(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	id := Owner(n)
	if len(args) > 1 {
		id = who(args[1])
	}
	users := w.Users()
	if users == nil {
		return fmt.Errorf("there is no users tab")
	}
	w.Slack.AddUser(slack.User{ID: id, Name: id})
	name := names[(n-1)%len(names)]
	return appendByHeader(users, map[string]sheets.Cell{headID: sheets.Text(id), headLast: sheets.Text(name[0]), headFirst: sheets.Text(name[1])})
}

// request N OWNER ENDS [MARK [USER]]: a key is issued, and its row appended. The user is that of the key, or of another
// number.
func request(w *World, args []string) error {
	var n, owner int
	if err := numbers(args, &n, &owner); err != nil {
		return err
	}
	if len(args) < 3 {
		return fmt.Errorf("want an end date")
	}
	mark, user := "", n
	if len(args) > 3 {
		mark = args[3]
	}
	if len(args) > 4 {
		if err := numbers(args[4:], &user); err != nil {
			return err
		}
	}
	return w.append(rowOf(owner, args[2], User(user), mark, Key(n)), n)
}

// rowOf a request, from column A on.
func rowOf(owner int, ends, user, mark, key string) []any {
	return []any{"", Name(owner), "試験", "", "S3", "", "", "2026/06/01", ends, user, mark, key}
}

// append a row to the form, and issue key n for the user whom it names.
func (w *World) append(row []any, n int) error {
	form := w.Form()
	if form == nil {
		return fmt.Errorf("there is no requests tab")
	}
	if form.Cell("L1").String() != headKey {
		return fmt.Errorf("the columns are not where they belong")
	}
	if err := w.issue(n, fmt.Sprint(row[9])); err != nil {
		return err
	}
	_, err := form.AppendRow(row...)
	return err
}

// requestLater N OWNER ENDS SECONDS: a row without a key, which is issued and typed in after that time.
func requestLater(w *World, args []string) error {
	var n, owner int
	if err := numbers(args, &n, &owner); err != nil {
		return err
	}
	if len(args) < 4 {
		return fmt.Errorf("want an end date and seconds")
	}
	form := w.Form()
	if form == nil || form.Cell("L1").String() != headKey {
		return fmt.Errorf("there is no requests tab")
	}
	if w.users[n] != "" {
		return fmt.Errorf("key %d was issued before", n)
	}
	if _, err := form.AppendRow(rowOf(owner, args[2], User(n), "", "")...); err != nil {
		return err
	}
	return w.mended(args[3], "issue "+args[0], func() error {
		return form.Edit(func(g *sheets.Grid) error {
			user, err := column(g, headUser)
			if err != nil {
				return err
			}
			row, ok := g.FindRow(user, User(n))
			if !ok {
				return fmt.Errorf("the row of user %s is gone", User(n))
			}
			if err := w.issue(n, User(n)); err != nil {
				return err
			}
			key, err := column(g, headKey)
			if err != nil {
				return err
			}
			return g.SetCell(fmt.Sprint(key, row), Key(n))
		})
	})
}

// copyRow N M OWNER: the row of key N is copied for a new key M. Key, user and owner are replaced, all else comes along.
func copyRow(w *World, args []string) error {
	var n, m, owner int
	if err := numbers(args, &n, &m, &owner); err != nil {
		return err
	}
	var row []any
	err := w.editRow(Key(n), func(g *sheets.Grid, from int) error {
		row = cellsOf(g, from)
		return nil
	})
	if err != nil {
		return err
	}
	if len(row) < 12 {
		return fmt.Errorf("the columns are not where they belong")
	}
	row[1], row[9], row[11] = Name(owner), User(m), Key(m)
	return w.append(row, m)
}

// cellsOf a row, with their formats.
func cellsOf(g *sheets.Grid, row int) []any {
	var cells []any
	for _, c := range g.Rows()[row-1] {
		cells = append(cells, c)
	}
	return cells
}
