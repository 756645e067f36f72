package sheet_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/keylease/keylease/internal/sheet"
)

// word is what must stand in one cell of a row in the end.
type word struct {
	// was before the write; wanted instead of it, where something is to be written.
	was    any
	wanted any
	// edited: a person wrote this behind the write, which is the last word.
	edited any
}

func (w *word) final() any {
	switch {
	case w.edited != nil:
		return w.edited
	case w.wanted != nil:
		return w.wanted
	}
	return w.was
}

// line is one row of a sheet that people move about.
type line struct {
	cells        []any
	status, date word
	// late: it came when the write was under way; back: it went and came back meanwhile.
	late, back bool
	// doubtful are the columns in which a read-back found what a person has to look at.
	doubtful string
}

// right: the cell of the column says what it should. The row that was not there when it was read or written says any of its
// own, or a person was told.
func (l *line) right(column string, w word) bool {
	says := l.says(column)
	own := says == w.was || says == w.wanted || says == w.edited
	return says == w.final() || w.final() == nil || (l.back && (own || strings.Contains(l.doubtful, column)))
}

// tell people of what a read-back found in the rows as they stand.
func (g *grid) tell(found sheet.ReadBack) sheet.ReadBack {
	for _, e := range found.Doubtful {
		g.lines[e.Row-1].doubtful += string(e.Column)
	}
	return found
}

func (l *line) blank() bool { return len(l.cells) == 0 || l.cells[0] == nil }

func (l *line) says(column string) any {
	if i := indexOf(column); i < len(l.cells) && l.cells[i] != nil {
		return l.cells[i]
	}
	return ""
}

func (l *line) say(column string, value any) {
	rows := [][]any{l.cells}
	put(rows, sheet.CellEdit{Row: 1, Column: defaultColumns.Status, New: l.says("K")}) // as wide as both
	rows[0][indexOf(column)] = value
	l.cells = rows[0]
}

func (l *line) key() string {
	if len(l.cells) < 12 || l.cells[11] == nil {
		return ""
	}
	return l.cells[11].(string)
}

// grid is a tab whose rows are followed wherever they go. The header is its first line.
type grid struct {
	lines []*line
	made  int
	// gone are rows with a key that a person deleted, and may bring back as they were.
	gone []*line
	// noBlanks: blank rows cannot be told apart, which is too little to follow values through several repairs.
	noBlanks bool
	// copies were made: then nobody can tell a row that came new under a write, and got a date, from a copy of such a row.
	copies bool
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
			g.lines = append(g.lines, &line{status: word{was: ""}, date: word{was: ""}})
		}
		g.lines[e.Row-1].say(string(e.Column), e.New)
	}
}

// newLine is a row with a key, without one, or a blank one.
func (g *grid) newLine(t *rapid.T, status, date string) *line {
	g.made++
	l := &line{status: word{was: status}, date: word{was: date}}
	name, asked := fmt.Sprintf("申請者 %d", g.made), fmt.Sprintf("2026/06/03 09:00:%02d", g.made)
	switch rapid.IntRange(0, 4).Draw(t, "kind of row") {
	case 0:
		l.cells = request(map[string]any{"A": asked, "B": name, "L": nil})
	case 1:
		if !g.noBlanks {
			l.status.was, l.date.was = "", ""
			return l
		}
		fallthrough
	default:
		l.cells = request(map[string]any{"A": asked, "B": name, "L": keyOf(g.made)})
	}
	l.say("K", status)
	l.say("I", date)
	return l
}

// move does what people do to rows while a write is under way. The header stays. A row that nobody read before the write
// is inserted without a status and a date: what it said before a value was written over it, nobody can know. Nor does one
// blank row go while another comes: they cannot be told apart.
func (g *grid) move(t *rapid.T) {
	body := g.lines[1:]
	at := func(label string) int { return rapid.IntRange(0, len(body)).Draw(t, label) }
	switch rapid.SampledFrom([]string{"nothing", "sort", "insert", "delete", "move a row", "swap", "copy", "bring back"}).Draw(t, "a person does") {
	case "sort":
		body = rapid.Permutation(body).Draw(t, "order")
	case "insert":
		l := g.newLine(t, "", "")
		l.late = true
		body = slices.Insert(slices.Clone(body), at("before"), l)
	case "copy":
		if i := at("row"); i < len(body) && !body[i].blank() {
			body = slices.Insert(slices.Clone(body), at("before"), g.copied(body[i]))
		}
	case "delete":
		if i := at("row"); i < len(body) && !body[i].blank() {
			if body[i].key() != "" && !body[i].late {
				g.gone = append(g.gone, body[i])
			}
			body = slices.Delete(slices.Clone(body), i, i+1)
		}
	case "bring back":
		if i := rapid.IntRange(0, len(g.gone)).Draw(t, "row that is gone"); i < len(g.gone) {
			g.gone[i].back = true
			body = slices.Insert(slices.Clone(body), at("before"), g.gone[i])
			g.gone = slices.Delete(slices.Clone(g.gone), i, i+1)
		}
	case "move a row":
		if i := at("row"); i < len(body) {
			l := body[i]
			body = slices.Delete(slices.Clone(body), i, i+1)
			body = slices.Insert(body, min(at("to"), len(body)), l)
		}
	case "swap":
		if i, j := at("row"), at("with"); i < len(body) && j < len(body) {
			body = slices.Clone(body)
			body[i], body[j] = body[j], body[i]
		}
	}
	g.lines = append([]*line{g.lines[0]}, body...)
}

