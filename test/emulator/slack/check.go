package slack

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// checker collects what is wrong with blocks, each problem with its JSON
// pointer, in the words that Slack uses.
type checker struct {
	problems []string
	ids      map[string]bool // block IDs and, with their block, action IDs seen
	length   int             // characters of all text objects
}

func (k *checker) report(path, format string, args ...any) {
	k.problems = append(k.problems, fmt.Sprintf(format, args...)+" [json-pointer:"+path+"]")
}

// object wants a JSON object that has no other properties than these; nil if
// it is none.
func (k *checker) object(path string, v any, allowed ...string) map[string]any {
	object, ok := v.(map[string]any)
	if !ok {
		k.report(path, "must provide an object")
		return nil
	}
	for name := range object {
		if !slices.Contains(allowed, name) {
			k.report(path, "invalid additional property: %s", name)
		}
	}
	return object
}

// list wants an array of 1 to most items.
func (k *checker) list(path string, v any, most int) []any {
	items, ok := v.([]any)
	switch {
	case !ok:
		k.report(path, "must provide an array")
	case len(items) == 0:
		k.report(path, "no fewer than 1 items allowed")
	case len(items) > most:
		k.report(path, "no more than %d items allowed", most)
	}
	return items
}

// word wants a string of 1 to most characters, or nothing if it is optional.
func (k *checker) word(object map[string]any, path, name string, most int, required bool) string {
	v, present := object[name]
	if !present {
		if required {
			k.report(path, "missing required field: %s", name)
		}
		return ""
	}
	text, ok := v.(string)
	switch {
	case !ok:
		k.report(path+"/"+name, "must provide a string")
	case strings.TrimSpace(text) == "":
		k.report(path+"/"+name, "must be more than 0 characters")
	case utf8.RuneCountInString(text) > most:
		k.report(path+"/"+name, "must be less than %d characters", most+1)
	}
	return text
}

// truth wants true or false, or nothing.
func (k *checker) truth(object map[string]any, path, name string) (value, present bool) {
	v, present := object[name]
	if !present {
		return false, false
	}
	value, ok := v.(bool)
	if !ok {
		k.report(path+"/"+name, "must provide a boolean")
	}
	return value, true
}

// text wants a text object of at most so many characters.
func (k *checker) text(path string, v any, most int, plainOnly bool) *Text {
	object := k.object(path, v, "type", "text", "emoji", "verbatim")
	if object == nil {
		return nil
	}
	t := &Text{Text: k.word(object, path, "text", most, true)}
	k.length += utf8.RuneCountInString(t.Text)
	t.Type, _ = object["type"].(string)
	emoji, hasEmoji := k.truth(object, path, "emoji")
	verbatim, hasVerbatim := k.truth(object, path, "verbatim")
	switch {
	case t.Type != "plain_text" && (t.Type != "mrkdwn" || plainOnly):
		k.report(path+"/type", "unsupported type: %q", t.Type)
	case t.Type == "plain_text" && hasVerbatim:
		k.report(path, "invalid additional property: verbatim")
	case t.Type == "mrkdwn" && hasEmoji:
		k.report(path, "invalid additional property: emoji")
	}
	t.NoEmoji, t.Verbatim = hasEmoji && !emoji, verbatim
	return t
}

// texts wants an array of text objects.
func (k *checker) texts(path string, v any, items, most int) []Text {
	var texts []Text
	for i, item := range k.list(path, v, items) {
		if t := k.text(fmt.Sprintf("%s/%d", path, i), item, most, false); t != nil {
			texts = append(texts, *t)
		}
	}
	return texts
}

// unique reports an ID that was seen before in the same scope.
func (k *checker) unique(path, scope, id string) {
	if id == "" {
		return
	}
	if k.ids[scope+id] {
		k.report(path, "%q is not unique", id)
	}
	k.ids[scope+id] = true
}
