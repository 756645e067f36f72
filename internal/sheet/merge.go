package sheet

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// The ways in which a change came.
const (
	viaSheet = "sheet"
	viaMark  = "mark"
	viaLease = "lease"
)

const (
	// maxHoldMessage is what the CRD takes for a hold's message.
	maxHoldMessage = 2048
	// maxAgreedMark is how much of a status cell status.sheet keeps: it informs, the cell itself is what is read.
	maxAgreedMark = 256
)

// Merge agrees one row and its lease by the rules of the package comment. What either side said last is in
// lease.Status.Sheet; row is nil where the key stands in no usable row, and problem then says why, or is nil where it
// stands in none at all. lease is nil where there is none yet. Facts.FirstNoticeDue must be set.
//
// The outcome takes effect in this order, and each step only once the one before succeeded: apply Spec (with the resource
// version of lease; on a conflict merge again), apply Sheet to status.sheet, tell Changes, write StatusText and EndDate
// (see [PlanEdits]), and where they were read back, apply [Written]. A crash between any two of them is made good by the
// next merge; only Changes can then be told not at all, or once more. Spec.SheetRef is empty for a new lease: the caller
// knows it. Sheet is zero where the lease never stood on a row: write no status.sheet then.
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

// merge is one three-way merge under way.
type merge struct {
	row   Row
	lease *v1alpha1.AccessKeyLease // nil: there is none yet
	f     Facts
	// was is status.sheet so far, is and spec are what status.sheet and the lease's spec become.
	was, is v1alpha1.SheetRowStatus
	spec    v1alpha1.AccessKeyLeaseSpec
	// baseSheet and baseLease are the dates that either side had when both were last merged.
	baseSheet, baseLease string
	// mark is what either side has of the extension mark from here on.
	mark     v1alpha1.ExtensionMark
	wantDate string
	changes  []Change
}

// outcome puts together what dates and marks decided.
func (m *merge) outcome() Outcome {
	text := m.statusText() // may still take a spent mark away
	out := Outcome{}
	// A date that came from the lease can be before a start that the sheet moved. The CRD would refuse the pair, and the
	// start only informs.
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
	if m.mark.Lease {
		m.is.MovedFrom = nil
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

// specOf a lease as its row has it. Rule S-row.
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

// Holding is the hold that keeps a lease with that end date out of processing, nil where none does. An extension mark holds
// the date that it was put against and is spent with any other, and one that Keylease put holds none, unless
// extensionPolicy is Exempt; every other reason holds.
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

// Written gives status.sheet once statusText (nil: none) and endDate (empty: none) were read back from the row after they
// were written: both sides have them now. Without it the next merge finds that out by itself, but takes what a person
// wrote over them in between for an edit made before.
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

// CheckIdentity reports a row whose IAM user or account is not its lease's: somebody else's key under a known ID. nil
// where they agree or there is no lease.
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

// carriesMark: the lease carries the extension mark; rowHasMark: the row had it when it was last read.
func carriesMark(s v1alpha1.SheetRowStatus) bool {
	return s.ExtensionMark != nil && s.ExtensionMark.Lease
}

func rowHasMark(s v1alpha1.SheetRowStatus) bool { return s.ExtensionMark != nil && s.ExtensionMark.Row }

// holdSince keeps the time of a hold that goes on.
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
