package accesskeysheet

import (
	"fmt"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/internal/sheet"
)

// warning about a key's row: an Event with this reason, and an audit line.
type warning struct{ accessKeyID, reason, audit, message string }

// warnings about rows that moved while cells were written.
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

// columnsMoved warns that a column was inserted or deleted before ours. The write may have replaced another cell, such
// as the user's name. Keylease does not know that cell's value well enough to restore it.
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

// tell reports the warnings on their leases. It returns those about rows without a lease, which this sync may still
// create.
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

// tellLate reports warnings on their leases or, if there is still no lease, on the sheet.
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
