package accesskeylease

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
)

func TestALookThatWasNotWrittenIsRemembered(t *testing.T) {
	stored := metav1.NewTime(time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC))
	looked := metav1.NewTime(stored.Add(time.Hour))
	written := metav1.NewTime(stored.Add(2 * time.Hour))
	leaseWith := func(state v1alpha1.KeyState, at metav1.Time) *v1alpha1.AccessKeyLease {
		l := &v1alpha1.AccessKeyLease{}
		l.Name, l.Status.Key = "akia", &v1alpha1.KeyStatus{Status: state, ObservedTime: &at}
		return l
	}
	for name, tc := range map[string]struct {
		lease *v1alpha1.AccessKeyLease
		want  metav1.Time
	}{
		"the same is stored":                   {leaseWith(v1alpha1.KeyActive, stored), looked},
		"another state is stored":              {leaseWith(v1alpha1.KeyInactive, stored), stored},
		"a later look was written":             {leaseWith(v1alpha1.KeyActive, written), written},
		"a lease of this name was made anew":   {&v1alpha1.AccessKeyLease{ObjectMeta: metav1.ObjectMeta{Name: "akia"}}, metav1.Time{}},
		"another lease was not looked at then": {func() *v1alpha1.AccessKeyLease { l := leaseWith(v1alpha1.KeyActive, stored); l.Name = "akib"; return l }(), stored},
	} {
		t.Run(name, func(t *testing.T) {
			k := &looks{}
			k.note(leaseWith(v1alpha1.KeyActive, looked))
			k.recall(tc.lease)
			var got metav1.Time
			if tc.lease.Status.Key != nil {
				got = *tc.lease.Status.Key.ObservedTime
			}
			if !got.Equal(&tc.want) {
				t.Errorf("looked at %s, want %s", got, tc.want)
			}
			k.forget(client.ObjectKeyFromObject(tc.lease))
		})
	}
}
