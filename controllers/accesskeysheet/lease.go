package accesskeysheet

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/sheet"
)

// apply writes spec and status if they differ. If it returns both a lease and an error, the spec was written.
func (p *pass) apply(ctx context.Context, e entry, lease *v1alpha1.AccessKeyLease, out sheet.Outcome) (*v1alpha1.AccessKeyLease, error) {
	next := &v1alpha1.AccessKeyLease{}
	if lease != nil {
		next = lease.DeepCopy()
	} else {
		next.Name, next.Namespace = strings.ToLower(e.id), p.draft.key.Namespace
	}
	if out.Spec != nil {
		if err := p.applySpec(ctx, e, lease, next, *out.Spec); err != nil {
			return nil, err
		}
	}
	p.fromSheet(next, e, out)
	if lease != nil && equality.Semantic.DeepEqual(record.SheetPart(lease.Status), record.SheetPart(next.Status)) {
		return next, nil
	}
	if err := p.draft.rec.LeaseStatus(ctx, next, record.OwnerSheet); err != nil {
		if out.Spec == nil {
			return nil, err
		}
		return next, err
	}
	return next, nil
}

func (p *pass) applySpec(ctx context.Context, e entry, lease, next *v1alpha1.AccessKeyLease, spec v1alpha1.AccessKeyLeaseSpec) error {
	spec.SheetRef.Name = p.draft.key.Name
	if lease != nil && equality.Semantic.DeepEqual(next.Spec, spec) {
		return nil
	}
	status := next.Status
	next.Spec = spec
	if err := p.draft.rec.LeaseSpec(ctx, next); err != nil {
		return p.specError(e, lease, err)
	}
	if lease == nil {
		p.draft.rec.AuditLease(next, "created", "endDate", next.Spec.EndDate)
		p.draft.rec.LeaseEvent(next, record.Normal, v1alpha1.EventLeaseCreated, fmt.Sprintf("row %d of tab %s", e.row.Number, p.draft.spec().Requests.Tab))
		return nil
	}
	next.Status = status
	return nil
}

// specError turns a conflict into an error that is retried. If the API server refuses the spec, it tells people;
// retrying would not help.
func (p *pass) specError(e entry, lease *v1alpha1.AccessKeyLease, err error) error {
	if apierrors.IsConflict(err) && lease == nil {
		// The lease exists, but the cache does not show it yet. The next sync sees it.
		return conflict("apply lease", fmt.Sprintf("lease %s exists already with other values", strings.ToLower(e.id)))
	}
	if apierrors.IsInvalid(err) && lease != nil {
		p.draft.rec.LeaseEvent(lease, record.Warning, v1alpha1.EventExtensionRefused, err.Error())
	}
	return err
}

func conflict(operation, message string) error {
	return &failure.Error{Class: failure.Retry, Service: "kubernetes", Operation: operation, Code: v1alpha1.ReasonConflict, Message: message}
}

// fromSheet copies what the sheet says into the lease's status, in memory.
func (p *pass) fromSheet(l *v1alpha1.AccessKeyLease, e entry, out sheet.Outcome) {
	s, tab := &l.Status, p.draft.spec().Requests.Tab
	set := func(kind string, ok bool, reason, message string) {
		p.draft.leaseCondition(l, metav1.Condition{Type: kind, Status: lifecycle.Truth(ok), Reason: reason, Message: message})
	}
	if e.row == nil && e.problem == nil && s.Sheet == nil {
		// A lease created with kubectl. Only status.sheet proves that its key was ever on a row; without it Keylease
		// does nothing.
		set(v1alpha1.ConditionRowPresent, false, v1alpha1.ReasonNeverOnSheet, "no row of tab "+tab+" has this key: it is not acted on")
		return
	}
	s.Sheet = &out.Sheet
	switch {
	case e.row != nil:
		s.Sheet.Row = count32(e.row.Number)
		set(v1alpha1.ConditionRowPresent, true, v1alpha1.ReasonRowFound, "the key stands in tab "+tab)
		who := p.reading.directory.Resolve(e.row.FullName)
		s.Owner = ownerStatus(who)
		set(v1alpha1.ConditionOwnerResolved, who.SlackUserID != "", who.Reason, who.Message)
	case e.problem != nil:
		s.Sheet.Row = count32(e.problem.Row)
		set(v1alpha1.ConditionRowPresent, true, v1alpha1.ReasonRowFound, "the key stands in tab "+tab+", in a row that cannot be used")
	default:
		set(v1alpha1.ConditionRowPresent, false, v1alpha1.ReasonRowGone, "the key stands in no row of tab "+tab+" any more: the lease goes on with what it knows")
	}
	if c, ok := synced(e, l, out, p.draft.policy.DryRun, p.writeError); ok {
		p.draft.leaseCondition(l, c)
	}
}

