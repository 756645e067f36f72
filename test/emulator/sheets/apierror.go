package sheets

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strings"
)

// Response is an answer given as it is, by a [Fault] or for a refused request.
type Response struct {
	Status int
	// Header is added to the answer, such as Retry-After.
	Header http.Header
	// Body is JSON for what the API answers and HTML for what never reached it.
	Body string
}

// apiError is the body of a Google API error: the fields of google.rpc.Status
// and the older "errors" list, which the Go client shows as the reason.
type apiError struct {
	Code    int         `json:"code"`
	Message string      `json:"message"`
	Errors  []errorItem `json:"errors,omitempty"`
	Status  string      `json:"status,omitempty"`
	Details []any       `json:"details,omitempty"`
}

type errorItem struct {
	Message string `json:"message"`
	Domain  string `json:"domain"`
	Reason  string `json:"reason"`
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.Code, e.Status, e.Message) }

func (e *apiError) response() Response {
	body, err := json.MarshalIndent(map[string]*apiError{"error": e}, "", "  ")
	if err != nil {
		panic(err) // texts and maps of texts only
	}
	return Response{Status: e.Code, Body: string(body) + "\n"}
}

// newError builds the usual error: reason is that of the errors list.
func newError(code int, status, reason, message string) *apiError {
	return &apiError{Code: code, Message: message, Status: status,
		Errors: []errorItem{{Message: message, Domain: "global", Reason: reason}}}
}

func invalidArgument(format string, args ...any) *apiError {
	return newError(http.StatusBadRequest, "INVALID_ARGUMENT", "badRequest", fmt.Sprintf(format, args...))
}

func notFound() *apiError {
	return newError(http.StatusNotFound, "NOT_FOUND", "notFound", "Requested entity was not found.")
}

func permissionDenied() *apiError {
	return newError(http.StatusForbidden, "PERMISSION_DENIED", "forbidden", "The caller does not have permission")
}

// unimplemented answers for what the service has and the emulator has not: a
// test must not go on as if it had worked.
func unimplemented(what string) *apiError {
	return newError(http.StatusNotImplemented, "UNIMPLEMENTED", "notImplemented",
		"the emulator does not have "+what+": add it to test/emulator/sheets if it is needed")
}

// Unavailable is the service's 503, for a [Fault].
func Unavailable() Response {
	return newError(http.StatusServiceUnavailable, "UNAVAILABLE", "backendError", "The service is currently unavailable.").response()
}

// InternalError is the service's 500, for a [Fault].
func InternalError() Response {
	return newError(http.StatusInternalServerError, "INTERNAL", "backendError", "Internal error encountered.").response()
}

// BadGateway is the 502 of a front end: a page for people, no JSON.
func BadGateway() Response {
	return Response{Status: http.StatusBadGateway, Header: http.Header{"Content-Type": {"text/html; charset=UTF-8"}},
		Body: "<!DOCTYPE html>\n<html lang=en>\n  <title>Error 502 (Server Error)!!1</title>\n  <p><b>502.</b> <ins>That’s an error.</ins>\n"}
}

// Forbidden is the 403 of a spreadsheet that is not shared, for a [Fault].
func Forbidden() Response { return permissionDenied().response() }

// TooManyRequests is the service's 429 for reads or writes.
func TooManyRequests(op Op) Response {
	word := "Read"
	if op == Write {
		word = "Write"
	}
	message := fmt.Sprintf("Quota exceeded for quota metric '%s requests' and limit '%s requests per minute per user' "+
		"of service 'sheets.googleapis.com' for consumer 'project_number:123456789012'.", word, word)
	e := newError(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "rateLimitExceeded", message)
	e.Details = []any{map[string]any{
		"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED", "domain": "googleapis.com",
		"metadata": map[string]string{
			"consumer": "projects/123456789012", "service": "sheets.googleapis.com",
			"quota_limit":  word + "RequestsPerMinutePerUser",
			"quota_metric": "sheets.googleapis.com/" + strings.ToLower(word) + "_requests",
		},
	}}
	return e.response()
}

// UserRateLimitExceeded is the other shape of a rate limit: a 403 that is not
// terminal, without a status.
func UserRateLimitExceeded() Response {
	e := &apiError{Code: http.StatusForbidden, Message: "User Rate Limit Exceeded",
		Errors: []errorItem{{Message: "User Rate Limit Exceeded", Domain: "usageLimits", Reason: "userRateLimitExceeded"}}}
	return e.response()
}

// notAPI is what the front end answers for an address that is no API's.
func notAPI(path string) Response {
	return Response{Status: http.StatusNotFound, Header: http.Header{"Content-Type": {"text/html; charset=UTF-8"}},
		Body: fmt.Sprintf("<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n"+
			"  <p>The requested URL <code>%s</code> was not found on this server.\n", html.EscapeString(path))}
}
