package sheets

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// EvaluatedMarker begins the value of every cell whose text was evaluated as a
// formula. A test that finds it in a sheet has found an injection: the real
// service would have run =IMPORTDATA("https://…") at that moment.
const EvaluatedMarker = "#EVALUATED!"

var typedDate = regexp.MustCompile(`^(\d{4})([/-])(\d{1,2})([/-])(\d{1,2})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$`)

// Typed returns what becomes of a text that a person types into a cell, or
// that is written with USER_ENTERED: formulas are evaluated (see
// [EvaluatedMarker]), dates become serial numbers, digits become numbers and
// lose their leading zeros, an apostrophe keeps the rest a text.
func Typed(s string) Cell {
	trimmed := strings.TrimSpace(s)
	switch {
	case strings.HasPrefix(s, "'"):
		return Text(s[1:])
	case strings.HasPrefix(s, "=") && len(s) > 1:
		return Cell{Value: EvaluatedMarker + " " + s, Formula: s}
	case strings.EqualFold(trimmed, "TRUE"):
		return Bool(true)
	case strings.EqualFold(trimmed, "FALSE"):
		return Bool(false)
	}
	if c, ok := typedAsDate(trimmed); ok {
		return c
	}
	if f, err := strconv.ParseFloat(strings.TrimSuffix(trimmed, "%"), 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) && !strings.ContainsAny(trimmed, "xXpP_") {
		if strings.HasSuffix(trimmed, "%") {
			return Cell{Value: f / 100, Format: "0.00%"}
		}
		return Number(f)
	}
	if strings.HasPrefix(s, "+") && len(s) > 1 {
		// The service's UI takes +A1 as =+A1.
		return Cell{Value: EvaluatedMarker + " " + s, Formula: "=" + s}
	}
	return Text(s)
}

func typedAsDate(s string) (Cell, bool) {
	m := typedDate.FindStringSubmatch(s)
	if m == nil || m[2] != m[4] {
		return Cell{}, false
	}
	n := func(i int) int {
		v, _ := strconv.Atoi("0" + m[i]) // absent groups are empty: 0
		return v
	}
	t := time.Date(n(1), time.Month(n(3)), n(5), n(6), n(7), n(8), 0, time.UTC)
	if t.Month() != time.Month(n(3)) || t.Day() != n(5) || n(6) > 23 || n(7) > 59 || n(8) > 59 {
		return Cell{}, false
	}
	format := DefaultDateFormat
	if m[6] != "" {
		format = DefaultDateTimeFormat
	}
	return Cell{Value: Serial(t), Format: format}, true
}
