package sheets_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	sheetsapi "google.golang.org/api/sheets/v4"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/test/emulator/sheets"
)

const (
	id  = "1duJexample"
	tab = "key_request_form"
)

// world is a server with one spreadsheet, reached by the official client.
type world struct {
	server *sheets.Server
	sheet  *sheets.Spreadsheet
	tab    *sheets.Tab
	clock  *clocktesting.FakePassiveClock
	url    string
	*sheetsapi.SpreadsheetsService
}

// start serves a tab of the given rows.
func start(t *testing.T, rows ...[]any) *world {
	t.Helper()
	w := &world{clock: clocktesting.NewFakePassiveClock(time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC))}
	w.server = sheets.NewServer(w.clock)
	w.sheet = w.server.Add(id, sheets.NewSpreadsheet("鍵の申請"))
	w.tab = w.sheet.AddTab(tab)
	must(t, w.tab.PasteBlock("A1", rows))
	w.sheet.ForgetChanges()
	ts := httptest.NewServer(w.server)
	t.Cleanup(ts.Close)
	w.url = ts.URL
	service, err := sheetsapi.NewService(t.Context(), option.WithEndpoint(ts.URL+"/"), option.WithoutAuthentication())
	must(t, err)
	w.SpreadsheetsService = service.Spreadsheets
	return w
}

func (w *world) read(t *testing.T, r string) *sheetsapi.ValueRange {
	t.Helper()
	values, err := w.Values.Get(id, r).Context(t.Context()).Do()
	must(t, err)
	return values
}

// write puts one value into one range, RAW.
func (w *world) write(t *testing.T, r string, value any) error {
	t.Helper()
	_, err := w.Values.Update(id, r, &sheetsapi.ValueRange{Values: [][]any{{value}}}).
		ValueInputOption("RAW").Context(t.Context()).Do()
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// expectDone is must for hooks, which run in the server's goroutines.
func expectDone(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// expectRefusal checks an API error's code, reason and message.
func expectRefusal(t *testing.T, err error, code int, reason, message string) {
	t.Helper()
	var refused *googleapi.Error
	if !errors.As(err, &refused) {
		t.Fatalf("error %v (%T), want a *googleapi.Error", err, err)
	}
	got := ""
	if len(refused.Errors) > 0 {
		got = refused.Errors[0].Reason
	}
	if refused.Code != code || got != reason || refused.Message != message {
		t.Errorf("refused with %d %q %q,\nwant %d %q %q", refused.Code, got, refused.Message, code, reason, message)
	}
}

// get fetches a path without the client, which cannot send what is not allowed.
func (w *world) get(t *testing.T, path string) *http.Response {
	t.Helper()
	r, err := http.Get(w.url + path)
	must(t, err)
	t.Cleanup(func() { _ = r.Body.Close() })
	return r
}
