package sheets_test

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/emulator/sheets"
)

func TestWhatPeopleDoToASheet(t *testing.T) {
	header, a, b, c := []string{"id", "n"}, []string{"A", "1"}, []string{"B", "2"}, []string{"C", "10"}
	for name, test := range map[string]struct {
		edit func(*sheets.Tab) error
		want [][]string
	}{
		"insert rows":               {func(t *sheets.Tab) error { return t.InsertRows(2, 2) }, [][]string{header, {}, {}, c, a, b}},
		"insert rows at the end":    {func(t *sheets.Tab) error { return t.InsertRows(1001, 1) }, [][]string{header, c, a, b}},
		"delete a row":              {func(t *sheets.Tab) error { return t.DeleteRows(3, 1) }, [][]string{header, c, b}},
		"delete rows to the end":    {func(t *sheets.Tab) error { return t.DeleteRows(3, 998) }, [][]string{header, c}},
		"sort by text":              {func(t *sheets.Tab) error { return t.SortBy("A", 1, true) }, [][]string{header, a, b, c}},
		"sort by number, backwards": {func(t *sheets.Tab) error { return t.SortBy("B", 1, false) }, [][]string{header, c, b, a}},
		"sort the header too":       {func(t *sheets.Tab) error { return t.SortBy("A", 0, true) }, [][]string{a, b, c, header}},
		"paste a block":             {func(t *sheets.Tab) error { return t.PasteBlock("A3", [][]any{{"X", nil}, {"Y", 7}}) }, [][]string{header, c, {"X"}, {"Y", "7"}}},
		"insert a column":           {func(t *sheets.Tab) error { return t.InsertColumn("B") }, [][]string{{"id", "", "n"}, {"C", "", "10"}, {"A", "", "1"}, {"B", "", "2"}}},
		"delete a column":           {func(t *sheets.Tab) error { return t.DeleteColumn("A") }, [][]string{{"n"}, {"10"}, {"1"}, {"2"}}},
		"append a row":              {func(t *sheets.Tab) error { _, err := t.AppendRow("D", 4); return err }, [][]string{header, c, a, b, {"D", "4"}}},
		"type a date":               {func(t *sheets.Tab) error { return t.TypeCell("B2", "2026/12/8") }, [][]string{header, {"C", "2026/12/08"}, a, b}},
		"cut the grid":              {func(t *sheets.Tab) error { return t.Resize(3, 1) }, [][]string{{"id"}, {"C"}, {"A"}}},
		"clear the tab":             {func(t *sheets.Tab) error { t.ClearTab(); return nil }, [][]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, []any{"id", "n"}, []any{"C", 10}, []any{"A", 1}, []any{"B", 2})
			must(t, test.edit(w.tab))
			if diff := cmp.Diff(test.want, w.tab.Texts()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheGridGrowsAndShrinksWithItsRowsAndColumns(t *testing.T) {
	w := start(t, []any{"a"})
	must(t, w.tab.InsertRows(1, 5))
	must(t, w.tab.DeleteRows(2, 2))
	must(t, w.tab.DeleteColumn("C"))
	must(t, w.tab.InsertColumn("A"))
	must(t, w.tab.DeleteColumn("B"))
	if got := w.read(t, tab).Range; got != "key_request_form!A1:Y1003" {
		t.Errorf("the whole tab is %s, want A1:Y1003", got)
	}
	must(t, w.tab.PasteBlock("Y1003", [][]any{{"x", "y"}, {"z"}}))
	if got := w.read(t, tab).Range; got != "key_request_form!A1:Z1004" {
		t.Errorf("after a paste at the edge the tab is %s, want A1:Z1004", got)
	}
}

func TestEmptyCellsAreSortedLastEitherWay(t *testing.T) {
	for _, ascending := range []bool{true, false} {
		w := start(t, []any{"", "empty"}, []any{true, "bool"}, []any{"text", "text"}, []any{5, "five"}, []any{12, "twelve"})
		must(t, w.tab.SortBy("A", 0, ascending))
		want := []string{"five", "twelve", "text", "bool", "empty"}
		if !ascending {
			want = []string{"bool", "text", "twelve", "five", "empty"}
		}
		for i, name := range want {
			if got := w.tab.Cell(fmt.Sprint("B", i+1)).String(); got != name {
				t.Errorf("ascending %v: row %d is %q, want %q", ascending, i+1, got, name)
			}
		}
	}
}

func TestImpossibleEditsAreErrorsAndChangeNothing(t *testing.T) {
	for name, edit := range map[string]func(*sheets.Tab) error{
		"a cell outside the grid": func(t *sheets.Tab) error { return t.SetCell("AA1", "x") },
		"a malformed cell":        func(t *sheets.Tab) error { return t.SetCell("1A", "x") },
		"a value of no kind":      func(t *sheets.Tab) error { return t.PasteBlock("A1", [][]any{{"x"}, {struct{}{}}}) },
		"rows that are not there": func(t *sheets.Tab) error { return t.DeleteRows(1000, 2) },
		"all rows":                func(t *sheets.Tab) error { return t.DeleteRows(1, 1000) },
		"an insertion beyond":     func(t *sheets.Tab) error { return t.InsertRows(1002, 1) },
		"a column by number":      func(t *sheets.Tab) error { return t.SortBy("1", 1, true) },
		"a column beyond":         func(t *sheets.Tab) error { return t.DeleteColumn("AA") },
		"a title that is taken":   func(t *sheets.Tab) error { return t.RenameTab("USERS_json") },
		"a grid of nothing":       func(t *sheets.Tab) error { return t.Resize(0, 26) },
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, []any{"a"})
			w.sheet.AddTab("users_json")
			before := w.sheet.Clone()
			if edit(w.tab) == nil {
				t.Error("accepted")
			}
			if diffs := sheets.Diff(before, w.sheet); len(diffs) > 0 || len(w.sheet.Changes()) > 0 {
				t.Errorf("changed %v, logged %v", diffs, w.sheet.Changes())
			}
		})
	}
}

