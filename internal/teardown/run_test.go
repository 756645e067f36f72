package teardown

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

var ctx = context.Background()

var wholeOrder = []string{
	"UpdateAccessKey AKIAKEYLEASE00000002:Inactive", "DeleteAccessKey AKIAKEYLEASE00000002",
	"DeleteUserPolicy inline", "DetachUserPolicy " + ownARN, "DeleteUser svc-report",
	"DeletePolicyVersion " + ownARN + ":v1", "DeletePolicy " + ownARN,
}

func TestADeletionIsDoneThenVerifiedLater(t *testing.T) {
	b := newBench()
	got, err := b.Run(ctx, target(), b.rev)
	want := Progress{Done: true, VerifyAt: b.clock.Now().Add(SettleTime)}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatalf("run: %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(wholeOrder, b.iam.Calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if got, err := b.Verify(ctx, target(), b.rev); err != nil || got.Complete {
		t.Errorf("verified too early: %+v, %v", got, err)
	}
	b.passes(SettleTime)
	got, err = b.Verify(ctx, target(), b.rev)
	if err != nil || !got.Complete || b.rev.CompletionTime == nil || len(b.iam.Calls) != len(wholeOrder) {
		t.Errorf("verify: %+v, %v, calls %v", got, err, b.iam.Calls)
	}
	if last := b.recorded[len(b.recorded)-1]; !cmp.Equal(last, b.rev) {
		t.Errorf("not persisted:\n%s", cmp.Diff(last, b.rev))
	}
}

// Status keeps no parts of a second: one that was dropped must not shorten the time in which IAM may show what is gone.
func TestTheSettlingTimeIsWholeAfterARestartToo(t *testing.T) {
	b := newBench()
	b.passes(900 * time.Millisecond)
	progress, err := b.Run(ctx, target(), b.rev)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := json.Marshal(b.rev)
	restarted := &v1alpha1.RevocationStatus{}
	if err := json.Unmarshal(data, restarted); err != nil {
		t.Fatal(err)
	}
	if at := VerifyAt(restarted); at.Before(b.clock.Now().Add(SettleTime)) || !at.Equal(progress.VerifyAt) {
		t.Errorf("verified at %s, before the restart %s; all was done at %s", at, progress.VerifyAt, b.clock.Now())
	}
}

func TestEveryIntentIsPersistedBeforeItsCall(t *testing.T) {
	b := newBench()
	b.iam.AfterCall = func(s Step) {
		last := b.recorded[len(b.recorded)-1]
		if last.Intent == nil || last.Intent.Action != s.Action || last.Intent.Target != s.Target {
			t.Errorf("%s %s was called with the intent %v on record", s.Action, s.Target, last.Intent)
		}
	}
	if _, err := b.Run(ctx, target(), b.rev); err != nil {
		t.Fatal(err)
	}
	if b.rev.Intent != nil || len(b.rev.Steps) != len(wholeOrder) {
		t.Errorf("afterwards intent %v, %d steps", b.rev.Intent, len(b.rev.Steps))
	}
}

func TestNothingIsCalledThatCannotBeRecorded(t *testing.T) {
	b := newBench()
	conflict := errors.New("the lease was changed meanwhile")
	b.recordErr = conflict
	if _, err := b.Run(ctx, target(), b.rev); !errors.Is(err, conflict) {
		t.Errorf("error %v, want %v", err, conflict)
	}
	if len(b.iam.Calls) != 0 || b.rev.Intent != nil {
		t.Errorf("calls %v, intent %v", b.iam.Calls, b.rev.Intent)
	}
}

func TestAFailureOfACall(t *testing.T) {
	cases := map[string]struct {
		class       failure.Class
		keepsIntent bool
	}{
		"that did nothing leaves no intent":              {failure.Denied, false},
		"that can never succeed leaves no intent":        {failure.Terminal, false},
		"that can be repeated leaves no intent":          {failure.Retry, false},
		"for bad credentials leaves no intent":           {failure.Credentials, false},
		"whose outcome is unknown leaves the intent":     {failure.Uncertain, true},
		"that nobody has classified leaves the intent":   {"", true},
		"that conflicts with something is not a success": {failure.Conflict, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			b.iam.NextErr[ActionUpdateAccessKey] = problem(c.class, "Code")
			if c.class == "" {
				b.iam.NextErr[ActionUpdateAccessKey] = errors.New("unclassified")
			}
			// Looking for what became of it fails too.
			b.iam.AfterCall = func(Step) { b.iam.NextErr["Observe"] = problem(failure.Retry, "Throttling") }
			_, _ = b.Deactivate(ctx, target(), b.rev)
			if got := b.rev.Intent != nil; got != c.keepsIntent {
				t.Errorf("intent on record: %t, want %t", got, c.keepsIntent)
			}
			if b.rev.DeactivatedTime != nil {
				t.Error("recorded as deactivated")
			}
		})
	}
}

