package sheet

import "github.com/keylease/keylease/api/v1alpha1"

// firstSight takes the row as it stands: rules F of the package comment.
func (m *merge) firstSight() {
	cell, date := m.row.Status, m.row.EndDate
	m.date, m.agreed = date, date
	if m.lease != nil && m.lease.Spec.EndDate != date {
		if m.f.OwnedElsewhere { // D-owned
			m.was.EndDate = m.lease.Spec.EndDate
			m.leaveOwned()
		} else {
			m.tellMoved(m.lease.Spec.EndDate, date, viaSheet)
		}
	}
	switch cell.Mark {
	case MarkExtension: // F-extension
		m.extension, m.held = true, date
	case MarkNotified, MarkExpired: // F-found
		if m.f.FirstNoticeDue(m.date) {
			m.found = &v1alpha1.FoundMark{EndDate: m.date}
		}
	}
	if m.lease != nil && m.f.FlagOwnedElsewhere && m.lease.Spec.ExtensionRequested && !closed(cell) { // F-flag-owned
		m.keep(cell.Mark == MarkExtension, m.date, v1alpha1.PendingHold)
	}
	m.keepOwnedFlag()
}

// marks merges the extension mark: rules M of the package comment. What the cell and the lease had of it when they were
// last looked at is one and the same, but for a change that is pending.
func (m *merge) marks() {
	m.held = heldDate(m.was)
	leaseHad := m.held != ""
	rowHad := leaseHad
	switch m.was.Pending.Mark {
	case v1alpha1.PendingRemove:
		rowHad = true
	case v1alpha1.PendingExtend, v1alpha1.PendingHold:
		rowHad = false
	}
	row, lease := m.row.Status.Mark == MarkExtension, m.lease.Spec.ExtensionRequested
	standing := m.f.FlagOwnedElsewhere && lease // M-flag-owned
	m.ours = leaseHad && m.was.Hold.Extended && !standing
	if m.f.FlagOwnedElsewhere && !lease {
		lease = leaseHad // M-flag-owned
	}
	defer m.keepOwnedFlag()
	switch {
	case closed(m.row.Status): // M-closed
		// The mark that stood there is gone. What a person asks for by the lease waits until the cell can be written.
		m.extension, m.held = lease && !leaseHad, ""
		return
	case m.extended && !m.f.Exempt: // M-extend
		asked := standing || (row && !leaseHad) || (leaseHad && m.held == m.baseSheet)
		m.ours = m.ours || !asked
		m.keep(row, m.row.EndDate, v1alpha1.PendingExtend)
		return
	case m.ours && m.held == m.date && !m.f.Exempt: // M-undone
		m.set(false, row, false)
		return
	case !standing && m.retracted(row): // M-retract
		m.extension, m.held = false, ""
		return
	}
	rowMoved, leaseMoved := row != rowHad, lease != leaseHad
	// M-same; only one side changed: M-sheet, M-lease; a change that waits: M-waiting; both changed apart: M-conflict.
	wanted := lease
	switch {
	case row == lease, standing:
	case rowMoved && !leaseMoved:
		wanted = row
	case rowMoved && leaseMoved:
		wanted = true
	}
	m.set(wanted, row, rowMoved)
}

// closed: what stands in the cell is a person's word, over which no mark is written.
func closed(cell StatusCell) bool { return cell.Mark == MarkUnclear || cell.Mark == MarkDeleted }

// set makes the mark what was decided. A mark that is new was put against the date that its side showed.
func (m *merge) set(wanted, row, rowMoved bool) {
	if !wanted {
		m.extension, m.held = false, ""
		if row {
			m.pending.Mark = v1alpha1.PendingRemove
		}
		return
	}
	held, pending := m.held, m.was.Pending.Mark
	if held == "" {
		held, pending = m.baseLease, v1alpha1.PendingHold
		if rowMoved && row {
			held = m.before()
		}
	}
	if pending == "" {
		pending = v1alpha1.PendingHold
	}
	m.keep(row, held, pending)
}

// keep: the lease carries the mark, put against held; pending where the cell does not show it yet.
func (m *merge) keep(row bool, held string, pending v1alpha1.PendingMark) {
	m.extension, m.held = true, held
	if !row {
		m.pending.Mark = pending
	}
}

// retracted: the mark was to go into the cell with a date of the lease's, and that date is not to be written any more,
// nor was it.
func (m *merge) retracted(row bool) bool {
	p := m.was.Pending
	return p.Mark == v1alpha1.PendingExtend && !row && p.EndDate != "" && m.pending.EndDate == "" && m.row.EndDate != p.EndDate
}

// keepOwnedFlag leaves spec.extensionRequested as its owner has it.
func (m *merge) keepOwnedFlag() {
	if m.lease != nil && m.f.FlagOwnedElsewhere {
		m.extension = m.lease.Spec.ExtensionRequested
	}
}

// statusText is what the status cell is to say, nil where it says it or is to be left alone: rules T of the package
// comment.
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
	if closed(cell) || m.owned != "" {
		return "", false // T-closed, T-held
	}
	own, known := m.ownMark()
	if m.held == "" { // T-new: without a phase there is no own mark
		if !known && (m.early() || m.pending.Mark == v1alpha1.PendingRemove) { // F-early
			return MarkNone, true
		}
		return own, known
	}
	spent := !m.f.Exempt && m.held != m.date
	settled := m.pending == (v1alpha1.PendingWrite{}) && !m.f.FlagOwnedElsewhere
	if spent && settled && known && own != MarkNone { // T-spent
		m.extension, m.held = false, ""
		m.pending.Mark = v1alpha1.PendingRemove
		return own, true
	}
	return MarkExtension, true
}

// early: an own mark in the cell that nobody can have earned yet. It is judged until a term begins, not at first sight
// alone, because the first write can fail.
func (m *merge) early() bool {
	cell := m.row.Status
	return (cell.Mark == MarkNotified || cell.Mark == MarkExpired) && m.term() == nil && !m.f.FirstNoticeDue(m.date)
}

// ownMark is what the lease's phase says in the cell (T-own); false where the phase is not of the date that the lease has from
// here on, because its controller has yet to see that. The term alone says which date the phase is of: the spec's date is
// one before this merge is applied and another after, and what is wanted must not depend on that.
func (m *merge) ownMark() (Mark, bool) {
	if t := m.term(); t == nil || t.EndDate != m.date { // T-stale
		return "", false
	}
	switch m.phase() {
	case v1alpha1.PhaseActive:
		// T-found: taken away, a rebuilt cluster would tell the owner again.
		return MarkNone, m.found == nil
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
