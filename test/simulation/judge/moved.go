package judge

import (
	"slices"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

const (
	// notMoved: what moved longer ago than that can not be what a line speaks of, not even behind a long absence.
	notMoved = 31 * 24 * time.Hour
	// lookedUp: a cell is looked up at most so long before it is written, and written so long before a line tells of it.
	// Processes stand still in between.
	lookedUp = 20 * time.Minute
)

// neverMoved says why a line "rowMoved" is wrong; empty: it may be right. It is wrong where the row stood where it is, the
// process wrote into that row, and nobody else did anything around that time.
func neverMoved(l *ledger.Ledger, line ledger.Audit) string {
	key := field(line, "accessKeyID")
	rows := standing(l.Rows[key], rowStamp, line.At.Add(-notMoved), line.At)
	if !all(rows, func(r ledger.Row) bool { return r.Count == 1 && r.Row == rows[0].Row }) {
		return ""
	}
	from := line.At.Add(-lookedUp)
	wrote := false
	for _, c := range slices.Backward(l.Cells) {
		if c.At.Before(from) {
			break
		}
		if c.By != line.By {
			return ""
		}
		wrote = wrote || c.Key == key
	}
	if !wrote || len(within(l.Acts, actStamp, from.Add(-lookedUp), line.At)) > 0 {
		return ""
	}
	return "its row did not move, and nobody did anything at that time"
}
