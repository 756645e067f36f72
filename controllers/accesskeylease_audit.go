package controllers

import (
	"context"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/teardown"
)

// audit writes one line of evidence about this lease. An auditor asks after a year, with nothing but these lines.
func (r *leaseRun) audit(what string, kv ...any) {
	r.rec.AuditLease(r.lease, what, kv...)
}

// auditDecision says what a key is about to be changed for, all guards having let it pass and the intent being saved.
func (r *leaseRun) auditDecision(ctx context.Context, d lifecycle.Decision) {
	kv := []any{"action", d.Action.Kind, "endDate", r.lease.Spec.EndDate, "term", d.TermNumber(), "sheetRead", r.in.Sheet.ReadStart.UTC()}
	if r.dailyLimit().Raised() {
		name := v1alpha1.AnnotationAllowRevocations
		kv = append(kv, "approval", r.sheet.Annotations[name], "approvedBy", r.rec.AnnotatedBy(ctx, r.sheet, name))
	}
	r.audit("decided", kv...)
}

// auditComplete says how it ended, and what is left on purpose.
func (r *leaseRun) auditComplete() {
	rev := r.lease.Status.Revocation
	kv := []any{"reason", rev.Reason, "retained", rev.Retained}
	if rev.SnapshotRef != nil {
		kv = append(kv, "snapshot", rev.SnapshotRef.Name, "snapshotSHA256", rev.SnapshotRef.SHA256)
	}
	r.audit("complete", kv...)
}

// auditStep is told of each call that was to change something, and, without a request ID, of one whose answer was lost and
// that AWS showed afterwards to have been carried out.
func (r *leaseRun) auditStep(s teardown.Step, requestID string, err error) {
	kv := []any{"action", s.Action, "target", s.Target, "requestID", requestID}
	switch {
	case err != nil:
		kv = append(kv, "error", err.Error())
	case requestID == "":
		kv = append(kv, "found", "carried out")
	}
	r.audit("aws", kv...)
	metrics.AWSStep(r.lease.Namespace, r.lease.Spec.SheetRef.Name, s.Action)
}

// auditAsked says that a person asked for another attempt.
func (r *leaseRun) auditAsked(ctx context.Context) {
	name := v1alpha1.AnnotationRetry
	r.audit("asked", "annotation", name, "value", r.lease.Annotations[name], "by", r.rec.AnnotatedBy(ctx, r.lease, name))
}
