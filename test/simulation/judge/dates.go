package judge

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// reading of a date cell.
type reading int

const (
	// unclear: this reader has no opinion.
	unclear reading = iota
	// unusable: nobody can take it for a date.
	unusable
	dated
)

// folded is a text as it is compared: full-width ASCII as ASCII, without characters that nobody sees and without blanks at
// both ends.
func folded(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
			return -1
		case r == '\u3000':
			return ' '
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		}
		return r
	}, text))
}

// readDate reads the forms that people are told to use, and finds out the texts that are certainly none.
func readDate(text string) (day, reading) {
	text = folded(text)
	if text == "" || strings.HasPrefix(text, "#") || !strings.ContainsFunc(text, unicode.IsDigit) {
		return day{}, unusable
	}
	if len(text) == 8 && isNumber(text) {
		return dayOf(text[:4], text[4:6], text[6:])
	}
	if y, rest, ok := strings.Cut(text, "年"); ok && strings.HasSuffix(rest, "日") {
		m, d, _ := strings.Cut(strings.TrimSuffix(rest, "日"), "月")
		return dayOf(y, m, d)
	}
	for _, by := range []string{"/", "-"} {
		if parts := strings.Split(text, by); len(parts) == 3 && isNumber(strings.Join(parts, "")) {
			if len(parts[0]) < 3 {
				return day{}, unusable // 1/6/2026: which is the month?
			}
			return dayOf(parts[0], parts[1], parts[2])
		}
	}
	return day{}, unclear
}

func isNumber(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

func dayOf(year, month, date string) (day, reading) {
	y, err1 := strconv.Atoi(year)
	m, err2 := strconv.Atoi(month)
	d, err3 := strconv.Atoi(date)
	if err1 != nil || err2 != nil || err3 != nil || len(year) != 4 {
		return day{}, unclear
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Day() != d || int(t.Month()) != m {
		return day{}, unusable
	}
	return day{t}, dated
}

// day of the calendar. The zero day is none.
type day struct{ utc time.Time }

// specDay reads the form of the API, YYYY-MM-DD.
func specDay(text string) day {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day{}
	}
	return day{t}
}

func (d day) known() bool    { return !d.utc.IsZero() }
func (d day) String() string { return d.utc.Format(time.DateOnly) }

// at a time of day ("15:00") in a zone, so many days later.
func (d day) at(clock string, zone *time.Location, later int) time.Time {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		return time.Time{}
	}
	return time.Date(d.utc.Year(), d.utc.Month(), d.utc.Day()+later, t.Hour(), t.Minute(), 0, 0, zone)
}
