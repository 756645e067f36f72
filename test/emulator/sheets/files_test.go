package sheets_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/keylease/keylease/test/emulator/sheets"
)

func TestAFolderOfCSVIsASheetOfTexts(t *testing.T) {
	sp, err := sheets.LoadPath("testdata/company")
	must(t, err)
	if diff := cmp.Diff([]string{"key_request_form", "users_json"}, sp.Titles()); diff != "" {
		t.Errorf("tabs (-want +got):\n%s", diff)
	}
	form := sp.Tab("key_request_form")
	for cell, want := range map[string]string{
		"A1": "タイムスタンプ", "I2": "2026/12/08", "K3": "通知済み", "A4": "",
		"C5": `=HYPERLINK("http://evil.example/","click")`, "G5": "改行の\nある備考", "I6": " 2026/12/03 ",
	} {
		if got := form.Cell(cell); got != sheets.Text(want) {
			t.Errorf("%s is %#v, want the text %q", cell, got, want)
		}
	}
	// The file begins with a byte order mark and has CRLF.
	if got := sp.Tab("users_json").Texts()[0]; got[0] != "ユーザーID" || got[4] != "名" {
		t.Errorf("header %q", got)
	}
}

func TestASpreadsheetSurvivesItsFiles(t *testing.T) {
	original, err := sheets.LoadPath("testdata/company")
	must(t, err)
	for name, save := range map[string]func(path string) error{
		"company": original.SaveCSV, "company.xlsx": original.SaveXLSX,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			must(t, save(path))
			loaded, err := sheets.LoadPath(path)
			must(t, err)
			if diffs := sheets.Diff(original, loaded); len(diffs) > 0 {
				t.Errorf("differs: %v", diffs)
			}
		})
	}
}

func TestAWorkbookKeepsTheKindsOfItsCells(t *testing.T) {
	sp := sheets.NewSpreadsheet("kinds")
	tab := sp.AddTab("kinds")
	cells := map[string]sheets.Cell{
		"A1": sheets.Date(2026, 12, 8), "B1": sheets.Number(12345678901), "C1": sheets.Text("0123"), "D1": sheets.Bool(true),
		"A2": {Value: sheets.Serial(time.Date(2026, 1, 6, 18, 0, 0, 0, time.UTC)), Format: `yyyy"年"m"月"d"日" h:mm`},
		"C2": sheets.Text(" 2026/12/03 "), "D2": sheets.Text("=SUM(A1)"), "B4": {Value: 0.5, Format: "0.00"},
	}
	for name, c := range cells {
		must(t, tab.SetCell(name, c))
	}
	path := filepath.Join(t.TempDir(), "kinds.xlsx")
	must(t, sp.SaveXLSX(path))
	loaded, err := sheets.LoadXLSX(path)
	must(t, err)
	for name, want := range cells {
		if diff := cmp.Diff(want, loaded.Tab("kinds").Cell(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAWorkbookOfExcelIsReadAsASheetShowsIt(t *testing.T) {
	f := excelize.NewFile()
	style := func(id int) int {
		s, err := f.NewStyle(&excelize.Style{NumFmt: id})
		must(t, err)
		return s
	}
	must(t, f.SetCellValue("Sheet1", "A1", 46364))
	must(t, f.SetCellStyle("Sheet1", "A1", "A1", style(14)))
	must(t, f.SetCellValue("Sheet1", "B1", 46364))
	must(t, f.SetCellStyle("Sheet1", "B1", "B1", style(31)))
	must(t, f.SetCellFormula("Sheet1", "C1", "A1+1"))
	path := filepath.Join(t.TempDir(), "excel.xlsx")
	must(t, f.SaveAs(path))
	must(t, f.Close())
	loaded, err := sheets.LoadPath(path)
	must(t, err)
	if diff := cmp.Diff("2026/12/08 2026年12月8日", strings.Join(loaded.Tab("Sheet1").Texts()[0][:2], " ")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := loaded.Tab("Sheet1").Cell("C1").Formula; got != "=A1+1" {
		t.Errorf("formula %q", got)
	}
}

func TestBlankLinesOfACSVAreRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.csv")
	must(t, os.WriteFile(path, []byte("\na\n\n\"b\nb\"\n\n\nc"), 0o600))
	sp, err := sheets.LoadPath(path)
	must(t, err)
	if diff := cmp.Diff([][]string{{}, {"a"}, {}, {"b\nb"}, {}, {}, {"c"}}, sp.Tab("notes").Texts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFilesThatCannotBeReadOrWrittenSayWhy(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	load := func(path string) error { _, err := sheets.LoadPath(path); return err }
	long, slash := sheets.NewSpreadsheet("long"), sheets.NewSpreadsheet("slash")
	must(t, long.AddTab("form").SetCell("B2", strings.Repeat("x", 40000)))
	slash.AddTab("a/b")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"not there":                  {load(filepath.Join(folder, "none.xlsx")), "no such file"},
		"an empty folder":            {load(t.TempDir()), "no .csv file"},
		"another kind":               {load(write("a.ods", "")), "use an .xlsx file"},
		"Shift_JIS":                  {load(write("sjis.csv", "\x8f\xf3\x91\xd4")), "not UTF-8"},
		"a broken quote":             {load(write("quote.csv", "\"a")), "quote.csv"},
		"no workbook":                {load(write("b.xlsx", "text")), "b.xlsx"},
		"a cell too long for Excel":  {long.SaveXLSX(filepath.Join(folder, "c.xlsx")), `tab "form", cell B2: a workbook's cell holds 32767 characters at most`},
		"a title that is no sheet's": {slash.SaveXLSX(filepath.Join(folder, "d.xlsx")), `tab "a/b"`},
		"a title that is no file's":  {slash.SaveCSV(filepath.Join(folder, "csv")), `tab "a/b" cannot be a file's name`},
	} {
		t.Run(name, func(t *testing.T) {
			if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", c.err, c.want)
			}
		})
	}
}

func TestADiffNamesTheCellsThatShowSomethingElse(t *testing.T) {
	a := sheets.NewSpreadsheet("a")
	must(t, a.AddTab("form").PasteBlock("A1", [][]any{{"x", sheets.Date(2026, 12, 8), "same"}}))
	a.AddTab("old")
	b := a.Clone()
	must(t, b.Tab("form").PasteBlock("A1", [][]any{{"y", "2026/12/08"}}))
	must(t, b.Tab("form").SetCell("K3", "通知済み"))
	must(t, b.DeleteTab("old"))
	b.AddTab("new")
	var lines []string
	for _, d := range sheets.Diff(a, b) {
		lines = append(lines, d.String())
	}
	want := []string{
		`form!A1: "x" → "y"`, `form!B1: "2026/12/08" → "2026/12/08"`, `form!K3: "" → "通知済み"`,
		"tab old: present → absent", "tab new: absent → present",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