func TestEveryReadErrorStopsBeforeAnythingMore(t *testing.T) {
	for _, read := range []string{"Observe", "Inventory", "Snapshot", "Save"} {
		for _, class := range []failure.Class{failure.Retry, failure.Denied, failure.Credentials, failure.Terminal} {
			t.Run(read+" "+string(class), func(t *testing.T) {
				b := newBench()
				b.iam.NextErr[read] = problem(class, "Code")
				if _, err := b.Run(ctx, target(), b.rev); !failure.Is(err, class) {
					t.Fatalf("error %v, want class %s", err, class)
				}
				if !slices.Equal(b.iam.Calls, wholeOrder[:len(b.iam.Calls)]) || len(b.iam.Calls) > 2 {
					t.Errorf("calls %v: more than the key was touched", b.iam.Calls)
				}
			})
		}
	}
}

func TestAKeyThatIsGoneCostsItsUserOnlyWhenSeenTwice(t *testing.T) {
	b := newBench()
	b.iam.Observed.Key, b.iam.Observed.KeyUser, b.iam.Inv.AccessKeys = v1alpha1.KeyAbsent, "", nil
	got, err := b.Run(ctx, target(), b.rev)
	if err != nil || !got.KeyAlreadyGone || len(b.iam.Calls) != 0 || b.rev.Reason != v1alpha1.ReasonKeyAlreadyGone {
		t.Fatalf("first look: %+v, %v, calls %v, reason %s", got, err, b.iam.Calls, b.rev.Reason)
	}
	b.passes(SettleTime)
	if got, err := b.Verify(ctx, target(), b.rev); err != nil || got.Complete {
		t.Fatalf("second look: %+v, %v: what was done just now is not verified yet", got, err)
	}
	if diff := cmp.Diff(wholeOrder[2:], b.iam.Calls); diff != "" {
		t.Errorf("second look, calls (-want +got):\n%s", diff)
	}
	b.passes(SettleTime)
	if got, err := b.Verify(ctx, target(), b.rev); err != nil || !got.Complete || !got.KeyAlreadyGone {
		t.Errorf("third look: %+v, %v", got, err)
	}
}

func TestAnEmptyAnswerOnceDoesNotCostTheUser(t *testing.T) {
	b := newBench()
	b.iam.Observed.Key = v1alpha1.KeyAbsent
	if _, err := b.Run(ctx, target(), b.rev); err != nil {
		t.Fatal(err)
	}
	b.iam.Observed.Key = v1alpha1.KeyActive
	b.passes(SettleTime)
	if _, err := b.Verify(ctx, target(), b.rev); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wholeOrder, b.iam.Calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if b.rev.Reason != v1alpha1.ReasonEndDatePassed {
		t.Errorf("reason %s", b.rev.Reason)
	}
}

// Two empty answers with months between them, and a living key in the meantime, are not two looks.
func TestAFirstLookOfLongAgoDoesNotCount(t *testing.T) {
	b := newBench()
	absent := func() { b.iam.Observed.Key, b.iam.Observed.KeyUser, b.iam.Inv.AccessKeys = v1alpha1.KeyAbsent, "", nil }
	absent()
	if _, err := b.Run(ctx, target(), b.rev); err != nil {
		t.Fatal(err)
	}
	b.passes(60 * 24 * time.Hour)
	for _, look := range []func(context.Context, Target, *v1alpha1.RevocationStatus) (Progress, error){b.Verify, b.Run, b.Verify} {
		if got, err := look(ctx, target(), b.rev); err != nil || got.Complete || len(b.iam.Calls) != 0 {
			t.Errorf("%+v, %v, calls %v", got, err, b.iam.Calls)
		}
	}
	b.passes(SettleTime)
	if _, err := b.Verify(ctx, target(), b.rev); err != nil || len(b.iam.Calls) == 0 {
		t.Errorf("the second look: %v, calls %v", err, b.iam.Calls)
	}
}

