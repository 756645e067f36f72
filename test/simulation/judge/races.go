package judge

import (
	"slices"
	"strconv"
	"strings"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// raceSpan is how long it may take until what was written into a wrong cell is put right.
const raceSpan = 2 * aDay

// layout are the acts that change where columns and tabs are, which no row tells.
var layout = []string{"insert-column", "delete-column", "break-column", "rename-tab", "empty-tab"}

// raced tells whether somebody changed the written cell, its row, what the row's lease says or where the columns are, between
// the process's last reading and the write. Then the operator could not know better, and puts right afterwards what it can.
func raced(l *ledger.Ledger, w ledger.Cell) bool {
	since, known := lastReading(l, w)
	if !known {
		return true // nothing is known of another cluster's calls
	}
	between := func(s ledger.Stamp) bool { return s.Seq > since.Seq && s.Seq < w.Seq && s.By != w.By }
	return rowTouched(l, w, between) ||
		slices.ContainsFunc(recent(l.Cells, cellStamp, since), func(o ledger.Cell) bool { return between(o.Stamp) && o.Cell == w.Cell }) ||
		slices.ContainsFunc(recent(l.Acts, actStamp, since), func(a ledger.Act) bool { return between(a.Stamp) && moves(a) }) ||
		slices.ContainsFunc(recent(l.Sheets, sheetStamp, since), func(v ledger.Sheet) bool { return between(v.Stamp) && v.By == ledger.Person }) ||
		slices.ContainsFunc(recent(l.Leases[strings.ToLower(w.Key)], leaseStamp, since), func(v ledger.Lease) bool {
			return between(v.Stamp) && v.By == ledger.Person
		})
}

// lastReading of the sheet by the process that writes a cell.
func lastReading(l *ledger.Ledger, w ledger.Cell) (ledger.Stamp, bool) {
	for _, c := range slices.Backward(l.Calls) {
		if c.Seq < w.Seq && c.By == w.By && c.Service == "google" && c.Op == "read" {
			return c.Stamp, true
		}
	}
	return ledger.Stamp{}, false
}

// recent entries of a list, from the moment of another entry on.
func recent[E any](list []E, of func(E) ledger.Stamp, since ledger.Stamp) []E {
	i := len(list)
	for i > 0 && of(list[i-1]).Seq > since.Seq {
		i--
	}
	return list[i:]
}

// rowTouched: the row of the written cell came, went or was changed.
func rowTouched(l *ledger.Ledger, w ledger.Cell, between func(ledger.Stamp) bool) bool {
	number, _ := strconv.Atoi(strings.TrimLeft(w.Cell, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) // 0: it is in no row
	for key, rows := range l.Rows {
		for i, r := range slices.Backward(rows) {
			if r.Seq > w.Seq {
				continue
			}
			if !between(r.Stamp) {
				break
			}
			if key == w.Key || r.Row == number || (i > 0 && rows[i-1].Row == number) {
				return true
			}
		}
	}
	return false
}

// moves columns or tabs, or moves them back.
func moves(a ledger.Act) bool {
	return slices.Contains(layout, a.Verb) || slices.ContainsFunc(layout, func(verb string) bool { return mends(a, verb) })
}
