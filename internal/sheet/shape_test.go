package sheet_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// insertColumn puts a column before the one with those letters, its header named or not.
func insertColumn(rows [][]any, letters v1alpha1.ColumnLetter, header any) [][]any {
	at := sheet.ColumnIndex(letters)
	return mapRows(rows, func(i int, row []any) []any {
		for len(row) < at {
			row = append(row, nil)
		}
		var cell any
		if i == 0 {
			cell = header
		}
		return slices.Insert(row, at, cell)
	})
}

func deleteColumn(rows [][]any, letters v1alpha1.ColumnLetter) [][]any {
	at := sheet.ColumnIndex(letters)
	return mapRows(rows, func(_ int, row []any) []any {
		if len(row) <= at {
			return row
		}
		return slices.Delete(row, at, at+1)
	})
}

func cutColumns(rows [][]any, keep int) [][]any {
	return mapRows(rows, func(_ int, row []any) []any { return row[:min(len(row), keep)] })
}

func mapRows(rows [][]any, f func(int, []any) []any) [][]any {
	var out [][]any
	for i, row := range rows {
		out = append(out, f(i, slices.Clone(row)))
	}
	return out
}

// asRead cuts rows to what a sync asks for: columns A to L.
func asRead(rows [][]any) [][]any { return cutColumns(rows, 12) }

func shapeReason(err error) string {
	var shape *sheet.ShapeError
	if !errors.As(err, &shape) {
		return ""
	}
	return shape.Reason
}

