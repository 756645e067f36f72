package e2e

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

var june = fixture.JST("2026-06-01 09:00")

func (s *stage) keyVerified(accessKeyID string) metav1.Condition {
	s.Helper()
	c := meta.FindStatusCondition(s.Lease(accessKeyID).Status.Conditions, v1alpha1.ConditionKeyVerified)
	if c == nil {
		s.Fatalf("%s has no condition KeyVerified", accessKeyID)
	}
	return *c
}

func TestNewLeasesArePinnedInOnePassAndThenLeftAlone(t *testing.T) {
	rows := fixture.RowsOf(60, "2027-06-30")
	s := rowsStage(t, "2026-12-01 10:00", rows...)
	s.Begin(func(a *v1alpha1.AccessKeySheet) { a.Spec.AWS.ReportUnleased = ptr.To(false) })
	s.Until("2026-12-01 10:10")
	asked := map[string]map[string]int{}
	for _, c := range s.IAM.Calls() {
		if asked[c.User()] == nil {
			asked[c.User()] = map[string]int{}
		}
		asked[c.User()][c.Action]++
	}
	for _, r := range rows {
		if k := s.Lease(r.Key).Status.Key; k == nil || k.UserID != s.Account.UserID(r.User) || k.CreateDate == nil || !k.CreateDate.Time.Equal(june) {
			t.Errorf("%s is pinned to %+v", r.User, k)
		}
		for action, times := range asked[r.User] {
			if times != 1 {
				t.Errorf("%s of %s was asked %d times", action, r.User, times)
			}
		}
		if got := s.keyVerified(r.Key); got.Status != metav1.ConditionTrue || got.Reason != v1alpha1.ReasonKeyMatches {
			t.Errorf("%s: %s %s", r.User, got.Status, got.Reason)
		}
	}
	s.IAM.ResetCalls()
	s.Restart()
	s.Until("2027-01-15 10:00")
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
			s.Account.RemoveUser(report.User)
			s.Account.AddUser(report.User)
			s.Account.AddAccessKey(report.User, iam.AccessKey{ID: report.Key, Created: june})
		}, v1alpha1.ReasonUserRecreated},
		"a user of the same name without it": {func(s *stage) { s.Account.RecreateUser(report.User, iam.WithGroup("staff")) }, v1alpha1.ReasonUserRecreated},
		"a user of another name":             {func(s *stage) { s.Account.RenameUser(report.User, "svc-renamed", "/") }, v1alpha1.ReasonOtherUser},
	} {
		t.Run(name, func(t *testing.T) {
			s := rowsStage(t, "2026-12-01 14:50", report)
			s.Account.AddUser("bystander")
			s.Begin()
			s.Until("2026-12-05 10:00")
			c.becomes(s)
			then := s.Account.Inventory()
			s.Until("2026-12-10 16:00")
			if got := s.keyVerified(report.Key); got.Status != metav1.ConditionFalse || got.Reason != c.reason || len(got.Message) < 30 {
				t.Errorf("KeyVerified: %+v", got)
			}
			if got := s.stalledBy(report.Key); got != c.reason {
				t.Errorf("it is stalled by %q (%s)", got, expect.Ready(s.Lease(report.Key)))
			}
			s.ExpectPhase(report.Key, v1alpha1.PhaseExpired)
			if made := s.Changes(); len(made) > 0 {
				t.Errorf("%d changes, the first %s %v", len(made), made[0].Action, made[0].Params)
			}
			if now := s.Account.Inventory(); len(now) != len(then) {
				t.Errorf("the account changed: %v", now)
			}
			s.ExpectTold(admin, 1, report.User, s.keyVerified(report.Key).Message)
			s.ExpectTold(owner, 1, report.User)
			s.ExpectOneOfEach()
		})
	}
}

func TestAKeyThatIsGoneAtItsTurnTakesItsPinnedUserAlong(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Account.AddUser("bystander")
	s.Begin()
	s.Until("2026-12-05 10:00")
	s.Account.DeleteKey(report.Key)
	s.Until("2026-12-09 15:10")
	l := s.Lease(report.Key)
	if rev := l.Status.Revocation; l.Status.Phase != v1alpha1.PhaseRevoked || rev.Reason != v1alpha1.ReasonKeyAlreadyGone || rev.KeyDeletedTime == nil {
		t.Errorf("it is %s, the revocation %+v (%s)", l.Status.Phase, rev, expect.Ready(l))
	}
	if s.Account.UserExists(report.User) {
		t.Error("its user is still there")
	}
	for _, c := range s.Changes() {
		if c.Action == "UpdateAccessKey" || c.Action == "DeleteAccessKey" {
			t.Errorf("%s was called", c.Action)
		}
	}
	s.ExpectMark(2, "削除済み")
	s.ExpectTold(owner, 1, report.User) // the notice; the end of a key that somebody deleted is no news to its owner
	s.ExpectTold(admin, 2, report.User)
	s.ExpectOneOfEach()
}

