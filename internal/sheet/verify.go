package sheet

import (
	"maps"
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
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
	v := newVerification(w, after, o, tab)
	v.recent = true
	stray := v.allStrays()
	formers := v.formers(stray)
	want := maps.Clone(formers)
	var edits []CellEdit
	var missed []string
	for i, e := range v.edits {
		at := cellAddress{v.home[i], e.Column}
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
// of one key stand together: taking away a person's own would let a key be deleted, and a stray one only keeps it. What is
// left is Doubtful.
func Recover(w Write, after [][]any, o Options, tab string, recent bool) ReadBack {
	v := newVerification(w, after, o, tab)
	v.recent = recent
	stray := v.allStrays()
	for at := range stray {
		known, _ := v.knownStray(at)
		certain := known || v.writtenTo(at, v.cell(at)) || v.together(at)
		if !certain && v.keepsKey(at, v.former(at), o) {
			delete(stray, at)
			v.doubtful[at] = true
		}
	}
	formers := v.formers(stray)
	r := v.readBack(stray, formers)
	r.Next.Before, r.Next.Edits = Apply(after, r.Repairs), nil
	return r
}

// readBack of what is astray, and wanted instead.
func (v *verification) readBack(stray map[cellAddress]bool, want map[cellAddress]any) ReadBack {
	r := ReadBack{Repairs: v.edit(want), Missed: unique(v.strayed(stray))}
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
	r.Next.Written = append(slices.Clone(v.written), v.writtenBy(r.Repairs, stray)...)
	return r
}

func unique(keys []string) []string {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// keepsKey: the cell holds what people write too, and what keeps a key alive for longer than its former value.
func (v *verification) keepsKey(at cellAddress, former any, o Options) bool {
	if at.column != o.Columns.EndDate {
		return ParseStatus(cellText(v.cell(at)), o.Marks).Mark == MarkExtension
	}
	is, err := ParseDate(v.cell(at))
	was, formerErr := ParseDate(former)
	return err != nil || formerErr != nil || is > was
}

const (
	// keyPrefix is what the identity of a row with a key begins with.
	keyPrefix = "key:"
	// blankRow is the identity of a row without any cell but those that Keylease writes.
	blankRow = "cells:"
)

type cellAddress struct {
	row    int // from 0, in after
	column v1alpha1.ColumnLetter
}

// verification compares two readings of a table, row by row, wherever the rows stand.
type verification struct {
	before, after [][]any
	tab           string
	// back are the keys whose row came back since: before got it as it was before it went, behind all others.
	back map[string]bool
	// gone: see Write.
	gone map[string]OwnCells
	// edits are what was to be written, written every cell that was since.
	edits   []CellEdit
	written []WrittenCell
	columns []v1alpha1.ColumnLetter // that were written
	// status and endDate are own: the columns that may be written.
	status, endDate int
	own             []int
	afterKeys       []string
	// identity of each row; what rows of one identity have in common is all that can be known of them.
	beforeID, afterID []string
	afterRows         map[string][]int
	beforeRows        map[string][]int
	// home is the row in after that an edit was meant for, -1 where it cannot be told.
	home []int
	// recent: people had little time since the write.
	recent bool
	// doubtful cells: see ReadBack.
	doubtful map[cellAddress]bool
}

func newVerification(w Write, after [][]any, o Options, tab string) *verification {
	v := &verification{before: w.Before, after: after, edits: w.Edits, written: w.Written, tab: tab,
		gone: w.Gone, back: map[string]bool{}, doubtful: map[cellAddress]bool{}}
	v.status, v.endDate = ColumnIndex(o.Columns.Status), ColumnIndex(o.Columns.EndDate)
	v.own = []int{v.status, v.endDate}
	key := ColumnIndex(o.Columns.AccessKeyID)
	v.afterID, v.afterRows = identities(after, key, v.own)
	v.beforeID, v.beforeRows = identities(v.before, key, v.own)
	v.bringBack(o)
	for i := range after {
		v.afterKeys = append(v.afterKeys, keyID(cellAt(after[i], key)))
	}
	for _, e := range v.written {
		// A column that is not ours any more, because the spec changed, is left alone.
		if !slices.Contains(v.columns, e.Column) && slices.Contains(v.own, ColumnIndex(e.Column)) {
			v.columns = append(v.columns, e.Column)
		}
	}
	for _, e := range v.edits {
		v.home = append(v.home, v.findHome(e))
	}
	return v
}

// identities gives what each row is known by: its key, or, without one, the cells that Keylease never writes.
func identities(rows [][]any, key int, own []int) (ids []string, rowsOf map[string][]int) {
	rowsOf = map[string][]int{}
	for i, row := range rows {
		id := keyPrefix + keyID(cellAt(row, key))
		if id == keyPrefix {
			id = blankRow + contents(row, own)
		}
		ids = append(ids, id)
		rowsOf[id] = append(rowsOf[id], i)
	}
	return ids, rowsOf
}

// contents joins all cells but own; empty cells at the end count as none, because the API leaves them out.
func contents(row []any, own []int) string {
	var cells []string
	for i, cell := range row {
		text := cellText(cell)
		if slices.Contains(own, i) {
			text = ""
		}
		cells = append(cells, text)
	}
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return strings.Join(cells, "\x00")
}

// findHome gives the one row of after that the edit was meant for; of several with its key, the one at the address.
func (v *verification) findHome(e CellEdit) int {
	rows := v.afterRows[keyPrefix+e.AccessKeyID]
	switch {
	case len(rows) == 1:
		return rows[0]
	case slices.Contains(rows, e.Row-1):
		return e.Row - 1
	}
	return -1
}

func (v *verification) writtenBy(repairs []CellEdit, stray map[cellAddress]bool) []WrittenCell {
	var cells []WrittenCell
	request := 0
	for _, e := range v.written {
		request = max(request, e.Request+1)
	}
	for _, e := range repairs {
		at := cellAddress{e.Row - 1, e.Column}
		_, fresh := v.knownStray(at)
		cells = append(cells, WrittenCell{
			Of: v.afterID[at.row], Column: e.Column, Row: e.Row, Old: e.Old, New: e.New, Clears: stray[at],
			Fresh: fresh || v.fresh(at.row), Request: request,
		})
	}
	return cells
}

// edit gives cells the values that they should have.
func (v *verification) edit(want map[cellAddress]any) []CellEdit {
	var edits []CellEdit
	for at, value := range want {
		edits = append(edits, CellEdit{AccessKeyID: v.afterKeys[at.row], Column: at.column, Row: at.row + 1,
			Range: CellRange(v.tab, at.column, at.row+1), Old: v.cell(at), New: value})
	}
	sortEdits(edits)
	return edits
}

func (v *verification) cell(at cellAddress) any {
	return cellValue(v.after, at.row, ColumnIndex(at.column))
}
