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

func of(uid types.UID) *v1alpha1.AccessKeyLease {
	l := &v1alpha1.AccessKeyLease{}
	l.UID, l.Spec.AccountID = uid, "123456789012"
	return l
}

func oneOn(now time.Time) lifecycle.DailyLimit {
	s := &v1alpha1.AccessKeySheet{}
	s.Spec.Limits.MaxRevocationsPerDay = ptr.To[int32](1)
	return lifecycle.DailyLimitOf(s, lifecycle.Policy{Location: time.UTC}, now)
}

// Two leases that saw the same free slot of the day do not both get it.
func TestTheDaysLastSlotIsGivenOnce(t *testing.T) {
	today := time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC)
	tomorrow := today.AddDate(0, 0, 1)
	b := &begun{}
	for range 2 {
		if !b.reserve(of("a"), oneOn(today), today) {
			t.Error("the first lease has no place, or not again")
		}
	}
	if b.reserve(of("b"), oneOn(today), today) {
		t.Error("a second one has the same place")
	}
	if !b.reserve(of("b"), oneOn(tomorrow), tomorrow) {
		t.Error("nor one on the next day")
	}
	b.release(of("a"))
	if !b.reserve(of("c"), oneOn(today), today) {
		t.Error("a place that came to nothing stays taken")
	}
}

func TestTheDailyLimitForgetsWhatNoDayCountsAnyMore(t *testing.T) {
	start := time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC)
	b := &begun{}
	for i := range 100 {
		at := start.AddDate(0, 0, i)
		b.reserve(of(types.UID(fmt.Sprint(i))), oneOn(at), at)
	}
	if n := len(b.of("123456789012")); n > 3 {
		t.Errorf("%d revocations are remembered", n)
	}
}
