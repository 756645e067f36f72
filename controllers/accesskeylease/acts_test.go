package accesskeylease

import (
	"errors"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/pace"
)

func TestAReadingThatIsForbiddenEndsWhatCameBeforeIt(t *testing.T) {
	clock := testingclock.NewFakePassiveClock(time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC))
	l := &v1alpha1.AccessKeyLease{}
	use := &services{
		attempts: pace.NewAttempts(func(int64) int64 { return 0 }), slots: pace.NewSlots(nil), clock: clock,
		key: types.NamespacedName{Namespace: "keylease", Name: "akiakeylease00000002"},
	}
	a := acts{draft: &draft{clock: clock, lease: l}, about: loaded{sheet: &v1alpha1.AccessKeySheet{}}, use: use, known: state.NewSheets()}
	in := lifecycle.Input{Lease: l}
	for range 9 {
		in = a.unobserved(in, errors.New("timeout"))
	}
	if !use.failures(nil).Exhausted {
		t.Fatal("AWS did not answer for long, and people do not hear of it")
	}
	in.Retry = true
	in = a.unobserved(in, &failure.Error{Class: failure.Denied, Code: "AccessDenied"})
	if in.AWSReason != v1alpha1.ReasonAWSForbidden {
		t.Errorf("the reason is %s", in.AWSReason)
	}
	if in.Retry {
		t.Error("the attempt that a person asked for was made, and is still asked for: AWS would be asked again before its hour")
	}
	if use.failures(nil).Exhausted {
		t.Error("AWS answered, and the next timeout still counts as the last of many")
	}
}
