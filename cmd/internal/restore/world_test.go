package restore_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	testclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/cmd/internal/restore"
	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

const (
	accountID = "123456789012"
	leased    = "AKIAKEYLEASE00000002"
	operator  = "AKIAOPERATOR00000001"
	person    = "AKIAPERSON0000000001"
	ownPolicy = "arn:aws:iam::123456789012:policy/team/svc-report"
	shared    = "arn:aws:iam::123456789012:policy/shared"
	readOnly  = "arn:aws:iam::aws:policy/ReadOnlyAccess"
)

// world is an account in the emulator in which the operator deleted svc-report, and a person who wants it back.
type world struct {
	*testing.T
	*iam.Server
	account *iam.Account
	url     string
	clock   *testclock.FakePassiveClock
	aws     *awsiam.Maker
	saved   restore.Saved
}

// newWorld lets the operator delete the user as it does, and keeps its snapshot.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, []iam.UserOption{iam.WithTag("team", "データ"), iam.WithTag("env", "")}, []teardown.SnapshotTag{{Key: "cost", Value: "42"}})
}

// newWorldOf a user with these tags, and its policy with those.
func newWorldOf(t *testing.T, userTags []iam.UserOption, policyTags []teardown.SnapshotTag) *world {
	t.Helper()
	w := &world{T: t, clock: testclock.NewFakePassiveClock(time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC))}
	w.Server = iam.New(iam.Options{Clock: w.clock})
	listener := httptest.NewServer(w.Server)
	t.Cleanup(listener.Close)
	w.url = listener.URL
	w.account = w.AddAccount(accountID, iam.PartitionAWS)
	w.account.AddCredential(operator, "arn:aws:iam::123456789012:user/operator")
	w.account.AddCredential(person, "arn:aws:iam::123456789012:user/alice")
	w.account.AddUser("bystander")

	w.connect(person)
	w.must(w.aws.CreatePolicy(w.Context(), teardown.SnapshotPolicy{ARN: ownPolicy, Name: "svc-report", Path: "/team/",
		Description: "monthly report", Document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`,
		Tags: policyTags}))
	w.account.AddPolicy("shared", "/", "")
	w.account.AttachToRole("app", shared)
	w.account.AddUser("svc-report", userTags...)
	w.account.AddToUser("svc-report", iam.WithPath("/service/"), iam.WithLoginProfile(), iam.WithSSHKey(), iam.WithInlinePolicy("first", ""),
		iam.WithInlinePolicy("second", `{"Version":"2012-10-17","Statement":[{"Sid":"a+b %20"}]}`),
		iam.WithAttachedPolicy(ownPolicy, shared, readOnly), iam.WithBoundary(ownPolicy), iam.WithGroup("staff", "reports"))
	w.account.AddAccessKey("svc-report", iam.AccessKey{ID: leased, Created: w.clock.Now()})
	w.delete()
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// connect as somebody.
func (w *world) connect(key string) *awsiam.Factory {
	w.Helper()
	return w.reach(iam.Config(w.url, key))
}

// reach AWS in a way; nil: as the environment says.
func (w *world) reach(config *aws.Config) *awsiam.Factory {
	w.Helper()
	factory, err := awsiam.NewFactory(w.Context(), awsiam.Options{Config: config, Clock: w.clock, Rate: 1e6, Burst: 1e6, MaxBackoff: time.Millisecond})
	w.must(err)
	w.aws, err = factory.Maker(w.Context(), "aws", accountID)
	w.must(err)
	return factory
}

// Save keeps the snapshot as the operator's Secret does.
func (w *world) Save(ctx context.Context, name string, data []byte) (string, error) {
	w.saved = savedFrom(w.T, data)
	return name, ctx.Err()
}

// delete the user as the operator does.
func (w *world) delete() {
	w.Helper()
	client, err := w.connect(operator).For(w.Context(), awsiam.Access{AccountID: accountID})
	w.must(err)
	rev := &v1alpha1.RevocationStatus{}
	runner := &teardown.Runner{IAM: client, Snapshots: w, Users: &teardown.UserLocks{}, Clock: w.clock,
		Record: func(_ context.Context, next *v1alpha1.RevocationStatus) error { rev = next.DeepCopy(); return nil }}
	target := teardown.Target{Partition: "aws", PolicyName: "svc-report", AWSTarget: lifecycle.AWSTarget{
		AccountID: accountID, UserName: "svc-report", AccessKeyID: leased,
		Pin: lifecycle.Pin{UserID: w.account.UserID("svc-report"), CreateDate: w.clock.Now().Truncate(time.Second)},
	}}
	for range 20 {
		_, err := runner.Run(w.Context(), target, rev.DeepCopy())
		if err != nil && !failure.Is(err, failure.Retry) {
			w.Fatal(err)
		}
		w.clock.SetTime(w.clock.Now().Add(teardown.SettleTime + time.Second))
		if !w.account.UserExists("svc-report") && !w.account.PolicyExists(ownPolicy) {
			w.connect(person)
			return
		}
	}
	w.Fatalf("svc-report was not deleted: %v", w.account.Inventory())
}

// decide what is missing.
func (w *world) decide() restore.Plan {
	w.Helper()
	p, err := restore.Decide(w.Context(), w.aws, w.saved)
	w.must(err)
	return p
}

// apply a plan; whoever waits does so on the world's clock.
func (w *world) apply(p restore.Plan) error {
	return restore.Apply(w.Context(), w.aws, p, func(_ context.Context, d time.Duration) error {
		w.clock.SetTime(w.clock.Now().Add(d))
		return nil
	}, func(restore.Step) {})
}

// expectBack compares the user with the snapshot. ID and creation date are a new user's.
func (w *world) expectBack() {
	w.Helper()
	got, err := w.aws.Snapshot(w.Context(), "svc-report")
	w.must(err)
	got.UserID, got.CreateDate = w.saved.Snapshot.UserID, w.saved.Snapshot.CreateDate
	want, _, err := w.saved.Snapshot.Encode()
	w.must(err)
	data, _, err := got.Encode()
	w.must(err)
	expectSame(w.T, string(want), string(data))
}

// changes that the emulator saw since it counted from.
func (w *world) changes(from int) []string {
	var out []string
	for _, c := range w.Calls() {
		if c.Number > from && c.Changing() && c.Service == "iam" {
			out = append(out, c.Action)
		}
	}
	return out
}

func (w *world) lastCall() int {
	calls := w.Calls()
	return calls[len(calls)-1].Number
}
