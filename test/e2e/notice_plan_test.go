package e2e

import (
	"slices"
	"testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
)

var report = keyRow{user: "svc-report", key: "AKIAREPORT0000000001", ends: "2026/12/08"}

func TestTheAdminsSeeBeforehandWhatTheDeletionWillDo(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:00", report)
	shared := s.Account.AddPolicy("shared", "/", "")
	s.Account.AddToUser(report.user, iam.WithAttachedPolicy(shared), iam.WithGroup("writers"))
	s.start()
	s.until("2026-12-01 15:10")
	plan := s.lease(report.key).Status.Plan
	if plan == nil {
		t.Fatalf("there is no plan: %s", ready(s.lease(report.key)))
	}
	for _, step := range []string{
		"DeleteAccessKey " + report.key, "DetachUserPolicy " + shared, "RemoveUserFromGroup writers", "DeleteUser " + report.user,
	} {
		if !slices.Contains(plan.Steps, step) {
			t.Errorf("the plan lacks %q: %q", step, plan.Steps)
		}
	}
	for _, to := range []string{admin, admin2} {
		s.expectTold(to, 1, report.user, "writers")
	}
	s.expectTold(owner, 0, "writers")
	if made := s.changes(); len(made) > 0 {
		t.Errorf("planning changed AWS: %s", made[0].Action)
	}
}

func TestTheNoticeSaysWhenTheKeyWasLastUsedEvenIfThatWasAfterItWasFirstSeen(t *testing.T) {
	s := rowsStage(t, "2026-11-20 14:00", report)
	s.start()
	s.until("2026-11-30 12:00")
	s.Account.UseKey(report.key, jst("2026-11-30 11:00"), "dynamodb", "ap-northeast-1")
	s.until("2026-12-01 15:10")
	s.expectTold(owner, 1, report.user, "2026-11-30 11:00 JST", "dynamodb")
}

func TestANoticeGoesOutThoughIAMFails(t *testing.T) {
	for name, fault := range map[string]iam.Fault{
		"it throttles":          {Code: "Throttling"},
		"it is down":            {Code: "ServiceUnavailable"},
		"it denies":             {Code: "AccessDenied"},
		"only the list fails":   {Action: "ListUserPolicies", Code: "ServiceFailure"},
		"only the list is lost": {Action: "ListAttachedUserPolicies", LoseAnswer: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := rowsStage(t, "2026-11-20 14:00", report)
			s.start()
			s.until("2026-12-01 14:00")
			s.IAM.Inject(fault)
			s.until("2026-12-01 15:10")
			s.expectPhase(report.key, v1alpha1.PhaseNotified)
			for _, to := range []string{owner, admin, admin2} {
				s.expectTold(to, 1, report.user)
			}
			if plan := s.lease(report.key).Status.Plan; plan != nil {
				t.Errorf("a plan out of nothing: %+v", plan)
			}
		})
	}
}
