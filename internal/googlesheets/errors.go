package googlesheets

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"github.com/keylease/keylease/internal/failure"
)

// Codes of errors for which the service has no code of their own, and that no other room asks for: see also internal/failure.
const (
	// CodeProtected: the cells are protected against this account (failure.Denied).
	CodeProtected = "PROTECTED_CELL"
	// CodeAPIDisabled: the Google Sheets API is off in the credential's project (failure.Denied).
	CodeAPIDisabled = "SERVICE_DISABLED"
)

// call is what errors of one request speak of.
type call struct {
	operation     string
	spreadsheetID string
	account       string
	ranges        []string
}

func (c *call) fail(class failure.Class, code, format string, args ...any) *failure.Error {
	return &failure.Error{
		Class: class, Service: service, Operation: c.operation, Code: code, Message: fmt.Sprintf(format, args...),
	}
}

// unsure is the class of a failure after which the request may have been carried out: for a read that is harmless.
func (c *call) unsure() failure.Class {
	if c.operation == opWrite {
		return failure.Uncertain
	}
	return failure.Retry
}

// failed classifies an error of the client library. Its text is not passed on: it changes from call to call (ports,
// request details), and a status that changes by itself starts the reconcile that writes it.
func (c *call) failed(err error) *failure.Error {
	var token *tokenError
	if errors.As(err, &token) {
		return c.tokenFailed(token)
	}
	var answer *googleapi.Error
	if errors.As(err, &answer) {
		f := c.refused(answer)
		if f.Class == failure.Retry || f.Class == failure.Uncertain {
			f.RetryAfter = retryAfter(answer.Header)
		}
		return f
	}
	return c.lost(err)
}

// tokenFailed: no request was sent yet. RFC 6749 section 5.2 gives the codes.
func (c *call) tokenFailed(err *tokenError) *failure.Error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) || answer.Response == nil {
		return c.fail(failure.Retry, "TOKEN_UNAVAILABLE", "no access token could be fetched from Google")
	}
	status := answer.Response.StatusCode
	if status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout {
		f := c.fail(failure.Retry, "TOKEN_UNAVAILABLE", "Google's token service answered %d", status)
		f.RetryAfter = retryAfter(answer.Response.Header)
		return f
	}
	var body struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(answer.Body, &body) // another body has no code
	code := cmp.Or(answer.ErrorCode, body.Error, strconv.Itoa(status))
	if !errorCode.MatchString(code) {
		code = strconv.Itoa(status)
	}
	return c.fail(failure.Credentials, code,
		"Google gives no access token to %s: check that the key is not deleted or disabled and the clock is right, or make a new key", c.who())
}

// errorCode is the form of an OAuth error code; anything else is not repeated.
var errorCode = regexp.MustCompile(`^[A-Za-z0-9_]{1,50}$`)

// refused classifies an answer of the service (google.rpc.Code, and the older reasons of the errors list).
func (c *call) refused(e *googleapi.Error) *failure.Error {
	code := cmp.Or(statusOf(e), reasonOf(e), strconv.Itoa(e.Code))
	switch {
	case e.Code == http.StatusTooManyRequests || (e.Code == http.StatusForbidden && rateLimited(e)):
		return c.fail(failure.Retry, failure.CodeQuota, "the quota of the Google Sheets API is used up for now")
	case e.Code == http.StatusBadRequest:
		return c.badRequest(e, code)
	case e.Code == http.StatusUnauthorized:
		return c.fail(failure.Credentials, code, "Google does not accept the access token of %s: check the credential", c.who())
	case e.Code == http.StatusForbidden:
		return c.forbidden(e, code)
	case e.Code == http.StatusNotFound:
		return c.fail(failure.NotFound, code, "spreadsheet %q was not found: check spec.spreadsheetID, and share the sheet with %s as editor",
			c.spreadsheetID, c.who())
	case e.Code == http.StatusNotImplemented:
		return c.fail(failure.Terminal, code, "the server does not have this operation: %s", clean(e.Message))
	case e.Code >= 500 || e.Code == http.StatusRequestTimeout || e.Code == http.StatusConflict:
		return c.fail(c.unsure(), code, "Google Sheets answered %d", e.Code)
	}
	return c.fail(failure.Terminal, code, "Google Sheets answered %d: %s", e.Code, clean(e.Message))
}

