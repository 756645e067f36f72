package sheets_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/googleapi"

	"github.com/keylease/keylease/test/emulator/sheets"
)

func TestRangesAreReadAndNormalizedAsTheServiceDoes(t *testing.T) {
	w := start(t, []any{"h1", "h2"}, []any{"a", "b"}, []any{"c", "d"})
	must(t, w.sheet.AddTab("Bob's tab").SetCell("B2", "bob"))
	must(t, w.sheet.AddTab("tab01").SetCell("A1", "cell-like"))
	must(t, w.sheet.AddTab("申請/一覧").SetCell("A1", "slash"))
	must(t, w.tab.Resize(50, 12))
	for name, c := range map[string]struct {
		ask, normalized string
		values          [][]any
	}{
		"a cell":                     {"key_request_form!B2", "key_request_form!B2", [][]any{{"b"}}},
		"a cell of the first tab":    {"B2", "key_request_form!B2", [][]any{{"b"}}},
		"a quoted tab":               {"'key_request_form'!A1:B2", "key_request_form!A1:B2", [][]any{{"h1", "h2"}, {"a", "b"}}},
		"a whole tab":                {"key_request_form", "key_request_form!A1:L50", [][]any{{"h1", "h2"}, {"a", "b"}, {"c", "d"}}},
		"a whole quoted tab":         {"'key_request_form'", "key_request_form!A1:L50", [][]any{{"h1", "h2"}, {"a", "b"}, {"c", "d"}}},
		"columns":                    {"key_request_form!A:L", "key_request_form!A1:L50", [][]any{{"h1", "h2"}, {"a", "b"}, {"c", "d"}}},
		"one column":                 {"key_request_form!B:B", "key_request_form!B1:B50", [][]any{{"h2"}, {"b"}, {"d"}}},
		"columns from a row on":      {"key_request_form!A2:L", "key_request_form!A2:L50", [][]any{{"a", "b"}, {"c", "d"}}},
		"rows":                       {"key_request_form!2:3", "key_request_form!A2:L3", [][]any{{"a", "b"}, {"c", "d"}}},
		"an end outside the grid":    {"key_request_form!A3:ZZ9999", "key_request_form!A3:L50", [][]any{{"c", "d"}}},
		"corners the wrong way":      {"key_request_form!B3:A2", "key_request_form!A2:B3", [][]any{{"a", "b"}, {"c", "d"}}},
		"lower case":                 {"key_request_form!b2:b3", "key_request_form!B2:B3", [][]any{{"b"}, {"d"}}},
		"nothing there":              {"key_request_form!C1:D9", "key_request_form!C1:D9", nil},
		"an apostrophe in the title": {"'Bob''s tab'!B2", "'Bob''s tab'!B2", [][]any{{"bob"}}},
		"a title like a cell":        {"'tab01'!A1", "'tab01'!A1", [][]any{{"cell-like"}}},
		"a slash in the title":       {"'申請/一覧'!A1", "'申請/一覧'!A1", [][]any{{"slash"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.read(t, c.ask)
			if got.Range != c.normalized {
				t.Errorf("range %q, want %q", got.Range, c.normalized)
			}
			if diff := cmp.Diff(c.values, got.Values); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnusableRangesAreRefused(t *testing.T) {
	w := start(t, []any{"a"})
	must(t, w.tab.Resize(50, 12))
	for ask, message := range map[string]string{
		"users_json!A:D":          "Unable to parse range: users_json!A:D",
		"users_json":              "Unable to parse range: users_json",
		"KEY_REQUEST_FORM!A1":     "Unable to parse range: KEY_REQUEST_FORM!A1",
		"key_request_form!":       "Unable to parse range: key_request_form!",
		"key_request_form!A0":     "Unable to parse range: key_request_form!A0",
		"key_request_form!A":      "Unable to parse range: key_request_form!A",
		"key_request_form!A1:[5":  "Unable to parse range: key_request_form!A1:[5",
		"key_request_form!AAAA1":  "Unable to parse range: key_request_form!AAAA1",
		"'key_request_form!A1":    "Unable to parse range: 'key_request_form!A1",
		"'key_request_form'A1":    "Unable to parse range: 'key_request_form'A1",
		"key request form!A1":     "Unable to parse range: key request form!A1",
		"key_request_form!M1":     "Range (key_request_form!M1) exceeds grid limits. Max rows: 50, max columns: 12",
		"key_request_form!A51:L":  "Range (key_request_form!A51:L) exceeds grid limits. Max rows: 50, max columns: 12",
		"key_request_form!51:60":  "Range (key_request_form!51:60) exceeds grid limits. Max rows: 50, max columns: 12",
		"'key_request_form'!Z1:Z": "Range (key_request_form!Z1:Z) exceeds grid limits. Max rows: 50, max columns: 12",
	} {
		t.Run(ask, func(t *testing.T) {
			_, err := w.Values.BatchGet(id).Ranges("A1", ask).Do()
			expectRefusal(t, err, 400, "badRequest", message)
		})
	}
}

func TestRowsAreRaggedAndColumnsToo(t *testing.T) {
	w := start(t, []any{"a", nil, "c", nil}, []any{}, []any{nil, "e"}, []any{nil, nil})
	rows := w.read(t, "A1:D9")
	if diff := cmp.Diff([][]any{{"a", "", "c"}, {}, {"", "e"}}, rows.Values); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	columns, err := w.Values.Get(id, "A1:D9").MajorDimension("COLUMNS").Do()
	must(t, err)
	if diff := cmp.Diff([][]any{{"a"}, {"", "", "e"}, {"c"}}, columns.Values); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func TestARangeWithoutValuesHasNoValuesKey(t *testing.T) {
	w := start(t)
	body, err := io.ReadAll(w.get(t, "/v4/spreadsheets/"+id+"/values/A1:B2").Body)
	must(t, err)
	if want := `{"majorDimension":"ROWS","range":"key_request_form!A1:B2"}`; string(body) != want {
		t.Errorf("body %s, want %s", body, want)
	}
}

func TestCellsAreRenderedAsAsked(t *testing.T) {
	w := start(t, []any{
		sheets.Date(2026, 12, 8), "2026/12/08", 12345678901, true, sheets.Cell{Value: 0.25, Format: "0%"},
		sheets.Cell{Value: sheets.Serial(time.Date(2026, 1, 6, 9, 5, 7, 0, time.UTC)), Format: `yyyy"年"m"月"d"日" h:mm`},
		sheets.Cell{Value: 1234.5, Format: "#,##0.00"},
	})
	must(t, w.tab.TypeCell("H1", "=1+1"))
	const formula = sheets.EvaluatedMarker + " =1+1"
	for name, c := range map[string]struct {
		value, dateTime string
		want            []any
	}{
		"formatted": {"", "SERIAL_NUMBER",
			[]any{"2026/12/08", "2026/12/08", "12345678901", "TRUE", "25%", "2026年1月6日 9:05", "1,234.50", formula}},
		"unformatted": {"UNFORMATTED_VALUE", "",
			[]any{46364.0, "2026/12/08", 12345678901.0, true, 0.25, 46028.378553240741, 1234.5, formula}},
		"unformatted with dates as text": {"UNFORMATTED_VALUE", "FORMATTED_STRING",
			[]any{"2026/12/08", "2026/12/08", 12345678901.0, true, 0.25, "2026年1月6日 9:05", 1234.5, formula}},
		"formulas": {"FORMULA", "",
			[]any{46364.0, "2026/12/08", 12345678901.0, true, 0.25, 46028.378553240741, 1234.5, "=1+1"}},
	} {
		t.Run(name, func(t *testing.T) {
			call := w.Values.Get(id, "A1:H1")
			if c.value != "" {
				call.ValueRenderOption(c.value)
			}
			if c.dateTime != "" {
				call.DateTimeRenderOption(c.dateTime)
			}
			got, err := call.Do()
			must(t, err)
			if diff := cmp.Diff([][]any{c.want}, got.Values); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

func TestABatchReturnsItsRangesInOrder(t *testing.T) {
	w := start(t, []any{"a"})
	must(t, w.sheet.AddTab("users_json").SetCell("A1", "u"))
	got, err := w.Values.BatchGet(id).Ranges("users_json!A:E", "key_request_form!A:L").Do()
	must(t, err)
	var ranges []string
	for _, v := range got.ValueRanges {
		ranges = append(ranges, fmt.Sprint(v.Range, v.Values))
	}
	want := []string{"users_json!A1:E1000[[u]]", "key_request_form!A1:L1000[[a]]"}
	if diff := cmp.Diff(want, ranges); diff != "" || got.SpreadsheetId != id {
		t.Errorf("of %q (-want +got):\n%s", got.SpreadsheetId, diff)
	}
}

func TestMetadataDescribesTheTabs(t *testing.T) {
	w := start(t)
	w.sheet.AddTab("users_json")
	for fields, want := range map[string]string{
		"": `{"properties":{"autoRecalc":"ON_CHANGE","locale":"ja_JP","timeZone":"Asia/Tokyo","title":"鍵の申請"},` +
			`"sheets":[{"properties":{"gridProperties":{"columnCount":26,"rowCount":1000},"index":0,"sheetId":0,"sheetType":"GRID","title":"key_request_form"}},` +
			`{"properties":{"gridProperties":{"columnCount":26,"rowCount":1000},"index":1,"sheetId":1000004,"sheetType":"GRID","title":"users_json"}}],` +
			`"spreadsheetId":"1duJexample","spreadsheetUrl":"https://docs.google.com/spreadsheets/d/1duJexample/edit"}`,
		"spreadsheetId,properties(title,timeZone)":        `{"properties":{"timeZone":"Asia/Tokyo","title":"鍵の申請"},"spreadsheetId":"1duJexample"}`,
		"sheets.properties.title":                         `{"sheets":[{"properties":{"title":"key_request_form"}},{"properties":{"title":"users_json"}}]}`,
		"sheets/properties(sheetId,gridProperties/*)":     `{"sheets":[{"properties":{"gridProperties":{"columnCount":26,"rowCount":1000},"sheetId":0}},{"properties":{"gridProperties":{"columnCount":26,"rowCount":1000},"sheetId":1000004}}]}`,
		"sheets.properties.index,sheets.properties.index": `{"sheets":[{"properties":{"index":0}},{"properties":{"index":1}}]}`,
	} {
		t.Run(fields, func(t *testing.T) {
			r := w.get(t, "/v4/spreadsheets/"+id+"?includeGridData=false&fields="+fields)
			body, err := io.ReadAll(r.Body)
			must(t, err)
			if diff := cmp.Diff(want, string(body)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("through the client", func(t *testing.T) {
		got, err := w.Get(id).Fields(googleapi.Field("sheets.properties")).Ranges("users_json!A1").Do()
		must(t, err)
		if len(got.Sheets) != 1 || got.Sheets[0].Properties.Title != "users_json" || got.Sheets[0].Properties.GridProperties.RowCount != 1000 {
			t.Errorf("sheets %+v, want users_json only", got.Sheets)
		}
	})
}

func TestWhatTheApiDoesNotKnowIsRefused(t *testing.T) {
	w := start(t, []any{"a"})
	values := "/v4/spreadsheets/" + id + "/values/A1"
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		values + "?valueRenderOption=PRETTY":               {400, `Invalid value at 'valueRenderOption' (type.googleapis.com/google.apps.sheets.v4.ValueRenderOption), \"PRETTY\"`},
		values + "?dateTimeRenderOption=ISO":               {400, "Invalid value at 'dateTimeRenderOption'"},
		values + "?majorDimension=rows":                    {400, "Invalid value at 'majorDimension'"},
		values + "?majorDimension=ROWS&alt=proto":          {400, "Invalid value at 'alt'"},
		values + "?valueRender=FORMULA":                    {400, `Unknown name \"valueRender\": Cannot bind query parameter`},
		values + "?fields=rows":                            {400, "Cannot find matching fields for path 'rows'"},
		values + "?fields=values(":                         {400, "cannot read"},
		values + "?fields=range&fields=values":             {400, "the parameter is not repeated"},
		"/v4/spreadsheets/" + id + "?includeGridData=yes":  {400, "Invalid value at 'includeGridData'"},
		"/v4/spreadsheets/" + id + "?includeGridData=true": {501, "the emulator does not have includeGridData=true"},
		"/spreadsheets/" + id:                              {404, "was not found on this server"},
		"/v3/spreadsheets/" + id + "/values/A1":            {404, "was not found on this server"},
		"/v4/spreadsheets/" + id + "/cells/A1":             {404, "was not found on this server"},
		"/v4/spreadsheets/" + id + "/values:batchUpdate":   {404, "was not found on this server"},
		"/v4/spreadsheets/other/values/A1":                 {404, "Requested entity was not found."},
	} {
		t.Run(path, func(t *testing.T) {
			r := w.get(t, path)
			body, err := io.ReadAll(r.Body)
			must(t, err)
			if r.StatusCode != want.status || !strings.Contains(string(body), want.text) {
				t.Errorf("answered %d %s, want %d with %q", r.StatusCode, body, want.status, want.text)
			}
		})
	}
	t.Run("appending rows over the API", func(t *testing.T) {
		r, err := http.Post(w.url+values+":append", "application/json", nil)
		must(t, err)
		_ = r.Body.Close()
		if r.StatusCode != http.StatusNotImplemented {
			t.Errorf("status %d, want 501", r.StatusCode)
		}
	})
}
