package sheet

import (
	"fmt"

	"github.com/keylease/keylease/api/v1alpha1"
)

// tellReverted reports texts that somebody changed in the lease and that the row's take the place of. Rule S-back of the
// package comment.
func (m *merge) tellReverted(spec *v1alpha1.AccessKeyLeaseSpec) {
	if spec == nil || m.lease == nil || !m.f.TextsOwnedElsewhere {
		return
	}
	was := m.lease.Spec
	for _, text := range []struct{ name, old, new string }{
		{"owner", was.Owner.FullName, spec.Owner.FullName},
		{"purpose", was.Purpose, spec.Purpose},
		{"resource", was.Resource, spec.Resource},
		{"startDate", was.StartDate, spec.StartDate},
	} {
		if text.old == text.new {
			continue
		}
		m.changes = append(m.changes, Change{Reason: v1alpha1.EventSpecReverted, Old: shown(text.old), New: shown(text.new), Via: viaLease,
			Message: fmt.Sprintf("%s was changed to %s in the lease and is put back: edit row %d of the sheet instead",
				text.name, quoted(text.old), m.row.Number)})
	}
}