func TestAKeyThatWasGoneWhenFirstSeenLeavesItsUserAlone(t *testing.T) {
	gone := fixture.Row{User: "svc-gone", Key: "AKIAGONE000000000001", Ends: "2026/11/20"}
	s := rowsStage(t, "2026-12-01 14:50", gone)
	s.Account.DeleteKey(gone.Key)
	s.Begin()
	s.Until("2026-12-03 16:00")
	if l := s.Lease(gone.Key); l.Status.Phase != v1alpha1.PhaseRevoked || l.Status.Revocation.Reason != v1alpha1.ReasonKeyAlreadyGone {
		t.Errorf("it is %s, the revocation %+v", l.Status.Phase, l.Status.Revocation)
	}
	if made := s.Changes(); len(made) > 0 || !s.Account.UserExists(gone.User) {
		t.Errorf("%d changes, the user exists: %v", len(made), s.Account.UserExists(gone.User))
	}
	s.ExpectMark(2, "削除済み")
	if sent := s.Slack.AllMessages(); len(sent) > 0 {
		t.Errorf("a message to %s: %s", sent[0].User, sent[0].PlainText())
	}
}

func TestAProtectedUserIsHeldUntilTheTagGoes(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Account.AddToUser(report.User, iam.WithTag(lifecycle.ProtectedTag, "true"))
	s.Begin()
	s.Until("2026-12-12 10:00")
	if got := expect.Held(s.Lease(report.Key)); got != v1alpha1.ReasonProtected || len(s.Changes()) > 0 {
		t.Errorf("held %q, %d changes", got, len(s.Changes()))
	}
	s.ExpectTold(admin, 2, report.User, lifecycle.ProtectedTag) // the plan in the notice said so too
	s.Account.RemoveTag(report.User, lifecycle.ProtectedTag)
	s.Until("2026-12-13 14:50")       // it is looked at once a day
	s.ExpectKey(report.Key, "Active") // and begins a term of its own: notice first
	s.Until("2026-12-14 15:40")
	s.ExpectTold(owner, 3, report.User)
	s.ExpectPhase(report.Key, v1alpha1.PhaseRevoked)
	s.ExpectOneOfEach()
}

// An account without users is a wrong endpoint or a wrong account, not a reason to believe that all keys are gone.
func TestAnAccountThatIsEmptyOfASuddenMarksNothing(t *testing.T) {
	rows := fixture.RowsOf(3, "2026-12-08")
	s := rowsStage(t, "2026-12-01 14:50", rows...)
	s.Begin()
	s.Until("2026-12-08 10:00")
	for _, r := range rows {
		s.Account.RemoveUser(r.User)
	}
	s.Until("2026-12-10 10:00")
	for i, r := range rows {
		s.ExpectPhase(r.Key, v1alpha1.PhaseExpired)
		s.ExpectMark(2+i, "期限切れ")
		if got := s.stalledBy(r.Key); got != v1alpha1.ReasonEmptyAccount {
			t.Errorf("%s is stalled by %q (%s)", r.User, got, expect.Ready(s.Lease(r.Key)))
		}
		s.ExpectTold(admin, 1, r.User, "no IAM user at all")
	}
	if a := s.Sheet(); !meta.IsStatusConditionFalse(a.Status.Conditions, v1alpha1.ConditionAWSReady) {
		t.Errorf("AWSReady is %+v", meta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionAWSReady))
	}
	s.Account.AddUser("bystander")
	s.Until("2026-12-10 12:30")
	for _, r := range rows {
		s.ExpectPhase(r.Key, v1alpha1.PhaseRevoked)
	}
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady)
	s.ExpectOneOfEach()
}

func TestCredentialsOfAnotherAccountMidwayMarkNothing(t *testing.T) {
	rows := fixture.RowsOf(3, "2026-12-08")
	s := rowsStage(t, "2026-12-01 14:50", rows...)
	other := s.IAM.AddAccount("999999999999", iam.PartitionAWS)
	other.AddCredential("AKIAOTHER00000000001", "arn:aws:sts::999999999999:assumed-role/keylease/pod")
	other.AddUser(rows[0].User) // of the same name, and somebody else
	s.Begin()
	s.Until("2026-12-08 10:00")
	s.As("AKIAOTHER00000000001")
	s.Restart()
	s.Until("2026-12-10 10:00")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionFalse, v1alpha1.ReasonWrongAccount, "999999999999", world.AccountID)
	if made := s.Changes(); len(made) > 0 || !other.UserExists(rows[0].User) {
		t.Errorf("%d changes, the first %+v", len(made), made[0])
	}
	for i, r := range rows {
		s.ExpectMark(2+i, "期限切れ")
		s.ExpectPhase(r.Key, v1alpha1.PhaseExpired)
		s.ExpectTold(admin, 1, r.User, "999999999999", world.AccountID)
	}
	s.AsOperator()
	s.Restart()
	s.Until("2026-12-10 10:03") // what AWS said stands for an hour, but not for a new process
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady)
	for _, r := range rows {
		s.ExpectPhase(r.Key, v1alpha1.PhaseRevoked)
	}
	s.ExpectOneOfEach()
}
