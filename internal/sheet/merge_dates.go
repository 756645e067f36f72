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
	// R-back: without its row the lease could be given any date, and nobody who edits the sheet saw it. A date that was
	// decided while the row stood still waits for it.
	back := m.was.Row == 0 && !m.waited()
	if row == m.baseLease { // D-arrived
		m.baseSheet, m.is.EndDate = row, row
	}
	rowMoved, leaseMoved := row != m.baseSheet, lease != m.baseLease
	switch {
	case row == lease: // D-same
		m.agree()
	case back && m.f.OwnedElsewhere: // D-owned
		m.is.EndDate = lease // as at first sight: what was agreed before says nothing of this row any more
		m.leaveOwned()
	case back: // R-back
		m.tellMoved(lease, row, viaSheet)
		m.takeSheet()
	case !rowMoved: // D-lease; D-waiting where it did not move either
		m.tellMoved(m.baseLease, lease, viaLease)
		m.takeLease()
	case m.f.OwnedElsewhere && (row > lease || (!leaseMoved && !m.waited())): // D-owned
		m.is.RowEndDate, m.is.LeaseEndDate = m.was.RowEndDate, m.was.LeaseEndDate // nothing is merged
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
	// F-term: another date is another term, and a mark of the former says nothing of it.
	if found := m.was.FoundMark; found != nil && found.EndDate == m.spec.EndDate {
		m.is.FoundMark = found
	}
}

// waited: the row was still to be given the lease's date, and has it not. extended: the lease's change of date, new now, is
// to go to the row.
func (m *merge) waited() bool { return m.baseSheet != m.baseLease }

func (m *merge) extended() bool {
	return m.wantDate != "" && (m.row.EndDate != m.baseSheet || m.lease.Spec.EndDate != m.baseLease)
}

// togetherWithin is how long after the reading that saw a date move a mark still counts as put with it: rule M-together. A
// person sets two cells within a minute, and two readings of five minutes fit in, so that one of them may fail. Longer, a
// mark would be taken for part of an edit that was over.
const togetherWithin = 10 * time.Minute

// remember where the row's date moved from, for a mark that may follow: M-together. Of several moves within that time it
// is the date before the first. What is too old is not taken away for its own sake, which would be a write at rest.
func (m *merge) remember() {
	m.is.MovedFrom = m.was.MovedFrom
	if m.row.EndDate == m.baseSheet || m.row.EndDate != m.spec.EndDate {
		return // not moved, or not taken
	}
	from := m.before()
	m.is.MovedFrom = nil
	if m.row.EndDate > from {
		m.is.MovedFrom = &v1alpha1.MovedDate{EndDate: from, Time: metav1.NewTime(m.f.Now)}
	}
}

// before is the date that the row had before the edit that a new mark of its belongs to.
func (m *merge) before() string {
	if moved := m.is.MovedFrom; moved != nil && m.f.Now.Sub(moved.Time.Time) <= togetherWithin { // M-together
		return moved.EndDate
	}
	return m.baseSheet
}

// agree: both sides have the same date, whoever wrote it first.
func (m *merge) agree() {
	via := viaLease
	if !m.waited() {
		via = m.sheetWay()
	}
	m.tellMoved(m.baseLease, m.row.EndDate, via)
	m.takeSheet()
}

func (m *merge) takeSheet() { m.spec.EndDate, m.is.EndDate = m.row.EndDate, m.row.EndDate }

// takeLease: the row is to be given the lease's date. What both sides have is still the former one, and what either has now
// is remembered: a cell that holds another date later was changed by a person.
func (m *merge) takeLease() {
	m.spec.EndDate, m.wantDate = m.lease.Spec.EndDate, m.lease.Spec.EndDate
	m.is.RowEndDate, m.is.LeaseEndDate = unless(m.is.EndDate, m.row.EndDate), unless(m.is.EndDate, m.wantDate)
}

// unless gives value where it is not agreed.
func unless(agreed, value string) string {
	if value == agreed {
		return ""
	}
	return value
}

// leaveOwned: another manager owns the lease's date, and taking it would begin a fight that nobody ends. The lease is held,
// and people are told once, until both sides say the same.
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

// tellMoved reports a date that moved, unless it did not.
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

// sheetWay is how a date came that the sheet moved: with the mark, where it was put at the same time.
func (m *merge) sheetWay() string {
	if m.row.Status.Mark == MarkExtension && !carriesMark(m.was) {
		return viaMark
	}
	return viaSheet
}
