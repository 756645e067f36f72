package sheets

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/utils/clock"
)

// Access is what the caller's account may do with a spreadsheet.
type Access int

const (
	// Writer may read and write; the default.
	Writer Access = iota
	// Reader may read; writes are answered with 403.
	Reader
	// NotShared is answered with 403 for everything.
	NotShared
)

// Spreadsheet is a document with tabs. All methods can be used while a
// [Server] answers requests about it.
type Spreadsheet struct {
	mu       sync.Mutex
	id       string
	title    string
	timeZone string
	locale   string
	access   Access
	tabs     []*tabState
	nextID   int64
	clock    clock.PassiveClock
	seq      int
	changes  []Change
	watchers []func(Change)
}

// tabState ties a grid to the number that survives renaming.
type tabState struct {
	sheetID int64
	grid    *Grid
}

// NewSpreadsheet returns an empty document in the Japanese locale and
// Asia/Tokyo. It has no tab yet, which a real one always has: use AddTab.
func NewSpreadsheet(title string) *Spreadsheet {
	return &Spreadsheet{title: title, timeZone: "Asia/Tokyo", locale: "ja_JP", clock: clock.RealClock{}}
}

// ID is the spreadsheet's ID on its server; empty before [Server.Add].
func (s *Spreadsheet) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// SetTimeZone sets properties.timeZone, an IANA name.
func (s *Spreadsheet) SetTimeZone(zone string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timeZone = zone
}

// Share sets what the caller's account may do from now on.
func (s *Spreadsheet) Share(access Access) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.access = access
}

// AddTab adds a tab of 1000 rows and 26 columns behind the others. It panics
// if the title is empty or taken (titles differ in more than case).
func (s *Spreadsheet) AddTab(title string) *Tab {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Tab{s, s.add(newGrid(title, defaultRows, defaultColumns))}
}

func (s *Spreadsheet) add(g *Grid) *tabState {
	if err := s.titleFree(g.title, nil); err != nil {
		panic("sheets: " + err.Error())
	}
	t := &tabState{sheetID: s.nextID, grid: g}
	s.nextID += 1 + 1000003 // the first is 0, the others are large, as in the service
	s.tabs = append(s.tabs, t)
	return t
}

func (s *Spreadsheet) titleFree(title string, except *tabState) error {
	if title == "" {
		return fmt.Errorf("a tab needs a title")
	}
	for _, t := range s.tabs {
		if t != except && strings.EqualFold(t.grid.title, title) {
			return fmt.Errorf("a tab named %q is there already", title)
		}
	}
	return nil
}

// Titles are the tabs' names from left to right.
func (s *Spreadsheet) Titles() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.titles()
}

func (s *Spreadsheet) titles() []string {
	var titles []string
	for _, t := range s.tabs {
		titles = append(titles, t.grid.title)
	}
	return titles
}

// Tab returns the tab with that title. It panics if there is none: ask Titles
// where that can happen.
func (s *Spreadsheet) Tab(title string) *Tab {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.find(title); t != nil {
		return &Tab{s, t}
	}
	panic(fmt.Sprintf("sheets: no tab %q in %q", title, s.titles()))
}

func (s *Spreadsheet) find(title string) *tabState {
	for _, t := range s.tabs {
		if t.grid.title == title {
			return t
		}
	}
	return nil
}

// DeleteTab removes a tab; the last one stays, as in the service.
func (s *Spreadsheet) DeleteTab(title string) error {
	return s.edit(Person, func() error {
		t := s.find(title)
		if t == nil || len(s.tabs) == 1 {
			return fmt.Errorf("cannot delete tab %q of %q", title, s.titles())
		}
		s.tabs = slices.DeleteFunc(s.tabs, func(other *tabState) bool { return other == t })
		s.record(Person, Change{Op: "delete tab", Tab: title})
		return nil
	})
}

// Clone returns an independent copy of titles and content, without ID, log or
// callbacks: the "before" of a [Diff].
func (s *Spreadsheet) Clone() *Spreadsheet {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := NewSpreadsheet(s.title)
	c.timeZone, c.locale, c.nextID, c.clock = s.timeZone, s.locale, s.nextID, s.clock
	for _, t := range s.tabs {
		c.tabs = append(c.tabs, &tabState{sheetID: t.sheetID, grid: t.grid.clone()})
	}
	return c
}
