package accesskeysheet

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// People read what they can fix.
func TestASummaryNamesWhatStalledAKey(t *testing.T) {
	l := &v1alpha1.AccessKeyLease{
		Spec: v1alpha1.AccessKeyLeaseSpec{AccessKeyID: "AKIAKEYLEASE00000002", EndDate: "2026-12-01"},
		Status: v1alpha1.AccessKeyLeaseStatus{Sheet: &v1alpha1.SheetRowStatus{Row: 3}, Conditions: []metav1.Condition{
			{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonStalled, Message: "slack: service_unavailable"},
			{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: "service_unavailable", Message: "slack: service_unavailable"},
		}},
	}
	if item := overdueItem(l); item.Reason != "service_unavailable" || item.Detail != "slack: service_unavailable" {
		t.Errorf("told of %s (%s)", item.Reason, item.Detail)
	}
}
