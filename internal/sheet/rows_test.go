package sheet_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// defaultColumns are the CRD's defaults.
var defaultColumns = v1alpha1.RequestColumns{
	FullName: "B", Purpose: "C", Resource: "E", StartDate: "H", EndDate: "I", UserName: "J", Status: "K", AccessKeyID: "L",
}

func options() sheet.Options {
	return sheet.Options{
		Tab: "key_request_form", HeaderRows: 1, Columns: defaultColumns, AccountID: "123456789012", Marks: defaultMarks,
	}
}

var header = []any{"タイムスタンプ", "氏名", "利用目的", "申請部署", "AWSリソース名", "メールアドレス", "備考",
	"アクセスキー利用開始日", "アクセスキー利用終了日", "アカウント名", "状態", "アクセスキーID"}

// request is a good row; each with sets one column.
func request(with map[string]any) []any {
	row := []any{"2026/06/03 09:00:12", "鈴木 花子", "月次レポート", "経理部", "S3", "", "", "2026/06/03", "2026/12/08",
		"svc-report", "", "AKIAKEYLEASE00000002"}
	for letter, value := range with {
		i := sheet.ColumnIndex(v1alpha1.ColumnLetter(letter))
		for len(row) <= i {
			row = append(row, nil)
		}
		row[i] = value
	}
	return row
}

func parse(rows ...[]any) sheet.Requests {
	return sheet.ParseRequests(append([][]any{header}, rows...), options())
}