func TestARenamedTabIsReadUnderItsNewNameOnly(t *testing.T) {
	w := start(t, []any{"a"})
	must(t, w.tab.RenameTab("form 2"))
	_, err := w.Values.Get(id, "key_request_form!A1").Do()
	expectRefusal(t, err, 400, "badRequest", "Unable to parse range: key_request_form!A1")
	if got := w.read(t, "'form 2'!A1").Values[0][0]; got != "a" {
		t.Errorf("read %q", got)
	}
	if w.tab.Title() != "form 2" || w.sheet.DeleteTab("form 2") == nil {
		t.Error("the handle lost its tab, or the only tab could be deleted")
	}
}

// People extend rows by key while others sort, insert and paste, and a program
// marks over HTTP: no edit is lost, and none lands on another row.
func TestPeopleAndRequestsDoNotTearRowsApart(t *testing.T) {
	w := start(t, []any{"key", "count"})
	const keys, rounds = 12, 40
	for i := range keys {
		_, err := w.tab.AppendRow(fmt.Sprintf("KEY%02d", i), 0)
		must(t, err)
	}
	var people sync.WaitGroup
	for p := range 3 {
		people.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(p)))
			for range rounds {
				disturb(t, w.tab, random)
				key := fmt.Sprintf("KEY%02d", random.IntN(keys))
				if err := w.tab.Edit(func(g *sheets.Grid) error { return increase(g, key) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range rounds {
		w.read(t, "A1:B")
		must(t, w.write(t, "Z1", "claimed"))
	}
	people.Wait()
	sum, found := 0.0, []string{}
	for _, row := range w.tab.Rows()[1:] {
		if len(row) > 1 && !row[0].Empty() {
			found = append(found, row[0].String())
			sum += row[1].Value.(float64)
		}
	}
	sort.Strings(found)
	if len(found) != keys || sum != 3*rounds {
		t.Errorf("%d keys %v with %v edits, want %d with %d", len(found), found, sum, keys, 3*rounds)
	}
}

func increase(g *sheets.Grid, key string) error {
	row, found := g.FindRow("A", key)
	if !found {
		return fmt.Errorf("row of %s is gone", key)
	}
	cell := fmt.Sprint("B", row)
	return g.SetCell(cell, g.Cell(cell).Value.(float64)+1)
}

func disturb(t *testing.T, tab *sheets.Tab, random *rand.Rand) {
	err := error(nil)
	switch random.IntN(3) {
	case 0:
		err = tab.SortBy("A", 1, random.IntN(2) == 0)
	case 1:
		err = tab.InsertRows(2+random.IntN(5), 1)
	case 2:
		err = tab.SortBy("B", 1, true)
	}
	if err != nil {
		t.Error(err)
	}
}
