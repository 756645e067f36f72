package sheet

import (
	"cmp"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// dates merges the end date: rules D of the package comment.
func (m *merge) dates() {
	row, lease := m.row.EndDate, m.lease.Spec.EndDate
	m.is.EndDate = m.was.EndDate
	m.baseSheet, m.baseLease = cmp.Or(m.was.RowEndDate, m.was.EndDate), cmp.Or(m.was.LeaseEndDate, m.was.EndDate)
	// R-back: without its row the lease may have got any date, and nobody who edits the sheet saw it. A date that was
	// decided while the row existed still waits for it.
	back := m.was.Row == 0 && !m.waited()
	if row == m.baseLease { // D-arrived
		m.baseSheet, m.is.EndDate = row, row
	}
	rowMoved, leaseMoved := row != m.baseSheet, lease != m.baseLease
	switch {
	case row == lease: // D-same
		m.agree()
	case back && m.f.OwnedElsewhere: // D-owned
		m.is.EndDate = lease // as at first sight: the old agreement is not about this row
		m.leaveOwned()
	case back: // R-back
		m.tellMoved(lease, row, viaSheet)
		m.takeSheet()
	case !rowMoved: // D-lease; D-waiting if the lease did not change either
		m.tellMoved(m.baseLease, lease, viaLease)
		m.takeLease()
	case m.f.OwnedElsewhere && (row > lease || (!leaseMoved && !m.waited())): // D-owned
		m.is.RowEndDate, m.is.LeaseEndDate = m.was.RowEndDate, m.was.LeaseEndDate // not merged
		m.leaveOwned()
	case !leaseMoved && !m.waited(): // D-sheet
		m.tellMoved(m.baseSheet, row, m.sheetWay())
		m.takeSheet()
	case row > lease: // D-conflict, the sheet's is later
		m.tellConflict(row, viaSheet)
		m.takeSheet()
	default: // D-conflict, the lease's is later
		m.tellConflict(lease, viaLease)
		m.takeLease()
	}
	m.remember()
	// F-term: another date begins another term, and the former term's mark does not count in it.
	if found := m.was.FoundMark; found != nil && found.EndDate == m.spec.EndDate {
		m.is.FoundMark = found
	}
}

// waited tells whether the row still waits for the lease's date. extended: the lease's date changed now, and is to be
// written to the row.
func (m *merge) waited() bool { return m.baseSheet != m.baseLease }

func (m *merge) extended() bool {
	return m.wantDate != "" && (m.row.EndDate != m.baseSheet || m.lease.Spec.EndDate != m.baseLease)
}

// togetherWithin: a mark set this soon after a reading that saw the date change belongs to the same edit (rule
// M-together). A person sets two cells within a minute. Ten minutes cover two readings, of which one may fail. A longer
// time would join the mark to an older edit.
const togetherWithin = 10 * time.Minute

// remember notes the row's former date, for a mark that may follow (M-together). After several changes within that time
// it is the date before the first. An old note is not removed by itself, because that would cost a write.
func (m *merge) remember() {
	m.is.MovedFrom = m.was.MovedFrom
	if m.row.EndDate == m.baseSheet || m.row.EndDate != m.spec.EndDate {
		return // not changed, or not taken
	}
	from := m.before()
	m.is.MovedFrom = nil
	if m.row.EndDate > from {
		m.is.MovedFrom = &v1alpha1.MovedDate{EndDate: from, Time: metav1.NewTime(m.f.Now)}
	}
}

// before is the row's date before the edit to which its new mark belongs.
func (m *merge) before() string {
	if moved := m.is.MovedFrom; moved != nil && m.f.Now.Sub(moved.Time.Time) <= togetherWithin { // M-together
		return moved.EndDate
	}
	return m.baseSheet
}

// agree: both sides have the same date, whichever changed first.
func (m *merge) agree() {
	via := viaLease
	if !m.waited() {
		via = m.sheetWay()
	}
	m.tellMoved(m.baseLease, m.row.EndDate, via)
	m.takeSheet()
}

func (m *merge) takeSheet() { m.spec.EndDate, m.is.EndDate = m.row.EndDate, m.row.EndDate }

// takeLease: the row is to be given the lease's date. The agreed date stays the former one until then. Each side's
// current date is remembered: if the cell has another date later, a person changed it.
func (m *merge) takeLease() {
	m.spec.EndDate, m.wantDate = m.lease.Spec.EndDate, m.lease.Spec.EndDate
	m.is.RowEndDate, m.is.LeaseEndDate = unless(m.is.EndDate, m.row.EndDate), unless(m.is.EndDate, m.wantDate)
}

// unless returns value, or "" if it is the agreed one.
func unless(agreed, value string) string {
	if value == agreed {
		return ""
	}
	return value
}

// leaveOwned keeps the lease's date, because another manager owns it: taking it would start an endless fight. The lease
// is held, and people are told once, until both sides have the same date.
func (m *merge) leaveOwned() {
	m.spec.EndDate, m.is.RefusedEndDate = m.lease.Spec.EndDate, m.row.EndDate
	message := fmt.Sprintf("the sheet says %s, but another manager owns the end date %s of the lease: change it there, or in the sheet",
		m.row.EndDate, m.spec.EndDate)
	m.is.Hold = holdSince(m.was.Hold, v1alpha1.SheetHold{Reason: v1alpha1.ReasonFieldOwnedElsewhere, Message: message}, m.f)
	if m.was.RefusedEndDate != m.row.EndDate {
		m.changes = append(m.changes, Change{Reason: v1alpha1.ReasonFieldOwnedElsewhere, Old: m.spec.EndDate, New: m.row.EndDate,
			Via: viaSheet, Message: message})
	}
}

// tellMoved reports a change of date, if there is one.
func (m *merge) tellMoved(old, date, via string) {
	reason := v1alpha1.EventEndDateExtended
	switch cmp.Compare(date, old) {
	case 0:
		return
	case -1:
		reason = v1alpha1.EventEndDateShortened
	}
	where := "in the sheet"
	if via == viaLease {
		where = "in the lease"
	}
	m.changes = append(m.changes, Change{Reason: reason, Old: old, New: date, Via: via,
		Message: fmt.Sprintf("the end date moved from %s to %s %s", old, date, where)})
}

func (m *merge) tellConflict(winner, via string) {
	m.changes = append(m.changes, Change{Reason: v1alpha1.EventEndDateConflict, Old: m.was.EndDate, New: winner, Via: via,
		Message: fmt.Sprintf("the end date was changed to %s in the sheet and to %s in the lease: the later one, %s, stands",
			m.row.EndDate, m.lease.Spec.EndDate, winner)})
}

// sheetWay says how the sheet changed the date: together with the mark, or alone.
func (m *merge) sheetWay() string {
	if m.row.Status.Mark == MarkExtension && !carriesMark(m.was) {
		return viaMark
	}
	return viaSheet
}
