package workbook

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Folder of CSV files, one for each tab, in UTF-8: "<tab>.csv", or "<spreadsheet> - <tab>.csv" as a browser downloads
// it. Every value of it is text.
type Folder struct{ path string }

// OpenFolder does not read anything yet.
func OpenFolder(path string) (*Folder, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no folder %s", path)
	case err != nil:
		return nil, err
	case !info.IsDir() && strings.EqualFold(filepath.Ext(path), ".xlsx"):
		return nil, fmt.Errorf("%s is an Excel workbook, not a folder: give it as --xlsx %s", path, path)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is no folder: give the folder with one CSV file for each tab: --csv %s", path, filepath.Dir(path))
	}
	return &Folder{path}, nil
}

// Close does nothing: no file stays open.
func (f *Folder) Close() error { return nil }

// Tab gives the rows of a tab, ragged, from row 1 and column A.
func (f *Folder) Tab(name string) ([][]any, error) {
	file, err := f.find(name)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(f.path, file)) //nolint:gosec // a file of the folder that its reader named
	if err != nil {
		return nil, err
	}
	rows, err := readCSV(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(f.path, file), err)
	}
	return rows, nil
}

func (f *Folder) find(tab string) (string, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return "", err
	}
	var all, downloaded []string
	for _, e := range entries {
		switch name := e.Name(); {
		case !strings.EqualFold(filepath.Ext(name), ".csv"):
		case strings.EqualFold(name, tab+".csv"):
			return name, nil
		default:
			all = append(all, name)
			if strings.HasSuffix(strings.ToLower(name), strings.ToLower(" - "+tab+".csv")) {
				downloaded = append(downloaded, name)
			}
		}
	}
	if len(downloaded) == 1 {
		return downloaded[0], nil
	}
	slices.Sort(all)
	others := "it has no CSV file at all"
	if len(all) > 0 {
		others = "its CSV files are " + quoted(all)
	}
	return "", fmt.Errorf("%s has no file %q: %s", f.path, tab+".csv", others)
}

// readCSV parses one file. encoding/csv leaves blank lines out, but a blank line is a blank row: without it every row
// below would have another number.
func readCSV(data []byte) ([][]any, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8: export it as CSV UTF-8")
	}
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord = -1 // rows are ragged
	var rows [][]any
	// next is the line at which the next record begins if no line is blank.
	next, lines, offset := 1, 0, int64(0)
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		start, _ := reader.FieldPos(0)
		for ; next < start; next++ {
			rows = append(rows, nil)
		}
		row := make([]any, len(record))
		for i, field := range record {
			row[i] = field
		}
		rows = append(rows, row)
		lines += bytes.Count(data[offset:reader.InputOffset()], []byte("\n"))
		next, offset = lines+1, reader.InputOffset()
	}
}
