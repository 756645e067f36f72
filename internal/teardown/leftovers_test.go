package teardown_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

func TestAUserWithEveryLeftoverGoesCompletely(t *testing.T) {
	cases := map[string]iam.Options{
		"in one page":                           {},
		"in pages of one":                       {PageSize: 1},
		"in pages of one, the first ones empty": {PageSize: 1, EmptyFirstPage: true},
		"while lists lag behind":                {PageSize: 1, Lag: 5 * time.Second},
	}
	for name, options := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options)
			w.addFullUser()
			rev := w.lease(leased).finish(t)
			if diff := cmp.Diff(untouched, w.account.Inventory()); diff != "" {
				t.Errorf("the account (-want +got):\n%s", diff)
			}
			if len(rev.Retained) != 0 || rev.Intent != nil || rev.KeyDeletedTime == nil || rev.CompletionTime == nil {
				t.Errorf("status %+v", rev)
			}
			for _, call := range w.changes() {
				if strings.Contains(call, " ") {
					t.Errorf("a call was refused: %s", call)
				}
			}
		})
	}
}

// A stand-in for IAM that does not know a list has none of its things, and the user goes. One that has them after all
// refuses to delete the user, and so nothing is declared gone.
func TestAListThatTheServerDoesNotKnowKeepsNoUserFromGoing(t *testing.T) {
	for name, more := range map[string][]iam.UserOption{"with none of its things": nil, "with one": {iam.WithServiceCredential("codecommit.amazonaws.com")}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			w.account.AddUser("svc-report", more...)
			w.account.AddAccessKey("svc-report", iam.AccessKey{ID: leased, Created: born})
			l := w.lease(leased)
			w.Inject(iam.Fault{Action: "ListServiceSpecificCredentials", Code: "InternalFailure", Status: 501})
			if len(more) == 0 {
				l.finish(t)
			} else if _, err := l.step(ctx); !failure.Is(err, failure.Retry) || failure.Of(err).Code != "DeleteConflict" {
				t.Errorf("error %v", err)
			}
			if w.account.UserExists("svc-report") != (len(more) > 0) {
				t.Errorf("left:\n%s", strings.Join(w.account.Inventory(), "\n"))
			}
		})
	}
}

func TestTheSnapshotHoldsWhatTheUserWas(t *testing.T) {
	w := newWorld(t, iam.Options{PageSize: 1})
	w.addFullUser()
	rev := w.lease(leased).finish(t)
	var got teardown.Snapshot
	if err := json.Unmarshal([]byte(w.snapshots[rev.SnapshotRef.Name]), &got); err != nil {
		t.Fatal(err)
	}
	all := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	want := teardown.Snapshot{Version: 1, AccountID: accountID, Partition: "aws", UserName: "svc-report", Path: "/service/",
		CreateDate: start, UserID: got.UserID, Tags: []teardown.SnapshotTag{{Key: "team", Value: "data"}},
		Groups: []string{"reports", "staff"}, PermissionsBoundary: "arn:aws:iam::123456789012:policy/team/svc-report",
		InlinePolicies: []teardown.SnapshotPolicy{{Name: "first", Document: all},
			{Name: "second", Document: `{"Version":"2012-10-17","Statement":[]}`}},
		AttachedPolicies: []teardown.SnapshotPolicy{
			{Name: "shared", ARN: "arn:aws:iam::123456789012:policy/shared", Path: "/", Document: all},
			{Name: "svc-report", ARN: "arn:aws:iam::123456789012:policy/team/svc-report", Path: "/team/", Document: all},
			{ARN: "arn:aws:iam::aws:policy/ReadOnlyAccess"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
}

func TestASharedPolicyStays(t *testing.T) {
	cases := map[string]struct {
		share  func(*iam.Account, string)
		reason string
	}{
		"attached to a group":         {func(a *iam.Account, arn string) { a.AttachToGroup("staff", arn) }, v1alpha1.RetainedAttachedElsewhere},
		"attached to a role":          {func(a *iam.Account, arn string) { a.AttachToRole("app", arn) }, v1alpha1.RetainedAttachedElsewhere},
		"the boundary of another":     {func(a *iam.Account, arn string) { a.AddToUser("bystander", iam.WithBoundary(arn)) }, v1alpha1.RetainedUsedAsBoundary},
		"attached to another user":    {func(a *iam.Account, arn string) { a.AddToUser("bystander", iam.WithAttachedPolicy(arn)) }, v1alpha1.RetainedAttachedElsewhere},
		"shared on a page further on": {func(a *iam.Account, arn string) { a.AttachToRole("zz-last", arn) }, v1alpha1.RetainedAttachedElsewhere},
	}
	arn := "arn:aws:iam::123456789012:policy/team/svc-report"
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, iam.Options{PageSize: 1})
			w.addFullUser()
			c.share(w.account, arn)
			rev := w.lease(leased).finish(t)
			want := []v1alpha1.Retained{{Target: arn, Reason: c.reason}}
			if diff := cmp.Diff(want, rev.Retained); diff != "" {
				t.Errorf("retained (-want +got):\n%s", diff)
			}
			if !slices.Contains(w.account.Inventory(), "policy "+arn+" versions 5 default v5") {
				t.Errorf("the policy lost something:\n%s", strings.Join(w.account.Inventory(), "\n"))
			}
			if w.account.UserExists("svc-report") {
				t.Error("the user is still there")
			}
		})
	}
}

