package e2e

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/world"
)

var june = jst("2026-06-01 09:00")

func (s *stage) keyVerified(accessKeyID string) metav1.Condition {
	s.Helper()
	c := meta.FindStatusCondition(s.lease(accessKeyID).Status.Conditions, v1alpha1.ConditionKeyVerified)
	if c == nil {
		s.Fatalf("%s has no condition KeyVerified", accessKeyID)
	}
	return *c
}

func TestNewLeasesArePinnedInOnePassAndThenLeftAlone(t *testing.T) {
	rows := rowsOf(60, "2027-06-30")
	s := rowsStage(t, "2026-12-01 10:00", rows...)
	s.start(func(a *v1alpha1.AccessKeySheet) { a.Spec.AWS.ReportUnleased = ptr.To(false) })
	s.until("2026-12-01 10:10")
	asked := map[string]map[string]int{}
	for _, c := range s.IAM.Calls() {
		if asked[c.User()] == nil {
			asked[c.User()] = map[string]int{}
		}
		asked[c.User()][c.Action]++
	}
	for _, r := range rows {
		if k := s.lease(r.key).Status.Key; k == nil || k.UserID != s.Account.UserID(r.user) || k.CreateDate == nil || !k.CreateDate.Time.Equal(june) {
			t.Errorf("%s is pinned to %+v", r.user, k)
		}
		for action, times := range asked[r.user] {
			if times != 1 {
				t.Errorf("%s of %s was asked %d times", action, r.user, times)
			}
		}
		if got := s.keyVerified(r.key); got.Status != metav1.ConditionTrue || got.Reason != v1alpha1.ReasonKeyMatches {
			t.Errorf("%s: %s %s", r.user, got.Status, got.Reason)
		}
	}
	s.IAM.ResetCalls()
	s.restart()
	s.until("2027-01-15 10:00")
	if calls := s.IAM.Calls(); len(calls) > 2 { // whose the credentials are, once for each process
		t.Errorf("%d calls in six weeks, such as %s", len(calls), calls[len(calls)-1].Action)
	}
}

// Whatever became of the identity that was pinned, nothing is changed, and one sentence says why.
func TestAnIdentityThatIsNotThePinnedOneStopsTheDeletion(t *testing.T) {
	for name, c := range map[string]struct {
		becomes func(*stage)
		reason  string
	}{
		"a user of the same name with the key": {func(s *stage) {
			s.Account.RemoveUser(report.user)
			s.Account.AddUser(report.user)
			s.Account.AddAccessKey(report.user, iam.AccessKey{ID: report.key, Created: june})
		}, v1alpha1.ReasonUserRecreated},
		"a user of the same name without it": {func(s *stage) { s.Account.RecreateUser(report.user, iam.WithGroup("staff")) }, v1alpha1.ReasonUserRecreated},
		"a user of another name":             {func(s *stage) { s.Account.RenameUser(report.user, "svc-renamed", "/") }, v1alpha1.ReasonOtherUser},
	} {
		t.Run(name, func(t *testing.T) {
			s := rowsStage(t, "2026-12-01 14:50", report)
			s.Account.AddUser("bystander")
			s.start()
			s.until("2026-12-05 10:00")
			c.becomes(s)
			then := s.Account.Inventory()
			s.until("2026-12-10 16:00")
			if got := s.keyVerified(report.key); got.Status != metav1.ConditionFalse || got.Reason != c.reason || len(got.Message) < 30 {
				t.Errorf("KeyVerified: %+v", got)
			}
			if got := s.stalledBy(report.key); got != c.reason {
				t.Errorf("it is stalled by %q (%s)", got, ready(s.lease(report.key)))
			}
			s.expectPhase(report.key, v1alpha1.PhaseExpired)
			if made := s.changes(); len(made) > 0 {
				t.Errorf("%d changes, the first %s %v", len(made), made[0].Action, made[0].Params)
			}
			if now := s.Account.Inventory(); len(now) != len(then) {
				t.Errorf("the account changed: %v", now)
			}
			s.expectTold(admin, 1, report.user, s.keyVerified(report.key).Message)
			s.expectTold(owner, 1, report.user)
			s.expectOneOfEach()
		})
	}
}

func TestAKeyThatIsGoneAtItsTurnTakesItsPinnedUserAlong(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Account.AddUser("bystander")
	s.start()
	s.until("2026-12-05 10:00")
	s.Account.DeleteKey(report.key)
	s.until("2026-12-09 15:10")
	l := s.lease(report.key)
	if rev := l.Status.Revocation; l.Status.Phase != v1alpha1.PhaseRevoked || rev.Reason != v1alpha1.ReasonKeyAlreadyGone || rev.KeyDeletedTime == nil {
		t.Errorf("it is %s, the revocation %+v (%s)", l.Status.Phase, rev, ready(l))
	}
	if s.Account.UserExists(report.user) {
		t.Error("its user is still there")
	}
	for _, c := range s.changes() {
		if c.Action == "UpdateAccessKey" || c.Action == "DeleteAccessKey" {
			t.Errorf("%s was called", c.Action)
		}
	}
	s.expectMark(2, "削除済み")
	s.expectTold(owner, 1, report.user) // the notice; the end of a key that somebody deleted is no news to its owner
	s.expectTold(admin, 2, report.user)
	s.expectOneOfEach()
}