func (d *draft) leaseCondition(l *v1alpha1.AccessKeyLease, c metav1.Condition) {
	lifecycle.SetCondition(&l.Status.Conditions, d.now(), l.Generation, c.Type, c.Status, c.Reason, c.Message)
}

// rowAgrees is the message of SheetSynced while row and lease agree.
const rowAgrees = "the row says what the lease says"

// synced is the condition SheetSynced of a merged lease. ok is false while the row is about to be written: the
// condition is set when that has succeeded or failed.
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
	case (out.StatusText != nil || out.EndDate != "") && writeError == nil:
		return c, false
	case (out.StatusText != nil || out.EndDate != "") && failure.Is(writeError, failure.Denied):
		return say(metav1.ConditionFalse, v1alpha1.ReasonReadOnly, writeError.Error())
	case out.StatusText != nil || out.EndDate != "":
		return say(metav1.ConditionFalse, v1alpha1.ReasonWriteFailed, writeError.Error())
	case hold != nil && hold.Reason == v1alpha1.ReasonFieldOwnedElsewhere:
		return say(metav1.ConditionFalse, hold.Reason, hold.Message)
	case e.row.EndDate != l.Spec.EndDate:
		return say(metav1.ConditionFalse, v1alpha1.EventExtensionRefused, fmt.Sprintf(
			"the row says %s and the lease, whose key is gone or being deleted, %s", e.row.EndDate, l.Spec.EndDate))
	}
	return say(metav1.ConditionTrue, v1alpha1.ReasonSynced, rowAgrees)
}

// ownerStatus is nil if the name matches nobody. An empty object, applied over one with a Slack ID, would become null,
// and the API server would refuse the whole status. That happens when a person leaves the company.
func ownerStatus(who sheet.Resolution) *v1alpha1.OwnerStatus {
	if who.SlackUserID == "" && len(who.Candidates) == 0 {
		return nil
	}
	return &v1alpha1.OwnerStatus{SlackUserID: who.SlackUserID, Candidates: who.Candidates}
}

// tellRow reports a row that disappeared or came back.
func tellRow(rec *record.Recorder, before, after *v1alpha1.AccessKeyLease) {
	if before == nil {
		return
	}
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionRowPresent)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionRowPresent)
	switch {
	case is != nil && is.Reason == v1alpha1.ReasonNeverOnSheet && (was == nil || was.Reason != is.Reason):
		rec.LeaseEvent(after, record.Warning, v1alpha1.EventBlocked, is.Message)
		rec.AuditLease(after, "blocked", "reason", is.Reason, "message", is.Message)
	case was == nil || is == nil || was.Status == is.Status:
	case is.Reason == v1alpha1.ReasonRowGone:
		rec.LeaseEvent(after, record.Warning, v1alpha1.EventRowGone, is.Message)
		rec.AuditLease(after, "rowGone", "row", before.Status.Sheet.Row)
	case is.Status == metav1.ConditionTrue:
		rec.LeaseEvent(after, record.Normal, v1alpha1.EventRowBack, fmt.Sprintf("%s, row %d", is.Message, after.Status.Sheet.Row))
		rec.AuditLease(after, "rowBack", "row", after.Status.Sheet.Row)
	}
}

// tellChanges writes one audit line for each change of a merge, and one Event for each reason. The API server's clients
// join Events with the same reason and keep only the first text.
func tellChanges(rec *record.Recorder, l *v1alpha1.AccessKeyLease, changes []sheet.Change) {
	texts, reasons := map[string][]string{}, []string(nil)
	for _, c := range changes {
		text := c.Message
		if text == "" {
			text = fmt.Sprintf("%s → %s, by the %s", c.Old, c.New, c.Via)
		}
		if texts[c.Reason] == nil {
			reasons = append(reasons, c.Reason)
		}
		texts[c.Reason] = append(texts[c.Reason], text)
		rec.AuditLease(l, "change", "reason", c.Reason, "old", c.Old, "new", c.New, "via", c.Via)
	}
	for _, reason := range reasons {
		kind := record.Normal
		if reason == v1alpha1.EventEndDateConflict || reason == v1alpha1.EventExtensionRefused {
			kind = record.Warning
		}
		rec.LeaseEvent(l, kind, reason, strings.Join(texts[reason], "; "))
	}
}
