package e2e

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

func grace(d time.Duration) func(*v1alpha1.AccessKeySheet) {
	return func(a *v1alpha1.AccessKeySheet) { a.Spec.Schedule.GracePeriod = &metav1.Duration{Duration: d} }
}

func TestInTheGracePeriodTheKeyIsInactiveAndPeopleKnowUntilWhen(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.start(grace(72 * time.Hour))
	s.until("2026-12-01 15:10")
	for _, to := range []string{owner, admin} {
		s.expectTold(to, 1, report.user, "2026-12-09 15:00 JST", "2026-12-12 15:00 JST")
	}
	s.until("2026-12-09 14:59")
	s.expectKey(report.key, "Active")
	s.until("2026-12-09 15:05")
	s.expectKey(report.key, "Inactive")
	s.until("2026-12-09 15:15")
	for _, to := range []string{owner, admin, admin2} {
		s.expectTold(to, 1, report.user, "無効化しました", "2026-12-12 15:00 JST")
	}
	s.Account.UseKey(report.key, jst("2026-12-09 14:00"), "s3", "us-east-1")
	s.until("2026-12-12 14:55")
	s.expectKey(report.key, "Inactive")
	s.until("2026-12-12 15:10")
	s.expectKey(report.key, "")
	s.expectPhase(report.key, v1alpha1.PhaseRevoked)
	for _, to := range []string{owner, admin, admin2} {
		s.expectTold(to, 1, report.user, "を削除しました", "24時間以内")
		s.expectTold(to, 1, report.user, "無効化しました", "2026-12-12 15:00 JST")
	}
	s.expectOneOfEach()
}

func TestAKeyGivenBackIsToldOfAnewWhenItsNewEndComes(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.start(grace(72 * time.Hour))
	s.until("2026-12-09 15:15")
	s.expectKey(report.key, "Inactive")
	s.must(s.form().SetCell("I2", "2026/12/20"))
	s.until("2026-12-09 15:25")
	s.expectKey(report.key, "Active")
	s.expectPhase(report.key, v1alpha1.PhaseActive)
	s.until("2026-12-21 15:15")
	s.expectKey(report.key, "Inactive")
	for _, to := range []string{owner, admin, admin2} {
		s.expectTold(to, 2, report.user, "無効化しました")
		s.expectTold(to, 1, report.user, "無効化しました", "2026-12-24 15:00 JST")
	}
	s.until("2026-12-24 15:10")
	s.expectKey(report.key, "")
	s.expectOneOfEach()
}

func TestAKeyThatSomebodyElseDeactivatedIsNotGivenBack(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.start(grace(72 * time.Hour))
	s.until("2026-12-09 14:00")
	s.Account.DeactivateKey(report.key)
	s.until("2026-12-09 15:15")
	if rev := s.lease(report.key).Status.Revocation; rev == nil || rev.DeactivatedTime != nil {
		t.Errorf("the revocation is %+v", rev)
	}
	s.must(s.form().SetCell("I2", "2027/01/31"))
	s.until("2026-12-09 15:25")
	s.expectPhase(report.key, v1alpha1.PhaseActive)
	s.expectKey(report.key, "Inactive")
}

func TestAUseWithinADayOfTheDeletionIsSaid(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.start()
	s.until("2026-12-09 12:00")
	s.Account.UseKey(report.key, jst("2026-12-09 11:30"), "s3", "us-east-1")
	s.until("2026-12-09 15:10")
	s.expectKey(report.key, "")
	for _, to := range []string{owner, admin} {
		s.expectTold(to, 1, report.user, "24時間以内")
	}
}
