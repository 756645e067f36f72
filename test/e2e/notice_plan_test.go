package e2e

import (
	"slices"
	"testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
)

var report = fixture.Row{User: "svc-report", Key: "AKIAREPORT0000000001", Ends: "2026/12/08"}

func TestTheAdminsSeeBeforehandWhatTheDeletionWillDo(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:00", report)
	shared := s.Account.AddPolicy("shared", "/", "")
	s.Account.AddToUser(report.User, iam.WithAttachedPolicy(shared), iam.WithGroup("writers"))
	s.Begin()
	s.Until("2026-12-01 15:10")
	plan := s.Lease(report.Key).Status.Plan
	if plan == nil {
		t.Fatalf("there is no plan: %s", expect.Ready(s.Lease(report.Key)))
	}
	for _, step := range []string{
		"DeleteAccessKey " + report.Key, "DetachUserPolicy " + shared, "RemoveUserFromGroup writers", "DeleteUser " + report.User,
	} {
		if !slices.Contains(plan.Steps, step) {
			t.Errorf("the plan lacks %q: %q", step, plan.Steps)
		}
	}
	for _, to := range []string{admin, admin2} {
		s.ExpectTold(to, 1, report.User, "writers")
	}
	s.ExpectTold(owner, 0, "writers")
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("planning changed AWS: %s", made[0].Action)
	}
}

func TestTheNoticeSaysWhenTheKeyWasLastUsedEvenIfThatWasAfterItWasFirstSeen(t *testing.T) {
	s := rowsStage(t, "2026-11-20 14:00", report)
	s.Begin()
	s.Until("2026-11-30 12:00")
	s.Account.UseKey(report.Key, fixture.JST("2026-11-30 11:00"), "dynamodb", "ap-northeast-1")
	s.Until("2026-12-01 15:10")
	s.ExpectTold(owner, 1, report.User, "2026-11-30 11:00 JST", "dynamodb")
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
			s.Begin()
			s.Until("2026-12-01 14:00")
			s.IAM.Inject(fault)
			s.Until("2026-12-01 15:10")
			s.ExpectPhase(report.Key, v1alpha1.PhaseNotified)
			for _, to := range []string{owner, admin, admin2} {
				s.ExpectTold(to, 1, report.User)
			}
			if plan := s.Lease(report.Key).Status.Plan; plan != nil {
				t.Errorf("a plan out of nothing: %+v", plan)
			}
		})
	}
}
