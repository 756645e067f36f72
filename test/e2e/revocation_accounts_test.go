package e2e

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

const elsewhere = "222222222222"

// twoAccounts is a sheet whose rows name their account, home's first: n of each, all of which end on a day.
func twoAccounts(t *testing.T, n int, trusted bool) (s *stage, home, away []fixture.Row, other *iam.Account) {
	t.Helper()
	rows := fixture.RowsOf(2*n, "2026-12-08")
	for i := range rows {
		rows[i].Account = world.AccountID
		if i >= n {
			rows[i].Account = elsewhere
		}
	}
	s = rowsStage(t, "2026-12-01 15:00", rows...)
	other = s.IAM.AddAccount(elsewhere, iam.PartitionAWS)
	operator := "arn:aws:sts::" + world.AccountID + ":assumed-role/" + world.OperatorRole + "/pod"
	trust := iam.Trust{Principals: []string{operator, world.AccountID}, ExternalID: s.Namespace + "/" + world.SheetName}
	s.Account.AddRole("keylease-target", trust)
	if !trusted {
		trust.ExternalID = "somebody/else"
	}
	other.AddRole("keylease-target", trust)
	for _, r := range rows {
		account := s.Account
		if r.Account == elsewhere {
			account = other
		}
		account.AddUser(r.User)
		account.AddAccessKey(r.User, iam.AccessKey{ID: r.Key, Created: fixture.JST("2026-06-01 09:00")})
	}
	return s, rows[:n], rows[n:], other
}

func accountColumn(a *v1alpha1.AccessKeySheet) {
	a.Spec.Requests.Columns.AccountID = "M"
	a.Spec.AWS.RoleARN = "arn:aws:iam::{{ .AccountID }}:role/keylease-target"
	a.Spec.AWS.ReportUnleased = ptr.To(false)
}

func TestAnAccountWhoseRoleCannotBeAssumedStallsAlone(t *testing.T) {
	s, home, away, other := twoAccounts(t, 6, false)
	s.Begin(accountColumn, atMost(100))
	s.Until("2026-12-09 16:00")
	for _, r := range home {
		s.ExpectPhase(r.Key, v1alpha1.PhaseRevoked)
	}
	for _, r := range away {
		if got := other.KeyStatus(r.Key); got != "Active" {
			t.Errorf("key %s is %q", r.Key, got)
		}
		if got := s.stalledBy(r.Key); got != v1alpha1.ReasonAWSForbidden {
			t.Errorf("%s is stalled by %q (%s)", r.User, got, expect.Ready(s.Lease(r.Key)))
		}
		s.ExpectTold(admin, 1, r.User, "keylease-target")
	}
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionFalse, v1alpha1.ReasonAssumeRoleError, elsewhere)
	s.ExpectOneOfEach()
}

// TestAnAccountThatNeverAnswersDelaysNoOther: all of its calls hang for as long as the test goes on, and the keys of the
// other account go meanwhile.
func TestAnAccountThatNeverAnswersDelaysNoOther(t *testing.T) {
	s, home, away, _ := twoAccounts(t, 24, true) // more than the operator's workers
	s.Begin(accountColumn, atMost(100))
	s.Until("2026-12-09 14:55")
	options := s.AWS
	options.Clock, options.AttemptTimeout = s.Clock, time.Hour
	patient, err := awsiam.NewFactory(t.Context(), options)
	s.Must(err)
	s.Restart(func(d *controllers.Deps) {
		d.AWS = func(ctx context.Context, a lifecycle.AWSAccess) (state.AWS, error) {
			return patient.For(ctx, a)
		}
	})
	hanging := s.IAM.Inject(iam.Fault{Stall: true, AccountID: elsewhere})
	gone := func() (n int) {
		for _, r := range home {
			// The API server is asked only where it may be so: this is asked ten times a second.
			if s.Account.KeyStatus(r.Key) == "" && s.Lease(r.Key).Status.Phase == v1alpha1.PhaseRevoked {
				n++
			}
		}
		return n
	}
	s.Clock.Set(fixture.JST("2026-12-09 15:00"))
	for range 600 {
		if gone() == len(home) {
			break
		}
		time.Sleep(100 * time.Millisecond) // the operator works by the machine's clock while calls hang
		s.Clock.Set(s.Clock.Now().Add(time.Second))
	}
	if n := gone(); n != len(home) || hanging.Hits() == 0 {
		t.Errorf("%d of %d keys of the other account are gone, while %d calls hang", n, len(home), hanging.Hits())
	}
	hanging.Clear()
	s.Until("2026-12-09 16:00")
	for _, r := range away {
		s.ExpectPhase(r.Key, v1alpha1.PhaseRevoked)
	}
	s.ExpectOneOfEach()
}

// One account that is out of order does not keep the admins from hearing of a key in another that stands in no row.
func TestAnAccountOutOfOrderKeepsNoOtherFromItsDailyCheck(t *testing.T) {
	s, _, _, other := twoAccounts(t, 1, true)
	const mine, theirs = "AKIAFORGOTTEN0000001", "AKIAFORGOTTEN0000002"
	s.Account.AddUser("svc-forgotten")
	s.Account.AddAccessKey("svc-forgotten", iam.AccessKey{ID: mine, Created: june})
	other.AddUser("svc-forgotten")
	other.AddAccessKey("svc-forgotten", iam.AccessKey{ID: theirs, Created: june})
	down := s.IAM.Inject(iam.Fault{Action: "ListUsers", AccountID: elsewhere, Code: "ServiceFailure"})
	s.Begin(accountColumn, func(a *v1alpha1.AccessKeySheet) { a.Spec.AWS.ReportUnleased = nil })
	s.Until("2026-12-02 17:30")
	if a, b := s.told(mine), s.told(theirs); a != 1 || b != 0 {
		t.Errorf("told %d and %d times while the other account is out of order", a, b)
	}
	down.Clear()
	s.Until("2026-12-02 19:00")
	if a, b := s.told(mine), s.told(theirs); a != 1 || b != 1 {
		t.Errorf("told %d and %d times afterwards", a, b)
	}
	before := len(s.IAM.Calls())
	s.Until("2026-12-03 15:30")
	for _, c := range s.IAM.Calls()[before:] {
		if c.Action == "ListUsers" {
			t.Errorf("%s of account %s again on the same day", c.Action, c.AccountID)
		}
	}
}
