package accesskeysheet

import (
	"fmt"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/internal/sheet"
)

// warning about a key's row, for an Event with its reason and an audit line.
type warning struct{ accessKeyID, reason, audit, message string }

// warnings for people whose rows moved under a write, and what became of it.
func warnings(found sheet.ReadBack) []warning {
	var out []warning
	for _, id := range found.Missed {
		out = append(out, warning{id, v1alpha1.EventRowMoved, "rowMoved",
			"the row moved while its mark was written: the wrong cell was put back and the right one is written"})
	}
	for _, e := range found.Astray {
		out = append(out, warning{e.AccessKeyID, v1alpha1.EventMarkRewritten, "markRewritten", fmt.Sprintf(
			"rows moved while another row was written, and %s got its %s: it says %s again", e.Range, shownCell(e.Old), shownCell(e.New))})
	}
	for _, e := range found.Doubtful {
		out = append(out, warning{e.AccessKeyID, v1alpha1.EventMarkDoubtful, "markDoubtful", doubt(e)})
	}
	return out
}

// columnsMoved: a column came or went before ours, so what was written may have replaced a cell that is not ours, such
// as the user's name. What stood there is not known well enough to be written by a program.
func columnsMoved(cells []sheet.CellEdit) []warning {
	var out []warning
	for _, e := range cells {
		out = append(out, warning{e.AccessKeyID, v1alpha1.EventMarkDoubtful, "markDoubtful", fmt.Sprintf(
			"columns moved while %s was written to %s: it may have replaced another cell of the row; see File > Version history, and put that back",
			shownCell(e.New), e.Range)})
	}
	return out
}

func doubt(e sheet.CellEdit) string {
	if e.New == e.Old {
		return fmt.Sprintf("%s says %s, which was written for another row while rows moved; a person may have written the same, so it stays: correct it if nobody did",
			e.Range, shownCell(e.Old))
	}
	return fmt.Sprintf("the row was brought back while another was written, and %s got its %s: it says %s again, as before the row went; correct it if something else was brought back",
		e.Range, shownCell(e.Old), shownCell(e.New))
}

// tell the leases' people. late are warnings about rows that have no lease: it may be made by this sync.
func (d *draft) tell(leases leaseSet, found []warning) (late []warning) {
	for _, w := range found {
		l := leases[w.accessKeyID]
		if l == nil {
			late = append(late, w)
			continue
		}
		d.rec.LeaseEvent(l, record.Warning, w.reason, w.message)
		d.rec.AuditLease(l, w.audit, "message", w.message)
	}
	return late
}

// tellLate what is left: of a row without a lease the sheet says it.
func (d *draft) tellLate(leases leaseSet, found []warning) {
	for _, w := range d.tell(leases, found) {
		d.event(record.Warning, w.reason, w.message)
		d.audit(w.audit, "accessKeyID", w.accessKeyID, "message", w.message)
	}
}

func shownCell(value any) string {
	if value == nil || value == "" {
		return "nothing"
	}
	return sheet.QuotedCell(value)
}
