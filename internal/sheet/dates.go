package sheet

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// isoDate is the form of dates in leases: YYYY-MM-DD.
const isoDate = "2006-01-02"

// useForm says what to write instead of a value that is no date.
const useForm = "use YYYY/MM/DD"

// Serial numbers that are read as dates. Below the first they would be years before 1970 (a bare 2026 would be a day of
// 1905, and a key with that end would be deleted); six digits are more likely 202612 or 261231 than a day in the years
// 2173 to 4637. 9999/12/31, which people write for "no end", has seven.
const (
	firstSerial    = 25569   // 1970-01-01
	firstSixDigits = 100_000 // 2173-10-14
	lastSixDigits  = 999_999 // 4637-11-25
	lastSerial     = 2958465 // 9999-12-31

	firstCompact = 19000101
	lastCompact  = 99991231
)

// maxDateRunes is the length of a text that can still be a date with blanks around it.
const maxDateRunes = 64

// halfSecond, in days, is what a serial number may be short of midnight by its floating point alone.
const halfSecond = 0.5 / 86400

// serialEpoch is day 0 of serial numbers (Sheets API, DateTimeRenderOption SERIAL_NUMBER).
var serialEpoch = time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)

// dateText matches what [plain] makes of a date. The year, the month and the day are the odd groups in order; a time
// of day may follow. No time zone: with one, the day would depend on where the reader is.
var (
	clockTime   = `(?: *[T ] *([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.][0-9]+)?)?)?`
	slashDate   = regexp.MustCompile(`^ *([0-9]{4}) */ *([0-9]{1,2}) */ *([0-9]{1,2})` + clockTime + ` *$`)
	dashDate    = regexp.MustCompile(`^ *([0-9]{4}) *- *([0-9]{1,2}) *- *([0-9]{1,2})` + clockTime + ` *$`)
	kanjiDate   = regexp.MustCompile(`^ *([0-9]{4}) *Y *([0-9]{1,2}) *M *([0-9]{1,2}) *D` + clockTime + ` *$`)
	compactDate = regexp.MustCompile(`^ *([0-9]{4})([0-9]{2})([0-9]{2})` + clockTime + ` *$`)
	dateForms   = []*regexp.Regexp{slashDate, dashDate, kanjiDate, compactDate}
	ambiguous   = regexp.MustCompile(`^ *[0-9]{1,2} *[-/.] *[0-9]{1,2} *[-/.] *[0-9]{1,4} *$`)
)

// ParseDate reads a date cell, as text or as a number, and gives it as YYYY-MM-DD. Texts: 2026/1/6, 2026-01-06,
// 20260106, 2026年1月6日, with full-width digits and blanks, a time of day behind it ignored. Numbers: from 19000101 to
// 99991231 YYYYMMDD, else days since 1899-12-30, a fraction being the time of day. The error names the value and says
// what to write; it starts with the value so that "end date " or "start date " can go before it.
func ParseDate(cell any) (string, error) {
	if blankCell(cell) {
		return "", errors.New("is empty: " + useForm)
	}
	if f, ok := number(cell); ok {
		return parseNumber(f)
	}
	text, ok := cell.(string)
	if !ok {
		return "", fmt.Errorf("%s: %s", Quoted(cellText(cell)), useForm)
	}
	m, found := findDate(text)
	if !found {
		if p, _ := plain(text); ambiguous.MatchString(p) {
			return "", fmt.Errorf("%s can be read in more than one way: %s", Quoted(text), useForm)
		}
		return "", fmt.Errorf("%s: %s", Quoted(text), useForm)
	}
	date, ok := m.date()
	if !ok {
		return "", fmt.Errorf("%s is not a calendar day: %s", Quoted(text), useForm)
	}
	return date, nil
}

func parseNumber(f float64) (string, error) {
	text := Quoted(cellText(f))
	switch {
	case f >= firstCompact && f <= lastCompact && f == math.Trunc(f):
		n := int(f)
		if date, ok := calendarDate(n/10000, n/100%100, n%100); ok {
			return date, nil
		}
		return "", fmt.Errorf("%s is not a calendar day: %s", text, useForm)
	case plausibleSerial(f):
		return serialEpoch.AddDate(0, 0, int(math.Floor(f+halfSecond))).Format(isoDate), nil
	}
	return "", fmt.Errorf("%s is a number that is not a date: %s", text, useForm)
}

func plausibleSerial(f float64) bool {
	day := math.Floor(f + halfSecond)
	return (day >= firstSerial && day < firstSixDigits) || (day > lastSixDigits && day <= lastSerial)
}

func calendarDate(year, month, day int) (string, bool) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if year < 1900 || t.Year() != year || int(t.Month()) != month || t.Day() != day {
		return "", false
	}
	return t.Format(isoDate), true
}

// dateMatch is a date found in a text. Offsets count runes of the text.
type dateMatch struct {
	plain string
	runes []rune
	at    []int
}

// findDate matches the text with the forms of dates.
func findDate(text string) (dateMatch, bool) {
	p, runes := plain(text)
	for _, form := range dateForms {
		if at := form.FindStringSubmatchIndex(p); at != nil {
			return dateMatch{plain: p, runes: runes, at: at}, true
		}
	}
	return dateMatch{}, false
}

// field gives the n-th number of the match (year, month, day, hour, minute, second); 0 where it has none.
func (m dateMatch) field(n int) int {
	from, to := m.at[2*n], m.at[2*n+1]
	if from < 0 {
		return 0
	}
	v, _ := strconv.Atoi(m.plain[from:to]) // at most four digits
	return v
}

func (m dateMatch) date() (string, bool) {
	if m.field(4) > 23 || m.field(5) > 59 || m.field(6) > 59 {
		return "", false
	}
	return calendarDate(m.field(1), m.field(2), m.field(3))
}

// plain writes a text in one ASCII character for each of its runes, so that an offset in the one is an offset in the
// other: full-width digits and signs become plain, 年月日 become Y, M and D, and what no date has becomes "?". NFKC would
// read ① and ² as digits too.
func plain(text string) (string, []rune) {
	if len(text) > maxDateRunes*4 {
		return "", nil
	}
	runes := []rune(text)
	if len(runes) > maxDateRunes {
		return "", nil
	}
	var b strings.Builder
	for _, r := range runes {
		b.WriteByte(plainRune(r))
	}
	return b.String(), runes
}

func plainRune(r rune) byte {
	switch {
	case '0' <= r && r <= '9':
		return byte(r)
	case '０' <= r && r <= '９':
		return byte(r - '０' + '0')
	case isBlank(r):
		return ' '
	}
	switch r {
	case '/', '／':
		return '/'
	case '-', '－', '‐', '‑', '−': // U+2010, U+2011 and U+2212: what input methods give for a full-width hyphen
		return '-'
	case '.', '．':
		return '.'
	case ':', '：':
		return ':'
	case 'T', 'Ｔ':
		return 'T'
	case '年':
		return 'Y'
	case '月':
		return 'M'
	case '日':
		return 'D'
	}
	return '?'
}