// copied is a new request that a person begins with a copy of another: for another purpose, without its key and its mark.
// The date that was copied is theirs, wherever it came from.
func (g *grid) copied(from *line) *line {
	g.made++
	g.copies = true
	l := &line{cells: slices.Clone(from.cells), status: word{was: ""}}
	l.cells[0], l.cells[11] = fmt.Sprintf("2026/06/03 09:00:%02d", g.made), nil
	l.cells[2] = fmt.Sprint("別件 ", g.made)
	l.say("K", "")
	return l
}

// edit has a person write into some cells, which is the last word there. Not into those of blank rows: nothing tells one
// of them from the other.
func (g *grid) edit(t *rapid.T) {
	for _, l := range g.lines[1:] {
		if l.blank() {
			continue
		}
		if rapid.IntRange(0, 4).Draw(t, "a person edits a mark") == 0 {
			g.made++
			l.status.edited = fmt.Sprint(rapid.SampledFrom([]string{"削除しないで", "延長", "連絡済み"}).Draw(t, "text"), " ", g.made)
			l.say("K", l.status.edited)
		}
		if rapid.IntRange(0, 4).Draw(t, "a person edits a date") == 0 {
			g.made++
			l.date.edited = fmt.Sprintf("%d/%02d/%02d", 2030+g.made/336, 1+g.made/28%12, 1+g.made%28)
			l.say("I", l.date.edited)
		}
	}
}

func someGrid(t *rapid.T, blanks bool) (*grid, map[string]sheet.Wanted) {
	head := &line{cells: header}
	head.status.was, head.date.was = head.says("K"), head.says("I")
	g := &grid{lines: []*line{head}, noBlanks: !blanks}
	want := map[string]sheet.Wanted{}
	for n := range rapid.IntRange(1, 7).Draw(t, "rows") {
		status := rapid.SampledFrom([]string{"", "", "通知済み", "要確認", "削除済み"}).Draw(t, "status")
		l := g.newLine(t, status, rapid.SampledFrom([]string{"2026/12/08", "2026/12/09"}).Draw(t, "date"))
		g.lines = append(g.lines, l)
		if l.key() == "" || !rapid.Bool().Draw(t, "a write is wanted") {
			continue
		}
		mark := rapid.SampledFrom([]string{"通知済み", "期限切れ", "削除済み", "", "延長申請済み"}).Draw(t, "mark")
		w := sheet.Wanted{StatusText: &mark, BasisStatus: status, BasisEndDate: dashes(l.date.was.(string))}
		l.status.wanted = mark
		if mark == "延長申請済み" {
			l.date.wanted = fmt.Sprintf("2027/05/%02d", n+1)
			w.EndDate = dashes(l.date.wanted.(string))
		}
		want[l.key()] = w
	}
	return g, want
}

// goneBefore has some rows gone when the others are looked up, and gives what is known of them.
func (g *grid) goneBefore(t *rapid.T) map[string]sheet.OwnCells {
	known := map[string]sheet.OwnCells{}
	for range rapid.IntRange(0, 2).Draw(t, "rows that are gone") {
		l := g.newLine(t, "要確認", "2026/12/08")
		if l.key() != "" {
			known[l.key()] = sheet.OwnCells{EndDate: l.date.was, Status: l.status.was}
			g.gone = append(g.gone, l)
		}
	}
	return known
}

func dashes(slashed string) string { return slashed[:4] + "-" + slashed[5:7] + "-" + slashed[8:] }

func (g *grid) expect(t *rapid.T, columns ...string) {
	for i, l := range g.lines {
		for _, column := range columns {
			w := l.status
			if column == "I" {
				w = l.date
			}
			if column == "I" && g.copies && l.late && !l.blank() {
				continue
			}
			if !l.right(column, w) {
				t.Errorf("%s%d %v: says %q, want %q", column, i+1, l.cells, l.says(column), w.final())
			}
		}
	}
}

