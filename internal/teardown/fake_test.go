package teardown

import (
	"context"
	"slices"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

var created = time.Date(2026, 6, 1, 3, 4, 5, 0, time.UTC)

func target() Target {
	return Target{Partition: "aws", PolicyName: "svc-report", AWSTarget: lifecycle.AWSTarget{
		AccountID: "123456789012", UserName: "svc-report", AccessKeyID: "AKIAKEYLEASE00000002",
		Pin: lifecycle.Pin{UserID: "AIDAREPORT", CreateDate: created}}}
}

func observation() Observation {
	return Observation{
		Time:     time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC),
		Identity: Identity{AccountID: "123456789012", ARN: "arn:aws:sts::123456789012:assumed-role/keylease/keylease", AccessKeyID: "ASIA0000000000000000"},
		// KeyUser is what GetAccessKeyLastUsed says.
		UserExists: true, UserID: "AIDAREPORT", Path: "/service/", Key: v1alpha1.KeyActive, CreateDate: created,
		KeyUser: "svc-report", AccountHasUsers: true,
	}
}

// judged for the target.
func judged(o Observation) lifecycle.Reading {
	return lifecycle.Judge(o, target().AWSTarget, func() bool { return false })
}

// fakeIAM is an account with one user that obeys, in memory. What is strict about IAM is tested against the emulator.
type fakeIAM struct {
	Observed  Observation
	Inv       Inventory
	Policies  map[string]*Policy
	Calls     []string
	NextErr   map[string]error // by action; given once
	AfterCall func(Step)
	// SnapshotOf is the ID of another user that has the name by the time of the snapshot.
	SnapshotOf string
	clock      *testclock.FakePassiveClock
}

func (f *fakeIAM) Observe(context.Context, string, string) (Observation, error) {
	o := f.Observed
	o.Time = f.clock.Now()
	return o, f.next("Observe")
}

func (f *fakeIAM) Inventory(context.Context, string, string) (Inventory, error) {
	return f.Inv, f.next("Inventory")
}

func (f *fakeIAM) Policy(_ context.Context, arn string) (*Policy, error) {
	return f.Policies[arn], f.next("Policy")
}

func (f *fakeIAM) Snapshot(_ context.Context, user string) (Snapshot, error) {
	id := f.Observed.UserID
	if f.SnapshotOf != "" {
		id = f.SnapshotOf
	}
	return Snapshot{UserName: user, UserID: id}, f.next("Snapshot")
}

func (f *fakeIAM) next(what string) error {
	err := f.NextErr[what]
	delete(f.NextErr, what)
	return err
}

// Do carries out even what then fails with Uncertain.
func (f *fakeIAM) Do(_ context.Context, s Step) (string, error) {
	f.Calls = append(f.Calls, s.Action+" "+s.Target)
	err := f.next(s.Action)
	if err == nil || failure.Is(err, failure.Uncertain) {
		f.apply(s)
	}
	if f.AfterCall != nil {
		f.AfterCall(s)
	}
	return "request-id", err
}

func (f *fakeIAM) apply(s Step) {
	without := func(list []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(x string) bool { return x == s.Target })
	}
	switch s.Action {
	case ActionUpdateAccessKey:
		f.Observed.Key = v1alpha1.KeyActive
		if s.Target == f.Inv.AccessKeys[0]+SuffixInactive {
			f.Observed.Key = v1alpha1.KeyInactive
		}
	case ActionDeleteAccessKey:
		f.Observed.Key, f.Observed.KeyUser, f.Inv.AccessKeys = v1alpha1.KeyAbsent, "", without(f.Inv.AccessKeys)
	case ActionDeleteUser:
		f.Observed.UserExists, f.Observed.AccountHasUsers = false, false
	case ActionDetachPolicy:
		f.Inv.AttachedPolicies, f.Inv.Policy = without(f.Inv.AttachedPolicies), nil
		if p := f.Policies[s.Target]; p != nil {
			p.AttachedTo = nil
		}
	case ActionDeleteInlinePolicy:
		f.Inv.InlinePolicies = without(f.Inv.InlinePolicies)
	case ActionDeletePolicy:
		delete(f.Policies, s.Target)
	case ActionDeleteVersion:
		for _, p := range f.Policies {
			p.Versions = slices.DeleteFunc(p.Versions, func(v string) bool { return p.ARN+":"+v == s.Target })
		}
	}
}

// bench is a Runner with everything around it in memory.
type bench struct {
	*Runner
	iam   *fakeIAM
	clock *testclock.FakePassiveClock
	rev   *v1alpha1.RevocationStatus
	// recorded is every status persisted; recordErr fails the next.
	recorded  []*v1alpha1.RevocationStatus
	recordErr error
	snapshots map[string]string
	onSave    func()
	audited   []string
}

func newBench() *bench {
	clock := testclock.NewFakePassiveClock(observation().Time)
	policy := ownPolicyNow()
	policy.Versions = []string{"v1"}
	b := &bench{clock: clock, rev: &v1alpha1.RevocationStatus{}, snapshots: map[string]string{},
		iam: &fakeIAM{Observed: observation(), clock: clock, NextErr: map[string]error{},
			Inv: Inventory{AccessKeys: []string{target().AccessKeyID}, InlinePolicies: []string{"inline"},
				AttachedPolicies: []string{ownARN}, Policy: policy},
			Policies: map[string]*Policy{ownARN: policy}}}
	b.Runner = &Runner{IAM: b.iam, Snapshots: b, Record: b.record, Clock: clock, Users: &UserLocks{},
		Audit: func(s Step, id string, err error) { b.audited = append(b.audited, s.Action+" "+id) }}
	return b
}

func (b *bench) record(_ context.Context, rev *v1alpha1.RevocationStatus) error {
	if err := b.recordErr; err != nil {
		b.recordErr = nil
		return err
	}
	b.recorded = append(b.recorded, rev)
	return nil
}

func (b *bench) Save(_ context.Context, name string, data []byte) (string, error) {
	b.snapshots[name] = string(data)
	if b.onSave != nil {
		b.onSave()
	}
	return name, b.iam.next("Save")
}

// finish runs the teardown to its end, as a controller that retries does.
func (b *bench) finish(t *testing.T) {
	t.Helper()
	for range 10 {
		progress, err := b.Verify(ctx, target(), b.rev)
		if err != nil {
			t.Fatal(err)
		}
		if progress.Complete {
			return
		}
		b.passes(SettleTime)
	}
	t.Fatalf("not complete after 10 attempts: %+v", b.rev)
}

func (b *bench) passes(d time.Duration) { b.clock.SetTime(b.clock.Now().Add(d)) }

func problem(class failure.Class, code string) error {
	return &failure.Error{Class: class, Service: "iam", Operation: "test", Code: code, Message: "as the test says"}
}
