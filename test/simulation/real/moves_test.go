package real

import (
	"fmt"
	"testing"

	"github.com/keylease/keylease/test/emulator/sheets"
)

// keyOf gives the access key ID of the n-th request.
func keyOf(n int) string { return fmt.Sprintf("AKIASIMULATE%08d", n) }

// line is a request as people write it: column A is its timestamp, by which a row is known here wherever it goes.
func line(n int, endDate any, status, accessKeyID string) []any {
	return []any{stamp(n), fmt.Sprintf("社員 %02d", n), "連携", "開発部", "S3", "", "", "2026/06/01", endDate, fmt.Sprintf("svc-%02d", n), status, accessKeyID}
}

func stamp(n int) string { return fmt.Sprintf("2026/06/01 09:%02d:00", n) }

// spreadsheet with a header, these lines and a user for each.
func spreadsheet(t *testing.T, lines ...[]any) *sheets.Spreadsheet {
	t.Helper()
	sp := sheets.NewSpreadsheet("simulation")
	form, users := sp.AddTab("key_request_form"), sp.AddTab("users_json")
	header := []any{"タイムスタンプ", "氏名", "利用目的", "申請部署", "AWSリソース名", "メールアドレス", "備考", "開始日", "終了日", "アカウント名", "状態", "アクセスキーID"}
	for _, values := range append([][]any{header}, lines...) {
		if _, err := form.AppendRow(values...); err != nil {
			t.Fatal(err)
		}
	}
	for n := range len(lines) + 1 {
		name := []any{fmt.Sprintf("U0EMPLOY%02d", n), "", "", "社員", fmt.Sprintf("%02d", n)}
		if n == 0 {
			name = []any{"ユーザーID", "表示名", "メールアドレス", "姓", "名"}
		}
		if _, err := users.AppendRow(name...); err != nil {
			t.Fatal(err)
		}
	}
	return sp
}

// move is something that a person does to whole rows, around the row of one key.
type move struct {
	name string
	do   func(g *sheets.Grid, row int) error
}

var moves = []move{
	{"sort", func(g *sheets.Grid, _ int) error { // the other way round than the first rows stand, so that rows do move
		return g.SortBy("A", 1, g.Cell("A2").String() > g.Cell("A3").String())
	}},
	{"insert a row above", func(g *sheets.Grid, row int) error { return g.InsertRows(row, 1) }},
	{"delete a row above", func(g *sheets.Grid, row int) error {
		for above := row - 1; above > 1; above-- { // one without a key: what becomes of a key without a row is another test
			if g.Cell(fmt.Sprint("L", above)).Empty() {
				return g.DeleteRows(above, 1)
			}
		}
		return nil
	}},
	{"swap two rows", func(g *sheets.Grid, row int) error {
		other := row + 1
		if g.Cell(fmt.Sprint("A", other)).Empty() {
			other = row - 1
		}
		if other == 1 {
			return nil // the header stays
		}
		mine, theirs := cellsOf(g, row), cellsOf(g, other)
		if err := g.PasteBlock(fmt.Sprint("A", row), [][]any{theirs}); err != nil {
			return err
		}
		return g.PasteBlock(fmt.Sprint("A", other), [][]any{mine})
	}},
	{"paste a copied block in between", func(g *sheets.Grid, row int) error {
		// Two rows are copied and their copies, without keys, pasted into rows made free above.
		first, second := cellsOf(g, row), cellsOf(g, row+1)
		for _, copied := range [][]any{first, second} {
			copied[0], copied[10], copied[11] = nil, nil, nil
		}
		if err := g.InsertRows(row, 2); err != nil {
			return err
		}
		return g.PasteBlock(fmt.Sprint("A", row), [][]any{first, second})
	}},
}

// cellsOf a row, A to L.
func cellsOf(g *sheets.Grid, row int) []any {
	cells := make([]any, 12)
	for i := range cells {
		cells[i] = g.Cell(fmt.Sprintf("%c%d", 'A'+i, row))
	}
	return cells
}

// around runs a move around the row where a key stands now.
func (m move) around(t *testing.T, tab *sheets.Tab, accessKeyID string) {
	err := tab.Edit(func(g *sheets.Grid) error {
		row, ok := g.FindRow("L", accessKeyID)
		if !ok {
			return fmt.Errorf("%s stands in no row", accessKeyID)
		}
		return m.do(g, row)
	})
	if err != nil {
		t.Errorf("%s: %v", m.name, err)
	}
}
