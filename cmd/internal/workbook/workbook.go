// Package workbook reads an Excel workbook as the Sheets API gives a spreadsheet: numbers and date cells as float64
// (dates as days since 1899-12-30), texts as string, booleans as bool.
package workbook

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Book is an open workbook. Close it.
type Book struct {
	path string
	file *excelize.File
}

// Open a workbook. Errors are sentences that name the file.
func Open(path string) (*Book, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder, not an Excel workbook: a folder with one CSV file for each tab is given with --csv", path)
	}
	file, err := excelize.OpenFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s", path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("file %s may not be read", path)
	case err != nil:
		return nil, fmt.Errorf("%s is not an Excel workbook (.xlsx) that can be opened: %w: save or download the spreadsheet as .xlsx, without a password", path, err)
	}
	b := &Book{path: path, file: file}
	if props, err := file.GetWorkbookProps(); err == nil && props.Date1904 != nil && *props.Date1904 {
		return nil, errors.Join(fmt.Errorf("%s counts its days from 1904, the spreadsheet does not: turn that off in Excel's settings of the workbook and check its dates", path), b.Close())
	}
	return b, nil
}

// Close the file.
func (b *Book) Close() error { return b.file.Close() }

// Tab gives the rows of a tab, ragged, from row 1 and column A.
func (b *Book) Tab(name string) ([][]any, error) {
	tabs := b.file.GetSheetList()
	found := false
	for _, tab := range tabs {
		found = found || tab == name
	}
	if !found {
		return nil, fmt.Errorf("%s has no tab %q: its tabs are %s; say which it is in spec.requests.tab or spec.users.tab of --sheet-manifest", b.path, name, quoted(tabs))
	}
	raw, err := b.file.GetRows(name, excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, fmt.Errorf("%s, tab %q: %w", b.path, name, err)
	}
	rows := make([][]any, len(raw))
	for i, texts := range raw {
		rows[i] = make([]any, len(texts))
		for j, text := range texts {
			if rows[i][j], err = b.cell(name, i+1, j+1, text); err != nil {
				return nil, fmt.Errorf("%s, tab %q, row %d: %w", b.path, name, i+1, err)
			}
		}
	}
	return rows, nil
}

// cell gives a raw value its type. A number that was typed as text stays text, as in the spreadsheet.
func (b *Book) cell(tab string, row, column int, text string) (any, error) {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		return nil, err
	}
	kind, err := b.file.GetCellType(tab, name)
	if err != nil {
		return nil, err
	}
	switch kind {
	case excelize.CellTypeUnset, excelize.CellTypeNumber:
		if number, err := strconv.ParseFloat(text, 64); err == nil {
			return number, nil
		}
	case excelize.CellTypeBool:
		return text == "1" || strings.EqualFold(text, "true"), nil
	}
	return text, nil
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strconv.Quote(n)
	}
	return strings.Join(out, ", ")
}
