package e2e

import (
	"slices"
	"testing"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Two keys of one user end on one day: both go, and then the user, once.
func TestTwoKeysOfOneUserGoOnOneDay(t *testing.T) {
	first := keyRow{user: "svc-both", key: "AKIABOTH000000000001", ends: "2026/12/08"}
	second := first
	second.key = "AKIABOTH000000000002"
	s := rowsStage(t, "2026-12-01 14:50", first, second)
	s.start()
	s.until("2026-12-09 15:10")
	var made []string
	for _, c := range s.changes() {
		made = append(made, c.Action)
	}
	deleted := slices.Index(made, "DeleteUser")
	keys := slices.DeleteFunc(slices.Clone(made[:max(deleted, 0)]), func(a string) bool { return a != "DeleteAccessKey" })
	if len(keys) != 2 || s.Account.UserExists(first.user) || slices.Contains(made[deleted+1:], "DeleteUser") {
		t.Errorf("the changes were %v", made)
	}
	for _, r := range []keyRow{first, second} {
		s.expectPhase(r.key, v1alpha1.PhaseRevoked)
		if kept := s.lease(r.key).Status.Revocation.Retained; len(kept) > 0 {
			t.Errorf("%s says that it kept %+v", r.key, kept)
		}
		for _, to := range []string{owner, admin, admin2} {
			s.expectTold(to, 2, r.key)
		}
	}
	s.expectOneOfEach()
}

func TestAUserWithALivingKeyLosesOnlyTheExpiredOneAndGoesWithTheLast(t *testing.T) {
	first := keyRow{user: "svc-both", key: "AKIABOTH000000000001", ends: "2026/12/08"}
	second := keyRow{user: "svc-both", key: "AKIABOTH000000000002", ends: "2026/12/20"}
	s := rowsStage(t, "2026-12-01 14:50", first, second)
	s.start()
	s.until("2026-12-09 15:10")
	s.expectPhase(first.key, v1alpha1.PhaseRevoked)
	s.expectKey(first.key, "")
	s.expectKey(second.key, "Active")
	if kept := s.lease(first.key).Status.Revocation.Retained; len(kept) != 1 || kept[0] != (v1alpha1.Retained{Target: first.user, Reason: v1alpha1.RetainedOtherKeys}) {
		t.Errorf("kept: %+v", kept)
	}
	for _, c := range s.changes() {
		if c.Params["AccessKeyId"] != first.key {
			t.Errorf("%s %v", c.Action, c.Params)
		}
	}
	s.until("2026-12-21 15:10")
	s.expectPhase(second.key, v1alpha1.PhaseRevoked)
	if s.Account.UserExists(first.user) || s.Account.PolicyExists("arn:aws:iam::123456789012:policy/"+first.user) {
		t.Errorf("the user or its policy is left: %v", s.Account.Inventory())
	}
	s.expectOneOfEach()
}
