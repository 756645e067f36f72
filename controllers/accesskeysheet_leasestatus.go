package controllers

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/sheet"
)

// fromSheet puts what the sheet says into the lease's status, in memory.
func (r *sheetRun) fromSheet(l *v1alpha1.AccessKeyLease, e entry, out sheet.Outcome) {
	s := &l.Status
	set := func(kind string, ok bool, reason, message string) {
		setCondition(&s.Conditions, r.now(), l.Generation, kind, status(ok), reason, message)
	}
	if e.row == nil && e.problem == nil && s.Sheet == nil {
		// Made with kubectl alone: status.sheet is what says that a key stood on a row, and without it nothing is done.
		set(v1alpha1.ConditionRowPresent, false, v1alpha1.ReasonNeverOnSheet, "no row of tab "+r.sheet.Spec.Requests.Tab+" has this key: it is not acted on")
		return
	}
	s.Sheet = &out.Sheet
	switch {
	case e.row != nil:
		s.Sheet.Row = count32(e.row.Number)
		set(v1alpha1.ConditionRowPresent, true, v1alpha1.ReasonRowFound, "the key stands in tab "+r.sheet.Spec.Requests.Tab)
	case e.problem != nil:
		s.Sheet.Row = count32(e.problem.Row)
		set(v1alpha1.ConditionRowPresent, true, v1alpha1.ReasonRowFound, "the key stands in tab "+r.sheet.Spec.Requests.Tab+", in a row that cannot be used")
	default:
		set(v1alpha1.ConditionRowPresent, false, v1alpha1.ReasonRowGone, "the key stands in no row of tab "+r.sheet.Spec.Requests.Tab+" any more: the lease goes on with what it knows")
	}
	if e.row != nil {
		who := r.directory.Resolve(e.row.FullName)
		s.Owner = ownerStatus(who)
		set(v1alpha1.ConditionOwnerResolved, who.SlackUserID != "", who.Reason, who.Message)
	}
	if c, ok := synced(e, l, out, r.policy.DryRun, r.writeError); ok {
		setCondition(&s.Conditions, r.now(), l.Generation, c.Type, c.Status, c.Reason, c.Message)
	}
}

// rowAgrees is said where it is so, and nowhere else.
const rowAgrees = "the row says what the lease says"

// synced is the condition SheetSynced of a lease that was merged. Not ok: the row is about to be written, and nothing is
// said until that has succeeded or failed.
func synced(e entry, l *v1alpha1.AccessKeyLease, out sheet.Outcome, dryRun bool, writeError error) (c metav1.Condition, ok bool) {
	say := func(s metav1.ConditionStatus, reason, message string) (metav1.Condition, bool) {
		return metav1.Condition{Type: v1alpha1.ConditionSheetSynced, Status: s, Reason: reason, Message: message}, true
	}
	hold := out.Sheet.Hold
	switch {
	case e.problem != nil:
		return say(metav1.ConditionUnknown, v1alpha1.ReasonInvalidRow, "the row cannot be used, and is not written: "+e.problem.Message)
	case e.row == nil:
		return say(metav1.ConditionUnknown, v1alpha1.ReasonRowGone, "there is no row that could say anything")
	case dryRun:
		return say(metav1.ConditionUnknown, v1alpha1.ReasonDryRun, "mode DryRun: nothing is written into the row")
	case out.StatusText != nil || out.EndDate != "":
		switch {
		case writeError == nil:
			return c, false
		case failure.Is(writeError, failure.Denied):
			return say(metav1.ConditionFalse, v1alpha1.ReasonReadOnly, writeError.Error())
		}
		return say(metav1.ConditionFalse, v1alpha1.ReasonWriteFailed, writeError.Error())
	case hold != nil && hold.Reason == v1alpha1.ReasonFieldOwnedElsewhere:
		return say(metav1.ConditionFalse, hold.Reason, hold.Message)
	case e.row.EndDate != l.Spec.EndDate:
		return say(metav1.ConditionFalse, v1alpha1.EventExtensionRefused, fmt.Sprintf(
			"the row says %s and the lease, whose key is gone or being deleted, %s", e.row.EndDate, l.Spec.EndDate))
	}
	return say(metav1.ConditionTrue, v1alpha1.ReasonSynced, rowAgrees)
}

// ownerStatus is nil where the name matches nobody: to apply an empty object over one with a Slack ID, which is what
// happens when a person leaves the company, makes null of it, and the API server refuses the whole status.
func ownerStatus(who sheet.Resolution) *v1alpha1.OwnerStatus {
	if who.SlackUserID == "" && len(who.Candidates) == 0 {
		return nil
	}
	return &v1alpha1.OwnerStatus{SlackUserID: who.SlackUserID, Candidates: who.Candidates}
}
