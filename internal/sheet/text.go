package sheet

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	// maxText is what a cell of Google Sheets may hold, and what the CRD allows for a text.
	maxText = 50_000
	// maxShown is how much of a value a message or a problem shows.
	maxShown = 100
)

// isBlank tells whether r shows nothing: white space of any script, and the marks of zero width that come along when
// people paste from web pages.
func isBlank(r rune) bool {
	switch r {
	case '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff':
		return true
	}
	return unicode.IsSpace(r)
}

func trim(s string) string { return strings.TrimFunc(s, isBlank) }

// fold is how texts are compared: compatibility forms (full-width letters, half-width kana) made one, blanks trimmed.
func fold(s string) string { return trim(norm.NFKC.String(s)) }

// nameKey is how names of persons are compared: after NFKC, with all blanks removed.
func nameKey(s string) string {
	return strings.Map(func(r rune) rune {
		if isBlank(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s))
}

// upperASCII leaves other letters alone: the upper case of a dotless ı would be an I that nobody wrote.
func upperASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

// cellAt gives the cell of a ragged row, nil beyond its end and for a column that is not configured.
func cellAt(row []any, column int) any {
	if column < 0 || column >= len(row) {
		return nil
	}
	return row[column]
}

// number gives the value of a cell that holds a number.
func number(cell any) (float64, bool) {
	switch v := cell.(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

// cellText gives a cell as text, valid UTF-8: an object of the API could not hold anything else.
func cellText(cell any) string {
	if f, ok := number(cell); ok {
		if math.Abs(f) < 1e21 {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	switch v := cell.(type) {
	case nil:
		return ""
	case string:
		return strings.ToValidUTF8(v, "\ufffd")
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	}
	return strings.ToValidUTF8(fmt.Sprint(cell), "\ufffd")
}

func blankCell(cell any) bool {
	if s, ok := cell.(string); ok {
		return trim(s) == ""
	}
	return cell == nil
}

// cut shortens s to n runes, the last of them "…" where something is missing.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	count := 0
	end := 0
	for i := range s {
		if count == n-1 {
			end = i
		}
		if count++; count > n {
			return s[:end] + "…"
		}
	}
	return s
}

// shown is a value as messages show it: one line, short.
func shown(s string) string {
	s = strings.Map(func(r rune) rune {
		if isBlank(r) || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, cut(s, maxShown))
	return strings.TrimSpace(s)
}

// Quoted is a value as messages name it. strconv.Quote would turn U+3000 and some kana into escapes.
func Quoted(s string) string { return `"` + shown(s) + `"` }

// QuotedCell is a cell as messages name it: its text on one line, short, in quotes.
func QuotedCell(cell any) string { return Quoted(cellText(cell)) }
