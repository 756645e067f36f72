package sheet

import (
	"maps"
	"slices"
)

// ReadBack is what a reading of the tab shows of a write before it.
type ReadBack struct {
	// Next is the write to be verified once the repairs were written: they can go astray as well.
	Next Write
	// Repairs are the cells to write, so that every cell says what it should. None: all is well.
	Repairs []CellEdit
	// Astray are those of the repairs that give a cell back what a value of another row had taken the place of.
	Astray []CellEdit
	// Missed are the keys whose value did not arrive in their own row.
	Missed []string
	// Doubtful are cells that a person has to look at: Old and New alike, those that hold a value of ours which may be a
	// person's own word as well: it stays; else those of a row that was brought back, which get what it said before it went.
	Doubtful []CellEdit
}

// Verify is the read-back after a write: after is the tab as it was read behind it. Where a person moved rows in between,
// some values stand in other people's cells. The repairs give those cells their former value back, unless somebody changed
// them since, and write the values into the rows that they were meant for.
//
// However often rows move between any two requests, and whatever becomes of repairs, no value stays in a wrong row: what
// is found there is ours where it was not there before, was not meant for it, and is among all that was written. A row is
// recognised by its access key ID, one without by its other cells. What cannot be told:
//
//   - A value found more often than it was written, in places that nothing was written to: somebody wrote the same within
//     those moments. Where the date that was written beside a mark shows which row it is, that one is put right; otherwise
//     all of them stay, and are Doubtful. Where a stray value replaced its like, a person's own looks like the stray one.
//   - What a cell said that a person wrote between the look-up and the write over it: the service knows no conditional
//     writes. It gets back what it said when it was looked up, an inserted row nothing. A row that was brought back gets what
//     it said before it went, and as a person may have pasted something else, that is Doubtful.
//   - What came with a row that was deleted between the write and the read-back, and was brought back once all was done.
//   - That a cell held a formula: it is read as its value, and gets that back.
//   - Which of several rows is which, where all their other cells are the same, or where there are none.
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
			continue // its row is gone: there is nothing to write any more, only to find
		case sameCell(v.cell(at), e.New):
		case stray[at], sameCell(v.cell(at), e.Old):
			want[at] = e.New
			missed = append(missed, e.AccessKeyID)
		default:
			continue // a person wrote over it
		}
		e.Row, e.Range = at.row+1, CellRange(tab, e.Column, at.row+1)
		edits = append(edits, e)
	}
	r := v.readBack(stray, want)
	r.Missed = unique(append(missed, r.Missed...))
	// What people wrote since is the value to be given back from now on.
	r.Next.Before, r.Next.Edits = Apply(after, v.edit(formers)), edits
	return r
}

// Recover is the read-back of a write that nobody read back, because the process died or the answer was lost: after is
// the tab as it stands now. The repairs give wrong cells their former value back, and no more: what the right ones are to
// say is decided anew by the next merge.
//
// People had more time to write than between two requests. An extension mark, or a date later than the former, is therefore
// taken for ours only where a former reading found it, where it was written to, or, in a recent write, where date and mark
// of one key stand together: taking away a person's own would let a key be deleted, and a stray one only keeps it. Of a row
// of which nothing is known, because its lease was deleted since, that is so of any value. What is left is Doubtful.
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

// forgotten: a row with a key that may have been there before the write, and nobody knows what it said then.
func (v *verification) forgotten(row int) bool {
	return v.w.incomplete && v.after.key(row) != "" && len(v.before.of[v.after.ids[row]]) == 0
}

// readBack of what is astray, and wanted instead.
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

// keepsKey: the cell holds what people write too, and what keeps a key alive for longer than its former value.
func (v *verification) keepsKey(at cellAddress, former any) bool {
	if at.column != v.o.Columns.EndDate {
		return ParseStatus(cellText(v.cell(at)), v.o.Marks).Mark == MarkExtension
	}
	is, err := ParseDate(v.cell(at))
	was, formerErr := ParseDate(former)
	return err != nil || formerErr != nil || is > was
}

// verification compares two readings of a table, row by row, wherever the rows stand.
type verification struct {
	w   Write
	o   Options
	tab string
	// recent: people had little time since the write.
	recent bool
	// before has the rows that came back since too, as they were before they went, behind all others; back are their keys.
	before, after reading
	back          map[string]bool
	// meant are the cells of after that were to be written, and with what.
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

// home gives the one cell of after that the edit was meant for; of several rows with its key, the one at the address. The
// row is -1 where it cannot be told.
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

// edit gives cells the values that they should have.
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
