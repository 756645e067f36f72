package sheets

import (
	"net/url"
	"slices"

	sheetsapi "google.golang.org/api/sheets/v4"
)

// rendering is how the cells of an answer are shown.
type rendering struct{ value, dateTime string }

// cell renders one cell; an empty one is an empty text.
func (r rendering) cell(c Cell) any {
	switch {
	case c.Empty():
		return ""
	case r.value == "" || r.value == "FORMATTED_VALUE":
		return c.String() // dateTimeRenderOption is ignored
	case r.value == "FORMULA" && c.Formula != "":
		return c.Formula
	case c.IsDate() && r.dateTime == "FORMATTED_STRING":
		return c.String()
	}
	return c.Value
}

func renderingOf(q url.Values) rendering {
	return rendering{q.Get("valueRenderOption"), q.Get("dateTimeRenderOption")}
}

// resolve finds the tab and the area of a range. A range without a tab is a
// cell or cells of the first tab, or else a whole tab by its name.
func (s *Spreadsheet) resolve(r string) (*tabState, area, error) {
	title, ref, ok := splitRange(r)
	unparsable := invalidArgument("Unable to parse range: %s", r)
	switch {
	case !ok || len(s.tabs) == 0:
		return nil, area{}, unparsable
	case title == "":
		if a, isArea := parseArea(ref); isArea {
			return s.tabs[0], a, nil
		}
		if t := s.find(ref); t != nil && bareTitle.MatchString(ref) {
			return t, area{}, nil
		}
		return nil, area{}, unparsable
	}
	t := s.find(title)
	if t == nil {
		return nil, area{}, unparsable
	}
	if ref == "" {
		return t, area{}, nil
	}
	a, isArea := parseArea(ref)
	if !isArea {
		return nil, area{}, unparsable
	}
	return t, a, nil
}

// clamp closes an area's open sides and cuts it to the tab's grid.
func (t *tabState) clamp(a area) (area, error) {
	clamped, ok := a.within(t.grid.rowCount, t.grid.colCount)
	if !ok {
		return area{}, t.exceeds(a)
	}
	return clamped, nil
}

func (t *tabState) exceeds(a area) error {
	return invalidArgument("Range (%s) exceeds grid limits. Max rows: %d, max columns: %d",
		t.name(a), t.grid.rowCount, t.grid.colCount)
}

// name writes a range as the service does.
func (t *tabState) name(a area) string { return quoteTitle(t.grid.title) + "!" + a.String() }

// valueRange reads an area that lies within the grid.
func (t *tabState) valueRange(a area, major string, how rendering) *sheetsapi.ValueRange {
	result := &sheetsapi.ValueRange{Range: t.name(a), MajorDimension: "ROWS"}
	columns := major == "COLUMNS"
	lines, length := a.endRow-a.row+1, a.endCol-a.col+1
	// Rows that are not stored are empty; an empty sheet of a million rows must
	// not cost a million lines.
	lines = min(lines, max(len(t.grid.rows)-a.row+1, 0))
	if columns {
		result.MajorDimension = major
		lines, length = length, lines
	}
	for i := range lines {
		line := make([]any, 0, length)
		last := 0
		for j := range length {
			row, col := a.row+i, a.col+j
			if columns {
				row, col = a.row+j, a.col+i
			}
			c := t.grid.at(row, col)
			line = append(line, how.cell(c))
			if !c.Empty() {
				last = j + 1
			}
		}
		result.Values = append(result.Values, line[:last])
	}
	// Trailing empty lines are not returned; without any values the key is
	// absent.
	for n := len(result.Values); n > 0 && len(result.Values[n-1]) == 0; n-- {
		result.Values = result.Values[:n-1]
	}
	return result
}

func (s *Spreadsheet) read(r, major string, how rendering) (*sheetsapi.ValueRange, error) {
	t, a, err := s.resolve(r)
	if err != nil {
		return nil, err
	}
	if a, err = t.clamp(a); err != nil {
		return nil, err
	}
	return t.valueRange(a, major, how), nil
}

func prepareValuesGet(req *request) error {
	req.run = func(s *Spreadsheet) (any, error) {
		return s.read(req.ranges[0], req.query.Get("majorDimension"), renderingOf(req.query))
	}
	return nil
}

func prepareBatchGet(req *request) error {
	req.ranges = slices.Clone(req.query["ranges"])
	req.run = func(s *Spreadsheet) (any, error) {
		result := &sheetsapi.BatchGetValuesResponse{SpreadsheetId: s.id}
		for _, r := range req.ranges {
			values, err := s.read(r, req.query.Get("majorDimension"), renderingOf(req.query))
			if err != nil {
				return nil, err
			}
			result.ValueRanges = append(result.ValueRanges, values)
		}
		return result, nil
	}
	return nil
}

func prepareGet(req *request) error {
	req.ranges = slices.Clone(req.query["ranges"])
	if req.query.Get("includeGridData") == "true" {
		return unimplemented("includeGridData=true")
	}
	req.run = func(s *Spreadsheet) (any, error) {
		wanted := map[*tabState]bool{}
		for _, r := range req.ranges {
			t, _, err := s.resolve(r)
			if err != nil {
				return nil, err
			}
			wanted[t] = true
		}
		return s.metadata(wanted), nil
	}
	return nil
}

// metadata describes the document and the wanted tabs, or all if none is
// named. The service always sends sheetId and index, also if they are 0.
func (s *Spreadsheet) metadata(wanted map[*tabState]bool) *sheetsapi.Spreadsheet {
	result := &sheetsapi.Spreadsheet{
		SpreadsheetId:  s.id,
		SpreadsheetUrl: "https://docs.google.com/spreadsheets/d/" + s.id + "/edit",
		Properties: &sheetsapi.SpreadsheetProperties{
			Title: s.title, Locale: s.locale, TimeZone: s.timeZone, AutoRecalc: "ON_CHANGE"},
	}
	for i, t := range s.tabs {
		if len(wanted) > 0 && !wanted[t] {
			continue
		}
		result.Sheets = append(result.Sheets, &sheetsapi.Sheet{Properties: &sheetsapi.SheetProperties{
			SheetId: t.sheetID, Title: t.grid.title, Index: int64(i), SheetType: "GRID",
			GridProperties:  &sheetsapi.GridProperties{RowCount: int64(t.grid.rowCount), ColumnCount: int64(t.grid.colCount)},
			ForceSendFields: []string{"SheetId", "Index"},
		}})
	}
	return result
}
