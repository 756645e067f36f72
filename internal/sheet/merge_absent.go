package sheet

import (
	"cmp"
	"fmt"

	"github.com/keylease/keylease/api/v1alpha1"
)

// mergeInvalid holds a lease whose row cannot be read: 来月末 often means "extend". Rule R-invalid.
func mergeInvalid(problem Problem, lease *v1alpha1.AccessKeyLease, f Facts) Outcome {
	if lease == nil {
		return Outcome{}
	}
	s := lastAgreement(lease)
	s.Row = rowNumber(problem.Row)
	if !lease.Completed() {
		s.Hold = holdSince(s.Hold, v1alpha1.SheetHold{Reason: v1alpha1.ReasonInvalidRow, Message: problem.Message}, f)
	}
	return Outcome{Sheet: s}
}

// mergeGone lets a lease continue without its row, with what it knows. Rule R-gone.
func mergeGone(lease *v1alpha1.AccessKeyLease, f Facts) Outcome {
	if lease == nil || lease.Status.Sheet == nil {
		return Outcome{}
	}
	s := *lease.Status.Sheet.DeepCopy()
	s.Row = 0
	if frozen(lease) || firstSight(lease) {
		return Outcome{Sheet: s}
	}
	// No cell has the mark any more, but a person can still set and unset it on the lease.
	had, asked := carriesMark(s), lease.Spec.ExtensionRequested
	if f.FlagOwnedElsewhere && !asked { // M-flag-owned
		asked = had
	}
	switch otherwise := s.Hold != nil && s.Hold.Reason != v1alpha1.ReasonExtensionRequested; {
	case otherwise || asked == had:
	case asked:
		s.Hold, s.ExtensionMark = nil, &v1alpha1.ExtensionMark{Lease: true, EndDate: lease.Spec.EndDate}
	case rowHasMark(s):
		s.Hold, s.ExtensionMark = nil, &v1alpha1.ExtensionMark{Row: true}
	default: // the row never had it
		s.Hold, s.ExtensionMark = nil, nil
	}
	return Outcome{Sheet: s}
}

// GoneOtherwise tells whether a lease without a row differs from what was agreed about the extension mark. Only then
// does the merge need to know who owns its flag.
func GoneOtherwise(lease *v1alpha1.AccessKeyLease) bool {
	return lease.Status.Sheet != nil && lease.Spec.ExtensionRequested != carriesMark(*lease.Status.Sheet)
}

// frozen tells whether the API server refuses any change of the spec: the lease is Revoked, or its key is being
// deleted.
func frozen(lease *v1alpha1.AccessKeyLease) bool {
	if lease.Status.Phase == v1alpha1.PhaseRevoked || lease.Completed() {
		return true
	}
	r := lease.Status.Revocation
	return r != nil && (r.KeyDeletedTime != nil || (r.Intent != nil && r.Intent.Action == "DeleteAccessKey"))
}

// mergeFrozen follows the row of a lease whose spec cannot be written any more: rules X of the package comment.
func mergeFrozen(row Row, lease *v1alpha1.AccessKeyLease, f Facts) Outcome {
	s := lastAgreement(lease)
	if rowHasMark(s) && row.Status.Mark == MarkExtension && retyped(s, row.Status, f.Marks) {
		s.ExtensionMark = nil // M-again
	}
	s.Row, s.Mark = rowNumber(row.Number), cut(row.Status.Text, maxAgreedMark)
	s.MarkedDeleted = row.Status.Mark == MarkDeleted
	if s.EndDate == "" {
		s.EndDate = lease.Spec.EndDate
	}
	out := Outcome{}
	if lease.Completed() { // X-confirmed
		s.RowEndDate, s.LeaseEndDate, s.RefusedEndDate, s.ExtensionMark, s.Hold = "", "", "", nil, nil
		out.StatusText = confirmedText(row.Status, f)
	} else {
		s.Hold, s.ExtensionMark = frozenHold(row, lease, s, f)
		out.Changes = append(lateDate(row, lease, &s), lateMark(row, lease, f)...)
		out.StatusText = frozenText(row.Status, lease, f)
	}
	out.Sheet = s
	return out
}

