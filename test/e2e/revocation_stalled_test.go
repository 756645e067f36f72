package e2e

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/expect"
)

// stalledBy is the reason of the condition Stalled, empty: it is not.
func (s *stage) stalledBy(accessKeyID string) string {
	s.Helper()
	c := meta.FindStatusCondition(s.Lease(accessKeyID).Status.Conditions, v1alpha1.ConditionStalled)
	if c == nil {
		return ""
	}
	return c.Reason
}

// The key is deactivated and may not be deleted. What people read until the next attempt is that, and not whatever else is
// waited for meanwhile.
func TestAStalledLeaseSaysSoUntilItIsTriedAgain(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Begin()
	s.Until("2026-12-09 14:50")
	denied := s.IAM.Inject(iam.Fault{Action: "DeleteAccessKey", Code: "AccessDenied"})
	for _, at := range []string{"2026-12-09 15:02", "2026-12-09 15:08", "2026-12-09 15:20", "2026-12-09 15:28", "2026-12-09 16:30"} {
		s.Until(at)
		if got := s.stalledBy(report.Key); got != "AccessDenied" {
			t.Errorf("at %s it is stalled by %q (%s)", at, got, expect.Ready(s.Lease(report.Key)))
		}
	}
	for _, to := range []string{admin, admin2} {
		s.ExpectTold(to, 1, report.User, "AccessDenied")
	}
	if got := denied.Hits(); got < 2 || got > 4 {
		t.Errorf("it was tried %d times in an hour and a half", got)
	}
	denied.Clear()
	s.Until("2026-12-09 17:10")
	s.ExpectPhase(report.Key, v1alpha1.PhaseRevoked)
	s.ExpectOneOfEach()
}
