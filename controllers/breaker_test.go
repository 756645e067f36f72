package controllers

import (
	"testing"

	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
)

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
