package googlesheets_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/googlesheets"
	"github.com/keylease/keylease/internal/sheet"
	"github.com/keylease/keylease/test/emulator/sheets"
)

// apiError is an answer of the service with that HTTP status, status and reason.
func apiError(code, status, reason, message string) string {
	return `{"error":{"code":` + code + `,"message":"` + message + `","status":"` + status +
		`","errors":[{"message":"` + message + `","domain":"global","reason":"` + reason + `"}]}}`
}

func header(name, value string) http.Header { return http.Header{name: {value}} }

func TestAnswersOfTheServiceAreClassified(t *testing.T) {
	const who = "the operator's Google account"
	for name, tc := range map[string]struct {
		answer      sheets.Response
		read, write failure.Class
		code        string
		message     string
		after       time.Duration
	}{
		"quota": {sheets.TooManyRequests(sheets.Read), failure.Retry, failure.Retry, "RESOURCE_EXHAUSTED",
			"the quota of the Google Sheets API is used up for now", 0},
		"quota with Retry-After": {
			sheets.Response{Status: 429, Header: header("Retry-After", "17"), Body: apiError("429", "RESOURCE_EXHAUSTED", "rateLimitExceeded", "Quota")},
			failure.Retry, failure.Retry, "RESOURCE_EXHAUSTED", "the quota of the Google Sheets API is used up for now", 17 * time.Second},
		"a rate limit as 403": {sheets.UserRateLimitExceeded(), failure.Retry, failure.Retry, failure.CodeQuota,
			"the quota of the Google Sheets API is used up for now", 0},
		"not shared": {sheets.Forbidden(), failure.Denied, failure.Denied, "PERMISSION_DENIED",
			`spreadsheet "1duJexample": share the sheet with ` + who + ` as editor`, 0},
		"the API is off": {
			sheets.Response{Status: 403, Body: apiError("403", "PERMISSION_DENIED", "accessNotConfigured", "disabled")},
			failure.Denied, failure.Denied, googlesheets.CodeAPIDisabled, "not enabled in the project of " + who, 0},
		"unavailable":       {sheets.Unavailable(), failure.Retry, failure.Uncertain, "UNAVAILABLE", "Google Sheets answered 503", 0},
		"an internal error": {sheets.InternalError(), failure.Retry, failure.Uncertain, "INTERNAL", "Google Sheets answered 500", 0},
		"a page for people": {sheets.BadGateway(), failure.Retry, failure.Uncertain, "502", "Google Sheets answered 502", 0},
		"a bad token": {
			sheets.Response{Status: 401, Body: apiError("401", "UNAUTHENTICATED", "authError", "ya29.secret is invalid")},
			failure.Credentials, failure.Credentials, "UNAUTHENTICATED", "Google does not accept the access token of " + who, 0},
		"a protected cell": {
			sheets.Response{Status: 400, Body: apiError("400", "INVALID_ARGUMENT", "badRequest",
				"You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove protection if you need to edit.")},
			failure.Denied, failure.Denied, googlesheets.CodeProtected, "the cells to write are protected", 0},
		"an Excel file": {
			sheets.Response{Status: 400, Body: apiError("400", "FAILED_PRECONDITION", "failedPrecondition", "This operation is not supported for this document")},
			failure.Terminal, failure.Terminal, "FAILED_PRECONDITION", "Google Sheets refuses the request: This operation is not supported for this document", 0},
		"a redirect": {sheets.Response{Status: 302, Header: header("Location", "https://evil.example/")},
			failure.Terminal, failure.Terminal, "302", "Google Sheets answered 302", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, []any{"氏名"}, []any{"鈴木"})
			w.server.FailNext(sheets.Read, tc.answer)
			_, err := w.read(t)
			expect(t, err, tc.read, tc.code, tc.message, tc.after)
			w.server.FailNext(sheets.Write, tc.answer)
			expect(t, w.write(t), tc.write, tc.code, tc.message, tc.after)
		})
	}
}

func expect(t *testing.T, err error, class failure.Class, code, message string, after time.Duration) {
	t.Helper()
	f := failure.Of(err)
	if f == nil {
		t.Fatalf("got %v, which is not classified", err)
	}
	if diff := cmp.Diff([]any{class, code, after, "sheets"}, []any{f.Class, f.Code, f.RetryAfter, f.Service}); diff != "" {
		t.Errorf("%s (-want +got):\n%s", f.Operation, diff)
	}
	if !strings.Contains(f.Message, message) {
		t.Errorf("message %q; want it to hold %q", f.Message, message)
	}
	for _, secret := range []string{"ya29.", "127.0.0.1", "evil.example"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q holds %q", err, secret)
		}
	}
}

func TestRetryAfterMayBeADate(t *testing.T) {
	w := start(t)
	w.server.FailNext(sheets.Read, sheets.Response{Status: 503, Header: http.Header{
		"Date": {"Tue, 01 Dec 2026 06:00:00 GMT"}, "Retry-After": {"Tue, 01 Dec 2026 06:01:30 GMT"}}})
	_, err := w.read(t)
	expect(t, err, failure.Retry, "503", "Google Sheets answered 503", 90*time.Second)
}

