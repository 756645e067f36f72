package sheet

import (
	"strconv"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// maxColumn is the index of ZZZ, the last column that a sheet can have.
const maxColumn = 26*26*26 + 26*26 + 26 - 1

// ColumnIndex returns the index, from 0, of a column named by letters (A to ZZZ); -1 for anything else, including the
// empty name of a column that is not configured.
func ColumnIndex(letters v1alpha1.ColumnLetter) int {
	if letters == "" || len(letters) > 3 {
		return -1
	}
	n := 0
	for i := range len(letters) {
		c := letters[i]
		if c < 'A' || c > 'Z' {
			return -1
		}
		n = n*26 + int(c-'A') + 1
	}
	return n - 1
}

// ColumnName returns the letters of the column with that index, from 0; "" outside A to ZZZ.
func ColumnName(index int) v1alpha1.ColumnLetter {
	if index < 0 || index > maxColumn {
		return ""
	}
	var letters []byte
	for n := index + 1; n > 0; n = (n - 1) / 26 {
		letters = append([]byte{byte('A' + (n-1)%26)}, letters...)
	}
	return v1alpha1.ColumnLetter(letters)
}

// ReadRanges returns, in A1 notation, what one sync reads: the requests tab and the users tab, each from column A to
// its last configured column, and the claim cell if there is one. Rows of the answers start at row 1 and column A, as
// [ParseRequests], [CheckShape] and [ParseDirectory] expect.
func ReadRanges(requests v1alpha1.RequestsTab, users v1alpha1.UsersTab, claimCell string) []string {
	ranges := []string{columnsFromA(requests.Tab, RequestColumns(requests.Columns)), columnsFromA(users.Tab, UserColumns(users.Columns))}
	if claimCell != "" {
		ranges = append(ranges, quoteTab(requests.Tab)+"!"+claimCell)
	}
	return ranges
}

// CellRange returns the range of one cell: 'key_request_form'!K3.
func CellRange(tab string, column v1alpha1.ColumnLetter, row int) string {
	return quoteTab(tab) + "!" + string(column) + strconv.Itoa(row)
}

func columnsFromA(tab string, columns []Column) string {
	last := 0
	for _, c := range columns {
		last = max(last, ColumnIndex(c.Letter))
	}
	return quoteTab(tab) + "!A:" + string(ColumnName(last))
}

// quoteTab always quotes, because a tab named A1 would be a cell, and one named 2026 a row.
func quoteTab(tab string) string { return "'" + strings.ReplaceAll(tab, "'", "''") + "'" }
