package sheets

import (
	"fmt"
	"slices"
	"time"
)

// Author tells who changed a sheet.
type Author string

const (
	// API is a request over HTTP.
	API Author = "api"
	// Person is an edit through the Go methods.
	Person Author = "person"
)

// Change is one line of a spreadsheet's log: a cell that was written, or an
// edit of rows, columns or tabs as a whole.
type Change struct {
	// Seq counts from 1 within the spreadsheet, in the order of the edits.
	Seq  int
	Time time.Time
	By   Author
	// SpreadsheetID is empty while the spreadsheet is on no server.
	SpreadsheetID string
	Tab           string
	// Op is what happened: "write" for a request; "set", "type", "paste",
	// "clear", "insert rows", "sort by I", "rename tab" … for a person.
	Op string
	// Range is in A1 notation without the tab: "K3" for a cell, "3:5" for rows.
	Range string
	// Old and New are the cell before and after. They are equal if a write put
	// what was there already, which the operator must not do.
	Old, New Cell
}

// String is a line for the laboratory's screen.
func (c Change) String() string {
	if c.Old == c.New {
		return fmt.Sprintf("%s %s!%s %s", c.By, c.Tab, c.Range, c.Op)
	}
	return fmt.Sprintf("%s %s!%s %s: %q → %q", c.By, c.Tab, c.Range, c.Op, c.Old, c.New)
}

// Changes returns the log so far.
func (s *Spreadsheet) Changes() []Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.changes)
}

// OnChange calls f after every change from now on, outside the lock: f may look
// at the spreadsheet. Concurrent edits may call it concurrently; Seq has their
// order.
func (s *Spreadsheet) OnChange(f func(Change)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers = append(s.watchers, f)
}

// ForgetChanges empties the log, so that a long run does not fill the memory.
func (s *Spreadsheet) ForgetChanges() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes = nil
}

// edit runs f under the lock and then tells the watchers what it changed. It
// returns f's error.
func (s *Spreadsheet) edit(by Author, f func() error) error {
	fresh, watchers, err := s.locked(by, f)
	for _, c := range fresh {
		for _, watch := range watchers {
			watch(c)
		}
	}
	return err
}

// locked runs f under the lock, which a panic in f gives back too.
func (s *Spreadsheet) locked(by Author, f func() error) ([]Change, []func(Change), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.changes)
	err := f()
	for _, t := range s.tabs {
		for _, c := range t.grid.changes {
			s.record(by, c)
		}
		t.grid.changes = nil
	}
	return slices.Clone(s.changes[before:]), slices.Clone(s.watchers), err
}

func (s *Spreadsheet) record(by Author, c Change) {
	s.seq++
	c.Seq, c.Time, c.By, c.SpreadsheetID = s.seq, s.clock.Now(), by, s.id
	s.changes = append(s.changes, c)
}