// An attempt that failed is no first look either.
func TestAKeyThatGoesAfterAFailedAttemptIsLookedForTwice(t *testing.T) {
	b := newBench()
	start(b.rev, metav1.NewTime(b.clock.Now()))
	b.passes(SettleTime)
	b.iam.Observed.Key, b.iam.Observed.KeyUser, b.iam.Inv.AccessKeys = v1alpha1.KeyAbsent, "", nil
	if got, err := b.Verify(ctx, target(), b.rev); err != nil || got.Complete || len(b.iam.Calls) != 0 {
		t.Errorf("first look: %+v, %v, calls %v", got, err, b.iam.Calls)
	}
	b.passes(SettleTime)
	if _, err := b.Verify(ctx, target(), b.rev); err != nil || len(b.iam.Calls) == 0 {
		t.Errorf("second look: %v, calls %v", err, b.iam.Calls)
	}
}

func TestAKeyGoneWithoutPinLeavesTheUserAlone(t *testing.T) {
	b, target := newBench(), target()
	target.Pin = lifecycle.Pin{}
	b.iam.Observed.Key, b.iam.Inv.AccessKeys = v1alpha1.KeyAbsent, nil
	for range 2 {
		if _, err := b.Verify(ctx, target, b.rev); err != nil {
			t.Fatal(err)
		}
		b.passes(SettleTime)
	}
	want := []v1alpha1.Retained{{Target: "svc-report", Reason: v1alpha1.RetainedIdentityNotPinned}}
	if diff := cmp.Diff(want, b.rev.Retained); diff != "" || len(b.iam.Calls) != 0 || b.rev.CompletionTime == nil {
		t.Errorf("calls %v, completed %v, retained (-want +got):\n%s", b.iam.Calls, b.rev.CompletionTime, diff)
	}
}

