package e2e

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/expect"
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
	s.Must(s.Client.Patch(s.Context(), l, client.RawPatch(types.MergePatchType, []byte(patch))))
}

func TestAStalledLeaseIsTriedAgainAtOnceWhenAsked(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Begin()
	s.Until("2026-12-09 14:50")
	denied := s.IAM.Inject(iam.Fault{Action: "DeleteUser", Code: "AccessDenied"})
	s.Until("2026-12-09 15:10")
	tried := denied.Hits()
	s.annotateLease(report.Key, v1alpha1.AnnotationRetry, "once")
	s.Until("2026-12-09 15:12")
	if got := denied.Hits(); got != tried+1 || s.stalledBy(report.Key) != "AccessDenied" {
		t.Errorf("tried %d times, after %d; stalled by %q", got, tried, s.stalledBy(report.Key))
	}
	denied.Clear()
	s.annotateLease(report.Key, v1alpha1.AnnotationRetry, "twice")
	s.Until("2026-12-09 15:14")
	s.ExpectPhase(report.Key, v1alpha1.PhaseRevoked)
	s.ExpectTold(admin, 1, report.User, "AccessDenied")
	s.ExpectOneOfEach()
}

// A restart remembers what was asked for and done.
func TestWhatWasAskedForIsNotTriedAgainByANewProcess(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Begin()
	s.annotateLease(report.Key, v1alpha1.AnnotationRetry, "once")
	s.Until("2026-12-01 15:10")
	if got := s.Lease(report.Key).Status.LastHandledRetry; got != "once" {
		t.Fatalf("handled: %q", got)
	}
	asked := s.Lease(report.Key).Status.Key.ObservedTime
	s.Restart()
	s.Until("2026-12-01 15:20")
	if got := s.Lease(report.Key).Status.Key.ObservedTime; !got.Equal(asked) {
		t.Errorf("AWS was asked at %s, and again by the new process at %s", asked, got)
	}
	s.annotateLease(report.Key, v1alpha1.AnnotationRetry, "twice")
	s.Until("2026-12-01 15:30")
	if got := s.Lease(report.Key).Status; got.LastHandledRetry != "twice" {
		t.Errorf("handled: %q", got.LastHandledRetry)
	}
}

func TestALeaseThatIsGivenUpIsLeftAloneAndNotForgotten(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Begin()
	s.Until("2026-12-09 14:50")
	denied := s.IAM.Inject(iam.Fault{Action: "DeleteAccessKey", Code: "AccessDenied"})
	s.Until("2026-12-09 15:10")
	s.annotateLease(report.Key, v1alpha1.AnnotationGiveUp, "true")
	s.Until("2026-12-09 15:20")
	tried := denied.Hits()
	denied.Clear()
	s.Until("2026-12-11 15:00")
	if got := expect.Held(s.Lease(report.Key)); got != v1alpha1.ReasonGivenUp || s.stalledBy(report.Key) != "" {
		t.Errorf("held %q, stalled by %q", got, s.stalledBy(report.Key))
	}
	if s.Account.KeyStatus(report.Key) != "Inactive" || denied.Hits() != tried {
		t.Errorf("it was tried again: the key is %q", s.Account.KeyStatus(report.Key))
	}
	s.annotateLease(report.Key, v1alpha1.AnnotationGiveUp, "")
	s.Until("2026-12-12 15:30")
	s.ExpectPhase(report.Key, v1alpha1.PhaseRevoked)
	s.ExpectOneOfEach()
}
