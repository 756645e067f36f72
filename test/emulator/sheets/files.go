package sheets

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// LoadPath reads a spreadsheet from an .xlsx file, a folder of .csv files (one
// tab each, in the order of their names) or a single .csv file. It is on no
// server yet: see [Server.Add].
func LoadPath(path string) (*Spreadsheet, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("load spreadsheet: %w", err)
	}
	if info.IsDir() {
		return LoadCSV(path)
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx":
		return LoadXLSX(path)
	case ".csv":
		return loadCSVFiles(titleOf(path), []string{path})
	}
	return nil, fmt.Errorf("load spreadsheet %s: use an .xlsx file, a .csv file or a folder of .csv files", path)
}

// titleOf is a file's name without its folder and extension.
func titleOf(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// gridOf makes a tab of rows as large as the service makes a new one, or as
// the rows are.
func gridOf(title string, rows [][]Cell) *Grid {
	g := newGrid(title, max(len(rows), defaultRows), defaultColumns)
	g.rows = rows
	for _, row := range rows {
		g.colCount = max(g.colCount, len(row))
	}
	return g
}

// spreadsheetOf makes a document of loaded tabs. Titles come from files, so
// that a double one is an error and no panic.
func spreadsheetOf(title string, grids []*Grid) (*Spreadsheet, error) {
	sp := NewSpreadsheet(title)
	for _, g := range grids {
		if err := sp.titleFree(g.title, nil); err != nil {
			return nil, fmt.Errorf("load spreadsheet %q: %w", title, err)
		}
		sp.add(g)
	}
	return sp, nil
}

// grids returns a copy of all tabs, taken at one moment.
func (s *Spreadsheet) grids() []*Grid {
	s.mu.Lock()
	defer s.mu.Unlock()
	var grids []*Grid
	for _, t := range s.tabs {
		grids = append(grids, t.grid.clone())
	}
	return grids
}
