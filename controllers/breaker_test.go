package controllers

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Two leases that were let pass by the same look at the day are not both given its last place.
func TestTheDaysLastPlaceIsGivenOnce(t *testing.T) {
	of := func(uid types.UID) *v1alpha1.AccessKeyLease {
		l := &v1alpha1.AccessKeyLease{}
		l.UID, l.Spec.AccountID = uid, "123456789012"
		return l
	}
	b := newBreaker()
	for range 2 {
		if !b.reserve(of("a"), 1, "2026-12-09") {
			t.Error("the first lease has no place, or not again")
		}
	}
	if b.reserve(of("b"), 1, "2026-12-09") {
		t.Error("a second one has the same place")
	}
	if !b.reserve(of("b"), 1, "2026-12-10") {
		t.Error("nor one on the next day")
	}
	b.giveBack(of("a"), "2026-12-09")
	if !b.reserve(of("b"), 1, "2026-12-09") {
		t.Error("a place that came to nothing stays taken")
	}
}

func TestTheBreakersMessageNamesANumberThatRaisesIt(t *testing.T) {
	for name, tc := range map[string]struct {
		limit      *int32
		annotation string
		want       string
	}{
		"the default":                      {nil, "", "2026-12-09=40"},
		"a limit of the sheet":             {ptr.To[int32](3), "", "2026-12-09=6"},
		"raised already":                   {ptr.To[int32](3), "2026-12-09=7", "2026-12-09=14"},
		"raised on another day":            {ptr.To[int32](3), "2026-12-08=7", "2026-12-09=6"},
		"no more than five-fold":           {ptr.To[int32](3), "2026-12-09=10", "2026-12-09=15"},
		"nothing, where it is at its most": {ptr.To[int32](3), "2026-12-09=15", ""},
		"nothing, where none may go":       {ptr.To[int32](0), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &v1alpha1.AccessKeySheet{}
			s.Spec.Limits.MaxRevocationsPerDay = tc.limit
			if tc.annotation != "" {
				s.Annotations = map[string]string{v1alpha1.AnnotationAllowRevocations: tc.annotation}
			}
			if got := raisedLimit(s, "2026-12-09"); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