// frozenHold holds the lease for what its row says, even if the spec cannot say so. It does not remember a new mark as
// the row's, so the first merge that may write the spec again takes the mark for the row's request.
func frozenHold(row Row, lease *v1alpha1.AccessKeyLease, was v1alpha1.SheetRowStatus, f Facts) (*v1alpha1.SheetHold, *v1alpha1.ExtensionMark) {
	byMark := lease.Status.Phase == v1alpha1.PhaseRevoked
	marked, had := row.Status.Mark == MarkExtension, was.ExtensionMark
	switch {
	case row.Status.Mark == MarkUnclear: // X-unclear
		return holdSince(was.Hold, unclear(row.Status), f), nil
	case marked && had != nil:
		had.Row = true
		return nil, had
	case marked && keyDeleted(lease): // X-late
		return nil, nil
	case marked, // X-extension
		byMark && row.Status.Mark != MarkDeleted && row.EndDate != lease.Spec.EndDate: // X-moved
		return holdSince(was.Hold, v1alpha1.SheetHold{Reason: v1alpha1.ReasonExtensionRequested, EndDate: lease.Spec.EndDate}, f), nil
	}
	return nil, nil
}

// lateDate tells people, once, that the row's new date comes too late. Rule X-late.
func lateDate(row Row, lease *v1alpha1.AccessKeyLease, s *v1alpha1.SheetRowStatus) []Change {
	was := s.RefusedEndDate
	s.RefusedEndDate = ""
	if row.EndDate == lease.Spec.EndDate || row.EndDate == cmp.Or(s.RowEndDate, s.EndDate) {
		return nil
	}
	s.RefusedEndDate = row.EndDate
	if row.EndDate == was || lease.Status.Phase == v1alpha1.PhaseRevoked { // Revoked by mark alone: X-moved
		return nil
	}
	return []Change{{Reason: v1alpha1.EventExtensionRefused, Old: lease.Spec.EndDate, New: row.EndDate, Via: viaSheet,
		Message: fmt.Sprintf("the sheet says %s, but the key is being deleted already: request a new key in the sheet", row.EndDate)}}
}

// keyDeleted tells whether the key is gone by our doing. Before that, nobody knows whether an extension comes too late.
func keyDeleted(lease *v1alpha1.AccessKeyLease) bool {
	return lease.Status.Revocation != nil && lease.Status.Revocation.KeyDeletedTime != nil
}

// lateMark tells people, once, that the row's extension mark comes too late: it is new, or it held the lease until the
// key turned out to be deleted. Rule X-late.
func lateMark(row Row, lease *v1alpha1.AccessKeyLease, f Facts) []Change {
	was, end := lastAgreement(lease), lease.Spec.EndDate
	if row.Status.Mark != MarkExtension || row.EndDate != end || !keyDeleted(lease) {
		return nil
	}
	waited := was.Hold != nil && was.Hold.Reason == v1alpha1.ReasonExtensionRequested
	if !waited && ParseStatus(was.Mark, f.Marks).Mark == MarkExtension {
		return nil
	}
	return []Change{{Reason: v1alpha1.EventExtensionRefused, Old: end, New: end, Via: viaMark,
		Message: fmt.Sprintf("the sheet asks to extend %s, but the key is deleted already: request a new key in the sheet", end)}}
}

// frozenText shows 期限切れ during a deletion. 削除済み follows when AWS has confirmed it. Rule X-expired.
func frozenText(cell StatusCell, lease *v1alpha1.AccessKeyLease, f Facts) *string {
	if f.DryRun || lease.Status.Phase != v1alpha1.PhaseExpired || (cell.Mark != MarkNone && cell.Mark != MarkNotified) {
		return nil
	}
	text := StatusText(MarkExpired, cell.Remark, f.Marks)
	return &text
}

// confirmedText writes 削除済み back, because AWS confirmed it, and keeps the rest of the cell as the remark. That may make
// the cell unclear (削除済み 延長不要), but nothing is held any more.
func confirmedText(cell StatusCell, f Facts) *string {
	mark := StatusText(MarkDeleted, "", f.Marks)
	if f.DryRun || cell.Mark == MarkDeleted {
		return nil
	}
	if cell.Mark == MarkUnclear {
		if _, says := behind(trim(cell.Text), markKey(mark)); says {
			return nil
		}
	}
	text := StatusText(MarkDeleted, cell.Remark, f.Marks)
	return &text
}
