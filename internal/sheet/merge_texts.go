package sheet

import (
	"fmt"

	"github.com/keylease/keylease/api/v1alpha1"
)

// tellReverted reports the lease's texts that the row's replace, if another manager wrote some of them. Rule S-back of
// the package comment.
func (m *merge) tellReverted() {
	if m.lease == nil || !m.f.TextsOwnedElsewhere {
		return
	}
	was, spec := m.lease.Spec, m.spec
	for _, text := range []struct{ name, old, new string }{
		{"owner", was.Owner.FullName, spec.Owner.FullName},
		{"purpose", was.Purpose, spec.Purpose},
		{"resource", was.Resource, spec.Resource},
		{"startDate", was.StartDate, spec.StartDate},
	} {
		if text.old == text.new {
			continue
		}
		// The field owners do not show which side or which text was edited. This sentence is true of all cases.
		m.changes = append(m.changes, Change{Reason: v1alpha1.EventSpecReverted, Old: shown(text.old), New: shown(text.new), Via: viaLease,
			Message: fmt.Sprintf("%s %s of the lease gives way to %s, which row %d of the sheet says: it is changed there, not in the lease",
				text.name, Quoted(text.old), Quoted(text.new), m.row.Number)})
	}
}
