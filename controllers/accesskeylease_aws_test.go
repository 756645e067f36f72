package controllers

import (
	"errors"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/pace"
)

func TestAReadingThatIsForbiddenEndsWhatCameBeforeIt(t *testing.T) {
	now := time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC)
	key := types.NamespacedName{Namespace: "keylease", Name: "akiakeylease00000002"}
	r := &leaseRun{
		LeaseReconciler: &LeaseReconciler{Deps: &Deps{Clock: testingclock.NewFakePassiveClock(now)}, views: newViews(), slots: pace.NewSlots(nil), attempts: pace.NewAttempts(func(int64) int64 { return 0 })},
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

func TestWhatPeopleMustMendIsAStall(t *testing.T) {
	for _, reason := range []string{
		v1alpha1.ReasonWrongAccount, v1alpha1.ReasonEmptyAccount, v1alpha1.ReasonOtherUser, v1alpha1.ReasonUserRecreated,
		v1alpha1.ReasonKeyRecreated, v1alpha1.ReasonAWSForbidden, v1alpha1.ReasonIdentityNotPinned,
	} {
		if !stalls(reason) {
			t.Errorf("%s is not shown as Stalled", reason)
		}
	}
	for _, reason := range []string{v1alpha1.ReasonWaiting, v1alpha1.ReasonDryRun, v1alpha1.ReasonBreakerOpen, v1alpha1.ReasonAWSUnavailable} {
		if stalls(reason) {
			t.Errorf("%s passes by itself, and is shown as Stalled", reason)
		}
	}
}