// badRequest tells by the text: the service has one code for all of these.
func (c *call) badRequest(e *googleapi.Error, code string) *failure.Error {
	switch {
	case strings.Contains(e.Message, "Unable to parse range"):
		return c.fail(failure.NotFound, failure.CodeTabMissing, "spreadsheet %q has no tab %s: correct the tab in the spec, or name the tab so",
			c.spreadsheetID, c.tabIn(e.Message))
	case strings.Contains(e.Message, "exceeds grid limits"):
		return c.fail(failure.Terminal, failure.CodeGridLimits, "spreadsheet %q: the tab ends before the cells asked for: %s",
			c.spreadsheetID, clean(e.Message))
	case strings.Contains(e.Message, "protected cell"):
		return c.fail(failure.Denied, CodeProtected, "spreadsheet %q: the cells to write are protected: let %s edit the status and the end date column",
			c.spreadsheetID, c.who())
	}
	return c.fail(failure.Terminal, code, "Google Sheets refuses the request: %s", clean(e.Message))
}

func (c *call) forbidden(e *googleapi.Error, code string) *failure.Error {
	if reasonOf(e) == "accessNotConfigured" || strings.Contains(e.Body, "SERVICE_DISABLED") {
		return c.fail(failure.Denied, CodeAPIDisabled, "the Google Sheets API is not enabled in the project of %s: enable it there", c.who())
	}
	what := "read"
	if c.operation == opWrite {
		what = "write"
	}
	return c.fail(failure.Denied, code, "may not %s spreadsheet %q: share the sheet with %s as editor", what, c.spreadsheetID, c.who())
}

func (c *call) who() string { return cmp.Or(c.account, "the operator's Google account") }

// tabIn finds the tab that a message "Unable to parse range: 'x'!A:L" speaks of; all that were asked for if it names none.
func (c *call) tabIn(message string) string {
	_, named, _ := strings.Cut(message, "Unable to parse range: ")
	var tabs []string
	for _, r := range c.ranges {
		tab := tabOf(r)
		if named != "" && (named == r || tabOf(named) == tab) {
			return strconv.Quote(tab)
		}
		if quoted := strconv.Quote(tab); !slices.Contains(tabs, quoted) {
			tabs = append(tabs, quoted)
		}
	}
	return strings.Join(tabs, " or ")
}

// tabOf gives the tab of a range in A1 notation.
func tabOf(r string) string {
	tab := r
	if i := strings.LastIndex(r, "!"); i >= 0 {
		tab = r[:i]
	}
	if len(tab) >= 2 && tab[0] == '\'' && tab[len(tab)-1] == '\'' {
		tab = strings.ReplaceAll(tab[1:len(tab)-1], "''", "'")
	}
	return tab
}

// rateLimited: a 403 is not always a refusal (Sheets API, usage limits).
func rateLimited(e *googleapi.Error) bool {
	for _, item := range e.Errors {
		switch item.Reason {
		case "userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "dailyLimitExceeded":
			return true
		}
	}
	return statusOf(e) == failure.CodeQuota
}

func reasonOf(e *googleapi.Error) string {
	if len(e.Errors) == 0 {
		return ""
	}
	return e.Errors[0].Reason
}

// statusOf gives error.status, which the library does not keep.
func statusOf(e *googleapi.Error) string {
	var body struct {
		Error struct {
			Status string `json:"status"`
		} `json:"error"`
	}
	_ = json.Unmarshal([]byte(e.Body), &body) // a front end answers in HTML
	return body.Error.Status
}

// clean is a message of the service in one line, cut.
func clean(message string) string {
	message = strings.Join(strings.Fields(message), " ")
	if runes := []rune(message); len(runes) > 300 {
		message = string(runes[:299]) + "…"
	}
	return cmp.Or(message, "no reason was given")
}

// retryAfter reads the header (RFC 9110 section 10.2.3): seconds, or a date, which counts from the answer's own.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	sent, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(until.Sub(sent), 0)
}
