package sheet

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
)

func TestAKeyBelongsToTheSheetWhoseLeaseIsOlder(t *testing.T) {
	us := types.NamespacedName{Namespace: "keylease", Name: "key-requests"}
	of := func(namespace, sheet, name string, age time.Duration, onRow bool) v1alpha1.AccessKeyLease {
		l := v1alpha1.AccessKeyLease{ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name, CreationTimestamp: metav1.NewTime(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).Add(-age))}}
		l.Spec.SheetRef.Name, l.Spec.AccessKeyID = sheet, "AKIAKEYLEASE00000002"
		if onRow {
			l.Status.Sheet = &v1alpha1.SheetRowStatus{}
		}
		return l
	}
	const name = "akiakeylease00000002"
	ours, noRow := of("keylease", "key-requests", name, time.Hour, true), of("keylease", "key-requests", name, time.Hour, false)
	for what, tc := range map[string]struct {
		ours   *v1alpha1.AccessKeyLease
		others []v1alpha1.AccessKeyLease
		want   string
	}{
		"nobody else has it":                         {nil, nil, ""},
		"ours alone":                                 {&ours, []v1alpha1.AccessKeyLease{ours}, ""},
		"another sheet has it, and we have none":     {nil, []v1alpha1.AccessKeyLease{of("elsewhere", "theirs", name, time.Minute, true)}, "elsewhere/theirs"},
		"theirs is older":                            {&ours, []v1alpha1.AccessKeyLease{ours, of("elsewhere", "theirs", name, 2*time.Hour, true)}, "elsewhere/theirs"},
		"theirs is younger":                          {&ours, []v1alpha1.AccessKeyLease{ours, of("elsewhere", "theirs", name, time.Minute, true)}, ""},
		"of the same age, by name":                   {&ours, []v1alpha1.AccessKeyLease{ours, of("elsewhere", "theirs", name, time.Hour, true)}, "elsewhere/theirs"},
		"ours stood on no row yet":                   {&noRow, []v1alpha1.AccessKeyLease{noRow, of("elsewhere", "theirs", name, time.Minute, true)}, "elsewhere/theirs"},
		"theirs was made with kubectl alone":         {&ours, []v1alpha1.AccessKeyLease{ours, of("elsewhere", "theirs", name, 2*time.Hour, false)}, ""},
		"a lease of its name is in our namespace":    {nil, []v1alpha1.AccessKeyLease{of("keylease", "theirs", name, time.Minute, false)}, "keylease/theirs"},
		"of three, the oldest that stands on a row":  {nil, []v1alpha1.AccessKeyLease{of("a", "x", name, time.Minute, true), of("b", "y", name, time.Hour, true), of("c", "z", name, 2*time.Hour, false)}, "b/y"},
		"another sheet of ours, under another name":  {nil, []v1alpha1.AccessKeyLease{of("keylease", "theirs", "another", time.Minute, true)}, "keylease/theirs"},
		"made with kubectl alone under another name": {nil, []v1alpha1.AccessKeyLease{of("keylease", "theirs", "another", time.Minute, false)}, ""},
	} {
		t.Run(what, func(t *testing.T) {
			got := ""
			if l := FirstOwner(us, tc.ours, tc.others); l != nil {
				got = l.Namespace + "/" + l.Spec.SheetRef.Name
			}
			if got != tc.want {
				t.Errorf("it belongs to %q, want %q", got, tc.want)
			}
		})
	}
}