func TestAConsoleUserLosesOnlyTheKey(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.addFullUser()
	before := w.account.Inventory()
	l := w.lease(leased)
	l.target.KeepConsoleUsers = true
	rev := l.finish(t)
	want := slices.DeleteFunc(before, func(line string) bool { return strings.Contains(line, leased) })
	if diff := cmp.Diff(want, w.account.Inventory()); diff != "" {
		t.Errorf("the account (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]v1alpha1.Retained{{Target: "svc-report", Reason: v1alpha1.RetainedConsoleUser}}, rev.Retained); diff != "" {
		t.Errorf("retained (-want +got):\n%s", diff)
	}
}

func TestNothingIsChangedFor(t *testing.T) {
	cases := map[string]struct {
		change func(*testing.T, *world, *lease)
		reason string
	}{
		"a recreated user": {func(_ *testing.T, w *world, l *lease) { l.target.Pin.UserID = "AIDAFORMERUSER" }, v1alpha1.ReasonUserRecreated},
		"a recreated key":  {func(_ *testing.T, w *world, l *lease) { l.target.Pin.CreateDate = born.Add(-time.Hour) }, v1alpha1.ReasonKeyRecreated},
		"a protected user": {func(_ *testing.T, w *world, l *lease) {
			w.account.AddToUser("svc-report", iam.WithTag(lifecycle.ProtectedTag, "true"))
		}, v1alpha1.ReasonProtected},
		"a user outside the path": {func(_ *testing.T, w *world, l *lease) { l.target.PathPrefix = "/people/" }, v1alpha1.ReasonProtected},
		"a key of another user": {func(_ *testing.T, w *world, l *lease) {
			l.target.UserName, l.target.Pin.UserID = "bystander", w.account.UserID("bystander")
		}, v1alpha1.ReasonOtherUser},
		"the operator's own key":  {func(_ *testing.T, w *world, l *lease) { l.target.AccessKeyID = "AKIAOPERATOR00000001" }, v1alpha1.ReasonProtected},
		"the operator's own user": {func(_ *testing.T, w *world, l *lease) { l.target.UserName = "operator" }, v1alpha1.ReasonProtected},
		"credentials of another account": {func(t *testing.T, w *world, l *lease) {
			l.target.AccountID = "999999999999"
		}, v1alpha1.ReasonWrongAccount},
		"a key that was never pinned": {func(_ *testing.T, w *world, l *lease) { l.target.Pin = lifecycle.Pin{} }, v1alpha1.RetainedIdentityNotPinned},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, iam.Options{PageSize: 1})
			w.addFullUser()
			l := w.lease(leased)
			c.change(t, w, l)
			for range 3 {
				_, err := l.step(ctx)
				var refusal *teardown.Refusal
				if !errors.As(err, &refusal) || refusal.Reason != c.reason {
					t.Errorf("error %v, want a refusal with reason %s", err, c.reason)
				}
				w.passes(time.Minute)
			}
			if calls := w.changes(); len(calls) != 0 {
				t.Errorf("calls %v", calls)
			}
		})
	}
}

func TestAnEmptyAccountIsNotAKeyThatIsGone(t *testing.T) {
	w := newWorld(t, iam.Options{EmptyFirstPage: true})
	w.AddAccount("222233334444", iam.PartitionAWS).AddCredential("AKIAEMPTY00000000001", "arn:aws:iam::222233334444:role/keylease")
	w.client = w.connect(t, "AKIAEMPTY00000000001", "222233334444")
	l := w.lease(leased)
	l.target.AccountID = "222233334444"
	for range 3 {
		_, err := l.step(ctx)
		var refusal *teardown.Refusal
		if !errors.As(err, &refusal) || refusal.Reason != v1alpha1.ReasonEmptyAccount {
			t.Errorf("error %v, want a refusal for an empty account", err)
		}
		w.passes(time.Minute)
	}
	if l.stored != "{}" {
		t.Errorf("recorded %s", l.stored)
	}
}

func TestTheLastUserOfAnAccountGoesToo(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.addFullUser()
	// The bystander leaves, so that nobody is left after the deletion.
	other := w.lease("AKIABYSTANDER0000001")
	w.account.AddAccessKey("bystander", iam.AccessKey{ID: "AKIABYSTANDER0000001", Created: born})
	other.target.UserName, other.target.PolicyName, other.target.Pin.UserID = "bystander", "", w.account.UserID("bystander")
	other.finish(t)
	w.lease(leased).finish(t)
	if users := w.account.Users(); len(users) != 0 {
		t.Errorf("users %v are left", users)
	}
}

func TestAccessDeniedIsNotAbsent(t *testing.T) {
	for _, action := range []string{"GetUser", "ListUserTags", "ListAccessKeys", "GetLoginProfile", "ListUserPolicies", "GetPolicyVersion"} {
		t.Run(action, func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			w.addFullUser()
			w.Inject(iam.Fault{Action: action, Code: "AccessDenied"})
			l := w.lease(leased)
			for range 3 {
				if _, err := l.step(ctx); !failure.Is(err, failure.Denied) {
					t.Errorf("error %v, want one of class Denied", err)
				}
				w.passes(time.Minute)
			}
			for _, call := range w.changes() {
				if call != "UpdateAccessKey" && call != "DeleteAccessKey" {
					t.Errorf("call %s", call)
				}
			}
		})
	}
	t.Run("but for when the key was used last", func(t *testing.T) {
		w := newWorld(t, iam.Options{})
		w.addFullUser()
		w.Inject(iam.Fault{Action: "GetAccessKeyLastUsed", Code: "AccessDenied"})
		w.lease(leased).finish(t)
	})
}
