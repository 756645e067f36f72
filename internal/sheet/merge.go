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

// Merge agrees one row and its lease by the rules of the package comment. The last values both sides agreed on are in
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
	m := merge{row: *row, lease: lease, f: f}
	if firstSight(lease) {
		m.firstSight()
	} else {
		m.was = *lease.Status.Sheet.DeepCopy()
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
	was   v1alpha1.SheetRowStatus // the last agreement

	// baseSheet and baseLease are the dates that either side had when it was last looked at.
	baseSheet, baseLease string
	// date of the lease from here on, and the one both sides have.
	date, agreed string
	// extended: the lease's own change of date goes to the row.
	extended bool
	// owned says that the sheet's date cannot be taken, empty where it can.
	owned string
	// extension: the lease carries the extension mark from here on; held is the date that it was put against.
	extension bool
	held      string
	// ours: nobody asked by that mark, it went into the cell with a date of the lease's.
	ours bool
	// moved is the row's last move to a later date.
	moved    *v1alpha1.MovedDate
	pending  v1alpha1.PendingWrite
	found    *v1alpha1.FoundMark
	wantDate string
	changes  []Change
}

// outcome puts together what dates and marks decided.
func (m *merge) outcome() Outcome {
	text := m.statusText() // may still take a spent mark away
	out := Outcome{Spec: m.spec()}
	m.tellReverted(out.Spec)
	out.Changes = m.changes
	out.Sheet = v1alpha1.SheetRowStatus{ // T-read
		Row: rowNumber(m.row.Number), EndDate: m.agreed, Mark: cut(m.row.Status.Text, maxAgreedMark), Hold: m.hold(),
		MarkedDeleted: m.row.Status.Mark == MarkDeleted, FoundMark: m.found, Pending: m.pending,
	}
	if m.held == "" {
		out.Sheet.MovedFrom = m.moved
	}
	if !m.f.DryRun { // W-dry-run
		out.StatusText, out.EndDate = text, m.wantDate
	}
	return out
}

// spec is the lease's spec from here on, nil where it is that already. Rule S-row of the package comment.
func (m *merge) spec() *v1alpha1.AccessKeyLeaseSpec {
	spec := v1alpha1.AccessKeyLeaseSpec{
		AccessKeyID: m.row.AccessKeyID, UserName: m.row.UserName, AccountID: m.row.AccountID,
		Owner: v1alpha1.LeaseOwner{FullName: m.row.FullName}, Purpose: m.row.Purpose, Resource: m.row.Resource,
		StartDate: m.row.StartDate, EndDate: m.date, ExtensionRequested: m.extension,
	}
	if m.lease != nil {
		spec.SheetRef = m.lease.Spec.SheetRef
	}
	// A date that came from the lease can be before a start that the sheet moved. The CRD would refuse the pair, and the
	// start only informs.
	if spec.StartDate > spec.EndDate {
		spec.StartDate = ""
	}
	if m.lease != nil && spec == m.lease.Spec {
		return nil
	}
	return &spec
}

// hold is why the row holds the lease; a spent extension mark is remembered here too (see Holding).
func (m *merge) hold() *v1alpha1.SheetHold {
	mark := v1alpha1.SheetHold{Reason: v1alpha1.ReasonExtensionRequested, EndDate: m.held, Extended: m.ours && m.held != ""}
	switch {
	case m.row.Status.Mark == MarkUnclear: // M-unclear
		return holdSince(m.was.Hold, v1alpha1.SheetHold{Reason: v1alpha1.ReasonUnclearMark, Message: unclearMessage(m.row.Status)}, m.f)
	case m.owned != "": // D-owned
		mark.Reason, mark.Message = v1alpha1.ReasonFieldOwnedElsewhere, m.owned
		return holdSince(m.was.Hold, mark, m.f)
	case m.held != "":
		return holdSince(m.was.Hold, mark, m.f)
	}
	return nil
}

// Holding tells whether a row's hold keeps a lease with that end date out of processing. An extension mark holds the date
// that it was put against and is spent with any other, and one that Keylease put holds none, unless extensionPolicy is
// Exempt; every other reason holds.
func Holding(hold *v1alpha1.SheetHold, endDate string, exempt bool) bool {
	return hold != nil && (hold.Reason != v1alpha1.ReasonExtensionRequested || exempt || (hold.EndDate == endDate && !hold.Extended))
}

// Written gives status.sheet once statusText (nil: none) and endDate (empty: none) were read back from the row after they
// were written: both sides have them now. Without it the next merge finds that out by itself, but takes what a person
// wrote over them in between for an edit made before.
func Written(s v1alpha1.SheetRowStatus, statusText *string, endDate string) v1alpha1.SheetRowStatus {
	s = *s.DeepCopy()
	if endDate != "" {
		s.EndDate = endDate
		s.Pending.EndDate, s.Pending.SeenEndDate = "", ""
	}
	if statusText != nil {
		s.Mark = cut(*statusText, maxAgreedMark)
		s.Pending.Mark = ""
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

func rowNumber(n int) int32 {
	return int32(n) //nolint:gosec // a sheet has at most 10 million cells
}

// heldDate is the date that the extension mark was put against, empty where the lease carries none.
func heldDate(s v1alpha1.SheetRowStatus) string {
	if s.Hold == nil || s.Pending.Mark == v1alpha1.PendingTake {
		return ""
	}
	return s.Hold.EndDate
}

// holdSince keeps the time of a hold that goes on.
func holdSince(was *v1alpha1.SheetHold, is v1alpha1.SheetHold, f Facts) *v1alpha1.SheetHold {
	is.Message = cut(is.Message, maxHoldMessage)
	is.Time = metav1.NewTime(f.Now)
	if was != nil && was.Reason == is.Reason && was.EndDate == is.EndDate {
		is.Time = was.Time
	}
	return &is
}

func unclearMessage(cell StatusCell) string {
	return fmt.Sprintf("what does the status cell %s mean? Write the mark alone, or take the word away", Quoted(cell.Text))
}
