package accesskeylease

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

// limitOf two keys a day in UTC.
func limitOf(now time.Time) lifecycle.DailyLimit {
	s := &v1alpha1.AccessKeySheet{}
	s.Spec.Limits.MaxRevocationsPerDay = ptr.To(int32(2))
	return lifecycle.DailyLimitOf(s, lifecycle.Policy{Location: time.UTC}, now)
}

func TestALeaseHasASlotOnceAndTheDayHasAsManyAsTheLimit(t *testing.T) {
	now := time.Date(2026, 12, 9, 15, 0, 0, 0, time.UTC)
	b := &begun{}
	for i, want := range []bool{true, true, false} {
		if got := b.reserve(leaseWith(i), limitOf(now), now); got != want {
			t.Errorf("lease %d got a slot: %v, want %v", i, got, want)
		}
	}
	if !b.reserve(leaseWith(0), limitOf(now), now) {
		t.Error("a lease that has a slot does not get it again")
	}
	b.release(leaseWith(0))
	if !b.reserve(leaseWith(2), limitOf(now), now) {
		t.Error("a slot that was not used is lost")
	}
}

func TestTheDailyLimitForgetsWhatNoDayCountsAnyMore(t *testing.T) {
	now := time.Date(2026, 12, 9, 15, 0, 0, 0, time.UTC)
	b := &begun{}
	for i := range 100 {
		at := now.Add(time.Duration(i) * 24 * time.Hour)
		b.reserve(leaseWith(i), limitOf(at), at)
	}
	if n := len(b.of("")); n > 3 {
		t.Errorf("%d revocations are remembered", n)
	}
}

func leaseWith(n int) *v1alpha1.AccessKeyLease {
	l := &v1alpha1.AccessKeyLease{}
	l.UID = types.UID(fmt.Sprint(n))
	return l
}
