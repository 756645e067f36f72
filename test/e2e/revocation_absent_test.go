package e2e

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
)

// The lists of IAM lag behind: what one of them does not show may well be there.
func TestOneEmptyAnswerOfAWSEndsNoLease(t *testing.T) {
	for name, row := range map[string]fixture.Row{
		"first seen after its end": {User: "svc-late", Key: "AKIALATE000000000001", Ends: "2026/11/20"},
		"marked as deleted":        {User: "svc-late", Key: "AKIALATE000000000001", Ends: "2026/12/20", Status: "削除済み"},
	} {
		t.Run(name, func(t *testing.T) {
			s := rowsStage(t, "2026-12-01 14:50", row)
			show := s.Account.HideKey(row.Key)
			lists := 0
			s.IAM.SetHooks(iam.Hooks{After: func(c iam.Call) {
				if c.Action == "ListAccessKeys" && c.User() == row.User {
					if lists++; lists == 1 {
						show()
					}
				}
			}})
			s.Begin()
			s.Until("2026-12-01 15:10")
			l := s.Lease(row.Key)
			if l.Status.Revocation != nil || l.Status.Key.AbsentSince != nil || l.Status.Key.Status != v1alpha1.KeyActive {
				t.Errorf("it is %s with key %+v, revocation %+v (%s)", l.Status.Phase, l.Status.Key, l.Status.Revocation, expect.Ready(l))
			}
			if row.Status != "" {
				s.ExpectTold(admin, 1, row.User, "削除済みと記入された")
				return
			}
			s.ExpectTold(owner, 1, row.User)
			s.Until("2026-12-02 15:20")
			s.ExpectPhase(row.Key, v1alpha1.PhaseRevoked)
			s.ExpectKey(row.Key, "")
			s.ExpectOneOfEach()
		})
	}
}

func TestAKeyThatIsListedAfterItsEndIsReportedAndNotTouched(t *testing.T) {
	late := fixture.Row{User: "svc-late", Key: "AKIALATE000000000001", Ends: "2026/11/20"}
	s := rowsStage(t, "2026-12-01 16:30", late)
	show := s.Account.HideKey(late.Key)
	s.Begin()
	s.Until("2026-12-01 17:00")
	s.ExpectPhase(late.Key, v1alpha1.PhaseRevoked)
	show()
	s.Until("2026-12-03 17:00") // the account is looked at once a day, and people are told once
	if got := s.keyVerified(late.Key); got.Status != metav1.ConditionFalse || got.Reason != v1alpha1.ReasonKeyStillExists || len(got.Message) < 30 {
		t.Errorf("KeyVerified: %+v", got)
	}
	for _, to := range []string{admin, admin2} {
		s.ExpectTold(to, 1, late.User, "AWSのキーの一覧に残っています", "AccessKeyLease")
	}
	s.ExpectTold(owner, 0, late.User)
	s.ExpectPhase(late.Key, v1alpha1.PhaseRevoked)
	s.ExpectMark(firstRow, "削除済み")
	s.Account.DeleteKey(late.Key)
	s.Until("2026-12-04 17:00")
	if got := s.keyVerified(late.Key); got.Status != metav1.ConditionTrue || got.Reason != v1alpha1.ReasonKeyGone {
		t.Errorf("KeyVerified when it is gone: %+v", got)
	}
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("%d changes in AWS, the first %s", len(made), made[0].Action)
	}
	s.ExpectOneOfEach()
}
