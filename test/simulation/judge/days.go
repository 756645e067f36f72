package judge

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	written = regexp.MustCompile(`^(\d{4})(?:/|-|年)(\d{1,2})(?:/|-|月)(\d{1,2})日?$`)
	compact = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
)

// day that a cell shows, as 2026-01-06; empty: it shows none that everybody would read in the same way.
func day(text string) string {
	text = narrow(visible(text))
	m := written.FindStringSubmatch(text)
	if m == nil {
		m = compact.FindStringSubmatch(text)
	}
	if m == nil {
		return ""
	}
	y, _ := strconv.Atoi(m[1]) // the pattern has digits only
	month, _ := strconv.Atoi(m[2])
	d, _ := strconv.Atoi(m[3])
	t := time.Date(y, time.Month(month), d, 0, 0, 0, 0, time.UTC)
	if t.Day() != d || y < 1900 {
		return ""
	}
	return t.Format(time.DateOnly)
}

// narrow digits and signs for wide ones.
func narrow(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			return r - '！' + '!'
		}
		return r
	}, text)
}

// shape of a date: what stands between its numbers.
func shape(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, narrow(visible(text)))
}

// start of a day in a time zone; zero: that day or zone does not exist.
func start(day, zone string) time.Time {
	in, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}
	}
	t, err := time.ParseInLocation(time.DateOnly, day, in)
	if err != nil {
		return time.Time{}
	}
	return t
}
