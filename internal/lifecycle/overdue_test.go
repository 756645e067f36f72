package lifecycle

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// The metric counts what is Stalled, whatever stopped it, and the alert rests on that.
func TestAStalledKeyIsCountedAsStalled(t *testing.T) {
	l := at("2026-12-09 15:00", condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonStalled),
		condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, "service_unavailable")).Lease
	counted := OverdueReasons([]v1alpha1.AccessKeyLease{*l}, Policy{Location: time.UTC}, jst("2026-12-09 15:00"))
	if counted[v1alpha1.ReasonStalled] != 1 || len(counted) != 1 {
		t.Errorf("counted as %v", counted)
	}
}

func TestALeaseThatWasRestoredWithoutItsStatusIsOverdue(t *testing.T) {
	l := at("2026-12-10 15:00", condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNeverOnSheet)).Lease
	l.Status.Sheet = nil
	counted := func() map[string]int {
		return OverdueReasons([]v1alpha1.AccessKeyLease{*l}, Policy{Location: time.UTC}, jst("2026-12-10 15:00"))
	}
	if got := counted(); len(got) != 0 {
		t.Errorf("a lease that was created with kubectl is counted as %v", got)
	}
	l.Labels = map[string]string{v1alpha1.LabelSheet: "key-requests"}
	if got := counted(); got[v1alpha1.ReasonNeverOnSheet] != 1 {
		t.Errorf("counted as %v", got)
	}
}

func TestAKeyThatIsThereAfterItsEndIsOverdue(t *testing.T) {
	ended := metav1.NewTime(time.Date(2026, 12, 2, 6, 0, 0, 0, time.UTC))
	l := &v1alpha1.AccessKeyLease{Spec: v1alpha1.AccessKeyLeaseSpec{EndDate: "2026-12-01"}, Status: v1alpha1.AccessKeyLeaseStatus{
		Phase: v1alpha1.PhaseRevoked, Sheet: &v1alpha1.SheetRowStatus{}, Revocation: &v1alpha1.RevocationStatus{CompletionTime: &ended},
	}}
	now, p := ended.Add(24*time.Hour), Policy{Location: time.UTC}
	if Overdue(l, p, now) {
		t.Error("a key that is confirmed gone is overdue")
	}
	l.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionKeyVerified, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonKeyStillExists}}
	if !Overdue(l, p, now) || OverdueReason(l) != v1alpha1.ReasonKeyStillExists {
		t.Errorf("overdue: %v, for %s", Overdue(l, p, now), OverdueReason(l))
	}
}
