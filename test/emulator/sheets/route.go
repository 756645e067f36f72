package sheets

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"

	sheetsapi "google.golang.org/api/sheets/v4"
)

// request is one call after routing: what to do and for whom.
type request struct {
	endpoint
	id     string
	ranges []string
	// user tells callers apart for the quota.
	user   string
	query  url.Values
	body   []byte
	fields fieldMask
	// invalid refuses the call, if it is set, after the quota was spent.
	invalid error
	// run does the work under the spreadsheet's lock. It changes nothing if it
	// returns an error.
	run func(*Spreadsheet) (any, error)
	// cells is how many cells run has written.
	cells int
}

// endpoint is a method of the API.
type endpoint struct {
	method string
	op     Op
	// params are the query parameters it has, apart from the standard ones.
	params map[string]parameter
	// result is the type of its answer, against which field masks are checked.
	result reflect.Type
	// prepare reads query and body and sets run.
	prepare func(*request) error
}

var (
	getSpreadsheet = endpoint{method: "get", op: Read,
		params: map[string]parameter{"ranges": repeated, "includeGridData": boolean, "excludeTablesInBandedRanges": boolean},
		result: reflect.TypeFor[sheetsapi.Spreadsheet](), prepare: prepareGet}
	getValues = endpoint{method: "values.get", op: Read,
		params: map[string]parameter{"majorDimension": majorDimension, "valueRenderOption": valueRender, "dateTimeRenderOption": dateTimeRender},
		result: reflect.TypeFor[sheetsapi.ValueRange](), prepare: prepareValuesGet}
	batchGet = endpoint{method: "values.batchGet", op: Read,
		params: map[string]parameter{"ranges": repeated, "majorDimension": majorDimension, "valueRenderOption": valueRender, "dateTimeRenderOption": dateTimeRender},
		result: reflect.TypeFor[sheetsapi.BatchGetValuesResponse](), prepare: prepareBatchGet}
	putValues = endpoint{method: "values.update", op: Write,
		params: map[string]parameter{"valueInputOption": valueInput, "includeValuesInResponse": boolean,
			"responseValueRenderOption": valueRender, "responseDateTimeRenderOption": dateTimeRender},
		result: reflect.TypeFor[sheetsapi.UpdateValuesResponse](), prepare: prepareUpdate}
	batchUpdate = endpoint{method: "values.batchUpdate", op: Write,
		result: reflect.TypeFor[sheetsapi.BatchUpdateValuesResponse](), prepare: prepareBatchUpdate}
)

// absent is a method that the service has and this package has not.
func absent(method string, op Op) endpoint {
	return endpoint{method: method, op: op, prepare: func(*request) error { return unimplemented(method) }}
}

// route finds the method of a request. It returns a nil request and the answer
// for an address that is none of the API's.
func route(r *http.Request, body []byte) (*request, *Response) {
	stranger := notAPI(r.URL.Path)
	// Split before unescaping: a tab's title may hold a slash.
	path, found := strings.CutPrefix(r.URL.EscapedPath(), "/v4/spreadsheets/")
	if !found {
		return nil, &stranger
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		var err error
		if segments[i], err = url.PathUnescape(s); err != nil || segments[i] == "" {
			return nil, &stranger
		}
	}
	e, ok := match(r.Method, segments)
	if !ok {
		return nil, &stranger
	}
	id, _, _ := strings.Cut(segments[0], ":")
	req := &request{endpoint: e, id: id, body: body, user: r.Header.Get("Authorization") + r.URL.Query().Get("quotaUser")}
	if e.method == getValues.method || e.method == putValues.method {
		req.ranges = []string{segments[2]}
	}
	if e.result == nil {
		req.invalid = e.prepare(req)
	} else if req.query, req.invalid = parseQuery(r.URL.RawQuery, e.params); req.invalid == nil {
		if req.fields, req.invalid = parseFields(req.query.Get("fields"), e.result); req.invalid == nil {
			req.invalid = e.prepare(req)
		}
	}
	return req, nil
}

// match finds the method by verb and path below /v4/spreadsheets/.
func match(verb string, segments []string) (endpoint, bool) {
	_, custom, hasCustom := strings.Cut(segments[0], ":")
	switch {
	case len(segments) == 1 && verb == http.MethodGet && !hasCustom:
		return getSpreadsheet, true
	case len(segments) == 1 && verb == http.MethodPost && custom == "batchUpdate":
		return absent("batchUpdate", Write), true
	case len(segments) == 1 && verb == http.MethodPost && custom == "getByDataFilter":
		return absent("getByDataFilter", Read), true
	case len(segments) == 2 && verb == http.MethodGet && segments[1] == "values:batchGet":
		return batchGet, true
	case len(segments) == 2 && verb == http.MethodPost && segments[1] == "values:batchUpdate":
		return batchUpdate, true
	case len(segments) == 2 && verb == http.MethodPost && segments[1] == "values:batchGetByDataFilter":
		return absent("values.batchGetByDataFilter", Read), true
	case len(segments) == 2 && verb == http.MethodPost && strings.HasPrefix(segments[1], "values:"):
		return absent("values."+strings.TrimPrefix(segments[1], "values:"), Write), true
	case len(segments) == 3 && segments[1] == "values" && verb == http.MethodGet:
		return getValues, true
	case len(segments) == 3 && segments[1] == "values" && verb == http.MethodPut:
		return putValues, true
	case len(segments) == 3 && segments[1] == "values" && verb == http.MethodPost:
		return absent("values.append and values.clear", Write), true
	case len(segments) == 3 && (segments[1] == "developerMetadata" || segments[1] == "sheets"):
		return absent(segments[1], Write), true
	}
	return endpoint{}, false
}
