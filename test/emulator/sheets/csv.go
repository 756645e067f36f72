package sheets

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// LoadCSV reads a folder of CSV files, as a browser's export tab by tab gives
// them: the name without .csv is the tab's, the text is UTF-8 with or without a
// byte order mark, and every value is text. The folder's name is the title.
func LoadCSV(folder string) (*Spreadsheet, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("load spreadsheet: %w", err)
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && strings.EqualFold(filepath.Ext(e.Name()), ".csv") {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("load spreadsheet: no .csv file in %s", folder)
	}
	return loadCSVFiles(filepath.Base(folder), files)
}

func loadCSVFiles(title string, files []string) (*Spreadsheet, error) {
	var grids []*Grid
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("load spreadsheet: %w", err)
		}
		rows, err := readCSV(data)
		if err != nil {
			return nil, fmt.Errorf("load spreadsheet: %s: %w", file, err)
		}
		grids = append(grids, gridOf(titleOf(file), rows))
	}
	return spreadsheetOf(title, grids)
}

// readCSV parses one file. encoding/csv leaves blank lines out, but a blank
// line is a blank row: without it every row below would have another number.
func readCSV(data []byte) ([][]Cell, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8: export it as CSV UTF-8")
	}
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord = -1 // rows are ragged
	var rows [][]Cell
	// next is the line at which the next record begins if no line is blank.
	next, lines, offset := 1, 0, int64(0)
	for {
		record, err := reader.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		start, _ := reader.FieldPos(0)
		for ; next < start; next++ {
			rows = append(rows, nil)
		}
		row := make([]Cell, len(record))
		for i, field := range record {
			row[i] = Text(field)
		}
		rows = append(rows, row)
		lines += bytes.Count(data[offset:reader.InputOffset()], []byte("\n"))
		next, offset = lines+1, reader.InputOffset()
	}
}

// SaveCSV writes every tab to folder/<title>.csv as a person sees it, in UTF-8
// without a byte order mark. The folder is made if it is not there; other files
// in it stay.
func (s *Spreadsheet) SaveCSV(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("save spreadsheet: %w", err)
	}
	for _, g := range s.grids() {
		if filepath.Base(g.title) != g.title || g.title == "." || g.title == ".." {
			return fmt.Errorf("save spreadsheet: tab %q cannot be a file's name: rename it", g.title)
		}
		data, err := writeCSV(g.Texts())
		if err != nil {
			return fmt.Errorf("save spreadsheet: tab %q: %w", g.title, err)
		}
		if err := os.WriteFile(filepath.Join(folder, g.title+".csv"), data, 0o644); err != nil {
			return fmt.Errorf("save spreadsheet: %w", err)
		}
	}
	return nil
}

// writeCSV pads all rows to one width, of two at least: a row of one empty
// field would be a blank line, which most readers leave out.
func writeCSV(rows [][]string) ([]byte, error) {
	width := 2
	for _, row := range rows {
		width = max(width, len(row))
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, row := range rows {
		padded := make([]string, width)
		copy(padded, row)
		if err := w.Write(padded); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}
