package teardown_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

// killed is a way for the process to die. It arms the world so that kill is called at the moment.
type killed func(w *world, leases []*lease, kill func())

// before the n-th call of IAM or STS arrives: it is not carried out.
func beforeCall(n int) killed {
	return func(w *world, _ []*lease, kill func()) {
		w.Inject(iam.Fault{Stall: true, Match: func(c iam.Call) bool {
			if c.Number-w.before == n {
				kill()
			}
			return c.Number-w.before == n
		}})
	}
}

// after the n-th call was carried out, before its answer.
func afterCall(n int) killed {
	return func(w *world, _ []*lease, kill func()) {
		w.Inject(iam.Fault{LoseAnswer: true, Match: func(c iam.Call) bool { return c.Number-w.before == n }})
		w.onCarriedOut = func(c iam.Call) {
			if c.Number-w.before == n {
				kill()
			}
		}
	}
}

// atRecord is when a status is recorded for the n-th time: before it is stored, or after.
func atRecord(n int, stored bool) killed {
	return func(_ *world, leases []*lease, kill func()) {
		count := 0
		for _, l := range leases {
			l.onRecord = func(store func()) error {
				if count++; count != n {
					store()
					return nil
				}
				if stored {
					store()
				}
				kill()
				return context.Canceled
			}
		}
	}
}

// situation is an account and the leases in it that end.
type situation struct {
	options iam.Options
	seed    func(*world) []*lease
	// reads: the process dies around every read as well. One situation is enough for that.
	reads bool
}

var situations = map[string]situation{
	"a user with everything, in pages of one": {reads: true, options: iam.Options{PageSize: 1}, seed: func(w *world) []*lease {
		w.addSmallFullUser()
		return []*lease{w.lease(leased)}
	}},
	"a user with everything, while lists lag behind": {options: iam.Options{Lag: 5 * time.Second}, seed: func(w *world) []*lease {
		w.addSmallFullUser()
		return []*lease{w.lease(leased)}
	}},
	"a user with a living key": {seed: func(w *world) []*lease {
		w.addSmallFullUser()
		w.account.AddAccessKey("svc-report", iam.AccessKey{ID: secondKey, Created: born})
		return []*lease{w.lease(leased)}
	}},
	"a shared policy": {seed: func(w *world) []*lease {
		w.addSmallFullUser()
		w.account.AttachToRole("app", ownPolicyARN)
		return []*lease{w.lease(leased)}
	}},
	"a key that somebody deleted": {seed: func(w *world) []*lease {
		w.addSmallFullUser()
		l := w.lease(leased)
		w.deleteKey(leased)
		return []*lease{l}
	}},
	"a grace period": {seed: func(w *world) []*lease {
		w.addSmallFullUser()
		l := w.lease(leased)
		l.grace = true
		return []*lease{l}
	}},
	"two leases of one user, while lists lag behind": {options: iam.Options{Lag: 3 * time.Second}, seed: func(w *world) []*lease {
		own := w.account.AddPolicy("svc-report", "/team/", "")
		w.account.AddUser("svc-report", iam.WithVirtualMFA("svc-report"), iam.WithAttachedPolicy(own))
		w.account.AddAccessKey("svc-report", iam.AccessKey{ID: leased, Created: born})
		w.account.AddAccessKey("svc-report", iam.AccessKey{ID: secondKey, Created: born})
		return []*lease{w.lease(leased), w.lease(secondKey)}
	}},
}

// For every single call, and every single write of status: the process dies there, another begins with nothing but what
// was recorded, and the end is the same as if nothing had happened.
func TestAKillAtAnyMomentChangesNothing(t *testing.T) {
	for name, s := range situations {
		t.Run(name, func(t *testing.T) {
			undisturbed, leases := s.run(t, nil)
			want := outcomeOf(undisturbed, leases)
			for i, c := range undisturbed.Calls()[undisturbed.before:] {
				if s.reads || c.Changing() {
					s.expect(t, fmt.Sprintf("before call %d, %s", i+1, c.Action), beforeCall(i+1), want)
					s.expect(t, fmt.Sprintf("after call %d, %s", i+1, c.Action), afterCall(i+1), want)
				}
			}
			records := 0
			for _, l := range leases {
				records += l.records
			}
			for n := 1; n <= records; n++ {
				s.expect(t, fmt.Sprintf("before record %d", n), atRecord(n, false), want)
				s.expect(t, fmt.Sprintf("after record %d", n), atRecord(n, true), want)
			}
		})
	}
}

