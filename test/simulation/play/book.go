package play

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// Titles of the two tabs, as long as nobody renames them.
const (
	formTab  = "key_request_form"
	usersTab = "users_json"
)

// Headers of the columns. People read a sheet by them, wherever a column stands.
const (
	headName   = "氏名"
	headEnds   = "終了日"
	headUser   = "アカウント名"
	headStatus = "状態"
	headKey    = "アクセスキーID"
	headID     = "ユーザーID"
	headLast   = "姓"
	headFirst  = "名"
)

func (w *World) openBook() error {
	w.Book = sheets.NewSpreadsheet("requests")
	w.Sheets.Add(SpreadsheetID, w.Book)
	if _, err := w.Book.AddTab(formTab).AppendRow("", headName, "利用目的", "", "AWSリソース名", "", "", "開始日", headEnds, headUser, headStatus, headKey); err != nil {
		return err
	}
	_, err := w.Book.AddTab(usersTab).AppendRow(headID, "", "", headLast, headFirst)
	return err
}

// tab by the header of one of its columns, whatever it is called now; nil: there is none.
func (w *World) tab(header string) *sheets.Tab {
	for _, title := range w.Book.Titles() {
		if t := w.Book.Tab(title); slices.Contains(headers(t.Snapshot()), header) {
			return t
		}
	}
	return nil
}

// Form is the requests tab; nil: people have damaged its header.
func (w *World) Form() *sheets.Tab { return w.tab(headKey) }

// Users is the users tab; nil: people have damaged its header.
func (w *World) Users() *sheets.Tab { return w.tab(headID) }

func headers(g *sheets.Grid) []string {
	texts := g.Texts()
	if len(texts) == 0 {
		return nil
	}
	return texts[0]
}

// column of a header, as letters.
func column(g *sheets.Grid, header string) (string, error) {
	i := slices.Index(headers(g), header)
	if i < 0 {
		return "", fmt.Errorf("no column %s", header)
	}
	return sheets.ColumnName(i + 1), nil
}

// field of a row, by the position of its header.
func field(row []string, i int) string {
	if i < 0 || i >= len(row) {
		return ""
	}
	return row[i]
}

// look at the sheet as people do, and note what is different.
func (w *World) look(by string) {
	if !w.sheetChanged {
		return
	}
	w.sheetChanged = false
	before := w.by
	w.by = by
	defer func() { w.by = before }()
	seen := map[string]ledger.Row{}
	if form := w.Form(); form != nil {
		seen = rowsOf(form.Texts(), w.lastRow)
	}
	for key := range w.Ledger.Rows {
		if _, ok := seen[key]; !ok {
			seen[key] = ledger.Row{}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(seen)) {
		row, history := seen[key], w.Ledger.Rows[key]
		if len(history) > 0 {
			row.Stamp = history[len(history)-1].Stamp
			if row == history[len(history)-1] {
				continue
			}
		}
		row.Stamp = w.stamp()
		w.Ledger.Rows[key] = append(history, row)
	}
	if users := w.Users(); users != nil {
		w.noteUsers(idsOf(users.Texts()))
	} else {
		w.noteUsers(map[string][]string{})
	}
}

func (w *World) noteUsers(ids map[string][]string) {
	if n := len(w.Ledger.Users); n > 0 && maps.EqualFunc(w.Ledger.Users[n-1].IDs, ids, slices.Equal) {
		return
	}
	w.Ledger.Users = append(w.Ledger.Users, ledger.Users{Stamp: w.stamp(), IDs: ids})
}

// lastRow is how a key's row was when somebody looked last.
func (w *World) lastRow(key string) ledger.Row {
	if history := w.Ledger.Rows[key]; len(history) > 0 {
		return history[len(history)-1]
	}
	return ledger.Row{}
}

// rowsOf the requests tab. Of a column that is not there, people know what it said before.
func rowsOf(texts [][]string, before func(key string) ledger.Row) map[string]ledger.Row {
	at := func(header string) int { return slices.Index(texts[0], header) }
	key, ends, status, name, user := at(headKey), at(headEnds), at(headStatus), at(headName), at(headUser)
	rows := map[string]ledger.Row{}
	for i, line := range texts[1:] {
		id := strings.TrimSpace(field(line, key))
		if id == "" {
			continue
		}
		row := rows[id]
		if row.Count++; row.Count == 1 {
			was := before(id)
			cell := func(at int, was string) string {
				if at < 0 {
					return was
				}
				return field(line, at)
			}
			row.Row, row.Ends, row.Mark, row.Owner, row.User = i+2, cell(ends, was.Ends), cell(status, was.Mark), cell(name, was.Owner), cell(user, was.User)
		}
		rows[id] = row
	}
	return rows
}

func idsOf(texts [][]string) map[string][]string {
	id, last, first := slices.Index(texts[0], headID), slices.Index(texts[0], headLast), slices.Index(texts[0], headFirst)
	ids := map[string][]string{}
	for _, line := range texts[1:] {
		if name := field(line, last) + " " + field(line, first); name != " " {
			ids[name] = append(ids[name], field(line, id))
		}
	}
	return ids
}

// keyInRow is the access key ID in a row of the requests tab.
func (w *World) keyInRow(tab, row string) string {
	n, err := strconv.Atoi(row)
	if err != nil || !slices.Contains(w.Book.Titles(), tab) {
		return ""
	}
	texts := w.Book.Tab(tab).Texts()
	if n < 1 || n > len(texts) {
		return ""
	}
	return field(texts[n-1], slices.Index(texts[0], headKey))
}

// headerOf a column, by its letters.
func (w *World) headerOf(tab, letters string) string {
	if !slices.Contains(w.Book.Titles(), tab) {
		return ""
	}
	for i, header := range headers(w.Book.Tab(tab).Snapshot()) {
		if sheets.ColumnName(i+1) == letters {
			return header
		}
	}
	return ""
}
