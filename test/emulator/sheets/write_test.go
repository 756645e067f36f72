package sheets_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sheetsapi "google.golang.org/api/sheets/v4"

	"github.com/keylease/keylease/test/emulator/sheets"
)

// batch writes several ranges in one request.
func (w *world) batch(input string, data ...*sheetsapi.ValueRange) (*sheetsapi.BatchUpdateValuesResponse, error) {
	return w.Values.BatchUpdate(id, &sheetsapi.BatchUpdateValuesRequest{ValueInputOption: input, Data: data}).Do()
}

func values(r string, rows ...[]any) *sheetsapi.ValueRange {
	return &sheetsapi.ValueRange{Range: r, Values: rows}
}

func TestABatchWritesAllItsRangesAndCountsThem(t *testing.T) {
	w := start(t, []any{"h"}, []any{"a", "b"})
	got, err := w.batch("RAW", values("key_request_form!K2", []any{"通知済み"}), values("'key_request_form'!K3:L4", []any{"x", nil}, []any{"y", "z"}))
	must(t, err)
	want := &sheetsapi.BatchUpdateValuesResponse{
		SpreadsheetId: id, TotalUpdatedCells: 4, TotalUpdatedRows: 3, TotalUpdatedColumns: 2, TotalUpdatedSheets: 1,
		Responses: []*sheetsapi.UpdateValuesResponse{
			{SpreadsheetId: id, UpdatedRange: "key_request_form!K2", UpdatedCells: 1, UpdatedRows: 1, UpdatedColumns: 1},
			{SpreadsheetId: id, UpdatedRange: "key_request_form!K3:L4", UpdatedCells: 3, UpdatedRows: 2, UpdatedColumns: 2},
		},
	}
	got.ServerResponse = want.ServerResponse
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]any{{"通知済み"}, {"x"}, {"y", "z"}}, w.read(t, "K2:L9").Values); diff != "" {
		t.Errorf("sheet (-want +got):\n%s", diff)
	}
}

func TestABatchWithOneBadRangeWritesNothing(t *testing.T) {
	long := strings.Repeat("あ", 50001)
	for name, c := range map[string]struct {
		bad     *sheetsapi.ValueRange
		message string
	}{
		"unknown tab":             {values("users!A1", []any{"x"}), "Invalid data[1]: Unable to parse range: users!A1"},
		"outside the grid":        {values("AA1", []any{"x"}), "Invalid data[1]: Range (key_request_form!AA1) exceeds grid limits. Max rows: 1000, max columns: 26"},
		"running out of it":       {values("Z1000", []any{"x", "y"}), "Invalid data[1]: Range (key_request_form!AA1000) exceeds grid limits. Max rows: 1000, max columns: 26"},
		"ending outside":          {values("A1:Z1001", []any{"x"}), "Invalid data[1]: Range (key_request_form!A1:Z1001) exceeds grid limits. Max rows: 1000, max columns: 26"},
		"more columns than asked": {values("A2:B2", []any{"x", "y", "z"}), "Invalid data[1]: Requested writing within range [key_request_form!A2:B2], but tried writing to column [C]"},
		"more rows than asked":    {values("A2:B2", []any{"x"}, []any{"y"}), "Invalid data[1]: Requested writing within range [key_request_form!A2:B2], but tried writing to row [3]"},
		"a cell too long":         {values("A2", []any{long}), "Invalid data[1]: Your input contains more than the maximum of 50000 characters in a single cell."},
		"a list in a cell":        {values("A2", []any{[]string{"x"}}), "Invalid data[1]: Invalid values[0][0]: list_value"},
		"an object in a cell":     {values("A2", []any{"x", map[string]string{}}), "Invalid data[1]: Invalid values[0][1]: struct_value"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, []any{"h"})
			_, err := w.batch("RAW", values("K2", []any{"通知済み"}), c.bad)
			expectRefusal(t, err, 400, "badRequest", c.message)
			if diff := cmp.Diff([][]string{{"h"}}, w.tab.Texts()); diff != "" {
				t.Errorf("sheet (-want +got):\n%s", diff)
			}
			if got := w.server.Stats(); got != (sheets.Stats{Writes: 1}) {
				t.Errorf("stats %+v, want one write and no cell", got)
			}
		})
	}
}

func TestALongCellUpToTheLimitIsAccepted(t *testing.T) {
	w := start(t)
	long := strings.Repeat("あ", 50000)
	must(t, w.write(t, "C3", long))
	if got := w.tab.Cell("C3").String(); got != long {
		t.Errorf("%d bytes, want %d", len(got), len(long))
	}
}

