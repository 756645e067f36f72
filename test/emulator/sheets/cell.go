package sheets

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Cell is what one cell holds. The number format belongs to the cell and not to
// its value, as in the service: writing a number into a date cell keeps it a
// date cell. The zero Cell is an empty cell. Cells can be compared with ==.
type Cell struct {
	// Value is nil (empty), a string, a float64 or a bool.
	Value any
	// Format is the number format, such as "yyyy/mm/dd"; empty is automatic.
	Format string
	// Formula is the text of a formula with its "="; Value is then its result.
	Formula string
}

// Text returns a text cell; an empty text is an empty cell.
func Text(s string) Cell {
	if s == "" {
		return Cell{}
	}
	return Cell{Value: s}
}

// Number returns a number cell without a number format.
func Number(f float64) Cell { return Cell{Value: f} }

// Bool returns a checkbox's value.
func Bool(b bool) Cell { return Cell{Value: b} }

// Date returns a real date cell: a serial number with the format that the
// service gives a date typed in the Japanese locale.
func Date(year int, month time.Month, day int) Cell {
	return Cell{Value: Serial(time.Date(year, month, day, 0, 0, 0, 0, time.UTC)), Format: DefaultDateFormat}
}

// CellOf turns a Go value into a cell: nil, string, bool, any integer or
// float, or a Cell. Texts stay texts ([Typed] is what a person's keyboard
// does). Other types are an error.
func CellOf(v any) (Cell, error) {
	switch x := v.(type) {
	case nil:
		return Cell{}, nil
	case Cell:
		return x, nil
	case string:
		return Text(x), nil
	case bool:
		return Bool(x), nil
	case int:
		return Number(float64(x)), nil
	case int64:
		return Number(float64(x)), nil
	case float64:
		return Number(x), nil
	}
	return Cell{}, fmt.Errorf("a cell cannot hold a %T: use nil, string, bool, int, int64, float64 or Cell", v)
}

// Empty reports whether the cell shows nothing. Its format does not count: the
// service does not return a formatted empty cell either.
func (c Cell) Empty() bool { return c.Formula == "" && (c.Value == nil || c.Value == "") }

// IsDate reports whether the cell is a number shown as a date or a time.
func (c Cell) IsDate() bool {
	_, number := c.Value.(float64)
	return number && isDateFormat(c.Format)
}

// String returns the cell as a person sees it (FORMATTED_VALUE).
func (c Cell) String() string {
	switch v := c.Value.(type) {
	case string:
		return v
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	case float64:
		if isDateFormat(c.Format) {
			return formatSerial(v, c.Format)
		}
		return formatNumber(v, c.Format)
	}
	return ""
}

// put returns the cell after a value was put into it: the format stays.
func (c Cell) put(v Cell) Cell {
	if v.Format == "" {
		v.Format = c.Format
	}
	return v
}

// formatNumber covers the formats that sheets of requests have: automatic,
// fixed decimals, thousands, percent.
func formatNumber(f float64, format string) string {
	if format == "" || strings.EqualFold(format, "General") || format == "@" {
		if math.Abs(f) >= 1e15 {
			return strconv.FormatFloat(f, 'E', -1, 64)
		}
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	pattern, _, _ := strings.Cut(format, ";")
	suffix := ""
	if strings.Contains(pattern, "%") {
		f, suffix = f*100, "%"
	}
	_, fraction, _ := strings.Cut(pattern, ".")
	decimals := strings.Count(fraction, "0")
	s := strconv.FormatFloat(f, 'f', decimals, 64)
	if strings.Contains(pattern, ",") {
		s = groupThousands(s)
	}
	if width := strings.Count(pattern, "0") - decimals; f >= 0 && !strings.Contains(pattern, ",") {
		// "000000000000" keeps the leading zeros of an account ID.
		for len(s) < width {
			s = "0" + s
		}
	}
	return s + suffix
}

func groupThousands(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, fraction, dot := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dot {
		whole += "." + fraction
	}
	return sign + whole
}
