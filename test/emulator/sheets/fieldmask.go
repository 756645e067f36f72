package sheets

import (
	"encoding/json"
	"reflect"
	"strings"
)

// fieldMask is the partial response asked for by "fields": what to keep of an
// object by name. A nil mask keeps everything.
type fieldMask map[string]fieldMask

// parseFields reads a mask such as
// "spreadsheetId,sheets(properties.title,properties/sheetId)" and checks that
// the answer has those fields, before anything is done.
func parseFields(s string, answer reflect.Type) (fieldMask, error) {
	if s == "" {
		return nil, nil
	}
	p := maskParser{rest: s}
	mask := p.list()
	if p.failed || p.rest != "" {
		return nil, invalidArgument("Request contains an invalid argument. (fields: cannot read %q)", s)
	}
	if path := mask.unknown(answer); path != "" {
		return nil, invalidArgument("Request contains an invalid argument. Error expanding 'fields' parameter. Cannot find matching fields for path '%s'.", path)
	}
	return mask, nil
}

type maskParser struct {
	rest   string
	failed bool
}

// list reads paths up to the end or a closing parenthesis.
func (p *maskParser) list() fieldMask {
	mask := fieldMask{}
	for !p.failed {
		p.path(mask)
		if !p.accept(",") {
			break
		}
	}
	return mask
}

// path reads one path into a mask: a name, then deeper names or a list.
func (p *maskParser) path(into fieldMask) {
	end := strings.IndexAny(p.rest, ",./()")
	if end < 0 {
		end = len(p.rest)
	}
	name := p.rest[:end]
	p.rest = p.rest[end:]
	if name == "" {
		p.failed = true
		return
	}
	existing, was := into[name]
	if was && existing == nil {
		existing = fieldMask{"*": nil} // all of it was asked for already
	} else if !was {
		existing = fieldMask{}
	}
	switch {
	case p.accept(".") || p.accept("/"):
		p.path(existing)
		into[name] = existing
	case p.accept("("):
		for sub, deeper := range p.list() {
			existing[sub] = deeper
		}
		into[name] = existing
		p.failed = p.failed || !p.accept(")")
	default:
		into[name] = nil
	}
}

func (p *maskParser) accept(s string) (ok bool) {
	p.rest, ok = strings.CutPrefix(p.rest, s)
	return ok
}

// unknown returns the first path that the type has not.
func (m fieldMask) unknown(t reflect.Type) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	for name, deeper := range m {
		if name == "*" {
			continue
		}
		field, ok := jsonField(t, name)
		if !ok {
			return name
		}
		if path := deeper.unknown(field); path != "" {
			return name + "." + path
		}
	}
	return ""
}

func jsonField(t reflect.Type, name string) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	for i := range t.NumField() {
		if tag, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); tag == name {
			return t.Field(i).Type, true
		}
	}
	return nil, false
}

// render writes an answer as JSON, reduced to the mask.
func (m fieldMask) render(answer any) ([]byte, error) {
	body, err := json.Marshal(answer)
	if err != nil || m == nil {
		return body, err
	}
	var tree any
	if err := json.Unmarshal(body, &tree); err != nil {
		return nil, err
	}
	return json.Marshal(m.prune(tree))
}

func (m fieldMask) prune(tree any) any {
	if m == nil {
		return tree
	}
	if _, all := m["*"]; all {
		return tree
	}
	switch x := tree.(type) {
	case []any:
		for i := range x {
			x[i] = m.prune(x[i])
		}
	case map[string]any:
		for name, value := range x {
			if deeper, kept := m[name]; kept {
				x[name] = deeper.prune(value)
			} else {
				delete(x, name)
			}
		}
	}
	return tree
}