// outcome is how a situation ended.
type outcome struct {
	Account []string
	// Changes that took effect, sorted, each once.
	Changes  []string
	Statuses []string
}

func outcomeOf(w *world, leases []*lease) outcome {
	o := outcome{Account: w.account.Inventory(), Changes: w.effects()}
	for _, l := range leases {
		rev := l.status()
		var steps []string
		for _, s := range rev.Steps {
			steps = append(steps, s.Action+" "+s.Target)
		}
		slices.Sort(steps)
		o.Statuses = append(o.Statuses, fmt.Sprintf("%s complete %t intent %v retained %v policy %v snapshot %t",
			rev.Reason, rev.CompletionTime != nil, rev.Intent, rev.Retained, rev.Policy != nil, rev.SnapshotRef != nil))
	}
	return o
}

func (s situation) expect(t *testing.T, when string, k killed, want outcome) {
	t.Helper()
	w, leases := s.run(t, k)
	if diff := cmp.Diff(want, outcomeOf(w, leases)); diff != "" {
		t.Errorf("killed %s, the end is another (-want +got):\n%s", when, diff)
	}
}

// run begins in a fresh account, is killed once if k says so, and then runs to the end.
func (s situation) run(t *testing.T, k killed) (*world, []*lease) {
	t.Helper()
	w := newWorld(t, s.options)
	leases := s.seed(w)
	w.before = len(w.Calls())
	w.watch(t, leases)
	if k != nil {
		life, kill := context.WithCancel(ctx)
		k(w, leases, kill)
		for range 40 {
			if life.Err() != nil || !anyLeft(leases) {
				break
			}
			w.round(life, t, leases)
		}
		if life.Err() == nil {
			t.Fatal("it was never killed")
		}
		w.restart(t, leases)
	}
	for range 40 {
		if !anyLeft(leases) {
			return w, leases
		}
		w.round(ctx, t, leases)
	}
	t.Fatalf("not complete: %s\nstill there:\n%s", leases[0].stored, strings.Join(w.account.Inventory(), "\n"))
	return nil, nil
}

func anyLeft(leases []*lease) bool {
	return slices.ContainsFunc(leases, func(l *lease) bool { return l.status().CompletionTime == nil })
}

// round lets every lease do what is due, as a controller does, and then time pass.
func (w *world) round(life context.Context, t *testing.T, leases []*lease) {
	t.Helper()
	for _, l := range leases {
		if _, err := l.step(life); err != nil && life.Err() == nil && !failure.Is(err, failure.Retry, failure.Uncertain) {
			t.Fatalf("cannot go on: %v", err)
		}
		if life.Err() != nil {
			return
		}
	}
	w.passes(teardown.SettleTime + time.Second)
}

// restart throws away all that lives in memory.
func (w *world) restart(t *testing.T, leases []*lease) {
	t.Helper()
	w.ClearFaults()
	w.onCarriedOut = nil
	w.users = &teardown.UserLocks{}
	w.client = w.connect(t, "AKIAOPERATOR00000001", accountID)
	for _, l := range leases {
		l.onRecord = nil
	}
	w.passes(time.Second)
	w.rules.begin()
}

// effects are the changing calls that were carried out.
func (w *world) effects() []string {
	var done []string
	for _, c := range w.Calls() {
		if c.Changing() && c.Service == "iam" && c.Code == "" && c.Status != 0 {
			done = append(done, describe(c))
		}
	}
	slices.Sort(done)
	return slices.Compact(done) // a key may be deactivated twice
}

