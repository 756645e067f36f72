package teardown_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

const (
	accountID = "123456789012"
	leased    = "AKIAKEYLEASE00000002"
	secondKey = "AKIAKEYLEASE00000003"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC)
	born  = time.Date(2026, 6, 1, 3, 4, 5, 0, time.UTC)
)

// world is an account in the emulator, and an operator with its role.
type world struct {
	*iam.Server
	t       *testing.T
	account *iam.Account
	url     string
	clock   *testclock.FakePassiveClock
	client  *awsiam.Client
	users   *teardown.UserLocks
	rules   rules
	// before is how many calls were made before the leases began.
	before int
	// onCarriedOut is told of a call that took effect, before its answer leaves.
	onCarriedOut func(iam.Call)
	// snapshots by name, as a Secret would keep them.
	snapshots map[string]string
}

func newWorld(t *testing.T, options iam.Options) *world {
	t.Helper()
	w := &world{t: t, clock: testclock.NewFakePassiveClock(start), snapshots: map[string]string{}, users: &teardown.UserLocks{}}
	options.Clock = w.clock
	w.Server = iam.New(options)
	listener := httptest.NewServer(w.Server)
	t.Cleanup(func() {
		w.ClearFaults()
		listener.Close()
	})
	w.account = w.AddAccount(accountID, iam.PartitionAWS)
	w.account.AddCredential("AKIAOPERATOR00000001", "arn:aws:iam::123456789012:user/operator")
	// Somebody who must not notice anything.
	w.account.AddUser("bystander", iam.WithLoginProfile(), iam.WithGroup("staff"), iam.WithVirtualMFA("bystander"))
	w.url = listener.URL
	w.client = w.connect(t, "AKIAOPERATOR00000001", accountID)
	return w
}

