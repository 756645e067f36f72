package play

import (
	"fmt"
	"time"

	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
)

var _ = register(map[string]func(*World, []string) error{
	"owner":    addOwner,
	"request":  request,
	"move-end": func(w *World, args []string) error { return w.setField(headEnds, args) },
	"mark":     func(w *World, args []string) error { return w.setField(headStatus, args) },
})

// addOwner N: a person in the users tab and in Slack.
func addOwner(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	w.Slack.AddUser(slack.User{ID: Owner(n), Name: Owner(n)})
	users := w.Users()
	if users == nil {
		return fmt.Errorf("there is no users tab")
	}
	name := names[(n-1)%len(names)]
	_, err := users.AppendRow(Owner(n), "", "", name[0], name[1])
	return err
}

// request N OWNER ENDS [MARK]: a key is issued, and its row appended.
func request(w *World, args []string) error {
	var n, owner int
	if err := numbers(args, &n, &owner); err != nil {
		return err
	}
	if len(args) < 3 {
		return fmt.Errorf("want an end date")
	}
	mark := ""
	if len(args) > 3 {
		mark = args[3]
	}
	form := w.Form()
	if form == nil {
		return fmt.Errorf("there is no requests tab")
	}
	w.issue(n)
	_, err := form.AppendRow("", Name(owner), "試験", "", "S3", "", "", "2026/06/01", args[2], User(n), mark, Key(n))
	return err
}

// issue a key with its user and policy, if it was not issued yet.
func (w *World) issue(n int) {
	created := w.Clock.Now().Add(-24 * time.Hour)
	if !w.Account.UserExists(User(n)) {
		arn := w.Account.AddPolicy(User(n), "/", "")
		w.Account.AddUser(User(n), iam.WithAttachedPolicy(arn), iam.WithCreateDate(created))
	}
	if w.Account.KeyStatus(Key(n)) == "" {
		w.Account.AddAccessKey(User(n), iam.AccessKey{ID: Key(n), Created: created})
		w.byPerson("issue key", map[string]string{"UserName": User(n), "AccessKeyId": Key(n)})
	}
}

// setField N VALUE: a person types a text into one cell of the key's row.
func (w *World) setField(header string, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want a value")
	}
	return w.editRow(Key(n), func(g *sheets.Grid, row int) error {
		col, err := column(g, header)
		if err != nil {
			return err
		}
		return g.SetCell(fmt.Sprint(col, row), args[1])
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