func TestAnInputOptionIsRequired(t *testing.T) {
	w := start(t)
	const required = "'valueInputOption' is required but not specified"
	_, err := w.batch("", values("A1", []any{"x"}))
	expectRefusal(t, err, 400, "badRequest", required)
	_, err = w.batch("INPUT_VALUE_OPTION_UNSPECIFIED", values("A1", []any{"x"}))
	expectRefusal(t, err, 400, "badRequest", required)
	_, err = w.Values.Update(id, "A1", values("", []any{"x"})).Do()
	expectRefusal(t, err, 400, "badRequest", required)
	_, err = w.batch("TYPED", values("A1", []any{"x"}))
	expectRefusal(t, err, 400, "badRequest",
		`Invalid value at 'value_input_option' (type.googleapis.com/google.apps.sheets.v4.ValueInputOption), "TYPED"`)
	_, err = w.Values.Update(id, "A1", values("B1", []any{"x"})).ValueInputOption("RAW").Do()
	expectRefusal(t, err, 400, "badRequest", "Range in the body [B1] is not the range of the request [A1]")
}

func TestBodiesWithUnknownFieldsAreRefused(t *testing.T) {
	w := start(t)
	for _, body := range []string{`{"valueInputOption":"RAW","data":[{"range":"A1","value":"x"}]}`, `{"valueInputOption":"RAW"`, `{} {}`} {
		r, err := http.Post(w.url+"/v4/spreadsheets/"+id+"/values:batchUpdate", "application/json", strings.NewReader(body))
		must(t, err)
		_ = r.Body.Close()
		if r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d, want 400", body, r.StatusCode)
		}
	}
}

