package e2e

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	applyv1alpha1 "github.com/keylease/keylease/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/keylease/keylease/test/expect"
)

func TestKubectlExtendsAndTheSheetFollows(t *testing.T) {
	s := companyStage(t, reportRow, lateRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Must(s.Patch(reportKey, `{"endDate":"2027-01-31"}`))
	s.Must(s.Patch(lateKey, `{"endDate":"2027-02-01"}`))
	s.Until("2026-12-01 15:05")
	if got := s.Lease(reportKey); got.Status.Phase != v1alpha1.PhaseActive || got.Status.Term.Number != 2 {
		t.Errorf("it is %s in term %+v", got.Status.Phase, got.Status.Term)
	}
	for cell, want := range map[string]string{endCell(reportRow): "2027/01/31", statusCell(reportRow): "延長申請済み", endCell(lateRow): "2027-02-01", statusCell(lateRow): "延長申請済み"} {
		if got := s.Cell(cell); got != want {
			t.Errorf("cell %s is %q, want %q", cell, got, want)
		}
	}
	s.Until("2026-12-10 16:00")
	if got := s.Account.KeyStatus(reportKey); got != "Active" {
		t.Errorf("the key is %q after its former end", got)
	}
	s.Until("2027-01-24 15:05")
	if got := s.Lease(reportKey).Status.Phase; got != v1alpha1.PhaseNotified {
		t.Errorf("a week before the new end it is %s", got)
	}
	s.ExpectMark(reportRow, "通知済み")
	s.Until("2027-02-01 15:05")
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("after the new end the key is %q (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
}

func TestTheMarkHoldsUntilTheDateMoves(t *testing.T) {
	s := companyStage(t, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Must(s.Form().SetCell(statusCell(reportRow), "延長申請済み"))
	s.Until("2026-12-20 16:00")
	if l := s.Lease(reportKey); expect.Held(l) != v1alpha1.ReasonExtensionRequested || s.Account.KeyStatus(reportKey) != "Active" {
		t.Errorf("it is %s, held %q, the key %q", l.Status.Phase, expect.Held(l), s.Account.KeyStatus(reportKey))
	}
	s.Must(s.Form().SetCell(endCell(reportRow), "2027年2月28日"))
	s.Until("2026-12-20 16:10")
	if l := s.Lease(reportKey); expect.Held(l) != "" || l.Spec.EndDate != "2027-02-28" || l.Status.Phase != v1alpha1.PhaseActive {
		t.Errorf("after the date moved: %s, ends %s, held %q", l.Status.Phase, l.Spec.EndDate, expect.Held(l))
	}
}

func TestADateAndItsMarkRunThoughTheSheetWasReadBetweenThem(t *testing.T) {
	s := companyStage(t, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Must(s.Form().SetCell(endCell(reportRow), "2026/12/15"))
	s.Until("2026-12-01 15:06")
	if got := s.Lease(reportKey).Spec.EndDate; got != "2026-12-15" {
		t.Fatalf("it ends %s: the sheet was not read between", got)
	}
	s.Must(s.Form().SetCell(statusCell(reportRow), "延長申請済み"))
	s.Until("2026-12-01 15:20")
	if l := s.Lease(reportKey); expect.Held(l) != "" || l.Status.Phase != v1alpha1.PhaseActive {
		t.Errorf("it is %s, held %q", l.Status.Phase, expect.Held(l))
	}
	s.Until("2026-12-16 15:10")
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("after the new end the key is %q (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
}

func TestAnExtensionTakenBackInTheSheetIsANewTermAndNoHold(t *testing.T) {
	s := companyStage(t, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Must(s.Patch(reportKey, `{"endDate":"2027-01-31"}`))
	s.Until("2026-12-01 15:05")
	s.ExpectMark(reportRow, "延長申請済み")
	s.Must(s.Form().SetCell(endCell(reportRow), "2026/12/08"))
	s.Until("2026-12-01 15:20")
	if l := s.Lease(reportKey); l.Spec.EndDate != "2026-12-08" || l.Spec.ExtensionRequested || expect.Held(l) != "" || l.Status.Phase != v1alpha1.PhaseNotified {
		t.Errorf("it is %s, ends %s, asks %v, held %q", l.Status.Phase, l.Spec.EndDate, l.Spec.ExtensionRequested, expect.Held(l))
	}
	s.ExpectMark(reportRow, "通知済み")
	if got := len(s.ownerMessages(reportKey)); got != 2 {
		t.Errorf("the owner has %d messages, want one for each term", got)
	}
}

func TestAMarkTakenBackLetsTheLeaseRunAfterAFreshNotice(t *testing.T) {
	s := companyStage(t, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Must(s.Form().SetCell(statusCell(reportRow), "延長"))
	s.Until("2026-12-20 16:00")
	s.Must(s.Form().SetCell(statusCell(reportRow), ""))
	s.Until("2026-12-20 16:10")
	if l := s.Lease(reportKey); l.Status.Phase != v1alpha1.PhaseExpired || l.Status.Term.Reason != "HoldReleased" {
		t.Errorf("it is %s in term %+v (%s)", l.Status.Phase, l.Status.Term, expect.Ready(l))
	}
	if got := len(s.ownerMessages(reportKey)); got != 2 {
		t.Errorf("the owner has %d messages, want the first notice and that of the new term", got)
	}
	s.Until("2026-12-21 15:55")
	if got := s.Account.KeyStatus(reportKey); got != "Active" {
		t.Errorf("within 24 hours of the new notice the key is %q", got)
	}
	s.Until("2026-12-21 16:15")
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("24 hours after the new notice the key is %q (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
}

func TestAShortenedDateNeedsItsOwnNotice(t *testing.T) {
	s := companyStage(t, distantRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Must(s.Form().SetCell(endCell(distantRow), "2026/12/01"))
	s.Until("2026-12-01 15:12")
	s.Until("2026-12-02 15:04")
	if l := s.Lease(distantKey); l.Status.Phase != v1alpha1.PhaseExpired || s.Account.KeyStatus(distantKey) != "Active" {
		t.Errorf("it is %s, the key %q (%s)", l.Status.Phase, s.Account.KeyStatus(distantKey), expect.Ready(l))
	}
	if got := len(s.ownerMessages(distantKey)); got != 1 {
		t.Errorf("the owner has %d messages, want one", got)
	}
	s.Until("2026-12-02 15:20")
	if got := s.Account.KeyStatus(distantKey); got != "" {
		t.Errorf("a day later the key is %q (%s)", got, expect.Ready(s.Lease(distantKey)))
	}
}

func TestADeactivatedKeyIsGivenBackWhenItsLeaseIsExtended(t *testing.T) {
	s := companyStage(t, reportRow, alikeRow)
	s.Begin(func(a *v1alpha1.AccessKeySheet) {
		a.Spec.Schedule.GracePeriod = &metav1.Duration{Duration: 72 * time.Hour}
	})
	s.Until("2026-12-09 15:05")
	if got := s.Account.KeyStatus(reportKey); got != "Inactive" {
		t.Fatalf("in its grace period the key is %q (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
	s.Must(s.Form().SetCell(endCell(reportRow), "2027/03/31"))
	s.Until("2026-12-09 15:15")
	if l := s.Lease(reportKey); s.Account.KeyStatus(reportKey) != "Active" || l.Status.Phase != v1alpha1.PhaseActive || l.Status.Revocation.DeactivatedTime != nil {
		t.Errorf("the key is %q, the lease %s, revocation %+v", s.Account.KeyStatus(reportKey), l.Status.Phase, l.Status.Revocation)
	}
	s.Until("2026-12-12 15:10")
	if got := s.Account.KeyStatus(alikeKey); got != "" {
		t.Errorf("after the grace period the neighbour's key is %q (%s)", got, expect.Ready(s.Lease(alikeKey)))
	}
}

func TestARevokedLeaseCannotBeExtended(t *testing.T) {
	s := companyStage(t, expiredRow)
	s.Begin()
	s.Until("2026-12-02 15:10")
	err := s.Patch(expiredKey, `{"endDate":"2027-01-31"}`)
	if err == nil || !strings.Contains(err.Error(), "request a new key in the sheet") {
		t.Errorf("the extension was answered with %v", err)
	}
}

func TestGitOpsKeepsItsDateAndTheSheetDoesNotFight(t *testing.T) {
	s := companyStage(t, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	l := s.Lease(reportKey)
	apply := applyv1alpha1.AccessKeyLease(l.Name, l.Namespace).WithSpec(applyv1alpha1.AccessKeyLeaseSpec().WithEndDate("2027-01-31"))
	s.Must(s.Client.Apply(t.Context(), apply, client.FieldOwner("argocd"), client.ForceOwnership))
	s.Until("2026-12-01 15:10")
	if got := s.Cell(endCell(reportRow)); got != "2027/01/31" {
		t.Errorf("the sheet says %q", got)
	}
	s.Must(s.Form().SetCell(endCell(reportRow), "2027/06/30"))
	s.Until("2026-12-01 15:30")
	l = s.Lease(reportKey)
	if l.Spec.EndDate != "2027-01-31" || expect.Held(l) != v1alpha1.ReasonFieldOwnedElsewhere {
		t.Errorf("it ends %s, held %q", l.Spec.EndDate, expect.Held(l))
	}
	version := l.ResourceVersion
	s.Until("2026-12-01 16:30")
	if got := s.Lease(reportKey).ResourceVersion; got != version {
		t.Error("the lease is written again and again")
	}
	told := 0
	for _, m := range s.Slack.Messages("U0ADMIN01") {
		if strings.Contains(m.PlainText(), reportUser) && strings.Contains(m.PlainText(), "2027-06-30") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the admins were told %d times", told)
	}
}

func TestARowThatVanishesDoesNotFreeItsKey(t *testing.T) {
	s := companyStage(t, distantRow, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Must(s.Form().DeleteRows(3, 1))
	s.Until("2026-12-02 10:00")
	l := s.Lease(reportKey)
	if !meta.IsStatusConditionFalse(l.Status.Conditions, v1alpha1.ConditionRowPresent) {
		t.Errorf("RowPresent is %+v", meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionRowPresent))
	}
	s.Until("2026-12-09 15:10")
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("after its end the key is %q (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
}

func TestAHoldStaysWithoutItsRowWhereGitOpsOwnsTheFlag(t *testing.T) {
	s := companyStage(t, distantRow, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	l := s.Lease(reportKey)
	apply := applyv1alpha1.AccessKeyLease(l.Name, l.Namespace).WithSpec(applyv1alpha1.AccessKeyLeaseSpec().WithExtensionRequested(false))
	s.Must(s.Client.Apply(t.Context(), apply, client.FieldOwner("argocd"), client.ForceOwnership))
	s.Must(s.Form().SetCell(statusCell(reportRow), "延長申請済み"))
	s.Until("2026-12-01 15:20")
	if got := expect.Held(s.Lease(reportKey)); got != v1alpha1.ReasonExtensionRequested {
		t.Fatalf("by the mark in its row it is held %q", got)
	}
	s.Must(s.Form().DeleteRows(3, 1))
	s.Until("2026-12-11 16:00")
	if l := s.Lease(reportKey); expect.Held(l) != v1alpha1.ReasonExtensionRequested || s.Account.KeyStatus(reportKey) != "Active" {
		t.Errorf("without its row it is %s, held %q, the key %q", l.Status.Phase, expect.Held(l), s.Account.KeyStatus(reportKey))
	}
}

func TestALeaseDeletedByHandComesBackWithoutASecondNotice(t *testing.T) {
	s := companyStage(t, reportRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Must(s.Client.Delete(t.Context(), s.Lease(reportKey)))
	s.Until("2026-12-01 15:30")
	if got := s.Lease(reportKey).Status.Phase; got != v1alpha1.PhaseNotified {
		t.Errorf("it is %s (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
	if got := len(s.ownerMessages(reportKey)); got != 1 {
		t.Errorf("the owner has %d messages", got)
	}
	s.Until("2026-12-09 15:10")
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("after its end the key is %q", got)
	}
}
