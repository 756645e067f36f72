package sheet

import "github.com/keylease/keylease/api/v1alpha1"

// firstSight takes the row as it is: rules F of the package comment.
func (m *merge) firstSight() {
	cell, date := m.row.Status, m.row.EndDate
	m.is.EndDate = date
	if m.lease != nil && m.lease.Spec.EndDate != date {
		if m.f.OwnedElsewhere { // D-owned
			m.is.EndDate = m.lease.Spec.EndDate
			m.leaveOwned()
		} else {
			m.tellMoved(m.lease.Spec.EndDate, date, viaSheet)
		}
	}
	switch cell.Mark {
	case MarkExtension: // F-extension
		m.put(date, false)
	case MarkNotified, MarkExpired: // F-found
		if m.f.FirstNoticeDue(m.spec.EndDate) {
			m.is.FoundMark = &v1alpha1.FoundMark{EndDate: m.spec.EndDate}
		}
	}
	if m.lease != nil && m.f.FlagOwnedElsewhere && m.lease.Spec.ExtensionRequested && !closed(cell) { // F-flag-owned
		m.put(m.spec.EndDate, false)
	}
	m.keepOwnedFlag()
}

// marks merges the extension mark: rules M of the package comment.
func (m *merge) marks() {
	var had v1alpha1.ExtensionMark
	if m.was.ExtensionMark != nil {
		had = *m.was.ExtensionMark
	}
	row, lease := m.mark.Row, m.lease.Spec.ExtensionRequested
	retyped := row && had.Row && m.retyped() // M-again
	if retyped {
		had.Row = false // that mark is gone, and another was put
	}
	standing := m.f.FlagOwnedElsewhere && lease // M-flag-owned
	ours := had.ByKeylease && !standing && !retyped
	if m.f.FlagOwnedElsewhere && !lease {
		lease = had.Lease // M-flag-owned
	}
	defer m.keepOwnedFlag()
	switch {
	case closed(m.row.Status): // M-closed
		// The mark that was there is gone. What a person asks for on the lease waits until the cell can be written.
		m.spec.ExtensionRequested = lease && !had.Lease
		return
	case m.extended() && !m.f.Exempt: // M-extend
		asked := standing || (row && !had.Lease) || retyped || had.EndDate == m.baseSheet
		m.put(m.row.EndDate, ours || !asked)
		return
	case ours && had.EndDate == m.spec.EndDate && !m.f.Exempt, // M-undone
		ours && !row && m.waited() && m.spec.EndDate == m.row.EndDate: // M-retract
		return
	}
	rowMoved, leaseMoved := row != had.Row, lease != had.Lease
	// M-same; one side changed: M-sheet, M-lease; a change still waits: M-waiting; both changed in opposite ways:
	// M-conflict.
	wanted := lease
	switch {
	case row == lease, standing:
	case rowMoved && !leaseMoved:
		wanted = row
	case rowMoved && leaseMoved:
		wanted = true
	}
	switch {
	case !wanted:
	case had.Lease && !retyped:
		m.carry(had.EndDate, ours)
	case rowMoved && row:
		m.put(m.before(), false)
	default:
		m.put(m.baseLease, false)
	}
}

// put gives the lease a new mark, set for that date. A mark that follows belongs to another edit.
func (m *merge) put(endDate string, byKeylease bool) {
	m.is.MovedFrom = nil
	m.carry(endDate, byKeylease)
}

// carry lets the lease have the mark.
func (m *merge) carry(endDate string, byKeylease bool) {
	m.spec.ExtensionRequested = true
	m.mark.Lease, m.mark.EndDate, m.mark.ByKeylease = true, endDate, byKeylease
}

// retyped tells whether a person wrote another extension mark over the row's: 延長申請済み over 延長. The remark behind it does
// not count. Keylease writes no extension mark over another one.
func (m *merge) retyped() bool { return retyped(m.was, m.row.Status, m.f.Marks) }

func retyped(was v1alpha1.SheetRowStatus, cell StatusCell, marks v1alpha1.Marks) bool {
	return cut(cell.Text, maxAgreedMark) != was.Mark && markWord(cell.Text, marks) != markWord(was.Mark, marks)
}

// closed tells whether a person's own word is in the cell: no mark is written over it.
func closed(cell StatusCell) bool { return cell.Mark == MarkUnclear || cell.Mark == MarkDeleted }

// keepOwnedFlag leaves spec.extensionRequested as its owner has it.
func (m *merge) keepOwnedFlag() {
	if m.lease != nil && m.f.FlagOwnedElsewhere {
		m.spec.ExtensionRequested = m.lease.Spec.ExtensionRequested
	}
}

// statusText is what to write into the status cell; nil: it is right, or is left alone. Rules T of the package comment.
func (m *merge) statusText() *string {
	cell := m.row.Status
	wanted, ok := m.wantedMark()
	if !ok || wanted == cell.Mark {
		return nil
	}
	text := StatusText(wanted, cell.Remark, m.f.Marks)
	if text == cell.Text {
		return nil
	}
	return &text
}

func (m *merge) wantedMark() (Mark, bool) {
	cell := m.row.Status
	if closed(cell) || m.is.Hold != nil {
		return "", false // T-closed, T-held
	}
	own, known := m.ownMark()
	if !m.mark.Lease { // T-new: without a phase there is no own mark
		if !known && (m.early() || m.mark.Row) { // F-early
			return MarkNone, true
		}
		return own, known
	}
	spent := !m.f.Exempt && m.mark.EndDate != m.spec.EndDate
	settled := m.wantDate == "" && m.mark.Row && !m.f.FlagOwnedElsewhere
	if spent && settled && known && own != MarkNone { // T-spent
		m.spec.ExtensionRequested, m.mark = false, v1alpha1.ExtensionMark{Row: true}
		return own, true
	}
	return MarkExtension, true
}

// early tells whether the cell has a mark of Keylease that cannot be right yet. It is checked until a term begins, not
// only at first sight, because the first write can fail.
func (m *merge) early() bool {
	cell := m.row.Status
	return (cell.Mark == MarkNotified || cell.Mark == MarkExpired) && m.term() == nil && !m.f.FirstNoticeDue(m.spec.EndDate)
}

// ownMark is the phase's mark for the cell (T-own). It is false if the phase belongs to another date than the lease
// will have, because the lease's controller has not seen that date yet. Only the term says which date the phase belongs
// to. Applying this merge changes the spec's date, and the wanted mark must not depend on that.
func (m *merge) ownMark() (Mark, bool) {
	if t := m.term(); t == nil || t.EndDate != m.spec.EndDate { // T-stale
		return "", false
	}
	switch m.phase() {
	case v1alpha1.PhaseActive:
		// T-found: without the mark, a rebuilt cluster would notify the owner again.
		return MarkNone, m.is.FoundMark == nil
	case v1alpha1.PhaseNotified:
		return MarkNotified, true
	case v1alpha1.PhaseExpired:
		return MarkExpired, true
	}
	return "", false
}

func (m *merge) phase() v1alpha1.Phase {
	if m.lease == nil {
		return ""
	}
	return m.lease.Status.Phase
}

func (m *merge) term() *v1alpha1.Term {
	if m.lease == nil {
		return nil
	}
	return m.lease.Status.Term
}
