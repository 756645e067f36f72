// Package record is how the controllers record anything: server-side apply, conditions, Events and audit lines.
package record

import (
	"context"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

// longestEvent in bytes: the API server refuses an Event of more than 1024, and it is lost. A Japanese letter has three.
const longestEvent = 1024

// Types of Events.
const (
	Normal  = corev1.EventTypeNormal
	Warning = corev1.EventTypeWarning
)

// Recorder writes to the API server, to Events and to the audit log.
type Recorder struct {
	Client client.Client
	// Live reads past the cache: field owners are stripped from cached objects.
	Live   client.Reader
	Events events.EventRecorder
	// Log gets one line per decision, approval, date change, notice and AWS change.
	Log logr.Logger
}

// Event about an object. The API server's clients join Events of one reason and action, and keep the text of the first.
func (r *Recorder) Event(about runtime.Object, kind, reason, action, message string) {
	r.Events.Eventf(about, nil, kind, reason, action, "%s", lifecycle.Cut(message, longestEvent))
}

// LeaseEvent is an Event about a lease, with its reason as its action.
func (r *Recorder) LeaseEvent(l *v1alpha1.AccessKeyLease, kind, reason, message string) {
	r.Event(l, kind, reason, reason, message)
}

// AuditLease writes one line of evidence about a lease. An auditor asks after a year, with nothing but these lines.
func (r *Recorder) AuditLease(l *v1alpha1.AccessKeyLease, what string, kv ...any) {
	r.Log.Info(what, append([]any{
		"namespace", l.Namespace, "sheet", l.Spec.SheetRef.Name, "lease", l.Name,
		"accessKeyID", l.Spec.AccessKeyID, "userName", l.Spec.UserName, "accountID", l.Spec.AccountID,
	}, kv...)...)
}

// AuditSheet writes one line of evidence about a sheet.
func (r *Recorder) AuditSheet(key types.NamespacedName, what string, kv ...any) {
	r.Log.Info(what, append([]any{"namespace", key.Namespace, "sheet", key.Name}, kv...)...)
}

// AnnotatedBy is the field manager that wrote an annotation, such as kubectl-annotate; empty: unknown. The API server's own
// audit log knows the person; the time of the line leads there.
func (r *Recorder) AnnotatedBy(ctx context.Context, o client.Object, name string) string {
	fresh, ok := o.DeepCopyObject().(client.Object)
	if !ok || r.Live.Get(ctx, client.ObjectKeyFromObject(o), fresh) != nil {
		return ""
	}
	for _, f := range fresh.GetManagedFields() {
		if owns(f, "metadata", "annotations", name) {
			return f.Manager
		}
	}
	return ""
}