func TestATabWhoseColumnsMovedIsRefused(t *testing.T) {
	rows := companyTab(t, "key_request_form.csv")
	for name, tc := range map[string]struct {
		rows [][]any
		want string
	}{
		"a column inserted before A":         {insertColumn(rows, "A", nil), "column J (IAM user name) holds dates; if columns were inserted, the IDs may stand in column M"},
		"a column inserted before A, named":  {insertColumn(rows, "A", "No."), "column J (IAM user name) holds dates"},
		"a column inserted before the dates": {insertColumn(rows, "H", "x"), "column J (IAM user name) holds dates"},
		"a column inserted before the user":  {insertColumn(rows, "J", "x"), "column L holds no access key ID in 9 filled cells"},
		"a column inserted before the mark":  {insertColumn(rows, "K", "x"), "looks like the status column; column M may hold the IDs now"},
		"a column inserted before the ID":    {insertColumn(rows, "L", nil), "column K holds marks of keys; column M may hold the IDs now"},
		"the same, named":                    {insertColumn(rows, "L", "メモ"), "column K holds marks of keys; column M may hold the IDs now"},
		"two columns inserted":               {insertColumn(insertColumn(rows, "B", "x"), "B", "y"), "column J (IAM user name) holds dates"},
		"three columns inserted":             {insertColumn(insertColumn(insertColumn(rows, "B", "x"), "B", "y"), "B", "z"), "column I (end date) holds dates in 0 of"},
		"a column deleted":                   {deleteColumn(rows, "G"), "column L, where access key IDs should stand, is empty; column K looks like it (29 IDs)"},
		"two columns deleted":                {deleteColumn(deleteColumn(rows, "A"), "A"), "column J looks like it (29 IDs)"},
		"twelve columns cut to five":         {cutColumns(rows, 5), "there is nothing at all in column I, J, L"},
		"twelve columns cut to one":          {cutColumns(rows, 1), "the configured columns are blank in every row"},
		"the ID column emptied":              {cutColumns(rows, 11), "column K holds marks of keys"},
		"the header deleted":                 {rows[1:], `row 1 should be a header (headerRows is 1) and holds the access key ID "AKIAKEYLEASE00000001"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := sheet.CheckShape(asRead(tc.rows), options())
			if shapeReason(err) != v1alpha1.ReasonColumnsMoved {
				t.Fatalf("got %v; want %s", err, v1alpha1.ReasonColumnsMoved)
			}
			for _, want := range []string{`tab "key_request_form"`, tc.want, "set spec.requests to where they are now"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q; want it to hold %q", err, want)
				}
			}
		})
	}
}

func TestATabWithoutRowsIsRefusedAsEmpty(t *testing.T) {
	for name, tc := range map[string]struct {
		rows [][]any
		want string
	}{
		"nothing":             {nil, "is empty"},
		"a header only":       {[][]any{header}, "holds nothing below its header"},
		"a header and blanks": {[][]any{header, nil, {"", "　", nil}, {nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, " "}}, "holds nothing below its header"},
	} {
		t.Run(name, func(t *testing.T) {
			err := sheet.CheckShape(tc.rows, options())
			if shapeReason(err) != v1alpha1.ReasonEmptySheet || !strings.Contains(err.Error(), `tab "key_request_form" `+tc.want) {
				t.Errorf("got %v; want %s and %q", err, v1alpha1.ReasonEmptySheet, tc.want)
			}
		})
	}
}

func TestATabWithSomeBadRowsIsAccepted(t *testing.T) {
	pending := request(map[string]any{"L": nil, "J": nil, "K": nil})
	for name, rows := range map[string][][]any{
		"one good row":                        {request(nil)},
		"one row with a bad ID and date":      {request(map[string]any{"L": "AKIA123", "I": "来月"})},
		"two bad rows":                        {request(map[string]any{"L": "発行待ち", "I": "来月"}), request(map[string]any{"L": "-", "I": "-"})},
		"bad IDs, good dates":                 {request(map[string]any{"L": "x"}), request(map[string]any{"L": "y"}), request(map[string]any{"L": "z"})},
		"bad dates, good IDs":                 {request(map[string]any{"I": "x"}), request(map[string]any{"I": "y"}), request(map[string]any{"I": "z"})},
		"pending rows only":                   {pending, pending, pending},
		"pending rows, no date yet":           {request(map[string]any{"L": nil, "I": "未定"}), request(map[string]any{"L": nil, "I": "未定"}), request(map[string]any{"L": nil, "I": "未定"})},
		"a pending row that was withdrawn":    {pending, request(map[string]any{"L": nil, "K": "削除済み"})},
		"a second header":                     {header, request(nil), request(map[string]any{"L": "AKIAKEYLEASE00000003"})},
		"the old keys in a column of others":  {request(map[string]any{"G": "AKIAOLDKEY0000000001"}), request(map[string]any{"G": "AKIAOLDKEY0000000002", "L": "AKIAKEYLEASE00000003"})},
		"an ID in the column of the mark":     {request(nil), request(map[string]any{"K": "AKIAKEYLEASE00000003", "L": nil})},
		"a mark in the column of the ID":      {pending, pending, request(map[string]any{"L": "延長"})},
		"user names that are digits":          {request(map[string]any{"J": "20261231"}), request(map[string]any{"J": 20261231.0, "L": "AKIAKEYLEASE00000003"})},
		"check boxes down a column of others": {request(nil), {nil, nil, nil, nil, nil, nil, false}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := sheet.CheckShape(append([][]any{header}, rows...), options()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestATabWithoutAHeaderIsJudgedByItsRows(t *testing.T) {
	o := options()
	o.HeaderRows = 0
	rows := companyTab(t, "key_request_form.csv")[1:]
	if err := sheet.CheckShape(rows, o); err != nil {
		t.Errorf("the sheet as it is: %v", err)
	}
	if got := shapeReason(sheet.CheckShape(cutColumns(rows, 5), o)); got != v1alpha1.ReasonColumnsMoved {
		t.Errorf("cut to five columns: %q", got)
	}
	if got := shapeReason(sheet.CheckShape([][]any{request(map[string]any{"L": nil})}, o)); got != "" {
		t.Errorf("one pending row: %q", got)
	}
}

func TestAHundredRowsOfWhichAFewAreBadAreAccepted(t *testing.T) {
	rows := [][]any{header}
	for i := range 100 {
		with := map[string]any{"L": fmt.Sprintf("AKIAKEYLEASE%08d", i)}
		if i%3 == 0 {
			with = map[string]any{"L": "発行中", "I": "未定"}
		}
		rows = append(rows, request(with))
	}
	if err := sheet.CheckShape(rows, options()); err != nil {
		t.Error(err)
	}
}
