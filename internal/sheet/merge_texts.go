package sheet

import (
	"fmt"

	"github.com/keylease/keylease/api/v1alpha1"
)

// tellReverted reports texts of the lease that the row's take the place of, where another manager wrote some of them. Rule
// S-back of the package comment.
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
		// Another manager's name on one of the four does not tell which side was edited, nor which of them: the sentence is
		// true of both.
		m.changes = append(m.changes, Change{Reason: v1alpha1.EventSpecReverted, Old: shown(text.old), New: shown(text.new), Via: viaLease,
			Message: fmt.Sprintf("%s %s of the lease gives way to %s, which row %d of the sheet says: it is changed there, not in the lease",
				text.name, Quoted(text.old), Quoted(text.new), m.row.Number)})
	}
}
