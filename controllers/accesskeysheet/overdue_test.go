package accesskeysheet

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

// Nobody forgets a key because it has been there for long.
func TestASummaryNamesKeysThatAreOverdueForMonths(t *testing.T) {
	start := time.Date(2027, 3, 2, 15, 0, 0, 0, time.UTC)
	l := &v1alpha1.AccessKeyLease{
		Spec: v1alpha1.AccessKeyLeaseSpec{AccessKeyID: "AKIAKEYLEASE00000002", EndDate: "2026-12-01"},
		Status: v1alpha1.AccessKeyLeaseStatus{Sheet: &v1alpha1.SheetRowStatus{Row: 3}, Term: &v1alpha1.Term{
			Number: 1, EndDate: "2026-12-01", StartTime: metav1.NewTime(start.AddDate(0, -6, 0)),
		}},
	}
	d := &draft{sheet: &v1alpha1.AccessKeySheet{}, policy: lifecycle.Policy{Location: time.UTC}}
	o := outcome{reading: reading{start: start}, leases: leaseSet{l.Spec.AccessKeyID: l}}
	if told := weekly(d, o); len(told.problems) != 1 {
		t.Errorf("%d keys are named", len(told.problems))
	}
}

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
