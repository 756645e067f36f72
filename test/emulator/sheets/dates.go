package sheets

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// DefaultDateFormat and DefaultDateTimeFormat are what the service gives a date
// that a person types into a spreadsheet of the Japanese locale.
const (
	DefaultDateFormat     = "yyyy/mm/dd"
	DefaultDateTimeFormat = "yyyy/mm/dd h:mm:ss"
)

// epoch is day 0 of a serial number (DateTimeRenderOption, Sheets API
// reference): 1899-12-30, with 1900 correctly not a leap year.
var epoch = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// Serial returns t's wall clock as days since 1899-12-30. A serial has no zone:
// t's own is dropped.
func Serial(t time.Time) float64 {
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	return wall.Sub(epoch).Hours() / 24
}

// fromSerial is the inverse of Serial, to the second, in UTC. Days are added
// apart from the seconds because a Duration ends after 292 years.
func fromSerial(serial float64) time.Time {
	days := math.Floor(serial)
	seconds := math.Round((serial - days) * 86400)
	return epoch.AddDate(0, 0, int(days)).Add(time.Duration(seconds) * time.Second)
}

// dateToken is one run of a date pattern: a field (kind 'y', 'm', 'd', 'h',
// 's', 'a' for AM/PM, 'n' for minutes) or a literal (kind 0).
type dateToken struct {
	kind byte
	text string
}

// dateTokens reads a number format as a date pattern. Locale prefixes such as
// [$-411], colours and everything after the first section are left out.
func dateTokens(format string) []dateToken {
	var tokens []dateToken
	literal := func(s string) { tokens = append(tokens, dateToken{text: s}) }
	runes := []rune(format)
	for i := 0; i < len(runes); {
		r := runes[i]
		switch {
		case r == ';':
			return settleMinutes(tokens)
		case r == '"':
			end := i + 1
			for end < len(runes) && runes[end] != '"' {
				end++
			}
			literal(string(runes[i+1 : min(end, len(runes))]))
			i = end + 1
		case r == '[':
			for i < len(runes) && runes[i] != ']' {
				i++
			}
			i++
		case r == '\\' && i+1 < len(runes):
			literal(string(runes[i+1]))
			i += 2
		case (r == '_' || r == '*') && i+1 < len(runes):
			i += 2
		case len(runes)-i >= 5 && strings.EqualFold(string(runes[i:i+5]), "AM/PM"):
			tokens = append(tokens, dateToken{kind: 'a'})
			i += 5
		case strings.ContainsRune("ymdhsYMDHS", r):
			end := i
			for end < len(runes) && strings.EqualFold(string(runes[end]), string(r)) {
				end++
			}
			run := strings.ToLower(string(runes[i:end]))
			tokens = append(tokens, dateToken{kind: run[0], text: run})
			i = end
		default:
			literal(string(r))
			i++
		}
	}
	return settleMinutes(tokens)
}

// settleMinutes turns "m" after hours or before seconds into minutes.
func settleMinutes(tokens []dateToken) []dateToken {
	last, lastAt := byte(0), -1
	for i := range tokens {
		switch k := tokens[i].kind; k {
		case 0, 'a':
			continue
		case 'm':
			if last == 'h' {
				tokens[i].kind = 'n'
			}
		case 's':
			if last == 'm' {
				tokens[lastAt].kind = 'n'
			}
		}
		last, lastAt = tokens[i].kind, i
	}
	return tokens
}

func isDateFormat(format string) bool {
	if format == "" || strings.EqualFold(format, "General") {
		return false
	}
	for _, t := range dateTokens(format) {
		if t.kind != 0 && t.kind != 'a' {
			return true
		}
	}
	return false
}

// formatSerial renders a date as the locale string of FORMATTED_VALUE.
func formatSerial(serial float64, format string) string {
	t, tokens := fromSerial(serial), dateTokens(format)
	twelve := false
	for _, token := range tokens {
		twelve = twelve || token.kind == 'a'
	}
	var b strings.Builder
	for _, token := range tokens {
		b.WriteString(dateField(t, token, twelve))
	}
	return strings.TrimSuffix(b.String(), "@")
}

func dateField(t time.Time, token dateToken, twelve bool) string {
	pad := func(n int) string {
		if len(token.text) >= 2 {
			return fmt.Sprintf("%02d", n)
		}
		return fmt.Sprint(n)
	}
	switch token.kind {
	case 'y':
		if len(token.text) <= 2 {
			return t.Format("06")
		}
		return t.Format("2006")
	case 'm':
		switch len(token.text) {
		case 3:
			return t.Format("Jan")
		case 4:
			return t.Format("January")
		}
		return pad(int(t.Month()))
	case 'd':
		switch len(token.text) {
		case 3:
			return t.Format("Mon")
		case 4:
			return t.Format("Monday")
		}
		return pad(t.Day())
	case 'h':
		if twelve {
			return pad((t.Hour()+11)%12 + 1)
		}
		return pad(t.Hour())
	case 'n':
		return pad(t.Minute())
	case 's':
		return pad(t.Second())
	case 'a':
		return t.Format("PM")
	}
	return token.text
}
