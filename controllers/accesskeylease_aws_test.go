package controllers

import (
	"errors"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/pace"
)

func TestAReadingThatIsForbiddenEndsWhatCameBeforeIt(t *testing.T) {
	now := time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC)
	key := types.NamespacedName{Namespace: "keylease", Name: "akiakeylease00000002"}
	r := &leaseRun{
		LeaseReconciler: &LeaseReconciler{Deps: &Deps{Clock: testingclock.NewFakePassiveClock(now)}, known: state.NewSheets(), slots: pace.NewSlots(nil), attempts: pace.NewAttempts(func(int64) int64 { return 0 })},
		key:             key, lease: &v1alpha1.AccessKeyLease{}, sheet: &v1alpha1.AccessKeySheet{},
	}
	for range 9 {
		r.unobserved(errors.New("timeout"))
	}
	if !r.exhausted() {
		t.Fatal("AWS did not answer for long, and people do not hear of it")
	}
	r.in.Retry = true
	r.unobserved(&failure.Error{Class: failure.Denied, Code: "AccessDenied"})
	if r.in.AWSReason != v1alpha1.ReasonAWSForbidden {
		t.Errorf("the reason is %s", r.in.AWSReason)
	}
	if r.in.Retry {
		t.Error("the attempt that a person asked for was made, and is still asked for: AWS would be asked again before its hour")
	}
	if r.exhausted() {
		t.Error("AWS answered, and the next timeout still counts as the last of many")
	}
}
