package teardown_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

// twoLeases gives svc-report everything and a second key, both of which end.
func (w *world) twoLeases() (first, second *lease) {
	w.addFullUser()
	w.account.AddAccessKey("svc-report", iam.AccessKey{ID: secondKey, Created: born})
	return w.lease(leased), w.lease(secondKey)
}

func TestTwoLeasesOfOneUserAtTheSameTime(t *testing.T) {
	for name, options := range map[string]iam.Options{"": {PageSize: 1}, "while lists lag behind": {Lag: 4 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options)
			first, second := w.twoLeases()
			for range 6 {
				var both sync.WaitGroup
				for _, l := range []*lease{first, second} {
					both.Go(func() {
						if _, err := l.step(ctx); err != nil {
							t.Errorf("%s: %v", l.target.AccessKeyID, err)
						}
					})
				}
				both.Wait()
				w.passes(teardown.SettleTime + time.Second)
			}
			if diff := cmp.Diff(untouched, w.account.Inventory()); diff != "" {
				t.Errorf("the account (-want +got):\n%s", diff)
			}
			for _, l := range []*lease{first, second} {
				if rev := l.status(); rev.CompletionTime == nil || rev.Intent != nil || rev.Reason != v1alpha1.ReasonEndDatePassed {
					t.Errorf("%s: %s", l.target.AccessKeyID, l.stored)
				}
			}
			for _, call := range w.changes() {
				// What lists still show is deleted again.
				if strings.Contains(call, " ") && (options.Lag == 0 || !strings.HasSuffix(call, " NoSuchEntity")) {
					t.Errorf("they were in each other's way: %s", call)
				}
			}
		})
	}
}

// Nobody else is in the account: after the user went, an account without users is what both leases left, not a wrong
// endpoint.
func TestTwoLeasesOfTheOnlyUserOfAnAccount(t *testing.T) {
	w, first, second := twoOfTheOnlyUser(t)
	for range 4 {
		for _, l := range []*lease{first, second} {
			if _, err := l.step(ctx); err != nil {
				t.Fatalf("%s: %v", l.target.AccessKeyID, err)
			}
		}
		w.passes(teardown.SettleTime + time.Second)
	}
	if anyLeft([]*lease{first, second}) || w.account.UserExists("svc-report") {
		t.Errorf("not complete: %s\n%s", first.stored, second.stored)
	}
}

// A process that begins after the user went has only the other lease's status to know it from.
func TestTheSecondLeaseOfTheOnlyUserOfAnAccountAfterARestart(t *testing.T) {
	for name, elsewhere := range map[string]bool{"deleted by another lease": true, "deleted by nobody knows whom": false} {
		t.Run(name, func(t *testing.T) {
			w, first, second := twoOfTheOnlyUser(t)
			for _, l := range []*lease{first, second} {
				if _, err := l.step(ctx); err != nil {
					t.Fatalf("%s: %v", l.target.AccessKeyID, err)
				}
			}
			w.client = w.connect(t, "AKIAOPERATOR00000002", w.account.ID())
			w.passes(teardown.SettleTime)
			first.elsewhere = elsewhere
			_, err := first.step(ctx)
			var refusal *teardown.Refusal
			if errors.As(err, &refusal) == elsewhere || refusal != nil && refusal.Reason != v1alpha1.ReasonEmptyAccount {
				t.Errorf("error %v", err)
			}
			if complete := first.status().CompletionTime != nil; complete != elsewhere {
				t.Errorf("complete: %t", complete)
			}
		})
	}
}

// twoOfTheOnlyUser are leases of two keys of one user, beside whom nobody is in the account.
func twoOfTheOnlyUser(t *testing.T) (w *world, first, second *lease) {
	t.Helper()
	w = newWorld(t, iam.Options{})
	w.leaveOnly("222233334444")
	w.account.AddUser("svc-report")
	for _, key := range []string{leased, secondKey} {
		w.account.AddAccessKey("svc-report", iam.AccessKey{ID: key, Created: born})
	}
	return w, w.lease(leased), w.lease(secondKey)
}

// leaveOnly goes over to an account in which there is nobody.
func (w *world) leaveOnly(account string) {
	w.account = w.AddAccount(account, iam.PartitionAWS)
	w.account.AddCredential("AKIAOPERATOR00000002", "arn:aws:iam::"+account+":role/keylease")
	w.t.Helper()
	w.client = w.connect(w.t, "AKIAOPERATOR00000002", account)
}

func TestAUserWithALivingKeyLosesOnlyTheExpiredOneAndGoesWithTheLast(t *testing.T) {
	w := newWorld(t, iam.Options{PageSize: 1})
	first, second := w.twoLeases()
	before := w.account.Inventory()
	rev := first.finish(t)
	want := slices.DeleteFunc(slices.Clone(before), func(line string) bool { return strings.Contains(line, leased) })
	if diff := cmp.Diff(want, w.account.Inventory()); diff != "" {
		t.Errorf("after the first (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]v1alpha1.Retained{{Target: "svc-report", Reason: v1alpha1.RetainedOtherKeys}}, rev.Retained); diff != "" {
		t.Errorf("retained (-want +got):\n%s", diff)
	}
	w.passes(30 * 24 * time.Hour)
	rev = second.finish(t)
	if diff := cmp.Diff(untouched, w.account.Inventory()); diff != "" || len(rev.Retained) != 0 {
		t.Errorf("after the last, retained %v (-want +got):\n%s", rev.Retained, diff)
	}
}

// A key that is inactive may be wanted again: it is a key.
func TestAnInactiveOtherKeySavesTheUserToo(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.addFullUser()
	w.account.AddAccessKey("svc-report", iam.AccessKey{ID: secondKey, Created: born, Inactive: true})
	w.lease(leased).finish(t)
	if w.account.KeyStatus(secondKey) != "Inactive" || w.account.KeyStatus(leased) != "" {
		t.Errorf("keys: leased %q, other %q", w.account.KeyStatus(leased), w.account.KeyStatus(secondKey))
	}
}

// Two users at once wait for each other nowhere.
func TestLeasesOfTwoUsersDoNotWaitForEachOther(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.addFullUser()
	w.account.AddAccessKey("bystander", iam.AccessKey{ID: "AKIABYSTANDER0000001", Created: born})
	other := w.lease("AKIABYSTANDER0000001")
	other.target.UserName, other.target.PolicyName, other.target.Pin.UserID = "bystander", "", w.account.UserID("bystander")
	stalled := w.Inject(iam.Fault{User: "svc-report", Action: "DeleteAccessKey", Stall: true})
	done := make(chan error, 1)
	go func() { _, err := w.lease(leased).step(ctx); done <- err }()
	<-stalled.Reached()
	other.finish(t) // hangs, were there one lock for all
	stalled.Release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
