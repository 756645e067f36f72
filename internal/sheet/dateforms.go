package sheet

import (
	"strconv"
	"time"
)

// FormatDate gives newDate (YYYY-MM-DD) in the form that the cell has: a serial number or a YYYYMMDD number (float64)
// where it holds one, else text with the cell's own separators, zero padding, digit width, blanks and time of day. A
// cell that holds no date gets YYYY/MM/DD. Where newDate is no date the cell is given back, so that nothing is written.
func FormatDate(newDate string, cell any) any {
	t, err := time.Parse(isoDate, newDate)
	if err != nil {
		return cell
	}
	if _, err := ParseDate(cell); err != nil {
		return t.Format("2006/01/02")
	}
	if f, ok := number(cell); ok {
		return formatNumber(t, f)
	}
	m, _ := findDate(cell.(string)) // ParseDate found one, and only texts are left
	return m.replace(t)
}

func formatNumber(t time.Time, former float64) any {
	if former >= firstCompact {
		return float64(t.Year()*10000 + int(t.Month())*100 + t.Day())
	}
	// A time.Duration holds no more than 292 years.
	serial := float64((t.Unix() - serialEpoch.Unix()) / 86400)
	if !plausibleSerial(serial) {
		// The same reader would refuse it when it comes back.
		return t.Format("2006/01/02")
	}
	return serial
}

// replace writes the date of t over the one matched. All else of the text stays.
func (m dateMatch) replace(t time.Time) string {
	month, day := m.width(2, 3), m.width(3, 2)
	if m.at[3] == m.at[4] { // nothing between year and month
		month, day = 2, 2
	}
	var out []rune
	end := 0
	for n, v := range fieldsOf(t, month, day) {
		from, to := m.at[2*(n+1)], m.at[2*(n+1)+1]
		out = append(out, m.runes[end:from]...)
		out = append(out, digits(v.value, v.width, m.runes[from] >= '０')...)
		end = to
	}
	return string(append(out, m.runes[end:]...))
}

type dateField struct{ value, width int }

func fieldsOf(t time.Time, month, day int) []dateField {
	return []dateField{{t.Year(), 4}, {int(t.Month()), month}, {t.Day(), day}}
}

// width tells how many digits a field has at least. A field of two digits without a leading zero (12) does not tell; then
// its neighbour does, and where that does not tell either, two.
func (m dateMatch) width(field, neighbour int) int {
	length := func(n int) int { return m.at[2*n+1] - m.at[2*n] }
	if length(field) == 1 {
		return 1
	}
	if m.plain[m.at[2*field]] != '0' && length(neighbour) == 1 {
		return 1
	}
	return 2
}

func digits(value, width int, fullWidth bool) []rune {
	s := strconv.Itoa(value)
	for len(s) < width {
		s = "0" + s
	}
	runes := []rune(s)
	if fullWidth {
		for i := range runes {
			runes[i] += '０' - '0'
		}
	}
	return runes
}
