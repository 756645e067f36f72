package sheet

import (
	"maps"
	"slices"
)

// ReadBack is what a reading of the tab shows about an earlier write.
type ReadBack struct {
	// Next is the write to verify after the repairs were written, because they can go astray too.
	Next Write
	// Repairs are the cells to write so that every cell is right. None: all are.
	Repairs []CellEdit
	// Astray are the repairs that restore a cell into which another row's value was written.
	Astray []CellEdit
	// Missed are the keys whose value did not arrive in their own row.
	Missed []string
	// Doubtful are cells that a person must check. If Old and New are equal, the cell has a value that we or a person
	// wrote, and it stays. Otherwise its row was brought back, and the cell gets what it had before its row was
	// deleted.
	Doubtful []CellEdit
}

// Verify checks a write; after is the tab as it was read afterwards. If a person moved rows in between, some values are
// in other rows' cells. The repairs restore those cells, unless someone has changed them since, and write the values
// into the right rows.
//
// No value stays in a wrong row, however often rows move between two requests, and even if repairs fail. A value found
// in a row is ours if it was written, was not meant for that row, and was not there before. A row is recognised by its
// access key ID; one without is recognised by its other cells.
//
// Some things cannot be told:
//
//   - A value was found more often than it was written, at addresses that were not written to: a person wrote the same at
//     that moment. If a date written beside the mark shows the row, that cell is repaired. Otherwise all of them stay, and
//     are Doubtful. If a stray value replaced an equal one, a person's own value looks like the stray one.
//   - What a person wrote between the look-up and the write over it: Google has no conditional writes. The cell gets what
//     it had at the look-up; a cell of an inserted row becomes empty. A row that was brought back gets what it had before
//     it was deleted. A person may have pasted something else, so that is Doubtful.
//   - What came with a row that was deleted between write and read-back, and was brought back after the end.
//   - Whether a cell had a formula: it is read as its value, and restored as that.
//   - Which row is which, if all their other cells are equal or empty.
func Verify(w Write, after [][]any, o Options, tab string) ReadBack {
	v := newVerification(w, after, o, tab, true)
	stray := v.allStrays()
	formers := v.formers(stray)
	want := maps.Clone(formers)
	var edits []CellEdit
	var missed []string
	for _, e := range w.Edits {
		at := v.home(e)
		switch {
		case at.row < 0:
			continue // its row is gone: there is nothing to write, only something to find
		case sameCell(v.cell(at), e.New):
		case stray[at], sameCell(v.cell(at), e.Old):
			want[at] = e.New
			missed = append(missed, e.AccessKeyID)
		default:
			continue // a person overwrote it
		}
		e.Row, e.Range = at.row+1, CellRange(tab, e.Column, at.row+1)
		edits = append(edits, e)
	}
	r := v.readBack(stray, want)
	r.Missed = unique(append(missed, r.Missed...))
	// What people wrote since is what a repair restores from now on.
	r.Next.Before, r.Next.Edits = Apply(after, v.edit(formers)), edits
	return r
}

// Recover checks a write that nobody read back, because the process crashed or the answer was lost. after is the tab as
// it is now. The repairs only restore wrong cells; the next merge decides what the right ones must say.
//
// People had more time to edit than between two requests. An extension mark, or a later date, may be a person's own.
// Removing it would let a key be deleted; a stray one only delays the deletion. Therefore it counts as ours only in three
// cases. An earlier reading found it; it is at an address that was written to; or a recent write wrote date and mark
// together and both are there. If a lease was deleted since, nothing is known of its row, and this applies to any value in
// it. All other such values are Doubtful.
func Recover(w Write, after [][]any, o Options, tab string, recent bool) ReadBack {
	v := newVerification(w, after, o, tab, recent)
	stray := v.allStrays()
	for at := range stray {
		known, _ := v.knownStray(at)
		certain := known || v.writtenTo(at, v.cell(at)) || v.together(at)
		if !certain && (v.forgotten(at.row) || v.keepsKey(at, v.former(at))) {
			delete(stray, at)
			v.doubtful[at] = true
		}
	}
	formers := v.formers(stray)
	r := v.readBack(stray, formers)
	r.Next.Before, r.Next.Edits, r.Next.incomplete = Apply(after, r.Repairs), nil, false
	return r
}

