package e2e

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
)

// trouble is a way in which AWS fails for one lease in twenty.
type trouble struct {
	// fault, of the calls of one user; its Action may be empty.
	fault iam.Fault
	// stalls is the reason that people read where it does not pass; empty: the key goes all the same.
	stalls string
}

var troubles = []trouble{
	{fault: iam.Fault{Action: "DeleteAccessKey", Code: "AccessDenied"}, stalls: "AccessDenied"},
	{fault: iam.Fault{Action: "DetachUserPolicy", Code: "AccessDenied"}, stalls: "AccessDenied"},
	{fault: iam.Fault{Code: "Throttling", Times: 12}},
	{fault: iam.Fault{Action: "DeleteUser", Code: "DeleteConflict"}, stalls: "DeleteConflict"},
	{fault: iam.Fault{Action: "DeleteUser", Code: "DeleteConflict", Times: 3}},
	{fault: iam.Fault{Action: "UpdateAccessKey", Code: "ServiceFailure"}, stalls: "ServiceFailure"},
	{fault: iam.Fault{Code: "ServiceUnavailable", Every: 3}},
	{fault: iam.Fault{LoseAnswer: true, Every: 3, Match: iam.Call.Changing}},
	{fault: iam.Fault{Action: "DeleteUser", Code: "EntityTemporarilyUnmodifiable"}, stalls: "EntityTemporarilyUnmodifiable"},
	{fault: iam.Fault{Action: "DetachUserPolicy", Code: "LimitExceeded"}, stalls: "LimitExceeded"},
	{fault: iam.Fault{Code: "ConcurrentModification", Times: 4, Match: iam.Call.Changing}},
	{}, // what goes is gone already: see takeAway
}

const takenAway = 11

// takeAway lets somebody delete, in the last moment, what these users' deletion is about to delete.
func (s *stage) takeAway(rows []fixture.Row) {
	mine := map[string]string{}
	for i, r := range rows {
		if i%20 == takenAway {
			mine[r.User] = r.Key
		}
	}
	s.IAM.SetHooks(iam.Hooks{Before: func(c iam.Call) {
		if key := mine[c.User()]; key != "" && c.Action == "DeleteAccessKey" {
			s.Account.DeleteKey(key)
		}
	}})
}

// TestManyLeasesOfOneDayInAllKindsOfTrouble: one in twenty fails in each way that IAM has. All others go, and those go for
// which it passes; who cannot go is Stalled with AWS's own reason, and told of once.
func TestManyLeasesOfOneDayInAllKindsOfTrouble(t *testing.T) {
	n := 120 // six in each kind of trouble, and many times what may be worked on at once
	if fixture.EveryStop() {
		n = 300
	}
	rows := fixture.RowsOf(n, "2026-12-08")
	s := rowsStage(t, "2026-12-01 15:00", rows...)
	s.Begin(atMost(1000))
	s.Until("2026-12-09 14:30")
	for i, r := range rows {
		if i%20 < len(troubles) && i%20 != takenAway {
			f := troubles[i%20].fault
			f.User = r.User
			s.IAM.Inject(f)
		}
	}
	s.takeAway(rows)
	s.Until("2026-12-09 15:30")
	for i, r := range rows {
		want := ""
		if i%20 < len(troubles) {
			want = troubles[i%20].stalls
		}
		l := s.Lease(r.Key)
		if want == "" {
			if l.Status.Phase != v1alpha1.PhaseRevoked || s.Account.UserExists(r.User) {
				t.Errorf("%d: %s is %s, its user exists: %v (%s)", i%20, r.User, l.Status.Phase, s.Account.UserExists(r.User), expect.Ready(l))
			}
			s.ExpectTold(admin, 2, r.User)
			continue
		}
		c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionStalled)
		if c == nil || c.Reason != want || !strings.Contains(c.Message, want) {
			t.Errorf("%d: %s is stalled by %+v, want %s (%s)", i%20, r.User, c, want, expect.Ready(l))
		}
		for _, to := range []string{admin, admin2} {
			s.ExpectTold(to, 1, r.User, want)
			s.ExpectTold(to, 2, r.User)
		}
	}
	s.ExpectOneOfEach()
}
