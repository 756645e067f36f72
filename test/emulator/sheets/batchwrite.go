package sheets

import (
	"cmp"
	"fmt"

	sheetsapi "google.golang.org/api/sheets/v4"
)

// prepareBatchUpdate checks everything that needs no spreadsheet; the rest is
// checked for all ranges before the first cell is written.
func prepareBatchUpdate(req *request) error {
	var b sheetsapi.BatchUpdateValuesRequest
	if err := decodeBody(req.body, &b); err != nil {
		return err
	}
	for _, v := range b.Data {
		if v == nil {
			return invalidArgument("Invalid value at 'data': null")
		}
		req.ranges = append(req.ranges, v.Range)
	}
	if err := checkBatch(&b); err != nil {
		return err
	}
	req.run = func(s *Spreadsheet) (any, error) {
		var writes []*rangeWrite
		for i, v := range b.Data {
			w, err := s.plan(v, b.ValueInputOption)
			if err != nil {
				return nil, inData(i, err)
			}
			writes = append(writes, w)
		}
		for _, w := range writes {
			w.commit()
			req.cells += len(w.cells)
		}
		return batchResponse(s.id, &b, writes), nil
	}
	return nil
}

func checkBatch(b *sheetsapi.BatchUpdateValuesRequest) error {
	// The unspecified values are the defaults of absent fields.
	if b.ValueInputOption != "" {
		if err := valueInput.check("value_input_option", b.ValueInputOption); err != nil {
			return err
		}
	}
	if err := requireInput(b.ValueInputOption); err != nil {
		return err
	}
	for i, v := range b.Data {
		if err := checkMajor(fmt.Sprintf("data[%d].major_dimension", i), v.MajorDimension); err != nil {
			return err
		}
	}
	if err := valueRender.check("response_value_render_option", cmp.Or(b.ResponseValueRenderOption, "FORMATTED_VALUE")); err != nil {
		return err
	}
	return dateTimeRender.check("response_date_time_render_option", cmp.Or(b.ResponseDateTimeRenderOption, "SERIAL_NUMBER"))
}

// batchResponse counts rows and columns once however often they were written.
func batchResponse(id string, b *sheetsapi.BatchUpdateValuesRequest, writes []*rangeWrite) *sheetsapi.BatchUpdateValuesResponse {
	type line struct {
		tab *tabState
		n   int
	}
	rows, cols, tabs := map[line]bool{}, map[line]bool{}, map[*tabState]bool{}
	how := rendering{b.ResponseValueRenderOption, b.ResponseDateTimeRenderOption}
	r := &sheetsapi.BatchUpdateValuesResponse{SpreadsheetId: id}
	for i, w := range writes {
		for _, c := range w.cells {
			rows[line{c.tab, c.row}], cols[line{c.tab, c.col}], tabs[c.tab] = true, true, true
		}
		r.TotalUpdatedCells += int64(len(w.cells))
		r.Responses = append(r.Responses, w.response(id, b.IncludeValuesInResponse, b.Data[i].MajorDimension, how))
	}
	r.TotalUpdatedRows, r.TotalUpdatedColumns, r.TotalUpdatedSheets = int64(len(rows)), int64(len(cols)), int64(len(tabs))
	return r
}
