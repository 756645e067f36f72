// Package record is how the controllers record anything: server-side apply, field owners, Events and audit lines.
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

// longestEvent in bytes. The API server refuses a longer Event, and it is lost. A Japanese character has three bytes.
const longestEvent = 1024

// Types of Events.
const (
	Normal  = corev1.EventTypeNormal
	Warning = corev1.EventTypeWarning
)

// Recorder writes to the API server, to Events and to the audit log.
type Recorder struct {
	Client client.Client
	// Live reads past the cache, because cached objects have no field owners.
	Live   client.Reader
	Events events.EventRecorder
	// Log gets one line per decision, approval, date change, notice and AWS change.
	Log logr.Logger
}

// Event writes an Event about an object. The API server's clients join Events with the same reason and action, and keep
// only the first text.
func (r *Recorder) Event(about runtime.Object, kind, reason, action, message string) {
	r.Events.Eventf(about, nil, kind, reason, action, "%s", lifecycle.Cut(message, longestEvent))
}

// LeaseEvent writes an Event about a lease. Its action is its reason.
func (r *Recorder) LeaseEvent(l *v1alpha1.AccessKeyLease, kind, reason, message string) {
	r.Event(l, kind, reason, reason, message)
}

// AuditLease writes one line of evidence about a lease. It must be enough for an auditor who has only these lines a
// year later.
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

// AnnotatedBy is the field manager that wrote an annotation, such as kubectl-annotate; empty: unknown. The API server's
// own audit log names the person; find the entry by the time of our line.
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