// forgotten tells whether a row with a key may have existed before the write, but nobody knows what it said then.
func (v *verification) forgotten(row int) bool {
	return v.w.incomplete && v.after.key(row) != "" && len(v.before.of[v.after.ids[row]]) == 0
}

// readBack makes the result: stray are the wrong cells, want what cells must say.
func (v *verification) readBack(stray map[cellAddress]bool, want map[cellAddress]any) ReadBack {
	r := ReadBack{Next: v.w, Repairs: v.edit(want), Missed: unique(v.strayed(stray))}
	for _, e := range r.Repairs {
		if stray[cellAddress{e.Row - 1, e.Column}] {
			r.Astray = append(r.Astray, e)
		}
	}
	doubtful := map[cellAddress]any{}
	for at := range v.doubtful {
		doubtful[at] = v.cell(at)
	}
	for at := range stray {
		if v.isBack(at.row) {
			doubtful[at] = want[at]
		}
	}
	r.Doubtful = v.edit(doubtful)
	r.Next.Gone = v.goneNow()
	r.Next.Written = append(slices.Clone(v.w.Written), v.writtenBy(r.Repairs, stray)...)
	return r
}

func unique(keys []string) []string {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// keepsKey tells whether the cell has a value that people write too, and that delays the deletion longer than its
// former value.
func (v *verification) keepsKey(at cellAddress, former any) bool {
	if at.column != v.o.Columns.EndDate {
		return ParseStatus(cellText(v.cell(at)), v.o.Marks).Mark == MarkExtension
	}
	is, err := ParseDate(v.cell(at))
	was, formerErr := ParseDate(former)
	return err != nil || formerErr != nil || is > was
}

// verification compares two readings of a tab, row by row, wherever the rows are.
type verification struct {
	w   Write
	o   Options
	tab string
	// recent: people had little time since the write.
	recent bool
	// before also has, at its end, the rows that were brought back, as they were before their deletion. back are their
	// keys.
	before, after reading
	back          map[string]bool
	// meant are the cells of after that were to be written, and their values.
	meant map[cellAddress]any
	// doubtful cells: see ReadBack.
	doubtful map[cellAddress]bool
}

func newVerification(w Write, after [][]any, o Options, tab string, recent bool) *verification {
	v := &verification{w: w, o: o, tab: tab, recent: recent, before: readingOf(w.Before, o), after: readingOf(after, o),
		back: map[string]bool{}, meant: map[cellAddress]any{}, doubtful: map[cellAddress]bool{}}
	v.bringBack()
	for _, e := range w.Edits {
		v.meant[v.home(e)] = e.New
	}
	return v
}

// home is the cell of after that the edit was meant for. If several rows have its key, it is the one at the address.
// The row is -1 if that is unknown.
func (v *verification) home(e CellEdit) cellAddress {
	rows := v.after.of[keyPrefix+e.AccessKeyID]
	switch {
	case len(rows) == 1:
		return cellAddress{rows[0], e.Column}
	case slices.Contains(rows, e.Row-1):
		return cellAddress{e.Row - 1, e.Column}
	}
	return cellAddress{-1, e.Column}
}

func (v *verification) writtenBy(repairs []CellEdit, stray map[cellAddress]bool) []WrittenCell {
	var cells []WrittenCell
	request := 0
	for _, e := range v.w.Written {
		request = max(request, e.Request+1)
	}
	for _, e := range repairs {
		at := cellAddress{e.Row - 1, e.Column}
		_, fresh := v.knownStray(at)
		cells = append(cells, WrittenCell{
			Of: v.after.ids[at.row], Column: e.Column, Row: e.Row, Old: e.Old, New: e.New, Clears: stray[at],
			Fresh: fresh || v.fresh(at.row), Request: request,
		})
	}
	return cells
}

// edit makes the edits that give cells these values.
func (v *verification) edit(want map[cellAddress]any) []CellEdit {
	var edits []CellEdit
	for at, value := range want {
		edits = append(edits, CellEdit{AccessKeyID: v.after.key(at.row), Column: at.column, Row: at.row + 1,
			Range: CellRange(v.tab, at.column, at.row+1), Old: v.cell(at), New: value})
	}
	sortEdits(edits)
	return edits
}

func (v *verification) cell(at cellAddress) any {
	return v.after.cell(at)
}