func describe(c iam.Call) string {
	text := c.Action
	for _, name := range []string{"UserName", "AccessKeyId", "Status", "SerialNumber", "SSHPublicKeyId", "CertificateId",
		"ServiceSpecificCredentialId", "PolicyName", "PolicyArn", "VersionId", "GroupName"} {
		value := c.Params[name]
		if strings.HasSuffix(name, "KeyId") && name != "AccessKeyId" || name == "CertificateId" || name == "ServiceSpecificCredentialId" {
			value = strings.Repeat("x", min(1, len(value))) // IAM chose it
		}
		if value != "" {
			text += " " + value
		}
	}
	return text
}

// rules are what no call may break, whatever happened before it.
type rules struct {
	leases []*lease
	// life are the calls since the process began.
	life []string
}

func (r *rules) begin() { r.life = nil }

// watch checks every call as it arrives.
func (w *world) watch(t *testing.T, leases []*lease) {
	w.rules.leases = leases
	w.SetHooks(iam.Hooks{
		Before: func(c iam.Call) {
			if c.Service == "iam" && c.Changing() {
				if err := w.rules.broken(c); err != nil {
					t.Errorf("call %d, %s: %v", c.Number, describe(c), err)
				}
				w.rules.life = append(w.rules.life, "change")
				return
			}
			w.rules.life = append(w.rules.life, c.Action)
		},
		After: func(c iam.Call) {
			if w.onCarriedOut != nil {
				w.onCarriedOut(c)
			}
		},
	})
}

// broken is the rule that a changing call breaks.
func (r *rules) broken(c iam.Call) error {
	var owner *v1alpha1.RevocationStatus
	for _, l := range r.leases {
		if i := l.status().Intent; i != nil && i.Action == c.Action && names(c, i.Target) {
			owner = l.status()
		}
	}
	lastChange := 0
	for i, action := range r.life {
		if action == "change" {
			lastChange = i + 1
		}
	}
	seen := func(since []string, actions ...string) bool {
		return !slices.ContainsFunc(actions, func(a string) bool { return !slices.Contains(since, a) })
	}
	onKey := strings.HasSuffix(c.Action, "AccessKey")
	switch {
	case c.User() != "" && c.User() != "svc-report" || strings.Contains(fmt.Sprint(c.Params), "bystander") || strings.Contains(c.Params["PolicyArn"], "shared") && c.Action != "DetachUserPolicy":
		return errors.New("it is on something else")
	case owner == nil:
		return errors.New("no intent was recorded")
	case !seen(r.life, "GetCallerIdentity", "GetUser"):
		return errors.New("the guards were not asked since the process began")
	case onKey && !seen(r.life, "ListUserTags", "ListAccessKeys"):
		return errors.New("neither tags nor keys were read since the process began")
	case !onKey && owner.SnapshotRef == nil:
		return errors.New("no snapshot was taken")
	case !onKey && owner.KeyDeletedTime == nil:
		return errors.New("the key is still there")
	case c.Action == "DetachUserPolicy" && owner.Policy == nil:
		return errors.New("the policy was not pinned")
	case c.Action == "DeleteUser" && !seen(r.life[lastChange:], "GetCallerIdentity", "GetUser", "ListUserTags", "ListAccessKeys"):
		return errors.New("the guards were not asked again right before it")
	case strings.HasPrefix(c.Action, "DeletePolicy") && !seen(r.life, "GetPolicy", "ListEntitiesForPolicy", "ListPolicyVersions"):
		return errors.New("the uses of the policy were not read")
	}
	return nil
}

// names tells whether the call is about the target of an intent.
func names(c iam.Call, target string) bool {
	id, status, _ := strings.Cut(target, ":")
	switch c.Action {
	case "UpdateAccessKey":
		return c.Params["AccessKeyId"] == id && c.Params["Status"] == status
	case "DeletePolicyVersion":
		return c.Params["PolicyArn"]+":"+c.Params["VersionId"] == target
	}
	for _, value := range c.Params {
		if value == target {
			return true
		}
	}
	return false
}
