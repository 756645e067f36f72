package sheet

import (
	"fmt"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// ShapeError says that the tab does not look as configured, so nothing in it can be trusted.
type ShapeError struct {
	// Reason is v1alpha1.ReasonEmptySheet or v1alpha1.ReasonColumnsMoved.
	Reason string
	// Message names the tab, the columns, what was seen, and what to do.
	Message string
}

func (e *ShapeError) Error() string { return e.Message }

// CheckShape checks what the columns hold, because a header moves when a column is inserted or cut before it. It
// returns a *[ShapeError] or nil. It judges whole columns: [ParseRequests] reports a few bad rows, and a tab whose rows
// all wait for their key is accepted.
func CheckShape(rows [][]any, o Options) error {
	header := min(max(o.HeaderRows, 0), len(rows))
	s := survey(rows[header:], o)
	s.header = rows[:header]
	if s.rows == 0 && !s.others {
		seen := "is empty"
		if header > 0 {
			seen = "holds nothing below its header"
		}
		return &ShapeError{Reason: v1alpha1.ReasonEmptySheet, Message: fmt.Sprintf(
			"tab %s %s: bring the rows back (File > Version history), or set spec.requests.tab to the right tab", Quoted(o.Tab), seen)}
	}
	for _, check := range shapeChecks {
		if seen := check(s); seen != "" {
			return &ShapeError{Reason: v1alpha1.ReasonColumnsMoved, Message: fmt.Sprintf(
				"tab %s: %s: put the columns back, or set spec.requests to where they are now", Quoted(o.Tab), seen)}
		}
	}
	return nil
}

// shapeChecks in order: the first that finds something is reported. All but the first apply only if most cells of the
// ID column are not IDs.
var shapeChecks = []func(*content) string{
	headerIsRequest,
	idsElsewhere,
	nothingConfigured,
	datesAsUserNames,
	marksAsIDs,
	markedWithoutIDs,
	columnsMissing,
	neitherIDsNorDates,
}

// column counts what the cells of one column look like.
type column struct {
	// dates are counted in two columns only.
	filled, ids, keyIDs, dates, marks int
	// example of a value that is no ID.
	example string
}

// content is a tab in numbers.
type content struct {
	cols columns
	o    Options
	// rows that have anything in the configured columns.
	rows int
	// others: a column that is not configured is filled.
	others bool
	// markedWithoutID counts rows without an ID that have a mark which only a key gets. People put the others on requests
	// that were withdrawn.
	markedWithoutID int
	columns         []column
	header          [][]any
}

func survey(rows [][]any, o Options) *content {
	s := &content{cols: indexes(o.Columns), o: o}
	for _, row := range rows {
		if s.cols.blank(row) {
			for i := range row {
				s.others = s.others || !blankCell(row[i])
			}
			continue
		}
		s.rows++
		for i, cell := range row {
			if !blankCell(cell) {
				s.count(i, cell)
			}
		}
		if blankCell(cellAt(row, s.cols.accessKeyID)) {
			switch ParseStatus(cellText(cellAt(row, s.cols.status)), o.Marks).Mark {
			case MarkNotified, MarkExpired:
				s.markedWithoutID++
			}
		}
	}
	return s
}

func (s *content) count(i int, cell any) {
	for len(s.columns) <= i {
		s.columns = append(s.columns, column{})
	}
	c := &s.columns[i]
	c.filled++
	id := keyID(cell)
	switch {
	case accessKeyID.MatchString(id):
		c.ids++
	case c.example == "":
		c.example = cut(shown(cellText(cell)), 30)
	}
	if strings.HasPrefix(id, "AKIA") && accessKeyID.MatchString(id) {
		c.keyIDs++
	}
	if i == s.cols.userName || i == s.cols.endDate { // a date costs most of all to tell, in every cell of a large sheet
		if _, err := ParseDate(cell); err == nil {
			c.dates++
		}
	}
	if i == s.cols.accessKeyID {
		switch ParseStatus(cellText(cell), s.o.Marks).Mark {
		case MarkNotified, MarkExpired, MarkDeleted, MarkExtension:
			c.marks++
		}
	}
}

func (s *content) at(i int) column {
	if i < 0 || i >= len(s.columns) {
		return column{}
	}
	return s.columns[i]
}

// idsRule tells whether IDs are the rule in the ID column.
func (s *content) idsRule() bool {
	c := s.at(s.cols.accessKeyID)
	return c.ids*2 > c.filled
}

// ids describes what the ID column holds.
func (s *content) ids() string {
	c := s.at(s.cols.accessKeyID)
	name := ColumnName(s.cols.accessKeyID)
	if c.filled == 0 {
		return fmt.Sprintf("column %s, where access key IDs should stand, is empty", name)
	}
	if c.ids == 0 {
		return fmt.Sprintf("column %s holds no access key ID in %d filled cells (such as %s)", name, c.filled, Quoted(c.example))
	}
	return fmt.Sprintf("column %s holds access key IDs in %d of %d filled cells only", name, c.ids, c.filled)
}

// headerIsRequest reports that the header was deleted or sorted in among the rows, and a request is in its place,
// unread.
func headerIsRequest(s *content) string {
	for i, row := range s.header {
		id := keyID(cellAt(row, s.cols.accessKeyID))
		// A header such as AccessKeyIdentifier has the form of an ID too; but no date beside it.
		if _, err := ParseDate(cellAt(row, s.cols.endDate)); err == nil && accessKeyID.MatchString(id) {
			return fmt.Sprintf("row %d should be a header (headerRows is %d) and holds the access key ID %s", i+1, s.o.HeaderRows, Quoted(id))
		}
	}
	return ""
}

// idsElsewhere reports that another column has more IDs than ours. If ours is full, the other is people's own, such as
// the keys before a rotation.
func idsElsewhere(s *content) string {
	if s.idsRule() {
		return ""
	}
	best, most := -1, s.at(s.cols.accessKeyID).ids
	for i, c := range s.columns {
		if i != s.cols.accessKeyID && c.keyIDs > most && c.keyIDs*2 >= c.filled {
			best, most = i, c.keyIDs
		}
	}
	if best < 0 {
		return ""
	}
	return fmt.Sprintf("%s; column %s looks like it (%d IDs)", s.ids(), ColumnName(best), most)
}

// nothingConfigured reports that there are rows, but none in our columns.
func nothingConfigured(s *content) string {
	if s.rows > 0 {
		return ""
	}
	return "the configured columns are blank in every row, and others are not"
}

// datesAsUserNames reports that a column was inserted before ours, so each column has what belongs one to the left.
func datesAsUserNames(s *content) string {
	c := s.at(s.cols.userName)
	if s.idsRule() || c.filled < 2 || c.dates*2 <= c.filled {
		return ""
	}
	by := s.cols.userName - s.cols.endDate
	guess := ""
	if by > 0 {
		guess = fmt.Sprintf("; if columns were inserted, the IDs may stand in column %s", ColumnName(s.cols.accessKeyID+by))
	}
	return fmt.Sprintf("%s, and column %s (IAM user name) holds dates%s", s.ids(), ColumnName(s.cols.userName), guess)
}

// marksAsIDs reports that the status column is where the IDs should be.
func marksAsIDs(s *content) string {
	c := s.at(s.cols.accessKeyID)
	if c.marks < 2 || c.ids > 0 || c.marks*2 < c.filled {
		return ""
	}
	by := s.cols.accessKeyID - s.cols.status
	guess := ""
	if by > 0 {
		guess = fmt.Sprintf("; column %s may hold the IDs now", ColumnName(s.cols.accessKeyID+by))
	}
	return s.ids() + ", and looks like the status column" + guess
}

// markedWithoutIDs reports marks that only keys get, on rows without an ID: the IDs of these rows were lost.
func markedWithoutIDs(s *content) string {
	if s.markedWithoutID == 0 || s.rows < 2 || s.at(s.cols.accessKeyID).filled > 0 {
		return ""
	}
	return fmt.Sprintf("%s, yet column %s holds marks of keys; column %s may hold the IDs now",
		s.ids(), ColumnName(s.cols.status), ColumnName(s.cols.accessKeyID+1))
}

// columnsMissing reports columns without header and values: they were cut, or just inserted. Without a header, only all
// of them together are proof.
func columnsMissing(s *content) string {
	if s.idsRule() {
		return ""
	}
	var missing []string
	needed := []int{s.cols.endDate, s.cols.userName, s.cols.status, s.cols.accessKeyID}
	for _, i := range needed {
		named := false
		for _, row := range s.header {
			named = named || !blankCell(cellAt(row, i))
		}
		// The status column is empty in a new sheet, and some give it no header.
		if !named && s.at(i).filled == 0 && (i != s.cols.status || s.at(s.cols.accessKeyID).filled > 0) {
			missing = append(missing, string(ColumnName(i)))
		}
	}
	if len(missing) == 0 || (len(s.header) == 0 && len(missing) < len(needed)-1) {
		return ""
	}
	return fmt.Sprintf("%s, and there is nothing at all in column %s", s.ids(), strings.Join(missing, ", "))
}

// neitherIDsNorDates reports that most values of both columns are something else. It needs at least three rows, because
// two may simply be wrong.
func neitherIDsNorDates(s *content) string {
	id, end := s.at(s.cols.accessKeyID), s.at(s.cols.endDate)
	if id.filled < 3 || s.idsRule() || end.dates*2 > end.filled {
		return ""
	}
	return fmt.Sprintf("%s, and column %s (end date) holds dates in %d of %d filled cells only", s.ids(),
		ColumnName(s.cols.endDate), end.dates, end.filled)
}
