package sheet_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/keylease/keylease/internal/sheet"
)

// line is one row of a sheet that people move about, with what must stand in its status cell in the end.
type line struct {
	cells []any
	// status before the write; wanted instead of it, where a mark is to be written.
	status string
	wanted *string
	// edited: a person wrote this into the status cell behind the write.
	edited *string
}

func (l *line) final() string {
	switch {
	case l.edited != nil:
		return *l.edited
	case l.wanted != nil:
		return *l.wanted
	}
	return l.status
}

func (l *line) blank() bool { return len(l.cells) == 0 || l.cells[0] == nil }

func (l *line) says() string {
	i := sheet.ColumnIndex(defaultColumns.Status)
	if i >= len(l.cells) || l.cells[i] == nil {
		return ""
	}
	return l.cells[i].(string)
}

func (l *line) say(status string) {
	rows := [][]any{l.cells}
	put(rows, sheet.CellEdit{Row: 1, Column: defaultColumns.Status, New: status})
	l.cells = rows[0]
}

// grid is a tab whose rows are followed wherever they go. The header is its first line.
type grid struct {
	lines []*line
	made  int
	// noBlanks: blank rows cannot be told apart, which is too little to follow values through several repairs.
	noBlanks bool
}

func (g *grid) rows() [][]any {
	var rows [][]any
	for _, l := range g.lines {
		rows = append(rows, slices.Clone(l.cells))
	}
	return rows
}

func (g *grid) write(edits []sheet.CellEdit) {
	for _, e := range edits {
		for len(g.lines) < e.Row {
			g.lines = append(g.lines, &line{})
		}
		g.lines[e.Row-1].say(e.New.(string))
	}
}

// newLine is a row with a key, without one, or a blank one.
func (g *grid) newLine(t *rapid.T, status string) *line {
	g.made++
	l := &line{status: status}
	name, asked := fmt.Sprintf("申請者 %d", g.made), fmt.Sprintf("2026/06/03 09:00:%02d", g.made)
	switch rapid.IntRange(0, 4).Draw(t, "kind of row") {
	case 0:
		l.cells = request(map[string]any{"A": asked, "B": name, "L": nil})
	case 1:
		if !g.noBlanks {
			l.status = ""
			return l
		}
		fallthrough
	default:
		l.cells = request(map[string]any{"A": asked, "B": name, "L": keyOf(g.made)})
	}
	l.say(l.status)
	return l
}

// move does what people do to rows while a write is under way. The header stays. A row that nobody read before the write
// is inserted without a status: what it said before a value was written over it, nobody can know. Nor does one blank row
// go while another comes: they cannot be told apart.
func (g *grid) move(t *rapid.T) {
	body := g.lines[1:]
	at := func(label string) int { return rapid.IntRange(0, len(body)).Draw(t, label) }
	switch rapid.SampledFrom([]string{"nothing", "sort", "insert", "delete", "move a row"}).Draw(t, "a person does") {
	case "sort":
		body = rapid.Permutation(body).Draw(t, "order")
	case "insert":
		body = slices.Insert(slices.Clone(body), at("before"), g.newLine(t, ""))
	case "delete":
		if i := at("row"); i < len(body) && !body[i].blank() {
			body = slices.Delete(slices.Clone(body), i, i+1)
		}
	case "move a row":
		if i := at("row"); i < len(body) {
			l := body[i]
			body = slices.Delete(slices.Clone(body), i, i+1)
			body = slices.Insert(body, min(at("to"), len(body)), l)
		}
	}
	g.lines = append([]*line{g.lines[0]}, body...)
}

// edit has a person write into some status cells, which is the last word there. Not into those of blank rows: nothing
// tells one of them from the other.
func (g *grid) edit(t *rapid.T) {
	for _, l := range g.lines[1:] {
		if !l.blank() && rapid.IntRange(0, 4).Draw(t, "a person edits") == 0 {
			l.edited = text(rapid.SampledFrom([]string{"削除しないで", "延長", "連絡済み"}).Draw(t, "text"))
			l.say(*l.edited)
		}
	}
}

func someGrid(t *rapid.T, blanks bool) (*grid, map[string]sheet.Wanted) {
	g := &grid{lines: []*line{{cells: header, status: "状態"}}, noBlanks: !blanks}
	want := map[string]sheet.Wanted{}
	for range rapid.IntRange(1, 7).Draw(t, "rows") {
		l := g.newLine(t, rapid.SampledFrom([]string{"", "", "通知済み", "要確認", "削除済み"}).Draw(t, "status"))
		g.lines = append(g.lines, l)
		if len(l.cells) == 0 || l.cells[11] == nil || !rapid.Bool().Draw(t, "a mark is wanted") {
			continue
		}
		l.wanted = text(rapid.SampledFrom([]string{"通知済み", "期限切れ", "削除済み", ""}).Draw(t, "mark"))
		want[l.cells[11].(string)] = sheet.Wanted{StatusText: l.wanted, BasisStatus: l.status, BasisEndDate: "2026-12-08"}
	}
	return g, want
}

// TestNoMarkOfAnotherRowRemains has people move rows between the look-up and the write, and move and edit them between
// the write and the read-back.
func TestNoMarkOfAnotherRowRemains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		repaired := rapid.IntRange(0, 2).Draw(t, "repairs that rows move under")
		g, want := someGrid(t, repaired == 0)
		before := g.rows()
		edits := sheet.PlanEdits(before, options(), tab, want)
		g.move(t)
		g.move(t)
		g.write(edits)
		g.move(t)
		g.edit(t)
		g.move(t)
		w := sheet.NewWrite(before, edits)
		var repairs []sheet.CellEdit
		for range repaired {
			w, repairs, _ = sheet.Verify(w, g.rows(), options(), tab)
			g.move(t)
			g.write(repairs)
			g.move(t)
		}
		for range 2 {
			w, repairs, _ = sheet.Verify(w, g.rows(), options(), tab)
			g.write(repairs)
		}
		if _, again, _ := sheet.Verify(w, g.rows(), options(), tab); len(again) > 0 {
			t.Fatalf("the repair was not enough: %+v", again)
		}
		for i, l := range g.lines {
			if l.says() != l.final() {
				t.Errorf("row %d %v: says %q, want %q", i+1, l.cells, l.says(), l.final())
			}
		}
	})
}
