package e2e

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
)

// annotateLease as kubectl annotate --overwrite does; an empty value takes it away.
func (s *stage) annotateLease(accessKeyID, name, value string) {
	s.Helper()
	text := "null"
	if value != "" {
		text = fmt.Sprintf("%q", value)
	}
	l := &v1alpha1.AccessKeyLease{}
	l.Name, l.Namespace = strings.ToLower(accessKeyID), s.Namespace
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, name, text)
	s.must(s.Client.Patch(s.Context(), l, client.RawPatch(types.MergePatchType, []byte(patch))))
}

func TestAStalledLeaseIsTriedAgainAtOnceWhenAsked(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.start()
	s.until("2026-12-09 14:50")
	denied := s.IAM.Inject(iam.Fault{Action: "DeleteUser", Code: "AccessDenied"})
	s.until("2026-12-09 15:10")
	tried := denied.Hits()
	s.annotateLease(report.key, v1alpha1.AnnotationRetry, "once")
	s.until("2026-12-09 15:12")
	if got := denied.Hits(); got != tried+1 || s.stalledBy(report.key) != "AccessDenied" {
		t.Errorf("tried %d times, after %d; stalled by %q", got, tried, s.stalledBy(report.key))
	}
	denied.Clear()
	s.annotateLease(report.key, v1alpha1.AnnotationRetry, "twice")
	s.until("2026-12-09 15:14")
	s.expectPhase(report.key, v1alpha1.PhaseRevoked)
	s.expectTold(admin, 1, report.user, "AccessDenied")
	s.expectOneOfEach()
}

func TestALeaseThatIsGivenUpIsLeftAloneAndNotForgotten(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.start()
	s.until("2026-12-09 14:50")
	denied := s.IAM.Inject(iam.Fault{Action: "DeleteAccessKey", Code: "AccessDenied"})
	s.until("2026-12-09 15:10")
	s.annotateLease(report.key, v1alpha1.AnnotationGiveUp, "true")
	s.until("2026-12-09 15:20")
	tried := denied.Hits()
	denied.Clear()
	s.until("2026-12-11 15:00")
	if got := heldReason(s.lease(report.key)); got != v1alpha1.ReasonGivenUp || s.stalledBy(report.key) != "" {
		t.Errorf("held %q, stalled by %q", got, s.stalledBy(report.key))
	}
	if s.Account.KeyStatus(report.key) != "Inactive" || denied.Hits() != tried {
		t.Errorf("it was tried again: the key is %q", s.Account.KeyStatus(report.key))
	}
	s.annotateLease(report.key, v1alpha1.AnnotationGiveUp, "")
	s.until("2026-12-12 15:30")
	s.expectPhase(report.key, v1alpha1.PhaseRevoked)
	s.expectOneOfEach()
}
