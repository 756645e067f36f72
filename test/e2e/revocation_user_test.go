package e2e

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/fixture"
)

// Two keys of one user end on one day: both go, and then the user, once.
func TestTwoKeysOfOneUserGoOnOneDay(t *testing.T) {
	first := fixture.Row{User: "svc-both", Key: "AKIABOTH000000000001", Ends: "2026/12/08"}
	second := first
	second.Key = "AKIABOTH000000000002"
	s := rowsStage(t, "2026-12-01 14:50", first, second)
	s.Begin()
	s.Until("2026-12-09 14:59")
	s.Soon(90 * time.Second) // in coarser steps the second would begin when the first is verified
	s.Until("2026-12-09 15:10")
	var made []string
	for _, c := range s.Changes() {
		made = append(made, c.Action)
	}
	deleted := slices.Index(made, "DeleteUser")
	keys := slices.DeleteFunc(slices.Clone(made[:max(deleted, 0)]), func(a string) bool { return a != "DeleteAccessKey" })
	if len(keys) != 2 || s.Account.UserExists(first.User) || slices.Contains(made[deleted+1:], "DeleteUser") {
		t.Errorf("the changes were %v", made)
	}
	for _, r := range []fixture.Row{first, second} {
		s.ExpectPhase(r.Key, v1alpha1.PhaseRevoked)
		if kept := s.Lease(r.Key).Status.Revocation.Retained; len(kept) > 0 {
			t.Errorf("%s says that it kept %+v", r.Key, kept)
		}
		for _, to := range []string{owner, admin, admin2} {
			s.ExpectTold(to, 2, r.Key)
		}
	}
	s.ExpectOneOfEach()
}

// Two leases share the only user of an account. The process dies when one of them has deleted it: for the next process the
// account is empty, but the other lease can know why.
func TestTwoKeysOfTheOnlyUserGoThoughTheProcessDies(t *testing.T) {
	rows := []fixture.Row{{User: "svc-both", Key: "AKIABOTH000000000001", Ends: "2026/12/08"}, {User: "svc-both", Key: "AKIABOTH000000000002", Ends: "2026/12/08"}}
	s := rowsStage(t, "2026-12-01 14:50", rows...)
	s.Begin()
	s.Until("2026-12-09 14:59")
	s.IAM.SetHooks(iam.Hooks{After: func(c iam.Call) {
		if c.Action == "DeleteUser" {
			s.Operator().Kill()
		}
	}})
	s.Die()
	s.IAM.SetHooks(iam.Hooks{})
	if left := s.Account.Users(); len(left) > 0 {
		t.Fatalf("users %v are left", left)
	}
	s.Restart()
	s.Until("2026-12-09 15:10")
	for i, r := range rows {
		s.ExpectPhase(r.Key, v1alpha1.PhaseRevoked)
		s.ExpectMark(firstRow+i, "削除済み")
	}
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady)
	s.ExpectOneOfEach()
}

func TestAUserWithALivingKeyLosesOnlyTheExpiredOneAndGoesWithTheLast(t *testing.T) {
	first := fixture.Row{User: "svc-both", Key: "AKIABOTH000000000001", Ends: "2026/12/08"}
	second := fixture.Row{User: "svc-both", Key: "AKIABOTH000000000002", Ends: "2026/12/20"}
	s := rowsStage(t, "2026-12-01 14:50", first, second)
	s.Begin()
	s.Until("2026-12-09 15:10")
	s.ExpectPhase(first.Key, v1alpha1.PhaseRevoked)
	s.ExpectKey(first.Key, "")
	s.ExpectKey(second.Key, "Active")
	if kept := s.Lease(first.Key).Status.Revocation.Retained; len(kept) != 1 || kept[0] != (v1alpha1.Retained{Target: first.User, Reason: v1alpha1.RetainedOtherKeys}) {
		t.Errorf("kept: %+v", kept)
	}
	for _, c := range s.Changes() {
		if c.Params["AccessKeyId"] != first.Key {
			t.Errorf("%s %v", c.Action, c.Params)
		}
	}
	s.Until("2026-12-21 15:10")
	s.ExpectPhase(second.Key, v1alpha1.PhaseRevoked)
	if s.Account.UserExists(first.User) || s.Account.PolicyExists("arn:aws:iam::123456789012:policy/"+first.User) {
		t.Errorf("the user or its policy is left: %v", s.Account.Inventory())
	}
	s.ExpectOneOfEach()
}
