package teardown_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

// after lets somebody change the account at once after an action was carried out for the first time.
func (w *world) after(action string, change func()) {
	done := false
	w.SetHooks(iam.Hooks{After: func(c iam.Call) {
		if c.Action == action && c.Code == "" && !done {
			done = true
			change()
		}
	}})
}

// Somebody changes something in AWS in the middle of a teardown. What the guards then forbid is not done.
func TestWhatHappensInAWSMeanwhile(t *testing.T) {
	protect := func(w *world) { w.account.AddToUser("svc-report", iam.WithTag(lifecycle.ProtectedTag, "true")) }
	recreate := func(w *world) {
		w.account.RemoveUser("svc-report")
		w.account.AddUser("svc-report", iam.WithPath("/service/"), iam.WithLoginProfile(), iam.WithInlinePolicy("first", ""), iam.WithVirtualMFA("svc-report"))
	}
	cases := map[string]struct {
		after  string
		change func(*world)
		// last is the last change that is made; reason why it stops there.
		last, reason string
	}{
		"protected when the key was deactivated":   {"UpdateAccessKey", protect, "DeleteAccessKey", v1alpha1.ReasonProtected},
		"protected when the key was deleted":       {"DeleteAccessKey", protect, "DeleteAccessKey", v1alpha1.ReasonProtected},
		"protected just before the user goes":      {"RemoveUserFromGroup", protect, "RemoveUserFromGroup", v1alpha1.ReasonProtected},
		"recreated when the key was deleted":       {"DeleteAccessKey", recreate, "DeleteAccessKey", v1alpha1.ReasonUserRecreated},
		"moved out of the path":                    {"DeleteAccessKey", func(w *world) { w.account.RenameUser("svc-report", "svc-report", "/people/") }, "DeleteAccessKey", v1alpha1.ReasonProtected},
		"renamed when the key was deactivated":     {"UpdateAccessKey", func(w *world) { w.account.RenameUser("svc-report", "renamed", "/service/") }, "DeleteAccessKey NoSuchEntity", v1alpha1.ReasonOtherUser},
		"the operator loses its rights in between": {"DeleteAccessKey", func(w *world) { w.allowOnly("sts:") }, "DeleteAccessKey", "AccessDenied"},
		"the account shows nobody at all of a sudden": {"DeleteAccessKey", func(w *world) {
			w.account.RemoveUser("svc-report")
			w.account.RemoveUser("bystander")
		}, "DeleteAccessKey", v1alpha1.ReasonEmptyAccount},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, iam.Options{PageSize: 1})
			w.addSmallFullUser()
			l := w.lease(leased)
			l.target.PathPrefix = "/service/"
			var then []string
			w.after(c.after, func() { c.change(w); then = w.account.Inventory() })
			for range 3 {
				_, err := l.step(ctx)
				var refusal *teardown.Refusal
				if err == nil || !errors.As(err, &refusal) && !strings.Contains(err.Error(), c.reason) || refusal != nil && refusal.Reason != c.reason {
					t.Errorf("error %v, want %s", err, c.reason)
				}
				w.passes(time.Minute)
			}
			calls := w.changes()
			if last := calls[len(calls)-1]; last != c.last {
				t.Errorf("calls %v, want %s to be the last", calls, c.last)
			}
			then = slices.DeleteFunc(then, func(line string) bool { return c.last == "DeleteAccessKey" && strings.Contains(line, leased) })
			if diff := cmp.Diff(then, w.account.Inventory()); diff != "" {
				t.Errorf("what was changed afterwards (-then +now):\n%s", diff)
			}
			if rev := l.status(); rev.CompletionTime != nil {
				t.Error("recorded as complete")
			} else if c.reason == v1alpha1.ReasonOtherUser && rev.KeyDeletedTime != nil {
				t.Error("the living key is recorded as deleted")
			}
		})
	}
}

// allowOnly takes from the operator all rights but those that begin with the prefix.
func (w *world) allowOnly(prefix string) {
	w.account.Allow("arn:aws:iam::123456789012:user/operator", func(action, _ string) bool { return strings.HasPrefix(action, prefix) })
}

