package message

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"text/template"
)

//go:embed ja/*.tmpl en/*.tmpl
var files embed.FS

// texts are the templates of one language. A template's name is "<kind>/<audience>/<part>" for a key's messages,
// "<kind>/<part>" for a sheet's, and "<group>/<word>" for words that several use.
type texts struct{ set *template.Template }

// languages that messages are written in; the files are part of the program, so a broken one fails every test.
var languages = map[string]texts{
	"ja": mustParse(files, "ja/*.tmpl"),
	"en": mustParse(files, "en/*.tmpl"),
}

func mustParse(from fs.FS, pattern string) texts {
	return texts{template.Must(template.New("").Option("missingkey=error").ParseFS(from, pattern))}
}

func (t texts) has(name string) bool { return t.set.Lookup(name) != nil }

// say executes a template; an absent one says nothing. Blank lines at both ends go.
func (t texts) say(name string, data any) (string, error) {
	if !t.has(name) {
		return "", nil
	}
	var out strings.Builder
	if err := t.set.ExecuteTemplate(&out, name, data); err != nil {
		return "", fmt.Errorf("message: template %s: %w", name, err)
	}
	return strings.TrimSpace(out.String()), nil
}

// known translates a constant of the group, such as a reason; "" where there are no words for it.
func (t texts) known(group, constant string) string {
	s, err := t.say(group+"/"+constant, nil)
	if err != nil {
		return ""
	}
	return s
}

// word is known, but an unknown constant stands for itself.
func (t texts) word(group, constant string) string {
	if s := t.known(group, constant); s != "" {
		return s
	}
	return clean(constant, maxName)
}