func TestAMissingSpreadsheetSaysWhatToCheck(t *testing.T) {
	w := start(t)
	w.server.Remove(id)
	_, err := w.read(t)
	expect(t, err, failure.NotFound, "NOT_FOUND",
		`spreadsheet "1duJexample" was not found: check spec.spreadsheetID, and share the sheet with the operator's Google account as editor`, 0)
}

func TestAMissingTabIsNamed(t *testing.T) {
	w := start(t)
	_, err := w.Read(t.Context(), id, []string{"'" + tab + "'!A:L", "'it''s users!'!A:E"})
	expect(t, err, failure.NotFound, failure.CodeTabMissing, `spreadsheet "1duJexample" has no tab "it's users!"`, 0)
	err = w.Write(t.Context(), id, []sheet.CellWrite{{Range: "'gone'!K2", Value: "x"}})
	expect(t, err, failure.NotFound, failure.CodeTabMissing, `has no tab "gone"`, 0)
}

func TestACellOutsideTheTabIsSaidToBe(t *testing.T) {
	w := start(t, []any{"x"})
	if err := w.tab.Resize(50, 5); err != nil {
		t.Fatal(err)
	}
	_, err := w.Read(t.Context(), id, []string{"'" + tab + "'!Z1"})
	expect(t, err, failure.Terminal, failure.CodeGridLimits, "exceeds grid limits. Max rows: 50, max columns: 5", 0)
	expect(t, w.write(t), failure.Terminal, failure.CodeGridLimits, "exceeds grid limits", 0)
}

func TestAReaderMayNotWrite(t *testing.T) {
	w := start(t, []any{"x"})
	w.sheet.Share(sheets.Reader)
	if _, err := w.read(t); err != nil {
		t.Errorf("read: %v", err)
	}
	expect(t, w.write(t), failure.Denied, "PERMISSION_DENIED", `may not write spreadsheet "1duJexample": share the sheet with`, 0)
}

func TestALostAnswerOfAWriteIsUncertain(t *testing.T) {
	w := start(t, []any{"x"})
	w.server.LoseNextAnswer(sheets.Write)
	expect(t, w.write(t), failure.Uncertain, "CONNECTION_LOST", "broke before the answer", 0)
	if got := w.tab.Cell("K2").Value; got != "通知済み" {
		t.Errorf("the cell holds %v; the write was to take effect", got)
	}
	if writes := w.server.Stats().Writes; writes != 1 {
		t.Errorf("%d writes; it must not be repeated", writes)
	}
}

func TestALostAnswerOfAReadIsRetried(t *testing.T) {
	w := start(t, []any{"x"})
	w.server.LoseNextAnswer(sheets.Read)
	_, err := w.read(t)
	expect(t, err, failure.Retry, "CONNECTION_LOST", "broke before the answer", 0)
}

func TestAServerThatIsNotThereWasNotWrittenTo(t *testing.T) {
	w := start(t, []any{"x"})
	w.http.Close()
	w.http.CloseClientConnections()
	_, err := w.read(t)
	expect(t, err, failure.Retry, "UNREACHABLE", "connection refused", 0)
	expect(t, w.write(t), failure.Retry, "UNREACHABLE", "connection refused", 0)
}

func TestAWriteThatIsBrokenOffIsUncertain(t *testing.T) {
	for name, tc := range map[string]struct {
		cause func(context.Context) (context.Context, context.CancelFunc)
		code  string
	}{
		"the operator stops": {context.WithCancel, "CANCELED"},
		"the deadline passes": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithDeadline(ctx, time.Unix(0, 0))
		}, "TIMEOUT"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, []any{"x"})
			arrived, release := w.server.StallNext(sheets.Write)
			defer release()
			ctx, cancel := tc.cause(t.Context())
			go func() {
				select {
				case <-arrived:
				case <-ctx.Done(): // its deadline has passed: nothing arrives
				}
				cancel()
			}()
			err := w.Write(ctx, id, []sheet.CellWrite{{Range: "'" + tab + "'!K2", Value: "x"}})
			expect(t, err, failure.Uncertain, tc.code, "", 0)
		})
	}
}

// raw answers every request with a body.
func raw(t *testing.T, body string) *googlesheets.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return connect(t, server)
}

func TestAnAnswerThatCannotBeReadIsNoAnswer(t *testing.T) {
	client := raw(t, `<html>proxy login</html>`)
	_, err := client.Read(t.Context(), id, []string{"a!A:B"})
	expect(t, err, failure.Retry, "BAD_ANSWER", "cannot be read", 0)
	err = client.Write(t.Context(), id, []sheet.CellWrite{{Range: "a!A1", Value: "x"}})
	expect(t, err, failure.Uncertain, "BAD_ANSWER", "cannot be read", 0)
}

func TestAnAnswerWithoutAllRangesIsNotTakenForAnEmptySheet(t *testing.T) {
	for _, body := range []string{`{}`, `{"valueRanges":[{"values":[["x"]]}]}`, `{"valueRanges":[null,null]}`} {
		_, err := raw(t, body).Read(t.Context(), id, []string{"'a'!A:B", "'b'!A:B"})
		expect(t, err, failure.Retry, "INCOMPLETE_ANSWER", "Google Sheets answered with", 0)
	}
}
