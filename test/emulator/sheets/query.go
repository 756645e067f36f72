package sheets

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"slices"
)

// parameter is what a query parameter may hold.
type parameter struct {
	// typeURL is the type's name in the service's complaint.
	typeURL string
	// values are the accepted ones; nil accepts any text.
	values []string
	many   bool
}

const enumPrefix = "type.googleapis.com/google.apps.sheets.v4."

var (
	repeated       = parameter{many: true}
	text           = parameter{}
	boolean        = parameter{typeURL: "TYPE_BOOL", values: []string{"true", "false"}}
	majorDimension = parameter{typeURL: enumPrefix + "Dimension", values: []string{"DIMENSION_UNSPECIFIED", "ROWS", "COLUMNS"}}
	valueRender    = parameter{typeURL: enumPrefix + "ValueRenderOption", values: []string{"FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA"}}
	dateTimeRender = parameter{typeURL: enumPrefix + "DateTimeRenderOption", values: []string{"SERIAL_NUMBER", "FORMATTED_STRING"}}
	valueInput     = parameter{typeURL: enumPrefix + "ValueInputOption", values: []string{"INPUT_VALUE_OPTION_UNSPECIFIED", "RAW", "USER_ENTERED"}}
)

// standardParams are the query parameters that every Google API has. "alt"
// knows other values there, but no client of ours asks for them.
var standardParams = map[string]parameter{
	"alt": {typeURL: "Alt", values: []string{"json"}}, "prettyPrint": boolean,
	"fields": text, "key": text, "quotaUser": text, "access_token": text, "oauth_token": text,
	"$.xgafv": {typeURL: "Xgafv", values: []string{"1", "2"}},
}

// parseQuery accepts the parameters of a method and the standard ones, once
// each unless they may be repeated, with the values that they know.
func parseQuery(raw string, params map[string]parameter) (url.Values, error) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, invalidArgument("Invalid query: %v", err)
	}
	for name, values := range query {
		p, known := params[name]
		if !known {
			p, known = standardParams[name]
		}
		if !known {
			return nil, invalidArgument("Invalid JSON payload received. Unknown name %q: Cannot bind query parameter. Field '%s' could not be found in request message.", name, name)
		}
		if len(values) > 1 && !p.many {
			return nil, invalidArgument("Invalid value at '%s': the parameter is not repeated, but was given %d times", name, len(values))
		}
		if err := p.check(name, values[0]); err != nil {
			return nil, err
		}
	}
	return query, nil
}

// check refuses a value that the parameter, or the field of a body, does not
// know. It is not for empty values of bodies, which are absent fields.
func (p parameter) check(name, value string) error {
	if p.values == nil || slices.Contains(p.values, value) {
		return nil
	}
	return invalidArgument("Invalid value at '%s' (%s), %q", name, p.typeURL, value)
}

// decodeBody reads a JSON body and refuses fields that the message has not.
func decodeBody(body []byte, message any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil // an empty message, as for the service
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(message); err != nil {
		return invalidArgument("Invalid JSON payload received. %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return invalidArgument("Invalid JSON payload received. Expected end of input.")
	}
	return nil
}
