package e2e

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/fixture"
)

func grace(d time.Duration) func(*v1alpha1.AccessKeySheet) {
	return func(a *v1alpha1.AccessKeySheet) { a.Spec.Schedule.GracePeriod = &metav1.Duration{Duration: d} }
}

// expectKeyStatus: KEY STATUS of kubectl shows what our own change made of the key, without another reading.
func (s *stage) expectKeyStatus(want v1alpha1.KeyState) {
	s.Helper()
	if got := s.Lease(report.Key).Status.Key.Status; got != want {
		s.Errorf("KEY STATUS is %s, want %s", got, want)
	}
}

func TestInTheGracePeriodTheKeyIsInactiveAndPeopleKnowUntilWhen(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Begin(grace(72 * time.Hour))
	s.Until("2026-12-01 15:10")
	for _, to := range []string{owner, admin} {
		s.ExpectTold(to, 1, report.User, "2026-12-09 15:00 JST", "2026-12-12 15:00 JST")
	}
	s.Until("2026-12-09 14:59")
	s.ExpectKey(report.Key, "Active")
	s.Until("2026-12-09 15:05")
	s.ExpectKey(report.Key, "Inactive")
	s.expectKeyStatus(v1alpha1.KeyInactive)
	s.Until("2026-12-09 15:15")
	for _, to := range []string{owner, admin, admin2} {
		s.ExpectTold(to, 1, report.User, "無効化しました", "2026-12-12 15:00 JST")
	}
	s.Account.UseKey(report.Key, fixture.JST("2026-12-09 14:00"), "s3", "us-east-1")
	s.Until("2026-12-12 14:55")
	s.ExpectKey(report.Key, "Inactive")
	s.Until("2026-12-12 15:10")
	s.ExpectKey(report.Key, "")
	s.ExpectPhase(report.Key, v1alpha1.PhaseRevoked)
	for _, to := range []string{owner, admin, admin2} {
		s.ExpectTold(to, 1, report.User, "を削除しました", "無効化前の24時間以内")
		s.ExpectTold(to, 1, report.User, "無効化しました", "2026-12-12 15:00 JST")
	}
	s.ExpectOneOfEach()
}

func TestAKeyGivenBackIsToldOfAnewWhenItsNewEndComes(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Begin(grace(72 * time.Hour))
	s.Until("2026-12-09 15:15")
	s.ExpectKey(report.Key, "Inactive")
	s.Must(s.Form().SetCell(endCell(firstRow), "2026/12/20"))
	s.Until("2026-12-09 15:25")
	s.ExpectKey(report.Key, "Active")
	s.ExpectPhase(report.Key, v1alpha1.PhaseActive)
	s.expectKeyStatus(v1alpha1.KeyActive)
	s.Until("2026-12-21 14:55")
	s.Until("2026-12-21 15:15")
	s.ExpectKey(report.Key, "Inactive")
	for _, to := range []string{owner, admin, admin2} {
		s.ExpectTold(to, 2, report.User, "無効化しました")
		s.ExpectTold(to, 1, report.User, "無効化しました", "2026-12-24 15:00 JST")
	}
	s.Until("2026-12-24 15:10")
	s.ExpectKey(report.Key, "")
	s.ExpectOneOfEach()
}

func TestAKeyThatSomebodyElseDeactivatedIsNotGivenBack(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Begin(grace(72 * time.Hour))
	s.Until("2026-12-09 14:00")
	s.Account.DeactivateKey(report.Key)
	s.Until("2026-12-09 15:15")
	if rev := s.Lease(report.Key).Status.Revocation; rev == nil || rev.DeactivatedTime != nil {
		t.Errorf("the revocation is %+v", rev)
	}
	s.ExpectTold(owner, 1, report.User, "無効化されています", "有効に戻すことはありません")
	s.Must(s.Form().SetCell(endCell(firstRow), "2027/01/31"))
	s.Until("2026-12-09 15:25")
	s.ExpectPhase(report.Key, v1alpha1.PhaseActive)
	s.ExpectKey(report.Key, "Inactive")
}

func TestAUseWithinADayOfTheDeletionIsSaid(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Begin()
	s.Until("2026-12-09 12:00")
	s.Account.UseKey(report.Key, fixture.JST("2026-12-09 11:30"), "s3", "us-east-1")
	s.Until("2026-12-09 15:10")
	s.ExpectKey(report.Key, "")
	for _, to := range []string{owner, admin} {
		s.ExpectTold(to, 1, report.User, "削除前の24時間以内")
	}
}
