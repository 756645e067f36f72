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
	m.found = m.was.FoundMark
	m.baseSheet, m.baseLease = m.was.EndDate, m.was.EndDate
	if p := m.was.Pending; p.EndDate != "" {
		m.baseSheet, m.baseLease = p.SeenEndDate, p.EndDate
		if row == p.EndDate { // D-arrived
			m.baseSheet = row
		}
	}
	// R-back: without its row the lease could be given any date, and nobody who edits the sheet saw it. A date that was
	// decided while the row stood still waits for it.
	back := m.was.Row == 0 && m.was.Pending.EndDate == ""
	rowMoved, leaseMoved, waiting := row != m.baseSheet, lease != m.baseLease, m.baseSheet != m.baseLease
	switch {
	case row == lease: // D-same
		m.agree()
	case back && m.f.OwnedElsewhere: // D-owned
		m.was.EndDate = lease // as at first sight: what was agreed before says nothing of this row any more
		m.leaveOwned()
	case back: // R-back
		m.tellMoved(lease, row, viaSheet)
		m.takeSheetQuietly()
	case !rowMoved && !leaseMoved: // D-waiting
		m.writeDate()
	case !rowMoved: // D-lease
		m.takeLease()
	case m.f.OwnedElsewhere && (row > lease || (!leaseMoved && !waiting)): // D-owned
		m.leaveOwned()
	case !leaseMoved && !waiting: // D-sheet
		m.takeSheet()
	case row > lease: // D-conflict, the sheet's is later
		m.tellConflict(row, viaSheet)
		m.takeSheetQuietly()
	default: // D-conflict, the lease's is later
		m.tellConflict(lease, viaLease)
		m.takeLeaseQuietly()
	}
	m.remember()
	if m.found != nil && m.found.EndDate != m.date {
		m.found = nil // F-term: another date is another term, and a mark of the former says nothing of it
	}
}

// togetherWithin is how long after the reading that saw a date move a mark still counts as put with it: rule M-together. A
// person sets two cells within a minute, and two readings of five minutes fit in, so that one of them may fail. Longer, a
// mark would be taken for part of an edit that was over.
const togetherWithin = 10 * time.Minute

// remember where the row's date moved from, for a mark that may follow: M-together. Of several moves within that time it
// is the date before the first. What is too old is not taken away for its own sake, which would be a write at rest.
func (m *merge) remember() {
	m.moved = m.was.MovedFrom
	if m.row.EndDate == m.baseSheet || m.row.EndDate != m.date {
		return // not moved, or not taken
	}
	from := m.before()
	m.moved = nil
	if m.row.EndDate > from {
		m.moved = &v1alpha1.MovedDate{EndDate: from, Time: metav1.NewTime(m.f.Now)}
	}
}

// before is the date that the row had before the edit that a new mark of its belongs to.
func (m *merge) before() string {
	if m.moved != nil && m.f.Now.Sub(m.moved.Time.Time) <= togetherWithin { // M-together
		return m.moved.EndDate
	}
	return m.baseSheet
}

// agree: both sides have the same date, whoever wrote it first.
func (m *merge) agree() {
	m.date, m.agreed = m.row.EndDate, m.row.EndDate
	old, via := m.baseLease, viaLease
	if p := m.was.Pending.EndDate; p == "" {
		via = m.sheetWay()
	} else if m.row.EndDate == p {
		return // D-arrived: it was told when it was decided
	}
	m.tellMoved(old, m.date, via)
}

func (m *merge) takeSheet() {
	m.tellMoved(m.baseSheet, m.row.EndDate, m.sheetWay())
	m.takeSheetQuietly()
}

func (m *merge) takeSheetQuietly() { m.date, m.agreed = m.row.EndDate, m.row.EndDate }

func (m *merge) takeLease() {
	m.tellMoved(m.baseLease, m.lease.Spec.EndDate, viaLease)
	m.takeLeaseQuietly()
}

func (m *merge) takeLeaseQuietly() {
	m.extended = true
	m.writeDate()
}

// writeDate: the row is to be given the lease's date. What both sides have is still the former one, and the date that the
// cell holds now is remembered: found changed later, a person changed it.
func (m *merge) writeDate() {
	m.date, m.agreed, m.wantDate = m.lease.Spec.EndDate, m.was.EndDate, m.lease.Spec.EndDate
	if m.baseSheet == m.was.Pending.EndDate && m.baseSheet != "" {
		m.agreed = m.baseSheet // the former write arrived before the lease moved on
	}
	m.pending.EndDate, m.pending.SeenEndDate = m.lease.Spec.EndDate, m.row.EndDate
}

// leaveOwned: another manager owns the lease's date, and taking it would begin a fight that nobody ends. The lease is held,
// and people are told, until both sides say the same.
func (m *merge) leaveOwned() {
	m.date, m.agreed = m.lease.Spec.EndDate, m.was.EndDate
	if m.baseSheet == m.was.Pending.EndDate && m.baseSheet != "" {
		m.agreed = m.baseSheet
	}
	if m.row.EndDate == m.agreed {
		// The row went back to the former agreement while the lease's date was on its way. Kept, that would look like a
		// row that nobody touched, and the next merge would write the lease's date over it.
		m.agreed = m.date
	}
	// The guard must not count this date again and again.
	m.pending.SeenEndDate = m.row.EndDate
	m.tellOwned()
}

func (m *merge) tellOwned() {
	m.owned = fmt.Sprintf("the sheet says %s, but another manager owns the end date %s of the lease: change it there, or in the sheet",
		m.row.EndDate, m.lease.Spec.EndDate)
	if p := m.was.Pending; p.EndDate == "" && p.SeenEndDate == m.row.EndDate {
		return // told already
	}
	m.changes = append(m.changes, Change{Reason: v1alpha1.ReasonFieldOwnedElsewhere, Old: m.lease.Spec.EndDate, New: m.row.EndDate,
		Via: viaSheet, Message: m.owned})
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
	if m.row.Status.Mark == MarkExtension && heldDate(m.was) == "" {
		return viaMark
	}
	return viaSheet
}
