package sheet

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// How a change came about.
const (
	viaSheet = "sheet"
	viaMark  = "mark"
	viaLease = "lease"
)

const (
	// maxHoldMessage is the CRD's limit for a hold's message.
	maxHoldMessage = 2048
	// maxAgreedMark is how much of a status cell status.sheet keeps. A mark is at the beginning.
	maxAgreedMark = 256
)

// Merge merges one row and its lease by the rules of the package comment. lease.Status.Sheet has what each side had at
// the last merge. row is nil if no usable row has the key; problem then says why, or is nil if no row has it. lease is
// nil if there is none yet. Facts.FirstNoticeDue must be set.
//
// Apply the outcome in this order, and each step only after the one before succeeded:
//
//  1. Apply Spec, with the lease's resource version. On a conflict, merge again.
//  2. Apply Sheet to status.sheet.
//  3. Tell Changes.
//  4. Write StatusText and EndDate (see [PlanEdits]).
//  5. Once they were read back, apply [Written].
//
// After a crash between two steps the next merge does the rest. Only Changes may be lost or told twice. For a new lease
// the caller sets Spec.SheetRef. If Sheet is zero, the lease was never on a row: write no status.sheet.
func Merge(row *Row, problem *Problem, lease *v1alpha1.AccessKeyLease, f Facts) Outcome {
	if row != nil && problem == nil {
		problem = CheckIdentity(*row, lease)
	}
	switch {
	case problem != nil:
		return mergeInvalid(*problem, lease, f)
	case row == nil:
		return mergeGone(lease, f)
	case lease != nil && frozen(lease):
		return mergeFrozen(*row, lease, f)
	}
	m := merge{row: *row, lease: lease, f: f, spec: specOf(*row, lease)}
	m.mark.Row = row.Status.Mark == MarkExtension
	m.is = v1alpha1.SheetRowStatus{ // T-read
		Row: rowNumber(row.Number), Mark: cut(row.Status.Text, maxAgreedMark), MarkedDeleted: row.Status.Mark == MarkDeleted,
	}
	if firstSight(lease) {
		m.firstSight()
	} else {
		m.was = lastAgreement(lease)
		m.dates()
		m.marks()
	}
	return m.outcome()
}

// merge is one three-way merge in progress.
type merge struct {
	row   Row
	lease *v1alpha1.AccessKeyLease // nil: there is none yet
	f     Facts
	// was is status.sheet so far. is and spec are the new status.sheet and the new spec.
	was, is v1alpha1.SheetRowStatus
	spec    v1alpha1.AccessKeyLeaseSpec
	// baseSheet and baseLease are the dates that each side had at the last merge.
	baseSheet, baseLease string
	// mark says which sides have the extension mark from now on.
	mark     v1alpha1.ExtensionMark
	wantDate string
	changes  []Change
}

// outcome combines what dates and marks decided.
func (m *merge) outcome() Outcome {
	text := m.statusText() // this may remove a spent mark
	out := Outcome{}
	// The lease's date may be before a start date that the sheet changed. The CRD would refuse both together, and the
	// start date only informs people.
	if m.spec.StartDate > m.spec.EndDate {
		m.spec.StartDate = ""
	}
	if m.lease == nil || m.spec != m.lease.Spec {
		m.tellReverted()
		out.Spec = &m.spec
	}
	if m.row.Status.Mark == MarkUnclear { // M-unclear
		m.is.Hold = holdSince(m.was.Hold, unclear(m.row.Status), m.f)
	}
	if carriesMark(m.was) && !m.mark.Lease && m.is.MovedFrom == m.was.MovedFrom {
		m.is.MovedFrom = nil // the mark of that edit is gone
	}
	if m.mark.Lease || m.mark.Row {
		m.is.ExtensionMark = &m.mark
	}
	out.Sheet, out.Changes = m.is, m.changes
	if !m.f.DryRun { // W-dry-run
		out.StatusText, out.EndDate = text, m.wantDate
	}
	return out
}

// specOf is the spec that the row asks for. Rule S-row.
func specOf(row Row, lease *v1alpha1.AccessKeyLease) v1alpha1.AccessKeyLeaseSpec {
	spec := v1alpha1.AccessKeyLeaseSpec{
		AccessKeyID: row.AccessKeyID, UserName: row.UserName, AccountID: row.AccountID,
		Owner: v1alpha1.LeaseOwner{FullName: row.FullName}, Purpose: row.Purpose, Resource: row.Resource,
		StartDate: row.StartDate, EndDate: row.EndDate,
	}
	if lease != nil {
		spec.SheetRef = lease.Spec.SheetRef
	}
	return spec
}

