package googlesheets

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/option"
	"google.golang.org/api/sheets/v4"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/sheet"
)

// service is failure.Error.Service of every error of this package.
const service = "sheets"

// The operations, as the API names them.
const (
	opCredentials = "credentials"
	opRead        = "values.batchGet"
	opWrite       = "values.batchUpdate"
)

// timeout of one request. The service itself gives up after 180 seconds; a sync cannot wait that long.
const timeout = 30 * time.Second

// Options of a Client.
type Options struct {
	// CredentialsJSON of a service account. Nil: Application Default Credentials.
	CredentialsJSON []byte
	// EmulatorHost, host:port, is talked to in plain HTTP without credentials (SHEETS_EMULATOR_HOST). Credentials that are
	// given are still looked at, so that a sheet which would be refused outside the laboratory is refused in it.
	EmulatorHost string
	// UserAgent of the requests.
	UserAgent string
	// Transport of the requests, those for tokens too. Nil: http.DefaultTransport.
	Transport http.RoundTripper
}

// Client of Google Sheets. It may be used by several goroutines, and should be kept: it holds the access token.
type Client struct {
	values *sheets.SpreadsheetsValuesService
	// account is the service account's e-mail address, empty where it is not known.
	account string
}

// New returns a client. It makes no request to Google Sheets; without CredentialsJSON and EmulatorHost it looks for
// Application Default Credentials, which may ask the metadata server. Errors are of class failure.Credentials and quote
// nothing of a secret.
func New(ctx context.Context, o Options) (*Client, error) {
	base := cmp.Or(o.Transport, http.DefaultTransport)
	var key *serviceAccount
	var err error
	if o.CredentialsJSON != nil {
		if key, err = parseServiceAccount(o.CredentialsJSON); err != nil {
			return nil, err
		}
	}
	var account string
	var opts []option.ClientOption
	switch {
	case o.EmulatorHost != "":
		opts = append(opts, option.WithEndpoint("http://"+strings.Trim(strings.TrimPrefix(o.EmulatorHost, "http://"), "/")+"/"))
	case key != nil:
		source, err := key.tokenSource(base)
		if err != nil {
			return nil, err
		}
		account = key.ClientEmail
		base = &oauth2.Transport{Source: source, Base: base}
	default:
		source, email, project, err := defaultCredentials(ctx, base)
		if err != nil {
			return nil, err
		}
		account = email
		base = &oauth2.Transport{Source: source, Base: &quotaProject{project: project, base: base}}
	}
	// An HTTP client of our own: the library's would ask for the Drive scope too, and follow redirects with the token.
	api, err := sheets.NewService(ctx, append(opts, option.WithHTTPClient(&http.Client{Transport: base, CheckRedirect: noRedirect}))...)
	if err != nil {
		return nil, credentialsError("cannot make a client of Google Sheets: %v", err)
	}
	api.UserAgent = o.UserAgent
	return &Client{values: api.Spreadsheets.Values, account: account}, nil
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// quotaProject names the project that pays, which the service wants to know with credentials of a person.
type quotaProject struct {
	project string
	base    http.RoundTripper
}

func (q *quotaProject) RoundTrip(r *http.Request) (*http.Response, error) {
	if q.project != "" {
		r = r.Clone(r.Context())
		r.Header.Set("X-Goog-User-Project", q.project)
	}
	return q.base.RoundTrip(r)
}

// Read gives the values of the ranges, in their order, in one request: for each range its rows, ragged, of string,
// float64 (dates too: days since 1899-12-30), bool. Errors are *failure.Error.
func (c *Client) Read(ctx context.Context, spreadsheetID string, ranges []string) ([][][]any, error) {
	if len(ranges) == 0 {
		return nil, nil
	}
	call := &call{operation: opRead, spreadsheetID: spreadsheetID, account: c.account, ranges: ranges}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answer, err := c.values.BatchGet(spreadsheetID).Ranges(ranges...).MajorDimension("ROWS").
		ValueRenderOption("UNFORMATTED_VALUE").DateTimeRenderOption("SERIAL_NUMBER").Context(ctx).Do()
	if err != nil {
		return nil, call.failed(err)
	}
	if len(answer.ValueRanges) != len(ranges) {
		return nil, call.fail(failure.Retry, "INCOMPLETE_ANSWER", "Google Sheets answered with %d of %d ranges",
			len(answer.ValueRanges), len(ranges))
	}
	values := make([][][]any, len(ranges))
	for i := range ranges {
		r := answer.ValueRanges[i]
		if r == nil {
			return nil, call.fail(failure.Retry, "INCOMPLETE_ANSWER", "Google Sheets answered with nothing for %s", ranges[i])
		}
		values[i] = r.Values
	}
	return values, nil
}

// Write writes the cells, all or none, in one request. Errors are *failure.Error; one of class failure.Uncertain means
// that the cells may have been written.
func (c *Client) Write(ctx context.Context, spreadsheetID string, cells []sheet.CellWrite) error {
	if len(cells) == 0 {
		return nil
	}
	call := &call{operation: opWrite, spreadsheetID: spreadsheetID, account: c.account}
	request := &sheets.BatchUpdateValuesRequest{ValueInputOption: "RAW"}
	for _, cell := range cells {
		value := cell.Value
		switch value.(type) {
		case nil:
			value = "" // null would leave the cell as it is
		case string, float64, int, bool:
		default:
			return call.fail(failure.Terminal, "INVALID_VALUE", "a cell cannot hold %s", fmt.Sprintf("a %T", value))
		}
		call.ranges = append(call.ranges, cell.Range)
		request.Data = append(request.Data, &sheets.ValueRange{Range: cell.Range, MajorDimension: "ROWS", Values: [][]any{{value}}})
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if _, err := c.values.BatchUpdate(spreadsheetID, request).Context(ctx).Do(); err != nil {
		return call.failed(err)
	}
	return nil
}
