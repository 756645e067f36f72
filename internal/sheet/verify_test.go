package sheet_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/internal/sheet"
)

// verified is what a read-back asks for: the cells to write, and the keys whose write went elsewhere.
type verified struct {
	Repairs []cell
	Missed  []string
}

// person is the n-th row of these tests, which nothing else in the sheet resembles.
func person(n int, with map[string]any) []any {
	row := request(with)
	row[0], row[1] = 46000.0+float64(n), "申請者 "+string(rune('A'+n))
	if _, ok := with["L"]; !ok {
		row[11] = keyOf(n)
	}
	return row
}

// with gives a copy of the rows in which a cell says something else.
func with(rows [][]any, row int, column string, value any) [][]any {
	changed := make([][]any, len(rows))
	for i := range rows {
		changed[i] = slices.Clone(rows[i])
	}
	put(changed, sheet.CellEdit{Row: row, Column: "K", New: cellOf(changed, row, "K")}) // as wide as the status column
	changed[row-1][indexOf(column)] = value
	return changed
}

func indexOf(column string) int {
	return slices.Index([]string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"}, column)
}

func cellOf(rows [][]any, row int, column string) any {
	if i := indexOf(column); i < len(rows[row-1]) {
		return rows[row-1][i]
	}
	return nil
}

// order gives the rows in another order, numbered as the sheet does.
func order(rows [][]any, numbers ...int) [][]any {
	sorted := [][]any{rows[0]}
	for _, n := range numbers {
		sorted = append(sorted, rows[n-1])
	}
	return sorted
}

// TestVerifyOfAMark: the mark 通知済み was to be written for the key of row 2, whose cell was empty.
func TestVerifyOfAMark(t *testing.T) {
	before := table(person(1, nil), person(2, map[string]any{"K": "要確認"}), person(3, nil), person(4, map[string]any{"L": nil, "K": "通知済み"}))
	edits := []sheet.CellEdit{{AccessKeyID: keyOf(1), Column: "K", Row: 2, Range: "'key_request_form'!K2", Old: "", New: "通知済み"}}
	missed := []string{keyOf(1)}
	k := func(row string, old, value any) cell { return cell{"'key_request_form'!K" + row, old, value} }
	retyped := func(rows [][]any) [][]any { return with(rows, 2, "L", keyOf(9)) }
	for name, tc := range map[string]struct {
		after [][]any
		want  verified
	}{
		"it stands there":                                    {with(before, 2, "K", "通知済み"), verified{}},
		"it stands there, the row moved":                     {order(with(before, 2, "K", "通知済み"), 5, 4, 3, 2), verified{}},
		"a row was inserted behind it":                       {slices.Insert(with(before, 2, "K", "通知済み"), 2, person(7, nil)), verified{}},
		"a person wrote over it":                             {with(before, 2, "K", "延長"), verified{}},
		"a person took it away":                              {before, verified{[]cell{k("2", "", "通知済み")}, missed}},
		"sorted before: into another row":                    {with(order(before, 3, 2, 4, 5), 2, "K", "通知済み"), verified{[]cell{k("2", "通知済み", "要確認"), k("3", "", "通知済み")}, missed}},
		"sorted before and after":                            {order(with(order(before, 3, 2, 4, 5), 2, "K", "通知済み"), 5, 4, 3, 2), verified{[]cell{k("4", "", "通知済み"), k("5", "通知済み", "要確認")}, missed}},
		"deleted before: into the next":                      {with(order(before, 3, 4, 5), 2, "K", "通知済み"), verified{[]cell{k("2", "通知済み", "要確認")}, missed}},
		"deleted after":                                      {order(with(before, 2, "K", "通知済み"), 3, 4, 5), verified{}},
		"inserted before: into a new row":                    {with(slices.Insert(slices.Clone(before), 1, person(7, nil)), 2, "K", "通知済み"), verified{[]cell{k("2", "通知済み", ""), k("3", "", "通知済み")}, missed}},
		"inserted before: into a blank":                      {with(slices.Insert(slices.Clone(before), 1, []any{}), 2, "K", "通知済み"), verified{[]cell{k("2", "通知済み", ""), k("3", "", "通知済み")}, missed}},
		"sorted, and the wrong row edited":                   {with(order(before, 3, 2, 4, 5), 2, "K", "延長"), verified{[]cell{k("3", "", "通知済み")}, missed}},
		"sorted, and the right row edited":                   {with(with(order(before, 3, 2, 4, 5), 2, "K", "通知済み"), 3, "K", "延長"), verified{[]cell{k("2", "通知済み", "要確認")}, missed}},
		"the row was copied, both say it":                    {append(with(before, 2, "K", "通知済み"), with(before, 2, "K", "通知済み")[1]), verified{}},
		"its key was retyped":                                {retyped(with(before, 2, "K", "通知済み")), verified{[]cell{k("2", "通知済み", "")}, missed}},
		"another row of other cells has its mark since long": {with(order(before, 5, 2, 3, 4), 2, "K", "通知済み"), verified{[]cell{k("3", "", "通知済み")}, missed}},
		"two others say it now, which may be people's own":   {with(with(before, 3, "K", "通知済み"), 4, "K", "通知済み"), verified{[]cell{k("2", "", "通知済み")}, missed}},
		"into another row, which a person copied":            {append(with(order(before, 3, 2, 4, 5), 2, "K", "通知済み")[:5:5], person(2, map[string]any{"K": "通知済み", "L": nil, "C": "写し"})), verified{[]cell{k("2", "通知済み", "要確認"), k("3", "", "通知済み")}, missed}},
		"the tab was emptied":                                {[][]any{header}, verified{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := sheet.Verify(sheet.NewWrite(before, edits), tc.after, options(), tab)
			if diff := cmp.Diff(tc.want, verified{cells(got.Repairs), got.Missed}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestVerifyOfADate: an end date was to be written for the key of row 2, and a mark beside it.
func TestVerifyOfADate(t *testing.T) {
	before := table(person(1, map[string]any{"I": 46364.0}), person(2, map[string]any{"I": "2026年12月8日"}))
	edits := []sheet.CellEdit{
		{AccessKeyID: keyOf(1), Column: "I", Row: 2, Old: 46364.0, New: 46392.0},
		{AccessKeyID: keyOf(1), Column: "K", Row: 2, Old: "", New: "延長申請済み"},
	}
	written := func(rows [][]any) [][]any { return with(with(rows, 2, "I", 46392.0), 2, "K", "延長申請済み") }
	swapped := verified{[]cell{
		{"'key_request_form'!I2", 46392.0, "2026年12月8日"}, {"'key_request_form'!K2", "延長申請済み", ""},
		{"'key_request_form'!I3", 46364.0, 46392.0}, {"'key_request_form'!K3", "", "延長申請済み"},
	}, []string{keyOf(1)}}
	for name, tc := range map[string]struct {
		after [][]any
		want  verified
	}{
		"both stand there":                 {written(before), verified{}},
		"the serial is read as an integer": {with(written(before), 2, "I", 46392), verified{}},
		"both stand in another row":        {written(order(before, 3, 2)), swapped},
		"a person gave the date again":     {with(written(before), 2, "I", "2027/03/31"), verified{}},
		"the other row got a date meanwhile": {with(written(order(before, 3, 2)), 2, "I", "2027/03/31"),
			verified{swapped.Repairs[1:], []string{keyOf(1)}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := sheet.Verify(sheet.NewWrite(before, edits), tc.after, options(), tab)
			if diff := cmp.Diff(tc.want, verified{cells(got.Repairs), got.Missed}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRepairsOfValuesThatWentInACircleLeaveNothingToRepair(t *testing.T) {
	before := table(person(1, nil), person(2, map[string]any{"K": "通知済み"}), person(3, map[string]any{"K": "期限切れ"}))
	edits := []sheet.CellEdit{
		{AccessKeyID: keyOf(1), Column: "K", Row: 2, Old: "", New: "通知済み"},
		{AccessKeyID: keyOf(2), Column: "K", Row: 3, Old: "通知済み", New: "期限切れ"},
		{AccessKeyID: keyOf(3), Column: "K", Row: 4, Old: "期限切れ", New: "削除済み"},
	}
	after := order(before, 4, 2, 3)
	for _, e := range edits {
		after = with(after, e.Row, string(e.Column), e.New)
	}
	got := sheet.Verify(sheet.NewWrite(before, edits), after, options(), tab)
	if diff := cmp.Diff([]string{keyOf(1), keyOf(2), keyOf(3)}, got.Missed); diff != "" {
		t.Errorf("missed (-want +got):\n%s", diff)
	}
	repaired := after
	for _, e := range got.Repairs {
		repaired = with(repaired, e.Row, string(e.Column), e.New)
	}
	for row, want := range map[int]string{2: "削除済み", 3: "通知済み", 4: "期限切れ"} {
		if got := cellOf(repaired, row, "K"); got != want {
			t.Errorf("row %d says %v, want %s", row, got, want)
		}
	}
	if again := sheet.Verify(got.Next, repaired, options(), tab); len(again.Repairs) > 0 {
		t.Errorf("still to repair: %+v", again.Repairs)
	}
}

// TestWhoIsToldOfAReadBack: 通知済み was to be written for one key and an extension for another, between rows that move.
func TestWhoIsToldOfAReadBack(t *testing.T) {
	before := table(person(1, nil), person(2, nil), person(3, map[string]any{"K": "要確認"}), person(4, nil))
	edits := []sheet.CellEdit{
		{AccessKeyID: keyOf(1), Column: "I", Row: 2, Old: "2026/12/08", New: "2027/05/01"},
		{AccessKeyID: keyOf(1), Column: "K", Row: 2, Old: "", New: "延長申請済み"},
		{AccessKeyID: keyOf(2), Column: "K", Row: 3, Old: "", New: "通知済み"},
	}
	write := sheet.NewWrite(before, edits)
	put := func(rows [][]any) [][]any {
		return with(with(with(rows, 2, "I", "2027/05/01"), 2, "K", "延長申請済み"), 3, "K", "通知済み")
	}
	verify := func(after [][]any) sheet.ReadBack { return sheet.Verify(write, after, options(), tab) }
	recover := func(recent bool) func([][]any) sheet.ReadBack {
		return func(after [][]any) sheet.ReadBack { return sheet.Recover(write, after, options(), tab, recent) }
	}
	k := func(cellName string, old, value any) cell { return cell{"'key_request_form'!" + cellName, old, value} }
	// Rows moved before the write and behind it: the values for key 1 stand in the row of key 3 and at no address.
	astray := order(put(order(before, 4, 3, 2, 5)), 3, 5, 4, 2)
	for name, tc := range map[string]struct {
		read             func([][]any) sheet.ReadBack
		after            [][]any
		astray, doubtful []cell
	}{
		"everything arrived":     {verify, put(before), nil, nil},
		"it went elsewhere":      {verify, astray, []cell{k("I5", "2027/05/01", "2026/12/08"), k("K5", "延長申請済み", "要確認")}, nil},
		"after a crash just now": {recover(true), astray, []cell{k("I5", "2027/05/01", "2026/12/08"), k("K5", "延長申請済み", "要確認")}, nil},
		"after a crash, later":   {recover(false), astray, nil, []cell{k("I5", "2027/05/01", "2027/05/01"), k("K5", "延長申請済み", "延長申請済み")}},
		"a person extends another row at that moment": {verify, with(astray, 3, "K", "延長申請済み"),
			[]cell{k("I5", "2027/05/01", "2026/12/08"), k("K5", "延長申請済み", "要確認")}, nil},
		"a person extends another row, and the date is gone": {verify, with(with(astray, 3, "K", "延長申請済み"), 5, "I", "2028/01/01"),
			nil, []cell{k("K3", "延長申請済み", "延長申請済み"), k("K5", "延長申請済み", "延長申請済み")}},
		"a person extends another row, and the mark replaced its like": {func(after [][]any) sheet.ReadBack {
			return sheet.Verify(sheet.NewWrite(with(before, 4, "K", "延長申請済み"), edits), after, options(), tab)
		}, with(astray, 3, "K", "延長申請済み"), []cell{k("I5", "2027/05/01", "2026/12/08")}, []cell{k("K3", "延長申請済み", "延長申請済み")}},
		"a person extends another row, and everything arrived": {verify, with(put(before), 5, "K", "延長申請済み"), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := tc.read(tc.after)
			if diff := cmp.Diff([][]cell{tc.astray, tc.doubtful}, [][]cell{cells(got.Astray), cells(got.Doubtful)}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestACopyOfARowDoesNotProtectAStrayDateInIt: a row was copied without its key before, and is again when it holds the date
// of another.
func TestACopyOfARowDoesNotProtectAStrayDateInIt(t *testing.T) {
	copied := person(2, map[string]any{"L": nil})
	before := table(person(1, nil), person(2, nil), copied, person(3, nil))
	edit := sheet.CellEdit{AccessKeyID: keyOf(1), Column: "I", Row: 2, Old: "2026/12/08", New: "2027/05/01"}
	written := with(order(before, 3, 2, 4, 5), 2, "I", edit.New)
	after := append(order(written, 5, 3, 4, 2), person(2, map[string]any{"L": nil, "I": edit.New}))
	got := sheet.Verify(sheet.NewWrite(before, []sheet.CellEdit{edit}), after, options(), tab)
	want := []cell{{"'key_request_form'!I5", edit.New, "2026/12/08"}}
	if diff := cmp.Diff(want, cells(got.Astray)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
