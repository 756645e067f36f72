package sheet

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/keylease/keylease/api/v1alpha1"
)

var (
	// accessKeyID is the form that the CRD accepts, within what IAM allows (IAM API, AccessKey: 16 to 128 of \w).
	accessKeyID = regexp.MustCompile(`^[A-Z0-9]{16,128}$`)
	// userName is IAM's own rule (IAM API, User).
	userName = regexp.MustCompile(`^[0-9A-Za-z_+=,.@-]{1,64}$`)
	// accountID is AWS's: twelve digits.
	accountID = regexp.MustCompile(`^[0-9]{12}$`)
	// dashedAccountID is how the AWS console shows it.
	dashedAccountID = regexp.MustCompile(`^[0-9]{4}-[0-9]{4}-[0-9]{4}$`)
)

// columns are the indexes of the configured columns; -1: not configured.
type columns struct {
	fullName, purpose, resource, startDate, endDate, userName, status, accessKeyID, accountID int

	all []int
}

func indexes(c v1alpha1.RequestColumns) columns {
	cols := columns{
		fullName: ColumnIndex(c.FullName), purpose: ColumnIndex(c.Purpose), resource: ColumnIndex(c.Resource),
		startDate: ColumnIndex(c.StartDate), endDate: ColumnIndex(c.EndDate), userName: ColumnIndex(c.UserName),
		status: ColumnIndex(c.Status), accessKeyID: ColumnIndex(c.AccessKeyID), accountID: ColumnIndex(c.AccountID),
	}
	for _, column := range RequestColumns(c) {
		cols.all = append(cols.all, ColumnIndex(column.Letter))
	}
	return cols
}

// blank tells whether a row has nothing in the configured columns. Other columns do not make a request: people copy a
// check box down a thousand rows.
func (c columns) blank(row []any) bool {
	for _, i := range c.all {
		if !blankCell(cellAt(row, i)) {
			return false
		}
	}
	return true
}

// ParseRequests parses the requests tab, from row 1 and column A. Rows may be ragged, and cells nil, string, float64 or
// bool, as the Sheets API answers with UNFORMATTED_VALUE and SERIAL_NUMBER. A row has at most one problem: the first
// one found.
func ParseRequests(rows [][]any, o Options) Requests {
	var result Requests
	cols := indexes(o.Columns)
	times := map[string]int{}
	for i := max(o.HeaderRows, 0); i < len(rows); i++ {
		times[keyID(cellAt(rows[i], cols.accessKeyID))]++
	}
	for i := max(o.HeaderRows, 0); i < len(rows); i++ {
		cells := rows[i]
		if cols.blank(cells) {
			continue
		}
		result.Total++
		if blankCell(cellAt(cells, cols.accessKeyID)) {
			result.Pending++
			continue
		}
		row, problem := parseRow(cells, cols, o, times)
		if problem != nil {
			problem.Row = i + 1
			result.Problems = append(result.Problems, *problem)
			continue
		}
		row.Number = i + 1
		result.Rows = append(result.Rows, row)
	}
	return result
}

// keyID normalizes an ID cell. A number gives "": a spreadsheet keeps 15 digits of it, so what it was is lost.
func keyID(cell any) string {
	text, _ := cell.(string)
	return upperASCII(fold(strings.ToValidUTF8(text, "\ufffd")))
}

func parseRow(cells []any, cols columns, o Options, times map[string]int) (Row, *Problem) {
	row := Row{
		AccessKeyID: keyID(cellAt(cells, cols.accessKeyID)),
		UserName:    trim(cellText(cellAt(cells, cols.userName))),
		FullName:    textOf(cells, cols.fullName),
		Purpose:     textOf(cells, cols.purpose),
		Resource:    textOf(cells, cols.resource),
		EndDateCell: cellAt(cells, cols.endDate),
		Status:      ParseStatus(cellText(cellAt(cells, cols.status)), o.Marks),
	}
	problem := func(reason, value, format string, args ...any) (Row, *Problem) {
		return Row{}, &Problem{
			AccessKeyID: cut(row.AccessKeyID, maxShown), Reason: reason, Value: shown(value), Message: fmt.Sprintf(format, args...),
		}
	}
	if !accessKeyID.MatchString(row.AccessKeyID) {
		text := trim(cellText(cellAt(cells, cols.accessKeyID)))
		row.AccessKeyID = shown(text)
		return problem(v1alpha1.RowAccessKeyIDInvalid, text,
			"access key ID %s: use the ID as AWS shows it, 16 or more letters and digits, typed as text", Quoted(text))
	}
	if times[row.AccessKeyID] > 1 {
		return problem(v1alpha1.RowDuplicateID, row.AccessKeyID,
			"access key ID %s stands in more than one row: leave it in one", Quoted(row.AccessKeyID))
	}
	if row.UserName == "" {
		return problem(v1alpha1.RowUserNameMissing, "",
			"the IAM user name of key %s is empty: write the user that the key belongs to", row.AccessKeyID)
	}
	if !userName.MatchString(row.UserName) {
		return problem(v1alpha1.RowUserNameInvalid, row.UserName,
			"IAM user name %s: use 1 to 64 letters, digits and _+=,.@- as AWS shows it", Quoted(row.UserName))
	}
	var ok bool
	if row.AccountID, ok = parseAccountID(cellAt(cells, cols.accountID), o.AccountID); !ok {
		text := trim(cellText(cellAt(cells, cols.accountID)))
		return problem(v1alpha1.RowAccountIDInvalid, text, "AWS account ID %s: use its twelve digits", Quoted(text))
	}
	return parseDates(row, cellAt(cells, cols.startDate), problem)
}

// problemFunc makes the problem of the row at hand.
type problemFunc func(reason, value, format string, args ...any) (Row, *Problem)

// parseDates reads the end date first: it decides, the start informs.
func parseDates(row Row, start any, problem problemFunc) (Row, *Problem) {
	var err error
	if row.EndDate, err = ParseDate(row.EndDateCell); err != nil {
		return problem(v1alpha1.RowInvalidDate, trim(cellText(row.EndDateCell)), "end date %v", err)
	}
	if blankCell(start) {
		return row, nil
	}
	if row.StartDate, err = ParseDate(start); err != nil {
		return problem(v1alpha1.RowInvalidDate, trim(cellText(start)), "start date %v", err)
	}
	if row.EndDate < row.StartDate {
		return problem(v1alpha1.RowEndBeforeStart, row.EndDate,
			"end date %s is before start date %s: correct one of them", row.EndDate, row.StartDate)
	}
	return row, nil
}

// parseAccountID gives the account of a row. A number gets back the leading zeros that it lost when it was typed; a text
// never had them taken away, so one of eleven digits is a mistake. An empty cell means the sheet's own account.
func parseAccountID(cell any, sheets string) (string, bool) {
	if blankCell(cell) {
		return sheets, true
	}
	if f, ok := number(cell); ok {
		if f < 0 || f > 999_999_999_999 || f != math.Trunc(f) {
			return "", false
		}
		return fmt.Sprintf("%012.0f", f), true
	}
	text := trim(norm.NFKC.String(cellText(cell)))
	if dashedAccountID.MatchString(text) {
		text = strings.ReplaceAll(text, "-", "")
	}
	return text, accountID.MatchString(text)
}

// textOf gives a free text, no longer than the API takes.
func textOf(cells []any, column int) string {
	return cut(trim(cellText(cellAt(cells, column))), maxText)
}
