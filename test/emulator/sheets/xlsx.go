package sheets

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

// LoadXLSX reads an Excel workbook, one tab a sheet. Dates stay numbers with
// their date format, numbers numbers (to Excel's 15 digits), texts texts;
// formulas keep the result that is stored in the file. The file's name is the
// title.
func LoadXLSX(path string) (sp *Spreadsheet, err error) {
	f, err := excelize.OpenFile(path)
	if err != nil {
		return nil, fmt.Errorf("load spreadsheet %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	reader := xlsxReader{file: f, formats: map[int]string{}}
	if props, err := f.GetWorkbookProps(); err == nil && props.Date1904 != nil && *props.Date1904 {
		reader.dateOffset = 1462 // days from 1899-12-30 to 1904-01-01
	}
	var grids []*Grid
	for _, sheet := range f.GetSheetList() {
		rows, err := reader.rows(sheet)
		if err != nil {
			return nil, fmt.Errorf("load spreadsheet %s: sheet %q: %w", path, sheet, err)
		}
		grids = append(grids, gridOf(sheet, rows))
	}
	return spreadsheetOf(titleOf(path), grids)
}

type xlsxReader struct {
	file       *excelize.File
	dateOffset float64
	// formats are number formats by style.
	formats map[int]string
}

func (r *xlsxReader) rows(sheet string) ([][]Cell, error) {
	raw, err := r.file.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, err
	}
	rows := make([][]Cell, len(raw))
	for i, values := range raw {
		rows[i] = make([]Cell, len(values))
		for j, value := range values {
			name := area{i + 1, j + 1, i + 1, j + 1}.String()
			if rows[i][j], err = r.cell(sheet, name, value); err != nil {
				return nil, fmt.Errorf("cell %s: %w", name, err)
			}
		}
	}
	return rows, nil
}

func (r *xlsxReader) cell(sheet, name, value string) (Cell, error) {
	format, err := r.format(sheet, name)
	if err != nil {
		return Cell{}, err
	}
	kind, err := r.file.GetCellType(sheet, name)
	if err != nil {
		return Cell{}, err
	}
	c := Text(value)
	switch kind {
	case excelize.CellTypeUnset, excelize.CellTypeNumber:
		if number, err := strconv.ParseFloat(value, 64); err == nil {
			c = Number(number)
		}
	case excelize.CellTypeBool:
		c = Bool(value == "1" || strings.EqualFold(value, "true"))
	}
	c.Format = format
	if number, ok := c.Value.(float64); ok && c.IsDate() {
		c.Value = number + r.dateOffset
	}
	c.Formula, err = r.file.GetCellFormula(sheet, name)
	if c.Formula != "" {
		c.Formula = "=" + strings.TrimPrefix(c.Formula, "=")
	}
	return c, err
}

func (r *xlsxReader) format(sheet, name string) (string, error) {
	id, err := r.file.GetCellStyle(sheet, name)
	if err != nil {
		return "", err
	}
	format, known := r.formats[id]
	if known {
		return format, nil
	}
	style, err := r.file.GetStyle(id)
	if err != nil {
		return "", err
	}
	format = builtInFormat(style.NumFmt)
	if style.CustomNumFmt != nil {
		format = *style.CustomNumFmt
	}
	r.formats[id] = format
	return format, nil
}

// builtInFormat names the formats that a workbook refers to by number
// (ECMA-376 part 1, 18.8.30), the dates as the Japanese locale shows them. 27
// to 36 and 50 to 58 are its own; those with years of an era are shown with
// Western years.
func builtInFormat(id int) string {
	formats := map[int]string{
		0: "", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%",
		14: "yyyy/mm/dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
		20: "h:mm", 21: "h:mm:ss", 22: "yyyy/m/d h:mm", 45: "mm:ss", 47: "mm:ss", 49: "@",
		31: `yyyy"年"m"月"d"日"`, 32: `h"時"mm"分"`, 33: `h"時"mm"分"ss"秒"`, 34: `yyyy"年"m"月"`, 35: `m"月"d"日"`,
		55: `yyyy"年"m"月"`, 56: `m"月"d"日"`,
	}
	if format, known := formats[id]; known {
		return format
	}
	if (id >= 27 && id <= 36) || (id >= 50 && id <= 58) {
		return "yyyy/m/d"
	}
	return ""
}

// SaveXLSX writes the spreadsheet as an Excel workbook: what [LoadXLSX] reads
// again, apart from empty cells' formats. Excel's own limits are errors: 32,767
// characters a cell, 31 a sheet's name.
func (s *Spreadsheet) SaveXLSX(path string) (err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	styles := map[string]int{}
	for i, g := range s.grids() {
		if i == 0 {
			err = f.SetSheetName(f.GetSheetName(0), g.title)
		} else {
			_, err = f.NewSheet(g.title)
		}
		if err != nil {
			return fmt.Errorf("save spreadsheet: tab %q: %w", g.title, err)
		}
		for row, cells := range g.Rows() {
			for col, c := range cells {
				name := area{row + 1, col + 1, row + 1, col + 1}.String()
				if err := saveCell(f, g.title, name, c, styles); err != nil {
					return fmt.Errorf("save spreadsheet: tab %q, cell %s: %w", g.title, name, err)
				}
			}
		}
	}
	if err := f.SaveAs(path); err != nil {
		return fmt.Errorf("save spreadsheet: %w", err)
	}
	return nil
}

func saveCell(f *excelize.File, sheet, name string, c Cell, styles map[string]int) error {
	if c.Empty() {
		return nil
	}
	// excelize would cut the text without a word.
	if text, ok := c.Value.(string); ok && len(utf16.Encode([]rune(text))) > excelize.TotalCellChars {
		return fmt.Errorf("a workbook's cell holds %d characters at most: save it as CSV", excelize.TotalCellChars)
	}
	if err := f.SetCellValue(sheet, name, c.Value); err != nil {
		return err
	}
	if c.Formula != "" {
		if err := f.SetCellFormula(sheet, name, c.Formula); err != nil {
			return err
		}
	}
	if c.Format == "" {
		return nil
	}
	style, known := styles[c.Format]
	if !known {
		var err error
		if style, err = f.NewStyle(&excelize.Style{CustomNumFmt: &c.Format}); err != nil {
			return err
		}
		styles[c.Format] = style
	}
	return f.SetCellStyle(sheet, name, name, style)
}
