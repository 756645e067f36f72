package slack

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxBody is more than any message needs; Slack refuses huge bodies as well.
const maxBody = 1 << 20

// call is one decoded request.
type call struct {
	method   string
	token    string
	args     map[string]string
	warnings []string
}

// flag reads a boolean argument as Slack does: "1" and "true" are true.
func (c *call) flag(name string) bool {
	v := strings.ToLower(c.args[name])
	return v == "1" || v == "true"
}

// has says whether an argument was sent, be it empty.
func (c *call) has(name string) bool {
	_, ok := c.args[name]
	return ok
}

// decode reads a request. The body is read to its end always: only then does
// net/http notice that the client has gone away.
func decode(r *http.Request, method string) (*call, *answer) {
	c := &call{method: method, args: map[string]string{}}
	if scheme, value, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		c.token = strings.TrimSpace(value)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return c, fail("request_timeout")
	}
	if len(body) > maxBody {
		return c, fail("invalid_arguments", "the body is larger than 1 MiB")
	}
	for name, values := range r.URL.Query() {
		if name != "token" { // Slack does not take tokens from the URL.
			c.args[name] = values[0]
		}
	}
	if len(body) == 0 {
		return c, nil
	}
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Header.Get("Content-Type") == "":
		return c, fail("missing_post_type")
	case err != nil:
		return c, fail("invalid_post_type")
	}
	switch mediaType {
	case "application/x-www-form-urlencoded":
		return c, c.decodeForm(body, params)
	case "application/json":
		return c, c.decodeJSON(body, params)
	default: // multipart/form-data is not spoken here
		return c, fail("invalid_post_type")
	}
}

func (c *call) decodeForm(body []byte, params map[string]string) *answer {
	form, err := url.ParseQuery(string(body))
	if err != nil || !utf8.ValidString(strings.Join(slices.Concat(slices.Collect(maps.Values(form))...), "")) {
		return fail("invalid_form_data")
	}
	if params["charset"] != "" {
		c.warnings = append(c.warnings, "superfluous_charset")
	}
	for name, values := range form {
		c.args[name] = values[0]
	}
	if c.token == "" {
		c.token = c.args["token"]
	}
	delete(c.args, "token")
	return nil
}

// decodeJSON flattens a JSON object into arguments; arrays and objects (blocks,
// metadata) stay JSON. A token in a JSON body is not read: Slack wants it in
// the header there.
func (c *call) decodeJSON(body []byte, params map[string]string) *answer {
	var object map[string]json.RawMessage
	if !json.Valid(body) {
		return fail("invalid_json")
	}
	if err := json.Unmarshal(body, &object); err != nil || object == nil {
		return fail("json_not_object")
	}
	if params["charset"] == "" {
		c.warnings = append(c.warnings, "missing_charset")
	}
	for name, raw := range object {
		raw = bytes.TrimSpace(raw)
		var text string
		switch {
		case string(raw) == "null" || name == "token":
		case json.Unmarshal(raw, &text) == nil:
			c.args[name] = text
		default:
			c.args[name] = string(raw)
		}
	}
	return nil
}
