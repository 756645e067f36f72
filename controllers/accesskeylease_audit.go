package controllers

import (
	"context"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/teardown"
)

// audit writes one line of evidence about this lease. An auditor asks after a year, with nothing but these lines.
func (r *leaseRun) audit(what string, kv ...any) {
	r.Audit.Info(what, append([]any{
		"namespace", r.lease.Namespace, "sheet", r.lease.Spec.SheetRef.Name, "lease", r.lease.Name,
		"accessKeyID", r.lease.Spec.AccessKeyID, "userName", r.lease.Spec.UserName, "accountID", r.lease.Spec.AccountID,
	}, kv...)...)
}

// auditDecision says what a key is about to be changed for, all guards having let it pass and the intent being saved.
func (r *leaseRun) auditDecision(ctx context.Context, d lifecycle.Decision) {
	kv := []any{"action", d.Action.Kind, "endDate", r.lease.Spec.EndDate, "term", d.TermNumber(), "sheetRead", r.in.Sheet.ReadStart.UTC()}
	if r.dailyLimit().Raised() {
		name := v1alpha1.AnnotationAllowRevocations
		kv = append(kv, "approval", r.sheet.Annotations[name], "approvedBy", annotatedBy(ctx, r.Live, r.sheet, name))
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
	r.audit("asked", "annotation", name, "value", r.lease.Annotations[name], "by", annotatedBy(ctx, r.Live, r.lease, name))
}

// annotatedBy is the field manager that wrote an annotation, such as kubectl-annotate; empty: unknown. The API server's own
// audit log knows the person; the time of the line leads there.
func annotatedBy(ctx context.Context, live client.Reader, o client.Object, name string) string {
	fresh, ok := o.DeepCopyObject().(client.Object)
	if !ok || live.Get(ctx, client.ObjectKeyFromObject(o), fresh) != nil {
		return ""
	}
	for _, f := range fresh.GetManagedFields() {
		if f.FieldsV1 != nil && strings.Contains(f.FieldsV1.GetRawString(), `"f:`+name+`"`) {
			return f.Manager
		}
	}
	return ""
}