func TestAKeyThatWasGoneWhenFirstSeenLeavesItsUserAlone(t *testing.T) {
	gone := keyRow{user: "svc-gone", key: "AKIAGONE000000000001", ends: "2026/11/20"}
	s := rowsStage(t, "2026-12-01 14:50", gone)
	s.Account.DeleteKey(gone.key)
	s.start()
	s.until("2026-12-03 16:00")
	if l := s.lease(gone.key); l.Status.Phase != v1alpha1.PhaseRevoked || l.Status.Revocation.Reason != v1alpha1.ReasonKeyAlreadyGone {
		t.Errorf("it is %s, the revocation %+v", l.Status.Phase, l.Status.Revocation)
	}
	if made := s.changes(); len(made) > 0 || !s.Account.UserExists(gone.user) {
		t.Errorf("%d changes, the user exists: %v", len(made), s.Account.UserExists(gone.user))
	}
	s.expectMark(2, "削除済み")
	if sent := s.Slack.AllMessages(); len(sent) > 0 {
		t.Errorf("a message to %s: %s", sent[0].User, sent[0].PlainText())
	}
}

func TestAProtectedUserIsHeldUntilTheTagGoes(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Account.AddToUser(report.user, iam.WithTag(lifecycle.ProtectedTag, "true"))
	s.start()
	s.until("2026-12-12 10:00")
	if got := heldReason(s.lease(report.key)); got != v1alpha1.ReasonProtected || len(s.changes()) > 0 {
		t.Errorf("held %q, %d changes", got, len(s.changes()))
	}
	s.expectTold(admin, 2, report.user, lifecycle.ProtectedTag) // the plan in the notice said so too
	s.Account.RemoveTag(report.user, lifecycle.ProtectedTag)
	s.until("2026-12-13 14:50")       // it is looked at once a day
	s.expectKey(report.key, "Active") // and begins a term of its own: notice first
	s.until("2026-12-14 15:40")
	s.expectTold(owner, 3, report.user)
	s.expectPhase(report.key, v1alpha1.PhaseRevoked)
	s.expectOneOfEach()
}

// An account without users is a wrong endpoint or a wrong account, not a reason to believe that all keys are gone.
func TestAnAccountThatIsEmptyOfASuddenMarksNothing(t *testing.T) {
	rows := rowsOf(3, "2026-12-08")
	s := rowsStage(t, "2026-12-01 14:50", rows...)
	s.start()
	s.until("2026-12-08 10:00")
	for _, r := range rows {
		s.Account.RemoveUser(r.user)
	}
	s.until("2026-12-10 10:00")
	for i, r := range rows {
		s.expectPhase(r.key, v1alpha1.PhaseExpired)
		s.expectMark(2+i, "期限切れ")
		if got := s.stalledBy(r.key); got != v1alpha1.ReasonEmptyAccount {
			t.Errorf("%s is stalled by %q (%s)", r.user, got, ready(s.lease(r.key)))
		}
		s.expectTold(admin, 1, r.user, "no IAM user at all")
	}
	if a := s.sheet(); !meta.IsStatusConditionFalse(a.Status.Conditions, v1alpha1.ConditionAWSReady) {
		t.Errorf("AWSReady is %+v", meta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionAWSReady))
	}
	s.Account.AddUser("bystander")
	s.until("2026-12-10 12:30")
	for _, r := range rows {
		s.expectPhase(r.key, v1alpha1.PhaseRevoked)
	}
	s.expectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady)
	s.expectOneOfEach()
}

func TestCredentialsOfAnotherAccountMidwayMarkNothing(t *testing.T) {
	rows := rowsOf(3, "2026-12-08")
	s := rowsStage(t, "2026-12-01 14:50", rows...)
	other := s.IAM.AddAccount("999999999999", iam.PartitionAWS)
	other.AddCredential("AKIAOTHER00000000001", "arn:aws:sts::999999999999:assumed-role/keylease/pod")
	other.AddUser(rows[0].user) // of the same name, and somebody else
	mine := s.Environment()["AWS_ACCESS_KEY_ID"]
	s.start()
	s.until("2026-12-08 10:00")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER00000000001")
	s.restart()
	s.until("2026-12-10 10:00")
	s.expectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionFalse, v1alpha1.ReasonWrongAccount, "999999999999", world.AccountID)
	if made := s.changes(); len(made) > 0 || !other.UserExists(rows[0].user) {
		t.Errorf("%d changes, the first %+v", len(made), made[0])
	}
	for i, r := range rows {
		s.expectMark(2+i, "期限切れ")
		s.expectPhase(r.key, v1alpha1.PhaseExpired)
		s.expectTold(admin, 1, r.user, "999999999999", world.AccountID)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", mine)
	s.restart()
	s.until("2026-12-10 11:10") // what AWS said stands for an hour
	s.expectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady)
	for _, r := range rows {
		s.expectPhase(r.key, v1alpha1.PhaseRevoked)
	}
	s.expectOneOfEach()
}