// connect makes a client with the operator's key, for the account.
func (w *world) connect(t *testing.T, key, account string) *awsiam.Client {
	t.Helper()
	factory, err := awsiam.NewFactory(ctx, awsiam.Options{Config: iam.Config(w.url, key), Clock: w.clock, Rate: 1e6, Burst: 1e6, MaxBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	client, err := factory.For(ctx, awsiam.Access{AccountID: account})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// addFullUser gives svc-report everything that DeleteUser refuses for, twice where IAM allows it, and a policy of its
// own with five versions.
func (w *world) addFullUser(more ...iam.UserOption) {
	own := w.account.AddPolicy("svc-report", "/team/", "", iam.WithVersions(5))
	shared := w.account.AddPolicy("shared", "/", "")
	w.account.AttachToRole("app", shared)
	w.account.AddUser("svc-report", append([]iam.UserOption{iam.WithPath("/service/"), iam.WithTag("team", "data"), iam.WithLoginProfile(),
		iam.WithVirtualMFA("svc-report"), iam.WithHardwareMFA("GAHT12345678"), iam.WithSSHKey(), iam.WithSSHKey(),
		iam.WithSigningCertificate(), iam.WithSigningCertificate(),
		iam.WithServiceCredential("codecommit.amazonaws.com"), iam.WithServiceCredential("cassandra.amazonaws.com"),
		iam.WithInlinePolicy("first", ""), iam.WithInlinePolicy("second", `{"Version":"2012-10-17","Statement":[]}`),
		iam.WithAttachedPolicy(own, shared, "arn:aws:iam::aws:policy/ReadOnlyAccess"), iam.WithBoundary(own),
		iam.WithGroup("staff", "reports")}, more...)...)
	w.account.AddAccessKey("svc-report", iam.AccessKey{ID: leased, Created: born})
}

const ownPolicyARN = "arn:aws:iam::123456789012:policy/team/svc-report"

// addSmallFullUser is addFullUser with one of each kind, for tests that repeat it a thousand times.
func (w *world) addSmallFullUser() {
	own := w.account.AddPolicy("svc-report", "/team/", "", iam.WithVersions(2))
	w.account.AddPolicy("shared", "/", "")
	w.account.AddUser("svc-report", iam.WithPath("/service/"), iam.WithTag("team", "data"), iam.WithLoginProfile(),
		iam.WithVirtualMFA("svc-report"), iam.WithHardwareMFA("GAHT12345678"), iam.WithSSHKey(), iam.WithSigningCertificate(),
		iam.WithServiceCredential("codecommit.amazonaws.com"), iam.WithInlinePolicy("first", ""),
		iam.WithAttachedPolicy(own, "arn:aws:iam::123456789012:policy/shared"), iam.WithGroup("staff"))
	w.account.AddAccessKey("svc-report", iam.AccessKey{ID: leased, Created: born})
}

// deleteKey is what somebody else does.
func (w *world) deleteKey(key string) {
	if _, err := w.client.Do(ctx, teardown.Step{Action: teardown.ActionDeleteAccessKey, UserName: "svc-report", Target: key}); err != nil {
		panic(err)
	}
}

// lease is one key's status as the cluster keeps it, and what a crash leaves of it.
type lease struct {
	w      *world
	target teardown.Target
	stored string // JSON
	// grace: the key is deactivated first, and deleted a day later.
	grace bool
	// elsewhere: another lease deleted the user.
	elsewhere bool
	// records counts the times a status was recorded; onRecord is asked to store one, or not.
	records  int
	onRecord func(store func()) error
}

func (w *world) lease(key string) *lease {
	return &lease{w: w, stored: "{}", target: teardown.Target{Partition: "aws", PolicyName: "svc-report", AWSTarget: lifecycle.AWSTarget{
		AccountID: w.account.ID(), UserName: "svc-report", AccessKeyID: key, Pin: lifecycle.Pin{UserID: w.account.UserID("svc-report"), CreateDate: born}}}}
}

func (l *lease) status() *v1alpha1.RevocationStatus {
	rev := &v1alpha1.RevocationStatus{}
	if err := json.Unmarshal([]byte(l.stored), rev); err != nil {
		panic(err)
	}
	return rev
}

func (l *lease) runner() *teardown.Runner {
	return &teardown.Runner{IAM: l.w.client, Snapshots: l.w, Users: l.w.users, Clock: l.w.clock,
		DeletedElsewhere: func(context.Context) bool { return l.elsewhere },
		Record: func(ctx context.Context, rev *v1alpha1.RevocationStatus) error {
			data, err := json.Marshal(rev)
			if err := errors.Join(ctx.Err(), err); err != nil {
				return err
			}
			l.records++
			store := func() { l.stored = string(data) }
			if l.onRecord != nil {
				return l.onRecord(store)
			}
			store()
			return nil
		}}
}

func (w *world) Save(ctx context.Context, name string, data []byte) (string, error) {
	w.snapshots[name] = string(data)
	return name, ctx.Err()
}

func (w *world) passes(d time.Duration) { w.clock.SetTime(w.clock.Now().Add(d)) }

// step is what a controller does with a due lease: run, and verify once that can conclude.
func (l *lease) step(ctx context.Context) (teardown.Progress, error) {
	rev := l.status()
	if inGrace := rev.DeactivatedTime == nil || l.w.clock.Now().Before(rev.DeactivatedTime.Add(time.Minute)); l.grace && inGrace && rev.KeyDeletedTime == nil {
		return l.runner().Deactivate(ctx, l.target, rev)
	}
	if rev.StartTime != nil && !l.w.clock.Now().Before(teardown.VerifyAt(rev)) {
		return l.runner().Verify(ctx, l.target, rev)
	}
	return l.runner().Run(ctx, l.target, rev)
}

// finish runs the lease to its end, as a controller that retries does.
func (l *lease) finish(t *testing.T) *v1alpha1.RevocationStatus {
	t.Helper()
	for range 60 {
		progress, err := l.step(ctx)
		if progress.Complete {
			return l.status()
		}
		if err != nil && !failure.Is(err, failure.Retry, failure.Uncertain) {
			t.Fatalf("the teardown cannot go on: %v", err)
		}
		l.w.passes(teardown.SettleTime + time.Second)
	}
	t.Fatalf("not complete after 60 attempts; status %s\nstill there:\n%s", l.stored, strings.Join(l.w.account.Inventory(), "\n"))
	return nil
}

// changes are the changing calls that the emulator saw, "<action> <code>".
func (w *world) changes() []string {
	var calls []string
	for _, c := range w.Calls() {
		if c.Changing() && c.Service == "iam" {
			calls = append(calls, strings.TrimSpace(c.Action+" "+c.Code))
		}
	}
	return calls
}

// untouched is what the account holds besides the user and policy to go.
var untouched = []string{
	"group reports attached []",
	"group staff attached []",
	"policy arn:aws:iam::123456789012:policy/shared versions 1 default v1",
	"role app attached [arn:aws:iam::123456789012:policy/shared] boundary \"\"",
	"user arn:aws:iam::123456789012:user/bystander",
	"user bystander MFA device arn:aws:iam::123456789012:mfa/bystander",
	"user bystander in group staff",
	"user bystander login profile",
	"virtual MFA device arn:aws:iam::123456789012:mfa/bystander assigned true",
}
