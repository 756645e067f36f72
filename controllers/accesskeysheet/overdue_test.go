package accesskeysheet

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

// The metric counts what is Stalled, whatever stopped it, and the alert rests on that; people read what they can mend.
func TestASummaryNamesWhatStalledAKey(t *testing.T) {
	l := &v1alpha1.AccessKeyLease{
		Spec: v1alpha1.AccessKeyLeaseSpec{AccessKeyID: "AKIAKEYLEASE00000002", EndDate: "2026-12-01"},
		Status: v1alpha1.AccessKeyLeaseStatus{Sheet: &v1alpha1.SheetRowStatus{Row: 3}, Conditions: []metav1.Condition{
			{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonStalled, Message: "slack: service_unavailable"},
			{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: "service_unavailable", Message: "slack: service_unavailable"},
		}},
	}
	policy := lifecycle.Policy{Location: time.UTC}
	counted := overdueReasons([]v1alpha1.AccessKeyLease{*l}, policy, time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC))
	if counted[v1alpha1.ReasonStalled] != 1 || len(counted) != 1 {
		t.Errorf("counted as %v", counted)
	}
	if item := overdueItem(l); item.Reason != "service_unavailable" || item.Detail != "slack: service_unavailable" {
		t.Errorf("told of %s (%s)", item.Reason, item.Detail)
	}
}

func TestAKeyThatIsThereAfterItsEndIsOverdue(t *testing.T) {
	ended := metav1.NewTime(time.Date(2026, 12, 2, 6, 0, 0, 0, time.UTC))
	l := &v1alpha1.AccessKeyLease{Spec: v1alpha1.AccessKeyLeaseSpec{EndDate: "2026-12-01"}, Status: v1alpha1.AccessKeyLeaseStatus{
		Phase: v1alpha1.PhaseRevoked, Sheet: &v1alpha1.SheetRowStatus{}, Revocation: &v1alpha1.RevocationStatus{CompletionTime: &ended},
	}}
	now := ended.Add(24 * time.Hour)
	if overdue(l, "2026-12-03", now) {
		t.Error("a key that is confirmed gone is overdue")
	}
	l.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionKeyVerified, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonKeyStillExists}}
	if !overdue(l, "2026-12-03", now) || overdueReason(l) != v1alpha1.ReasonKeyStillExists {
		t.Errorf("overdue: %v, for %s", overdue(l, "2026-12-03", now), overdueReason(l))
	}
}
