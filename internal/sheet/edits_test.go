package sheet_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/keylease/keylease/internal/sheet"
)

const tab = "key_request_form"

// keyOf is the n-th access key ID of these tests.
func keyOf(n int) string { return fmt.Sprintf("AKIAKEYLEASE%08d", n) }

func text(s string) *string { return &s }

// table puts rows below the header.
func table(rows ...[]any) [][]any { return append([][]any{header}, rows...) }

// cell is an edit as the tables below give it: where, what it was, what it is to be.
type cell struct {
	Range    string
	Old, New any
}

func cells(edits []sheet.CellEdit) []cell {
	var short []cell
	for _, e := range edits {
		short = append(short, cell{e.Range, e.Old, e.New})
	}
	return short
}

func TestPlanEditsAddressesAKeyWhereItStandsNow(t *testing.T) {
	want := map[string]sheet.Wanted{keyOf(2): {StatusText: text("通知済み"), BasisEndDate: "2026-12-08"}}
	other := request(map[string]any{"L": keyOf(1)})
	for name, tc := range map[string]struct {
		rows [][]any
		want []cell
	}{
		"in its row":               {table(request(nil)), []cell{{"'key_request_form'!K2", "", "通知済み"}}},
		"behind an inserted row":   {table(other, request(nil)), []cell{{"'key_request_form'!K3", "", "通知済み"}}},
		"behind a blank row":       {table(nil, request(nil)), []cell{{"'key_request_form'!K3", "", "通知済み"}}},
		"gone":                     {table(other), nil},
		"in two rows":              {table(request(nil), request(nil)), nil},
		"in a row that is invalid": {table(request(map[string]any{"I": "来月"})), nil},
		"in an empty tab":          {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, cells(sheet.PlanEdits(tc.rows, options(), tab, want))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanEditsWritesADateInTheFormOfItsCell(t *testing.T) {
	for name, tc := range map[string]struct {
		has, want any
	}{
		"padded slashes":          {"2026/12/08", "2027/01/05"},
		"slashes without padding": {"2026/12/8", "2027/1/5"},
		"dashes":                  {"2026-12-08", "2027-01-05"},
		"kanji":                   {"2026年12月8日", "2027年1月5日"},
		"kanji, padded":           {"2026年12月08日", "2027年01月05日"},
		"full-width digits":       {"２０２６／１２／０８", "２０２７／０１／０５"},
		"full-width kanji":        {"２０２６年１２月８日", "２０２７年１月５日"},
		"digits alone":            {"20261208", "20270105"},
		"surrounding blanks":      {"　2026/12/08 ", "　2027/01/05 "},
		"a serial number":         {46364.0, 46392.0},
		"a YYYYMMDD number":       {20261208.0, 20270105.0},
	} {
		t.Run(name, func(t *testing.T) {
			rows := table(request(map[string]any{"I": tc.has}))
			got := sheet.PlanEdits(rows, options(), tab, map[string]sheet.Wanted{keyOf(2): {EndDate: "2027-01-05", BasisEndDate: "2026-12-08"}})
			if diff := cmp.Diff([]cell{{"'key_request_form'!I2", tc.has, tc.want}}, cells(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanEditsWritesNothingThatTheCellSaysAlready(t *testing.T) {
	for name, tc := range map[string]struct {
		row  map[string]any
		want sheet.Wanted
	}{
		"the mark":                     {map[string]any{"K": "通知済み"}, sheet.Wanted{StatusText: text("通知済み"), BasisEndDate: "2026-12-08"}},
		"the date, spelled otherwise":  {map[string]any{"I": "2026年12月8日"}, sheet.Wanted{EndDate: "2026-12-08", BasisEndDate: "2026-12-01"}},
		"the date, as a serial number": {map[string]any{"I": 46364.5}, sheet.Wanted{EndDate: "2026-12-08", BasisEndDate: "2026-12-01"}},
		"an empty cell":                {map[string]any{"K": nil}, sheet.Wanted{StatusText: text(""), BasisStatus: "通知済み", BasisEndDate: "2026-12-08"}},
		"nothing is wanted":            {nil, sheet.Wanted{BasisEndDate: "2026-12-08"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := sheet.PlanEdits(table(request(tc.row)), options(), tab, map[string]sheet.Wanted{keyOf(2): tc.want})
			if len(got) > 0 {
				t.Errorf("writes %+v", got)
			}
		})
	}
}

func TestPlanEditsWaitsWhereAPersonWasFaster(t *testing.T) {
	both := sheet.Wanted{StatusText: text("延長申請済み"), EndDate: "2027-01-05", BasisStatus: "通知済み", BasisEndDate: "2026-12-08"}
	date, mark := cell{"'key_request_form'!I2", "2026/12/08", "2027/01/05"}, cell{"'key_request_form'!K2", "通知済み", "延長申請済み"}
	for name, tc := range map[string]struct {
		row  map[string]any
		want []cell
	}{
		"nobody touched it":                            {map[string]any{"K": "通知済み"}, []cell{date, mark}},
		"the status changed":                           {map[string]any{"K": "削除済み"}, nil},
		"a remark was added":                           {map[string]any{"K": "通知済み 要確認"}, nil},
		"the date changed":                             {map[string]any{"K": "通知済み", "I": "2026/12/31"}, nil},
		"the date is spelled otherwise now":            {map[string]any{"K": "通知済み", "I": "2026-12-08"}, []cell{{"'key_request_form'!I2", "2026-12-08", "2027-01-05"}, mark}},
		"the mark was written already":                 {map[string]any{"K": "延長申請済み"}, []cell{date}},
		"the date was written already":                 {map[string]any{"K": "通知済み", "I": "2027/01/05"}, []cell{mark}},
		"both were written already":                    {map[string]any{"K": "延長申請済み", "I": "2027/01/05"}, nil},
		"the date was written, and the status changed": {map[string]any{"K": "延長不要", "I": "2027/01/05"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := sheet.PlanEdits(table(request(tc.row)), options(), tab, map[string]sheet.Wanted{keyOf(2): both})
			if diff := cmp.Diff(tc.want, cells(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanEditsKeepsOthersCellsAndTheOrderOfTheSheet(t *testing.T) {
	var rows [][]any
	want := map[string]sheet.Wanted{}
	for n := 9; n > 0; n-- {
		rows = append(rows, request(map[string]any{"L": keyOf(n)}))
		want[keyOf(n)] = sheet.Wanted{StatusText: text("通知済み"), EndDate: "2027-01-05", BasisEndDate: "2026-12-08"}
	}
	delete(want, keyOf(5))
	got := sheet.PlanEdits(table(rows...), options(), tab, want)
	if len(got) != 16 || !slices.IsSortedFunc(got, func(a, b sheet.CellEdit) int { return a.Row - b.Row }) {
		t.Fatalf("%d edits, want 16 in the order of rows: %+v", len(got), got)
	}
	for _, e := range got {
		if e.AccessKeyID == keyOf(5) || (e.Column != "I" && e.Column != "K") {
			t.Errorf("writes %+v", e)
		}
	}
}

func TestPlannedEditsLeaveNothingToPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows [][]any
		want := map[string]sheet.Wanted{}
		for n := range rapid.IntRange(0, 6).Draw(t, "rows") {
			status := someStatus(t)
			end := rapid.SampledFrom([]any{"2026/12/08", "2026年12月8日", 46364.0, 20261208.0, "来月"}).Draw(t, "end date")
			rows = append(rows, request(map[string]any{"I": end, "K": status, "L": keyOf(n)}))
			w := sheet.Wanted{BasisStatus: status, BasisEndDate: "2026-12-08"}
			if rapid.Bool().Draw(t, "status wanted") {
				w.StatusText = text(someStatus(t))
			}
			if rapid.Bool().Draw(t, "date wanted") {
				w.EndDate = someDate.Draw(t, "date")
			}
			want[keyOf(n)] = w
		}
		fresh := table(rows...)
		for _, e := range sheet.PlanEdits(fresh, options(), tab, want) {
			put(fresh, e)
		}
		if again := sheet.PlanEdits(fresh, options(), tab, want); len(again) > 0 {
			t.Fatalf("still to write: %+v", again)
		}
		for _, row := range sheet.ParseRequests(fresh, options()).Rows {
			w := want[row.AccessKeyID]
			if (w.StatusText != nil && row.Status.Text != *w.StatusText) || (w.EndDate != "" && row.EndDate != w.EndDate) {
				t.Fatalf("%+v was wanted, %+v is there", w, row)
			}
		}
	})
}

// put writes a cell as the Sheets API does.
func put(rows [][]any, e sheet.CellEdit) {
	i := sheet.ColumnIndex(e.Column)
	row := rows[e.Row-1]
	for len(row) <= i {
		row = append(row, nil)
	}
	row[i] = e.New
	rows[e.Row-1] = row
}