// Holding is the hold on a lease with that end date; nil: none. An extension mark holds the date that it was set for,
// and is spent with any other; Keylease's own mark holds none. With extensionPolicy Exempt a mark always holds, as
// every other reason does.
func Holding(s *v1alpha1.SheetRowStatus, endDate string, exempt bool) *v1alpha1.SheetHold {
	switch {
	case s == nil:
	case s.Hold != nil:
		if s.Hold.EndDate == "" || s.Hold.EndDate == endDate || exempt {
			return s.Hold
		}
	case carriesMark(*s) && (exempt || (s.ExtensionMark.EndDate == endDate && !s.ExtensionMark.ByKeylease)):
		return &v1alpha1.SheetHold{Reason: v1alpha1.ReasonExtensionRequested, EndDate: s.ExtensionMark.EndDate}
	}
	return nil
}

// Written returns status.sheet after statusText (nil: none) and endDate (empty: none) were written to the row and read
// back: both sides have them now. The next merge would find that out itself. But it would take a person's edit after
// the write for one before it.
func Written(s v1alpha1.SheetRowStatus, statusText *string, endDate string) v1alpha1.SheetRowStatus {
	s = *s.DeepCopy()
	if endDate != "" {
		s.EndDate, s.RowEndDate, s.LeaseEndDate = endDate, "", ""
	}
	if statusText != nil {
		s.Mark = cut(*statusText, maxAgreedMark)
		if carriesMark(s) {
			s.ExtensionMark.Row = true
		} else {
			s.ExtensionMark = nil
		}
	}
	return s
}

// CheckIdentity reports a row whose IAM user or account differs from its lease's: someone else's key under a known ID.
// nil: they agree, or there is no lease.
func CheckIdentity(row Row, lease *v1alpha1.AccessKeyLease) *Problem {
	if lease == nil || (row.UserName == lease.Spec.UserName && row.AccountID == lease.Spec.AccountID) {
		return nil
	}
	p := &Problem{Row: row.Number, AccessKeyID: row.AccessKeyID, Reason: v1alpha1.RowIdentityChanged}
	what, is := "IAM user name", lease.Spec.UserName
	p.Value = row.UserName
	if row.UserName == lease.Spec.UserName {
		what, is, p.Value = "AWS account ID", lease.Spec.AccountID, row.AccountID
	}
	p.Value = shown(p.Value)
	p.Message = fmt.Sprintf("%s %s: the lease %s has %s; put that back, or delete the lease to accept the new identity",
		what, Quoted(p.Value), strings.ToLower(row.AccessKeyID), Quoted(is))
	return p
}

// firstSight: nothing was ever agreed. The lease is new, was made again, was made with kubectl on a row that exists, or
// the operator died between making it and writing its status.
func firstSight(lease *v1alpha1.AccessKeyLease) bool {
	return lease == nil || lease.Status.Sheet == nil || lease.Status.Sheet.EndDate == ""
}

// lastAgreement is a copy of status.sheet, empty where there is none.
func lastAgreement(lease *v1alpha1.AccessKeyLease) v1alpha1.SheetRowStatus {
	if lease.Status.Sheet == nil {
		return v1alpha1.SheetRowStatus{}
	}
	return *lease.Status.Sheet.DeepCopy()
}

func rowNumber(n int) int32 {
	return int32(n) //nolint:gosec // a sheet has at most 10 million cells
}

// Marked tells whether the merge has given the lease the extension mark, whatever date it holds.
func Marked(s *v1alpha1.SheetRowStatus) bool { return s != nil && carriesMark(*s) }

// carriesMark tells whether the lease has the extension mark; rowHasMark whether the row had it when it was last read.
func carriesMark(s v1alpha1.SheetRowStatus) bool {
	return s.ExtensionMark != nil && s.ExtensionMark.Lease
}

func rowHasMark(s v1alpha1.SheetRowStatus) bool { return s.ExtensionMark != nil && s.ExtensionMark.Row }

// holdSince keeps the time of a hold that continues.
func holdSince(was *v1alpha1.SheetHold, is v1alpha1.SheetHold, f Facts) *v1alpha1.SheetHold {
	is.Message = cut(is.Message, maxHoldMessage)
	is.Time = metav1.NewTime(f.Now)
	if was != nil && was.Reason == is.Reason && was.EndDate == is.EndDate {
		is.Time = was.Time
	}
	return &is
}

func unclear(cell StatusCell) v1alpha1.SheetHold {
	return v1alpha1.SheetHold{Reason: v1alpha1.ReasonUnclearMark,
		Message: fmt.Sprintf("what does the status cell %s mean? Write the mark alone, or take the word away", Quoted(cell.Text))}
}
