package sheets

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// area is a rectangle in A1 terms: 1-based and inclusive; 0 means open ("A:L"
// has no rows, "3:5" no columns, a whole tab neither).
type area struct{ row, col, endRow, endCol int }

func (a area) single() bool {
	return a.row != 0 && a.col != 0 && a.row == a.endRow && a.col == a.endCol
}

var (
	cellRef = regexp.MustCompile(`^([A-Za-z]{1,3})([1-9][0-9]{0,7})$`)
	colRef  = regexp.MustCompile(`^[A-Za-z]{1,3}$`)
	rowRef  = regexp.MustCompile(`^[1-9][0-9]{0,7}$`)
	// A title that needs no quotes in a range.
	plainTitle = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// A title that could be taken for a cell is quoted by the service.
	cellLike = regexp.MustCompile(`^[A-Za-z]{1,3}[0-9]+$`)
	// A title that may stand in a range without quotes.
	bareTitle = regexp.MustCompile(`^[\p{L}\p{N}_]+$`)
)

// parseArea reads the part of a range after the tab: K3, K3:K9, A1:L, A1:5,
// A:L, 3:5. Lower case is accepted, "$" is not (the operator has no use for it).
func parseArea(s string) (area, bool) {
	first, second, isRange := strings.Cut(s, ":")
	if m := cellRef.FindStringSubmatch(first); m != nil {
		a := area{row: atoi(m[2]), col: columnNumber(m[1])}
		switch {
		case !isRange:
			a.endRow, a.endCol = a.row, a.col
		case colRef.MatchString(second):
			a.endCol = columnNumber(second)
		case rowRef.MatchString(second):
			a.endRow = atoi(second)
		default:
			end := cellRef.FindStringSubmatch(second)
			if end == nil {
				return area{}, false
			}
			a.endRow, a.endCol = atoi(end[2]), columnNumber(end[1])
		}
		return a.ordered(), true
	}
	switch {
	case !isRange:
		return area{}, false
	case colRef.MatchString(first) && colRef.MatchString(second):
		return area{col: columnNumber(first), endCol: columnNumber(second)}.ordered(), true
	case rowRef.MatchString(first) && rowRef.MatchString(second):
		return area{row: atoi(first), endRow: atoi(second)}.ordered(), true
	}
	return area{}, false
}

// ordered turns B2:A1 into A1:B2, as the service does.
func (a area) ordered() area {
	if a.endRow != 0 && a.endRow < a.row {
		a.row, a.endRow = a.endRow, a.row
	}
	if a.endCol != 0 && a.endCol < a.col {
		a.col, a.endCol = a.endCol, a.col
	}
	return a
}

// within closes the open sides and cuts what lies outside a grid. It reports
// false if the area begins outside.
func (a area) within(rows, cols int) (area, bool) {
	a.row, a.col = max(a.row, 1), max(a.col, 1)
	if a.row > rows || a.col > cols {
		return a, false
	}
	if a.endRow == 0 || a.endRow > rows {
		a.endRow = rows
	}
	if a.endCol == 0 || a.endCol > cols {
		a.endCol = cols
	}
	return a, true
}

// String writes the area in A1 notation; open sides stay open.
func (a area) String() string {
	side := func(row, col int) string {
		s := ""
		if col != 0 {
			s = ColumnName(col)
		}
		if row != 0 {
			s += strconv.Itoa(row)
		}
		return s
	}
	if a.single() {
		return side(a.row, a.col)
	}
	return side(a.row, a.col) + ":" + side(a.endRow, a.endCol)
}

// splitRange separates a range into its tab and its area. tab is empty when the
// range names none, ref is empty for a whole tab in quotes; ok is false if
// quotes or separators are wrong.
func splitRange(s string) (tab, ref string, ok bool) {
	if !strings.HasPrefix(s, "'") {
		before, after, found := strings.Cut(s, "!")
		if !found {
			return "", s, s != ""
		}
		return before, after, bareTitle.MatchString(before) && after != ""
	}
	var title strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '\'':
			title.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == '\'':
			title.WriteByte('\'')
			i++
		case i+1 == len(s):
			return title.String(), "", title.Len() > 0
		case s[i+1] == '!' && i+2 < len(s):
			return title.String(), s[i+2:], title.Len() > 0
		default:
			return "", "", false
		}
	}
	return "", "", false
}

// quoteTitle writes a title as the service does in its answers: in quotes
// unless it is a plain word that no cell could be called.
func quoteTitle(title string) string {
	if plainTitle.MatchString(title) && !cellLike.MatchString(title) {
		return title
	}
	return "'" + strings.ReplaceAll(title, "'", "''") + "'"
}

// ColumnName returns the letters of a 1-based column: 1 is A, 27 is AA.
func ColumnName(n int) string {
	s := ""
	for ; n > 0; n = (n - 1) / 26 {
		s = string(rune('A'+(n-1)%26)) + s
	}
	return s
}

func columnNumber(letters string) int {
	n := 0
	for _, r := range strings.ToUpper(letters) {
		n = n*26 + int(r-'A') + 1
	}
	return n
}

// parseColumn reads a column's letters, such as "K".
func parseColumn(s string) (int, error) {
	if !colRef.MatchString(s) {
		return 0, fmt.Errorf("column %q: use letters, such as K", s)
	}
	return columnNumber(s), nil
}

// parseCell reads one cell's name, such as "K3".
func parseCell(s string) (row, col int, err error) {
	m := cellRef.FindStringSubmatch(s)
	if m == nil {
		return 0, 0, fmt.Errorf("cell %q: use letters and a row, such as K3", s)
	}
	return atoi(m[2]), columnNumber(m[1]), nil
}

// atoi reads digits that a pattern has already checked.
func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