func TestWhatBecomesOfAWrittenValue(t *testing.T) {
	date := sheets.Date(2026, 12, 8)
	for name, c := range map[string]struct {
		before sheets.Cell
		input  string
		value  any
		want   sheets.Cell
	}{
		"a raw text stays text":                    {sheets.Cell{}, "RAW", "2026/12/08", sheets.Text("2026/12/08")},
		"a raw formula stays text":                 {sheets.Cell{}, "RAW", "=IMPORTDATA(A1)", sheets.Text("=IMPORTDATA(A1)")},
		"a raw number is a number":                 {sheets.Cell{}, "RAW", 46364, sheets.Number(46364)},
		"a raw bool is a bool":                     {sheets.Cell{}, "RAW", true, sheets.Bool(true)},
		"a number in a date cell is a date":        {sheets.Date(2026, 1, 1), "RAW", 46364, date},
		"a text in a date cell keeps the format":   {date, "RAW", "来月", sheets.Cell{Value: "来月", Format: "yyyy/mm/dd"}},
		"an empty text empties the cell":           {sheets.Text("x"), "RAW", "", sheets.Cell{}},
		"null leaves the cell alone":               {sheets.Text("x"), "RAW", nil, sheets.Text("x")},
		"an entered date is a serial":              {sheets.Cell{}, "USER_ENTERED", "2026/12/08", date},
		"an entered date with dashes too":          {sheets.Cell{}, "USER_ENTERED", "2026-12-8", date},
		"an entered impossible date is text":       {sheets.Cell{}, "USER_ENTERED", "2026/13/40", sheets.Text("2026/13/40")},
		"entered digits lose their leading zeros":  {sheets.Cell{}, "USER_ENTERED", "012345678901", sheets.Number(12345678901)},
		"an entered formula is evaluated":          {sheets.Cell{}, "USER_ENTERED", "=A1", sheets.Cell{Value: "#EVALUATED! =A1", Formula: "=A1"}},
		"an entered plus is a formula":             {sheets.Cell{}, "USER_ENTERED", "+A1", sheets.Cell{Value: "#EVALUATED! +A1", Formula: "=+A1"}},
		"an apostrophe keeps an entered text":      {sheets.Cell{}, "USER_ENTERED", "'=A1", sheets.Text("=A1")},
		"an entered mark is text":                  {sheets.Cell{}, "USER_ENTERED", "通知済み", sheets.Text("通知済み")},
		"an entered truth is a bool":               {sheets.Cell{}, "USER_ENTERED", "true", sheets.Bool(true)},
		"an entered time of day stays with a date": {sheets.Cell{}, "USER_ENTERED", "2026/12/08 12:00", sheets.Cell{Value: 46364.5, Format: "yyyy/mm/dd h:mm:ss"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			must(t, w.tab.SetCell("C3", c.before))
			_, err := w.batch(c.input, values("C3", []any{c.value}))
			must(t, err)
			if diff := cmp.Diff(c.want, w.tab.Cell("C3")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnUpdateCanEchoWhatItWrote(t *testing.T) {
	w := start(t, []any{sheets.Date(2026, 1, 1), "b"})
	got, err := w.Values.Update(id, "A1:C3", &sheetsapi.ValueRange{MajorDimension: "COLUMNS", Values: [][]any{{46364, "x"}}}).
		ValueInputOption("RAW").IncludeValuesInResponse(true).ResponseValueRenderOption("UNFORMATTED_VALUE").Do()
	must(t, err)
	if got.UpdatedRange != "key_request_form!A1:A2" || got.UpdatedData.Range != "key_request_form!A1:C3" {
		t.Errorf("updated %s, echoed %s", got.UpdatedRange, got.UpdatedData.Range)
	}
	if diff := cmp.Diff([][]any{{46364.0, "x"}, {"b"}}, got.UpdatedData.Values); diff != "" {
		t.Errorf("echo (-want +got):\n%s", diff)
	}
}

func TestAnAnchorCellTakesABlock(t *testing.T) {
	w := start(t)
	_, err := w.batch("RAW", values("B2", []any{"a", "b"}, []any{"c"}))
	must(t, err)
	if diff := cmp.Diff([][]any{{"a", "b"}, {"c"}}, w.read(t, "B2:D9").Values); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPermissionsAreThoseOfTheShare(t *testing.T) {
	const denied = "The caller does not have permission"
	w := start(t, []any{"a"})
	w.sheet.Share(sheets.Reader)
	w.read(t, "A1")
	expectRefusal(t, w.write(t, "A1", "x"), 403, "forbidden", denied)
	w.sheet.Share(sheets.NotShared)
	_, err := w.Get(id).Do()
	expectRefusal(t, err, 403, "forbidden", denied)
	w.sheet.Share(sheets.Writer)
	must(t, w.write(t, "A1", "y"))
	w.server.Remove(id)
	_, err = w.Values.BatchGet(id).Ranges("A1").Do()
	expectRefusal(t, err, 404, "notFound", "Requested entity was not found.")
}

func TestTheLogTellsWhoChangedWhat(t *testing.T) {
	w := start(t, []any{"h"}, []any{"a"})
	var lines []string
	w.server.OnChange(func(c sheets.Change) { lines = append(lines, c.String()) })
	must(t, w.write(t, "K2", "通知済み"))
	must(t, w.write(t, "K2", "通知済み"))
	must(t, w.tab.SetCell("K2", "延長申請済み"))
	must(t, w.tab.SortBy("A", 1, true))
	must(t, w.tab.RenameTab("form"))
	want := []string{
		`api key_request_form!K2 write: "" → "通知済み"`,
		`api key_request_form!K2 write`,
		`person key_request_form!K2 set: "通知済み" → "延長申請済み"`,
		`person key_request_form!2:2 sort by A`,
		`person form! rename tab: "key_request_form" → "form"`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	first := w.sheet.Changes()[0]
	if !first.Time.Equal(w.clock.Now()) || first.SpreadsheetID != id || first.By != sheets.API {
		t.Errorf("first change %+v", first)
	}
	if got := w.server.Stats(); got != (sheets.Stats{Writes: 2, CellsWritten: 2}) {
		t.Errorf("stats %+v, want two writes of one cell", got)
	}
}

func TestCallsAreLoggedWithTheirRangesAndStatus(t *testing.T) {
	w := start(t, []any{"a"})
	_, _ = w.Values.BatchGet(id).Ranges("A:L", "users!A:E").Do()
	_, err := w.batch("RAW", values("K2", []any{"x"}), values("K3", []any{"y"}))
	must(t, err)
	now := w.clock.Now()
	want := []sheets.Call{
		{Seq: 1, Time: now, Op: sheets.Read, Method: "values.batchGet", SpreadsheetID: id, Ranges: []string{"A:L", "users!A:E"}, Status: 400},
		{Seq: 2, Time: now, Op: sheets.Write, Method: "values.batchUpdate", SpreadsheetID: id, Ranges: []string{"K2", "K3"}, Status: 200},
	}
	if diff := cmp.Diff(want, w.server.Calls()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