// show the rows as they stand, for whoever reads a failure.
func (g *grid) show(t *rapid.T, what string) {
	for i, l := range g.lines[1:] {
		t.Logf("%s: %d %v key %q date %q mark %q", what, i+2, l.cells[:min(3, len(l.cells))], l.key(), l.says("I"), l.says("K"))
	}
}

func (g *grid) movesAtMost(t *rapid.T, n int) {
	for range rapid.IntRange(0, n).Draw(t, "moves") {
		g.move(t)
	}
}

// TestNoMarkOfAnotherRowRemains has people move rows as often as they like between any two requests of the operator's, and
// move and edit them between the write and the read-back.
func TestNoMarkOfAnotherRowRemains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		repaired := rapid.IntRange(0, 6).Draw(t, "repairs that rows move under")
		g, want := someGrid(t, repaired == 0)
		known, before := g.goneBefore(t), g.rows()
		edits := sheet.PlanEdits(before, options(), tab, want)
		g.show(t, "looked up")
		g.movesAtMost(t, 4)
		g.show(t, "at the write")
		g.write(edits)
		g.movesAtMost(t, 4)
		g.edit(t)
		g.movesAtMost(t, 4)
		w := sheet.NewWrite(before, edits)
		w.Gone = known
		var got sheet.ReadBack
		for range repaired {
			g.show(t, "read back")
			got = g.tell(sheet.Verify(w, g.rows(), options(), tab))
			w = got.Next
			t.Logf("repairs: %v", cells(got.Repairs))
			g.movesAtMost(t, 4)
			g.show(t, "at the repair")
			g.write(got.Repairs)
			g.movesAtMost(t, 2)
			if rapid.Bool().Draw(t, "a person edits meanwhile") {
				g.edit(t)
			}
			g.movesAtMost(t, 2)
		}
		for range 2 {
			g.show(t, "read back at last")
			got = g.tell(sheet.Verify(w, g.rows(), options(), tab))
			w = got.Next
			g.write(got.Repairs)
		}
		if again := sheet.Verify(w, g.rows(), options(), tab); len(again.Repairs) > 0 {
			t.Fatalf("the repair was not enough: %+v", again.Repairs)
		}
		g.expect(t, "K", "I")
	})
}

// TestAfterACrashNothingIsLeftAstrayButWhatIsDoubtful has the process die anywhere in a write, before or behind a request,
// with rows that move and people who edit all along. The wanted values may be missing then: the next merge wants them again.
func TestAfterACrashNothingIsLeftAstrayButWhatIsDoubtful(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, want := someGrid(t, false)
		known, before := g.goneBefore(t), g.rows()
		leases := g.leases(t)
		edits := sheet.PlanEdits(before, options(), tab, want)
		w := sheet.NewWrite(before, edits)
		w.Gone = known
		send := edits
		for range rapid.IntRange(0, 3).Draw(t, "rounds before the crash") {
			g.movesAtMost(t, 2)
			g.write(send)
			g.movesAtMost(t, 2)
			got := g.tell(sheet.Verify(w, g.rows(), options(), tab))
			w, send = got.Next, got.Repairs
		}
		g.movesAtMost(t, 2)
		g.show(t, "at the last request")
		if rapid.Bool().Draw(t, "it is carried out") {
			g.write(send)
		}
		g.movesAtMost(t, 2)
		g.edit(t)
		g.movesAtMost(t, 2)
		g.show(t, "after the crash")
		recent := rapid.Bool().Draw(t, "recent")
		got := g.tell(sheet.Recover(recordedIn(t, w, leases), g.rows(), options(), tab, recent))
		if diff := cmp.Diff(sheet.Recover(recordedIn(t, w, nil), g.rows(), options(), tab, recent).Repairs, got.Repairs); diff != "" {
			t.Errorf("what leases know changes the repairs (-without +with):\n%s", diff)
		}
		t.Logf("repairs: %v, doubtful %v", cells(got.Repairs), cells(got.Doubtful))
		for range 3 {
			g.movesAtMost(t, 2)
			g.write(got.Repairs)
			g.movesAtMost(t, 2)
			got = g.tell(sheet.Verify(got.Next, g.rows(), options(), tab))
		}
		g.write(got.Repairs)
		for i, l := range g.lines {
			for column, w := range map[string]word{"K": l.status, "I": l.date} {
				says, final := l.says(column), w.final()
				switch {
				case l.right(column, w), w.edited == nil && says == w.was:
				case l.late && !l.blank() && g.copies && column == "I":
				case strings.Contains(l.doubtful, column) && (column == "K" && says == "延長申請済み" || column == "I" && (says == "" || says.(string) > w.was.(string))):
				default:
					t.Errorf("%s%d %v: says %q, want %q", column, i+1, l.cells, says, final)
				}
			}
		}
	})
}