func TestParseRequestsReadsAGoodRow(t *testing.T) {
	got := parse(request(map[string]any{"L": " akiakeylease00000002　", "J": " svc-report ", "I": 46364.0, "K": "通知済み 要確認"}))
	want := sheet.Requests{Total: 1, Rows: []sheet.Row{{
		Number: 2, AccessKeyID: "AKIAKEYLEASE00000002", UserName: "svc-report", AccountID: "123456789012", FullName: "鈴木 花子",
		Purpose: "月次レポート", Resource: "S3", StartDate: "2026-06-03", EndDate: "2026-12-08", EndDateCell: 46364.0,
		Status: sheet.StatusCell{Text: "通知済み 要確認", Mark: sheet.MarkNotified, Remark: "要確認"},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseRequestsAcceptsWhatHarmsNobody(t *testing.T) {
	for name, tc := range map[string]struct {
		with  map[string]any
		check func(sheet.Row) bool
	}{
		"no start date":            {map[string]any{"H": nil}, func(r sheet.Row) bool { return r.StartDate == "" }},
		"an end on the start date": {map[string]any{"H": "2026/12/08"}, func(r sheet.Row) bool { return r.EndDate == r.StartDate }},
		"an unclear mark":          {map[string]any{"K": "延長不要"}, func(r sheet.Row) bool { return r.Status.Mark == sheet.MarkUnclear }},
		"a check box as a status":  {map[string]any{"K": true}, func(r sheet.Row) bool { return r.Status.Remark == "TRUE" }},
		"a number as a purpose":    {map[string]any{"C": 12.0}, func(r sheet.Row) bool { return r.Purpose == "12" }},
		"a full-width key ID":      {map[string]any{"L": "ＡＫＩＡKEYLEASE00000002"}, func(r sheet.Row) bool { return r.AccessKeyID == "AKIAKEYLEASE00000002" }},
		"a user name with all signs": {map[string]any{"J": "svc.report+prod@example_=,-"},
			func(r sheet.Row) bool { return r.UserName == "svc.report+prod@example_=,-" }},
		"a purpose of 50,000 characters": {map[string]any{"C": strings.Repeat("あ", 50_000)},
			func(r sheet.Row) bool {
				return utf8.RuneCountInString(r.Purpose) == 50_000 && !strings.HasSuffix(r.Purpose, "…")
			}},
		"a longer purpose, cut": {map[string]any{"C": strings.Repeat("あ", 50_001)},
			func(r sheet.Row) bool {
				return utf8.RuneCountInString(r.Purpose) == 50_000 && strings.HasSuffix(r.Purpose, "…")
			}},
		"bytes that are no text": {map[string]any{"C": "a\xffb"}, func(r sheet.Row) bool { return r.Purpose == "a\ufffdb" }},
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(request(tc.with))
			if len(got.Rows) != 1 || !tc.check(got.Rows[0]) {
				t.Errorf("got %.500v", got)
			}
		})
	}
}

func TestParseRequestsReportsWhatCannotBeUsed(t *testing.T) {
	for name, tc := range map[string]struct {
		with    map[string]any
		reason  string
		value   string
		message string
	}{
		"a word as end date": {map[string]any{"I": "来月"}, v1alpha1.RowInvalidDate, "来月", `end date "来月": use YYYY/MM/DD`},
		"no end date":        {map[string]any{"I": nil}, v1alpha1.RowInvalidDate, "", "end date is empty: use YYYY/MM/DD"},
		"month/day/year": {map[string]any{"I": "12/31/2026"}, v1alpha1.RowInvalidDate, "12/31/2026",
			`end date "12/31/2026" can be read in more than one way: use YYYY/MM/DD`},
		"a bad start date": {map[string]any{"H": "7/13"}, v1alpha1.RowInvalidDate, "7/13", `start date "7/13": use YYYY/MM/DD`},
		"an end before the start": {map[string]any{"H": "2026/12/09"}, v1alpha1.RowEndBeforeStart, "2026-12-08",
			"end date 2026-12-08 is before start date 2026-12-09: correct one of them"},
		"no user name": {map[string]any{"J": "　"}, v1alpha1.RowUserNameMissing, "",
			"the IAM user name of key AKIAKEYLEASE00000002 is empty: write the user that the key belongs to"},
		"a user name with a slash": {map[string]any{"J": "a/b"}, v1alpha1.RowUserNameInvalid, "a/b",
			`IAM user name "a/b": use 1 to 64 letters, digits and _+=,.@- as AWS shows it`},
		"a user name of full width": {map[string]any{"J": "ｓｖｃ"}, v1alpha1.RowUserNameInvalid, "ｓｖｃ",
			`IAM user name "ｓｖｃ": use 1 to 64 letters, digits and _+=,.@- as AWS shows it`},
		"a key ID that is short": {map[string]any{"L": "AKIA123"}, v1alpha1.RowAccessKeyIDInvalid, "AKIA123",
			`access key ID "AKIA123": use the ID as AWS shows it, 16 or more letters and digits, typed as text`},
		"a key ID that is a number": {map[string]any{"L": 1234567890123456.0}, v1alpha1.RowAccessKeyIDInvalid, "1234567890123456",
			`access key ID "1234567890123456": use the ID as AWS shows it, 16 or more letters and digits, typed as text`},
		"a note in the place of a key ID": {map[string]any{"L": "発行\n待ち"}, v1alpha1.RowAccessKeyIDInvalid, "発行 待ち",
			`access key ID "発行 待ち": use the ID as AWS shows it, 16 or more letters and digits, typed as text`},
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(request(tc.with))
			id := "AKIAKEYLEASE00000002"
			if tc.reason == v1alpha1.RowAccessKeyIDInvalid {
				id = tc.value
			}
			want := sheet.Requests{Total: 1, Problems: []sheet.Problem{
				{Row: 2, AccessKeyID: id, Reason: tc.reason, Value: tc.value, Message: tc.message}}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRequestsCutsValuesInProblems(t *testing.T) {
	long := strings.Repeat("長", 50_000)
	for _, column := range []string{"I", "J", "L"} {
		problem := parse(request(map[string]any{column: long})).Problems[0]
		for _, text := range []string{problem.Value, problem.Message, problem.AccessKeyID} {
			if n := utf8.RuneCountInString(text); n > 250 {
				t.Errorf("column %s: a text of %d characters", column, n)
			}
		}
	}
}

func TestTheSameKeyTwiceMakesAllItsRowsInvalid(t *testing.T) {
	got := parse(
		request(nil),
		request(map[string]any{"L": "AKIAKEYLEASE00000003"}),
		request(map[string]any{"L": " akiakeylease00000002 ", "J": "", "I": "来月"}),
	)
	if len(got.Rows) != 1 || got.Rows[0].Number != 3 {
		t.Errorf("rows %v; want the one of row 3", got.Rows)
	}
	var at []int
	for _, p := range got.Problems {
		if p.Reason != v1alpha1.RowDuplicateID || p.Value != "AKIAKEYLEASE00000002" {
			t.Errorf("problem %v", p)
		}
		at = append(at, p.Row)
	}
	if diff := cmp.Diff([]int{2, 4}, at); diff != "" {
		t.Errorf("rows of the problems (-want +got):\n%s", diff)
	}
}

func TestBlankAndPendingRowsAreCounted(t *testing.T) {
	got := parse(
		nil,
		[]any{},
		[]any{nil, "", "　", nil, " "},
		[]any{"2026/06/03", nil, nil, "only columns of others", nil, "a@example.co.jp", true},
		request(map[string]any{"L": nil, "J": ""}),
		request(map[string]any{"L": " 　", "I": "未定"}),
		[]any{nil, "鈴木 花子"},
		request(nil),
	)
	if got.Total != 4 || got.Pending != 3 || len(got.Rows) != 1 || got.Rows[0].Number != 9 || len(got.Problems) != 0 {
		t.Errorf("got %+v; want 4 rows, 3 of them pending, one usable in row 9", got)
	}
}

func TestAccountsKeepTheirLeadingZeros(t *testing.T) {
	o := options()
	o.Columns.AccountID = "M"
	for name, tc := range map[string]struct {
		cell any
		want string
	}{
		"typed as a number":      {12345678901.0, "012345678901"},
		"a full number":          {210987654321.0, "210987654321"},
		"typed as text":          {"001234567890", "001234567890"},
		"as the console has it":  {"0012-3456-7890", "001234567890"},
		"in full width":          {"００１２３４５６７８９０", "001234567890"},
		"empty: the sheet's own": {" ", "123456789012"},
		"text without its zeros": {"1234567890", ""},
		"a fraction":             {1.5, ""},
		"too long a number":      {1e12, ""},
		"a negative number":      {-1.0, ""},
		"an alias":               {"production", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := sheet.ParseRequests([][]any{header, request(map[string]any{"M": tc.cell})}, o)
			if tc.want == "" {
				if len(got.Problems) != 1 || got.Problems[0].Reason != v1alpha1.RowAccountIDInvalid {
					t.Errorf("got %+v; want an invalid account", got)
				}
				return
			}
			if len(got.Rows) != 1 || got.Rows[0].AccountID != tc.want {
				t.Errorf("got %+v; want account %s", got, tc.want)
			}
		})
	}
}

func FuzzParseRequests(f *testing.F) {
	f.Add("AKIAKEYLEASE00000001", "2026/12/31", "svc-ci", "通知済み", 46363.0, uint8(12), uint8(1))
	f.Add(" akia ", "来月", "", "延長不要", 20261231.0, uint8(3), uint8(0))
	f.Add("\xff", "１／６／２０２６", "a/b", "\x00", -1.5, uint8(0), uint8(9))
	f.Fuzz(func(t *testing.T, id, date, user, status string, n float64, width, headerRows uint8) {
		full := []any{n, user, status, nil, true, date, id, date, n, user, status, id, n}
		o := options()
		o.HeaderRows, o.Columns.AccountID = int(headerRows), "M"
		rows := [][]any{header, full[:int(width)%len(full)], full, nil, request(map[string]any{"I": date, "J": user, "K": status, "L": id})}
		got := sheet.ParseRequests(rows, o)
		if got.Total != len(got.Rows)+len(got.Problems)+got.Pending {
			t.Errorf("%d rows are not %d + %d + %d", got.Total, len(got.Rows), len(got.Problems), got.Pending)
		}
		seen := map[string]bool{}
		for _, row := range got.Rows {
			if seen[row.AccessKeyID] || len(row.AccessKeyID) < 16 || row.UserName == "" || len(row.EndDate) != 10 || row.EndDate < row.StartDate {
				t.Errorf("row %+v", row)
			}
			seen[row.AccessKeyID] = true
		}
		for _, p := range got.Problems {
			if p.Reason == "" || p.Message == "" || !utf8.ValidString(p.Message+p.Value+p.AccessKeyID) || len(p.Message) > 1024 {
				t.Errorf("problem %+v", p)
			}
		}
		_ = sheet.CheckShape(rows, o)
	})
}
