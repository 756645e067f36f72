package accesskeylease

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

// A process that dies, or meets a conflict, right after the step that gave a key back finds nothing left to do. What the key
// is has to be saved with the step.
func TestWhatAStepMadeOfTheKeyIsSavedWithIt(t *testing.T) {
	at := metav1.NewTime(time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC))
	intent := &v1alpha1.RevocationIntent{Action: "UpdateAccessKey", Time: at}
	for name, tc := range map[string]struct {
		was  v1alpha1.KeyState
		kind lifecycle.ActionKind
		rev  v1alpha1.RevocationStatus
		want v1alpha1.KeyState
	}{
		"about to be deactivated, it is active":    {v1alpha1.KeyActive, lifecycle.ActionDeactivate, v1alpha1.RevocationStatus{Intent: intent}, v1alpha1.KeyActive},
		"deactivated":                              {v1alpha1.KeyActive, lifecycle.ActionDeactivate, v1alpha1.RevocationStatus{DeactivatedTime: &at}, v1alpha1.KeyInactive},
		"about to be given back, it is inactive":   {v1alpha1.KeyInactive, lifecycle.ActionReactivate, v1alpha1.RevocationStatus{DeactivatedTime: &at, Intent: intent}, v1alpha1.KeyInactive},
		"given back":                               {v1alpha1.KeyInactive, lifecycle.ActionReactivate, v1alpha1.RevocationStatus{}, v1alpha1.KeyActive},
		"gone when it was to be given back":        {v1alpha1.KeyAbsent, lifecycle.ActionReactivate, v1alpha1.RevocationStatus{}, v1alpha1.KeyAbsent},
		"deleted, it is what AWS last showed":      {v1alpha1.KeyInactive, lifecycle.ActionRevoke, v1alpha1.RevocationStatus{DeactivatedTime: &at, KeyDeletedTime: &at}, v1alpha1.KeyInactive},
		"about to be deleted while it is active":   {v1alpha1.KeyActive, lifecycle.ActionRevoke, v1alpha1.RevocationStatus{StartTime: &at}, v1alpha1.KeyActive},
		"a second deactivation changes it no more": {v1alpha1.KeyInactive, lifecycle.ActionDeactivate, v1alpha1.RevocationStatus{DeactivatedTime: &at}, v1alpha1.KeyInactive},
	} {
		t.Run(name, func(t *testing.T) {
			if got := keyAfter(tc.was, tc.kind, &tc.rev); got != tc.want {
				t.Errorf("the key is %s, want %s", got, tc.want)
			}
		})
	}
}

// A change that succeeds and records nothing would be decided again at once, without end.
func TestAChangeThatChangedNothingIsTriedAgainWithABackoff(t *testing.T) {
	at := metav1.NewTime(time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC))
	before := &v1alpha1.RevocationStatus{StartTime: &at}
	if err := changedNothing(before, before.DeepCopy()); !failure.Is(err, failure.Retry) {
		t.Errorf("nothing changed: got %v, want an error that is retried", err)
	}
	if err := changedNothing(before, &v1alpha1.RevocationStatus{StartTime: &at, DeactivatedTime: &at}); err != nil {
		t.Errorf("deactivated: %v", err)
	}
}