// It goes on, but leaves alone what became somebody else's.
func TestWhatIsKeptForWhatHappenedMeanwhile(t *testing.T) {
	policy := func(w *world) []string { return []string{"policy " + ownPolicyARN + " versions 2 default v2"} }
	cases := map[string]struct {
		after  string
		change func(*world)
		want   v1alpha1.Retained
		// kept are lines of the inventory.
		kept func(*world) []string
	}{
		"a new key": {"DetachUserPolicy", func(w *world) {
			w.account.AddAccessKey("svc-report", iam.AccessKey{ID: secondKey, Created: start})
		}, v1alpha1.Retained{Target: "svc-report", Reason: v1alpha1.RetainedOtherKeys}, func(*world) []string {
			return []string{"user svc-report access key " + secondKey + " Active", "user arn:aws:iam::123456789012:user/service/svc-report"}
		}},
		"a console password": {"RemoveUserFromGroup", func(w *world) {
			w.account.AddToUser("svc-report", iam.WithLoginProfile())
		}, v1alpha1.Retained{Target: "svc-report", Reason: v1alpha1.RetainedConsoleUser}, func(*world) []string {
			return []string{"user svc-report login profile", "user arn:aws:iam::123456789012:user/service/svc-report"}
		}},
		"the policy was attached to a role": {"DeleteUser", func(w *world) { w.account.AttachToRole("app", ownPolicyARN) },
			v1alpha1.Retained{Target: ownPolicyARN, Reason: v1alpha1.RetainedAttachedElsewhere}, policy},
		"the policy became a boundary": {"DeleteUser", func(w *world) { w.account.AddToUser("bystander", iam.WithBoundary(ownPolicyARN)) },
			v1alpha1.Retained{Target: ownPolicyARN, Reason: v1alpha1.RetainedUsedAsBoundary}, policy},
		"the user was recreated with the policy": {"DeleteUser", func(w *world) {
			w.account.AddUser("svc-report", iam.WithAttachedPolicy(ownPolicyARN))
			w.passes(teardown.SettleTime) // no echo of the former user any more
		}, v1alpha1.Retained{Target: ownPolicyARN, Reason: v1alpha1.RetainedAttachedElsewhere}, func(w *world) []string {
			return append(policy(w), "user arn:aws:iam::123456789012:user/svc-report", "user svc-report attached "+ownPolicyARN)
		}},
		"the policy was recreated": {"DeleteUser", func(w *world) { w.recreatePolicy() },
			v1alpha1.Retained{Target: ownPolicyARN, Reason: v1alpha1.RetainedPolicyChanged}, policy},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, iam.Options{PageSize: 1})
			w.addSmallFullUser()
			l := w.lease(leased)
			if c.want.Reason == v1alpha1.RetainedConsoleUser {
				// Only of a user that had none before: it would not have been begun with.
				w.deleteLogin(t)
				l.target.KeepConsoleUsers = true
			}
			w.after(c.after, func() { c.change(w) })
			rev := l.finish(t)
			if diff := cmp.Diff([]v1alpha1.Retained{c.want}, rev.Retained); diff != "" {
				t.Errorf("retained (-want +got):\n%s", diff)
			}
			for _, line := range c.kept(w) {
				if !slices.Contains(w.account.Inventory(), line) {
					t.Errorf("%q is gone; left is\n%s", line, strings.Join(w.account.Inventory(), "\n"))
				}
			}
		})
	}
}

func (w *world) deleteLogin(t *testing.T) {
	t.Helper()
	if _, err := w.client.Do(ctx, teardown.Step{Action: teardown.ActionDeleteLoginProfile, UserName: "svc-report", Target: "svc-report"}); err != nil {
		t.Fatal(err)
	}
	w.ResetCalls()
}

// recreatePolicy makes another policy of the same ARN, as somebody would with the console.
func (w *world) recreatePolicy() {
	w.account.RemovePolicy(ownPolicyARN)
	w.account.AddPolicy("svc-report", "/team/", "", iam.WithVersions(2))
}

// The key is gone; who the user is by now cannot be known by its former name, and so nothing more of it is touched.
func TestAUserRenamedAfterItsKeyWentIsLeftAlone(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.addSmallFullUser()
	var then []string
	w.after("DeleteAccessKey", func() {
		w.account.RenameUser("svc-report", "renamed", "/service/")
		then = w.account.Inventory()
	})
	w.lease(leased).finish(t)
	if diff := cmp.Diff(then, w.account.Inventory()); diff != "" {
		t.Errorf("(-then +now):\n%s", diff)
	}
}

// A virtual device that was deactivated by somebody before is nobody's: it is not of this user any more.
func TestDevicesOfOthersStay(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.addSmallFullUser()
	w.after("DeactivateMFADevice", func() {
		// The hardware device came first in the list; the virtual one goes to somebody else once it is free.
		w.after("DeactivateMFADevice", func() { w.account.AssignMFA("svc-report", "bystander") })
	})
	rev := w.lease(leased).finish(t)
	serial := "arn:aws:iam::123456789012:mfa/svc-report"
	if diff := cmp.Diff([]v1alpha1.Retained{{Target: serial, Reason: v1alpha1.RetainedAttachedElsewhere}}, rev.Retained); diff != "" {
		t.Errorf("retained (-want +got):\n%s", diff)
	}
	if !slices.Contains(w.account.Inventory(), "user bystander MFA device "+serial) || w.account.UserExists("svc-report") {
		t.Errorf("left:\n%s", strings.Join(w.account.Inventory(), "\n"))
	}
}

// Between the deletion of its last key and its own the user goes: nobody here deleted it, and it may live on.
func TestAUserThatVanishesIsReported(t *testing.T) {
	rename := func(w *world) { w.account.RenameUser("svc-report", "svc-renamed", "/service/") }
	for name, c := range map[string]struct {
		change    func(*world)
		elsewhere bool
		want      []v1alpha1.Retained
	}{
		"renamed by somebody":      {change: rename, want: []v1alpha1.Retained{{Target: "svc-report", Reason: v1alpha1.RetainedUserNotFound}}},
		"deleted by somebody":      {change: func(w *world) { w.account.RemoveUser("svc-report") }, want: []v1alpha1.Retained{{Target: "svc-report", Reason: v1alpha1.RetainedUserNotFound}}},
		"deleted by another lease": {change: func(w *world) { w.account.RemoveUser("svc-report") }, elsewhere: true},
		"deleted by this lease":    {change: func(*world) {}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			w.addSmallFullUser()
			l := w.lease(leased)
			l.elsewhere = c.elsewhere
			w.after("DeleteAccessKey", func() { c.change(w) })
			rev := l.finish(t)
			if diff := cmp.Diff(c.want, rev.Retained, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("retained (-want +got):\n%s", diff)
			}
		})
	}
}
