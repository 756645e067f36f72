package sheets

import (
	"errors"
	"fmt"
	"unicode/utf16"

	sheetsapi "google.golang.org/api/sheets/v4"
)

// maxCellLength is the service's limit of one cell. What it counts as a
// character is not documented; UTF-16 units are the stricter reading.
const maxCellLength = 50000

// cellWrite is one cell to be written, checked.
type cellWrite struct {
	tab      *tabState
	row, col int
	cell     Cell
}

// rangeWrite is one ValueRange of a write, checked, and what is answered for it.
type rangeWrite struct {
	tab   *tabState
	cells []cellWrite
	// updated is where values were given, requested what the range covers.
	updated, requested area
}

// plan checks one ValueRange without changing anything. Null values are
// skipped (discovery document, ValueRange.values).
func (s *Spreadsheet) plan(v *sheetsapi.ValueRange, input string) (*rangeWrite, error) {
	t, a, err := s.resolve(v.Range)
	if err != nil {
		return nil, err
	}
	bounds, err := t.clamp(a)
	if err != nil {
		return nil, err
	}
	// Stricter than need be: the service may accept a range that ends outside
	// the grid if its values do not.
	if a.endRow > t.grid.rowCount || a.endCol > t.grid.colCount {
		return nil, t.exceeds(a)
	}
	w := &rangeWrite{tab: t, updated: bounds, requested: bounds}
	// One cell is an anchor: values may reach beyond it, to the grid's end.
	if bounds.single() {
		bounds.endRow, bounds.endCol = t.grid.rowCount, t.grid.colCount
	}
	right, bottom := 0, 0
	for i, line := range v.Values {
		for j, value := range line {
			row, col := bounds.row+i, bounds.col+j
			if v.MajorDimension == "COLUMNS" {
				row, col = bounds.row+j, bounds.col+i
			}
			if err := t.fits(row, col, bounds, a); err != nil {
				return nil, err
			}
			right, bottom = max(right, col), max(bottom, row)
			cell, skip, err := inputCell(i, j, value, input)
			if err != nil {
				return nil, err
			}
			if !skip {
				w.cells = append(w.cells, cellWrite{t, row, col, cell})
			}
		}
	}
	if right > 0 {
		w.updated = area{bounds.row, bounds.col, bottom, right}
	}
	if a.single() {
		w.requested = w.updated
	}
	return w, nil
}

// fits refuses values that reach out of the range, or out of the grid.
func (t *tabState) fits(row, col int, bounds, asked area) error {
	if row > t.grid.rowCount || col > t.grid.colCount {
		return t.exceeds(area{row, col, row, col})
	}
	if row > bounds.endRow {
		return invalidArgument("Requested writing within range [%s], but tried writing to row [%d]", t.name(asked), row)
	}
	if col > bounds.endCol {
		return invalidArgument("Requested writing within range [%s], but tried writing to column [%s]", t.name(asked), ColumnName(col))
	}
	return nil
}

// inputCell turns a JSON value into a cell; i and j are its place in "values".
func inputCell(i, j int, value any, input string) (c Cell, skip bool, err error) {
	switch v := value.(type) {
	case nil:
		return Cell{}, true, nil
	case bool:
		return Bool(v), false, nil
	case float64:
		return Number(v), false, nil
	case string:
		if len(utf16.Encode([]rune(v))) > maxCellLength {
			return Cell{}, false, invalidArgument("Your input contains more than the maximum of %d characters in a single cell.", maxCellLength)
		}
		if input == "USER_ENTERED" {
			return Typed(v), false, nil
		}
		return Text(v), false, nil
	case []any:
		return Cell{}, false, invalidArgument("Invalid values[%d][%d]: list_value", i, j)
	}
	return Cell{}, false, invalidArgument("Invalid values[%d][%d]: struct_value", i, j)
}

// commit writes the cells of a checked range.
func (w *rangeWrite) commit() {
	for _, c := range w.cells {
		c.tab.grid.put("write", c.row, c.col, c.cell)
	}
}

// response is the answer for a committed range.
func (w *rangeWrite) response(id string, echo bool, major string, how rendering) *sheetsapi.UpdateValuesResponse {
	rows, cols := map[int]bool{}, map[int]bool{}
	for _, c := range w.cells {
		rows[c.row], cols[c.col] = true, true
	}
	r := &sheetsapi.UpdateValuesResponse{SpreadsheetId: id, UpdatedRange: w.tab.name(w.updated),
		UpdatedCells: int64(len(w.cells)), UpdatedRows: int64(len(rows)), UpdatedColumns: int64(len(cols))}
	if echo {
		r.UpdatedData = w.tab.valueRange(w.requested, major, how)
	}
	return r
}

func requireInput(option string) error {
	if option == "" || option == "INPUT_VALUE_OPTION_UNSPECIFIED" {
		return invalidArgument("'valueInputOption' is required but not specified")
	}
	return nil
}

func prepareUpdate(req *request) error {
	var v sheetsapi.ValueRange
	if err := decodeBody(req.body, &v); err != nil {
		return err
	}
	input := req.query.Get("valueInputOption")
	if err := errors.Join(requireInput(input), checkMajor("major_dimension", v.MajorDimension)); err != nil {
		return err
	}
	if v.Range != "" && v.Range != req.ranges[0] {
		return invalidArgument("Range in the body [%s] is not the range of the request [%s]", v.Range, req.ranges[0])
	}
	v.Range = req.ranges[0]
	req.run = func(s *Spreadsheet) (any, error) {
		w, err := s.plan(&v, input)
		if err != nil {
			return nil, err
		}
		w.commit()
		req.cells = len(w.cells)
		how := rendering{req.query.Get("responseValueRenderOption"), req.query.Get("responseDateTimeRenderOption")}
		return w.response(s.id, req.query.Get("includeValuesInResponse") == "true", v.MajorDimension, how), nil
	}
	return nil
}

// checkMajor accepts an absent dimension too.
func checkMajor(name, value string) error {
	if value == "" {
		return nil
	}
	return majorDimension.check(name, value)
}

// inData says which of a batch's ranges an error is about.
func inData(i int, err error) error {
	var refused *apiError
	if !errors.As(err, &refused) {
		return err
	}
	return newError(refused.Code, refused.Status, refused.Errors[0].Reason, fmt.Sprintf("Invalid data[%d]: %s", i, refused.Message))
}