func TestAGuardThatTripsBetweenStagesStopsThere(t *testing.T) {
	cases := map[string]struct {
		after  string
		change func(*Observation)
		want   int // calls made
	}{
		"protected after the key went":        {ActionDeleteAccessKey, func(o *Observation) { o.Tags = map[string]string{lifecycle.ProtectedTag: "true"} }, 2},
		"recreated after the key went":        {ActionDeleteAccessKey, func(o *Observation) { o.UserID = "AIDAOTHER" }, 2},
		"recreated before the user goes":      {ActionDetachPolicy, func(o *Observation) { o.UserID = "AIDAOTHER" }, 4},
		"protected before the user goes":      {ActionDetachPolicy, func(o *Observation) { o.Tags = map[string]string{lifecycle.ProtectedTag: "true"} }, 4},
		"another account before the policy":   {ActionDeleteUser, func(o *Observation) { o.Identity.AccountID = "999999999999" }, 5},
		"a renamed user is not a key's end":   {ActionUpdateAccessKey, func(o *Observation) { o.UserExists, o.Key, o.KeyUser = false, v1alpha1.KeyAbsent, "renamed" }, 2},
		"an account that turned out as empty": {ActionDeleteAccessKey, func(o *Observation) { o.UserExists, o.AccountHasUsers = false, false }, 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			b.iam.AfterCall = func(s Step) {
				if s.Action == c.after {
					c.change(&b.iam.Observed)
					if c.after == ActionUpdateAccessKey {
						b.iam.NextErr[ActionDeleteAccessKey] = problem(failure.NotFound, "NoSuchEntity")
					}
				}
			}
			_, err := b.Run(ctx, target(), b.rev)
			var refusal *Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("error %v, want a refusal", err)
			}
			if diff := cmp.Diff(wholeOrder[:c.want], b.iam.Calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAKeyMadeMeanwhileSavesTheUser(t *testing.T) {
	b := newBench()
	b.iam.AfterCall = func(s Step) {
		if s.Action == ActionDetachPolicy {
			b.iam.Observed.OtherKeys = []string{"AKIAOTHER00000000001"}
		}
	}
	if _, err := b.Run(ctx, target(), b.rev); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(b.iam.Calls, "DeleteUser svc-report") || slices.Contains(b.iam.Calls, "DeletePolicy "+ownARN) {
		t.Errorf("calls %v", b.iam.Calls)
	}
	want := []v1alpha1.Retained{{Target: "svc-report", Reason: v1alpha1.RetainedOtherKeys}}
	if diff := cmp.Diff(want, b.rev.Retained); diff != "" {
		t.Errorf("retained (-want +got):\n%s", diff)
	}
}

func TestAKeyThatCannotBeDeletedYetKeepsItsUserWhole(t *testing.T) {
	b := newBench()
	b.iam.NextErr[ActionDeleteAccessKey] = problem(failure.Conflict, "DeleteConflict")
	if _, err := b.Run(ctx, target(), b.rev); !failure.Is(err, failure.Retry) {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(wholeOrder[:2], b.iam.Calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAnEndlessConflictIsGivenBack(t *testing.T) {
	b := newBench()
	b.iam.AfterCall = func(s Step) {
		b.iam.NextErr[ActionDeleteUser] = problem(failure.Conflict, "DeleteConflict")
	}
	_, err := b.Run(ctx, target(), b.rev)
	if !failure.Is(err, failure.Retry) || b.rev.Intent != nil || len(b.iam.Calls) > 20 {
		t.Errorf("error %v, intent %v, %d calls", err, b.rev.Intent, len(b.iam.Calls))
	}
}

// The user is recreated between two readings: what hangs on the new one is not taken from it.
func TestASnapshotOfAnotherUserStopsTheTeardown(t *testing.T) {
	b := newBench()
	b.iam.SnapshotOf = "AIDAOTHER"
	_, err := b.Run(ctx, target(), b.rev)
	if refusal := (*Refusal)(nil); !errors.As(err, &refusal) || refusal.Reason != v1alpha1.ReasonUserRecreated {
		t.Errorf("got %v, want the refusal %s", err, v1alpha1.ReasonUserRecreated)
	}
	if diff := cmp.Diff(wholeOrder[:2], b.iam.Calls); diff != "" {
		t.Errorf("more than the key was touched (-want +got):\n%s", diff)
	}
}

func TestTheSnapshotComesBeforeAnythingButTheKey(t *testing.T) {
	b := newBench()
	b.iam.AfterCall = func(s Step) {
		saved := b.snapshots["akiakeylease00000002-snapshot"] != ""
		onKey := s.Action == ActionUpdateAccessKey || s.Action == ActionDeleteAccessKey
		if saved == onKey {
			t.Errorf("at %s the snapshot was kept: %t", s.Action, saved)
		}
	}
	if _, err := b.Run(ctx, target(), b.rev); err != nil {
		t.Fatal(err)
	}
	_, digest, _ := Snapshot{UserName: "svc-report", UserID: "AIDAREPORT"}.Encode()
	want := &v1alpha1.SnapshotReference{Name: "akiakeylease00000002-snapshot", SHA256: digest}
	if diff := cmp.Diff(want, b.rev.SnapshotRef); diff != "" {
		t.Errorf("reference (-want +got):\n%s", diff)
	}
}

func TestEveryChangingCallIsAudited(t *testing.T) {
	b := newBench()
	b.iam.NextErr[ActionDeleteInlinePolicy] = problem(failure.Denied, "AccessDenied")
	_, _ = b.Run(ctx, target(), b.rev)
	want := []string{"UpdateAccessKey request-id", "DeleteAccessKey request-id", "DeleteUserPolicy request-id"}
	if diff := cmp.Diff(want, b.audited); diff != "" {
		t.Errorf("audited (-want +got):\n%s", diff)
	}
}

func TestAStepWhoseAnswerWasLostIsAuditedOnceMoreWhenAWSShowsIt(t *testing.T) {
	b := newBench()
	b.iam.NextErr[ActionDeleteAccessKey] = problem(failure.Uncertain, "ConnectionLost")
	_, _ = b.Run(ctx, target(), b.rev)
	want := []string{"UpdateAccessKey request-id", "DeleteAccessKey request-id", "DeleteAccessKey ", "DeleteUserPolicy request-id"}
	if diff := cmp.Diff(want, b.audited[:4]); diff != "" {
		t.Errorf("audited (-want +got):\n%s", diff)
	}
}

func TestTheLockOfAUserEndsWithTheContext(t *testing.T) {
	var locks UserLocks
	unlock, _, err := locks.lock(ctx, "user")
	if err != nil {
		t.Fatal(err)
	}
	given, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if _, _, err := locks.lock(given, "user"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a held lock gave %v", err)
	}
	unlock()
	if unlock, _, err = locks.lock(ctx, "user"); err != nil {
		t.Errorf("a free lock gave %v", err)
	}
	unlock()
}
