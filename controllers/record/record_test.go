package record

import (
	"strings"
	"testing"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"github.com/keylease/keylease/api/v1alpha1"
)

// The API server refuses an Event of more than 1024 bytes, and the recorder only logs that.
func TestAnEventOfAnyLengthIsOneThatTheAPIServerTakes(t *testing.T) {
	const most = 1024
	recorder := events.NewFakeRecorder(1)
	(&Recorder{Events: recorder}).LeaseEvent(&v1alpha1.AccessKeyLease{}, Warning, v1alpha1.EventBlocked, strings.Repeat("四半期の締めまで延長", 100))
	// The fake one puts type and reason before the note.
	event := <-recorder.Events
	if note := strings.SplitN(event, " ", 3)[2]; len(note) > most || !utf8.ValidString(note) {
		t.Errorf("an Event of %d bytes: %.60s", len(note), event)
	}
}

func TestWhoOwnsAFieldIsReadFromManagedFields(t *testing.T) {
	entry := func(manager string, operation metav1.ManagedFieldsOperationType, subresource, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Operation: operation, Subresource: subresource, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	const apply, update = metav1.ManagedFieldsOperationApply, metav1.ManagedFieldsOperationUpdate
	for name, tc := range map[string]struct {
		entry            metav1.ManagedFieldsEntry
		applied, written bool
	}{
		"a GitOps tool applies the date":       {entry("argocd", apply, "", `{"f:spec":{"f:endDate":{}}}`), true, true},
		"somebody edits the date":              {entry("kubectl-edit", update, "", `{"f:spec":{"f:endDate":{}}}`), false, true},
		"the sheet's controller applies it":    {entry(string(OwnerSheet), apply, "", `{"f:spec":{"f:endDate":{}}}`), false, false},
		"another field":                        {entry("argocd", apply, "", `{"f:spec":{"f:purpose":{}}}`), false, false},
		"a field of the same name elsewhere":   {entry("argocd", apply, "", `{"f:metadata":{"f:annotations":{"f:endDate":{}}}}`), false, false},
		"the status":                           {entry("argocd", apply, "status", `{"f:spec":{"f:endDate":{}}}`), false, false},
		"something in it":                      {entry("argocd", apply, "", `{"f:spec":{"f:endDate":{"f:day":{}}}}`), true, true},
		"nothing that can be read as an owner": {entry("argocd", apply, "", `{"f:spec":[]}`), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			fields := []metav1.ManagedFieldsEntry{tc.entry}
			if got := AppliedElsewhere(fields, "purposes", "endDate"); got != tc.applied {
				t.Errorf("applied elsewhere: %v, want %v", got, tc.applied)
			}
			if got := WrittenElsewhere(fields, "endDate"); got != tc.written {
				t.Errorf("written elsewhere: %v, want %v", got, tc.written)
			}
		})
	}
}
