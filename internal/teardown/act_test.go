package teardown

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

// undone lets calls fail as if they may have been carried out, although they were not.
type undone struct {
	*fakeIAM
	action string
	times  int
	code   string
	// then happens at once after such a call.
	then func()
}

func (u *undone) Do(ctx context.Context, s Step) (string, error) {
	if s.Action != u.action || u.times == 0 {
		return u.fakeIAM.Do(ctx, s)
	}
	u.times--
	u.Calls = append(u.Calls, s.Action+" "+s.Target)
	if u.then != nil {
		u.then()
	}
	return "", problem(failure.Uncertain, u.code)
}

func actionOf(call string) string {
	action, _, _ := strings.Cut(call, " ")
	return action
}

func TestEachStepWhoseAnswerIsLostIsFoundDone(t *testing.T) {
	for _, step := range wholeOrder {
		t.Run(step, func(t *testing.T) {
			b := newBench()
			b.iam.AfterCall = func(s Step) {
				// The answer to the next call is lost.
				if i := slices.Index(wholeOrder, s.Action+" "+s.Target); i+1 < len(wholeOrder) && wholeOrder[i+1] == step {
					b.iam.NextErr[actionOf(step)] = problem(failure.Uncertain, "ConnectionLost")
				}
			}
			if step == wholeOrder[0] {
				b.iam.NextErr[ActionUpdateAccessKey] = problem(failure.Uncertain, "ConnectionLost")
			}
			if _, err := b.Run(ctx, target(), b.rev); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wholeOrder, b.iam.Calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if len(b.rev.Steps) != len(wholeOrder) || b.rev.Intent != nil {
				t.Errorf("steps %v, intent %v", b.rev.Steps, b.rev.Intent)
			}
		})
	}
}

func TestAStepThatWasNotDoneIsRepeatedAtOnceButNotForLong(t *testing.T) {
	for i, step := range wholeOrder {
		action := actionOf(step)
		t.Run(action, func(t *testing.T) {
			b := newBench()
			b.IAM = &undone{fakeIAM: b.iam, action: action, times: 1, code: "ServiceFailure"}
			if _, err := b.Run(ctx, target(), b.rev); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(slices.Insert(slices.Clone(wholeOrder), i, step), b.iam.Calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
		t.Run(action+" for ever", func(t *testing.T) {
			b := newBench()
			b.IAM = &undone{fakeIAM: b.iam, action: action, times: 100, code: "ServiceFailure"}
			_, err := b.Run(ctx, target(), b.rev)
			if !failure.Is(err, failure.Uncertain) || b.rev.Intent == nil || b.rev.Intent.Action != action {
				t.Errorf("error %v, intent %v", err, b.rev.Intent)
			}
			want := append(slices.Clone(wholeOrder[:i+1]), step)
			if action != ActionDeleteUser && action != ActionDeletePolicy {
				want = append(want, step) // no other thing can have its name a moment later
			}
			if !cmp.Equal(want, b.iam.Calls) {
				t.Errorf("calls (-want +got):\n%s", cmp.Diff(want, b.iam.Calls))
			}
		})
	}
}

// AWS may show the key as active only because it was deactivated a moment ago: whoever believes that lets its owner lose it
// a moment later.
func TestAKeyGivenBackWithALostAnswerIsNotBelievedToBeActiveTooSoon(t *testing.T) {
	b := newBench()
	b.rev = &v1alpha1.RevocationStatus{StartTime: &metav1.Time{Time: b.clock.Now()}, DeactivatedTime: &metav1.Time{Time: b.clock.Now()}}
	b.IAM = &undone{fakeIAM: b.iam, action: ActionUpdateAccessKey, times: 1, code: "ConnectionLost"}
	if _, err := b.Reactivate(ctx, target(), b.rev); err != nil {
		t.Fatal(err)
	}
	call := "UpdateAccessKey " + target().AccessKeyID + SuffixActive
	if want := []string{call, call}; !cmp.Equal(want, b.iam.Calls) {
		t.Errorf("calls (-want +got):\n%s", cmp.Diff(want, b.iam.Calls))
	}
}

// Between a call whose answer is lost and its repetition somebody may have done anything.
func TestAStepIsNotRepeatedThatTheGuardsForbidByNow(t *testing.T) {
	for name, c := range map[string]struct {
		action, code string
		then         func(*fakeIAM)
	}{
		"the user was protected":            {ActionDeleteAccessKey, "ServiceFailure", func(f *fakeIAM) { f.Observed.Tags = map[string]string{lifecycle.ProtectedTag: "true"} }},
		"the key was recreated":             {ActionDeleteAccessKey, "ServiceFailure", func(f *fakeIAM) { f.Observed.CreateDate = created.Add(time.Hour) }},
		"the user was recreated":            {ActionDeleteUser, "ServiceFailure", func(f *fakeIAM) { f.Observed.UserID = "AIDAOTHER" }},
		"the user got a key":                {ActionDeleteUser, "ServiceFailure", func(f *fakeIAM) { f.Observed.OtherKeys = []string{"AKIAKEYLEASE00000009"} }},
		"its list shows another key":        {ActionDeleteInlinePolicy, "ServiceFailure", func(f *fakeIAM) { f.Inv.AccessKeys = []string{"AKIAKEYLEASE00000009"} }},
		"the policy was attached to a role": {ActionDeleteVersion, "ServiceFailure", func(f *fakeIAM) { f.Policies[ownARN].AttachedTo = []string{"role/app"} }},
		"the policy was recreated":          {ActionDeletePolicy, "ServiceFailure", func(f *fakeIAM) { f.Policies[ownARN].PolicyID = "ANPAOTHER" }},
		"the credentials are others":        {ActionDeleteUser, "ServiceFailure", func(f *fakeIAM) { f.Observed.Identity.AccountID = "999999999999" }},
		"nobody answers at all":             {ActionDeleteUser, "Timeout", func(*fakeIAM) {}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			b.IAM = &undone{fakeIAM: b.iam, action: c.action, times: 100, code: c.code, then: func() { c.then(b.iam) }}
			_, err := b.Run(ctx, target(), b.rev)
			// Who has the name of a user that is gone is none of ours, and no reason to stop.
			var refusal *Refusal
			if !failure.Is(err, failure.Uncertain) && !errors.As(err, &refusal) && b.iam.Observed.UserID != "AIDAOTHER" {
				t.Errorf("error %v, want the lost answer or a refusal", err)
			}
			times := 0
			for _, call := range b.iam.Calls {
				if actionOf(call) == c.action {
					times++
				}
			}
			if times != 1 {
				t.Errorf("called %d times: %v", times, b.iam.Calls)
			}
		})
	}
}

// echoing shows, until it is let go on, what was so before a call that was carried out and whose answer was lost.
type echoing struct {
	*fakeIAM
	action string
	shown  *Observation
}

// losing is a bench on which the answer to the next such call is lost.
func losing(action string) (*bench, *echoing) {
	b := newBench()
	aws := &echoing{fakeIAM: b.iam, action: action}
	b.IAM = aws
	b.iam.NextErr[action] = problem(failure.Uncertain, "Timeout")
	return b, aws
}

func (e *echoing) Do(ctx context.Context, s Step) (string, error) {
	before := e.Observed
	id, err := e.fakeIAM.Do(ctx, s)
	if s.Action == e.action && failure.Is(err, failure.Uncertain) {
		e.shown = &before
	}
	return id, err
}

func (e *echoing) Observe(ctx context.Context, user, key string) (Observation, error) {
	o, err := e.fakeIAM.Observe(ctx, user, key)
	if e.shown != nil {
		shown := *e.shown
		shown.Time, o = o.Time, shown
	}
	return o, err
}

// A call was carried out, and nobody learnt of it. That its repetition is refused says nothing of it.
func TestAnIntentOfUnknownOutcomeOutlivesTheRefusalOfItsRepetition(t *testing.T) {
	refusals := map[string]failure.Class{"Throttling": failure.Retry, "NotSent": failure.Retry, "AccessDenied": failure.Denied, "ExpiredToken": failure.Credentials}
	for _, action := range []string{ActionUpdateAccessKey, ActionDeleteAccessKey, ActionDeleteUser} {
		for code, class := range refusals {
			t.Run(action+" "+code, func(t *testing.T) {
				b, aws := losing(action)
				if _, err := b.Run(ctx, target(), b.rev); !failure.Is(err, failure.Uncertain) {
					t.Fatalf("error %v", err)
				}
				began := b.rev.Intent.Time
				b.passes(time.Second)
				b.iam.NextErr[action] = problem(class, code)
				if _, err := b.Run(ctx, target(), b.rev); failure.Of(err).Code != code {
					t.Fatalf("error %v", err)
				}
				if i := b.rev.Intent; i == nil || i.Action != action || !i.Time.Equal(&began) {
					t.Errorf("intent %+v, want that of %s", i, began)
				}
				aws.shown = nil
				b.finish(t)
				if b.rev.Reason != v1alpha1.ReasonEndDatePassed || b.rev.DeactivatedTime == nil || len(b.rev.Retained) > 0 || len(b.rev.Steps) != len(wholeOrder) {
					t.Errorf("status %+v", b.rev)
				}
			})
		}
	}
}

// Before a key is given back that perhaps was deactivated, that is not known to be so.
func TestADeactivationOfUnknownOutcomeOutlivesARefusedActivation(t *testing.T) {
	b, _ := losing(ActionUpdateAccessKey)
	if _, err := b.Deactivate(ctx, target(), b.rev); !failure.Is(err, failure.Uncertain) {
		t.Fatalf("error %v", err)
	}
	b.iam.NextErr[ActionUpdateAccessKey] = problem(failure.Retry, "Throttling")
	if _, err := b.Reactivate(ctx, target(), b.rev); !failure.Is(err, failure.Retry) {
		t.Fatalf("error %v", err)
	}
	if _, err := b.Reactivate(ctx, target(), b.rev); err != nil || b.iam.Observed.Key != v1alpha1.KeyActive {
		t.Errorf("%v, the key is %s", err, b.iam.Observed.Key)
	}
}

// What is refused because it is still in use is still there.
func TestADeletionOfUnknownOutcomeThatThenConflictsWasNotCarriedOut(t *testing.T) {
	b := newBench()
	b.IAM = &undone{fakeIAM: b.iam, action: ActionDeleteUser, times: 1, code: "Timeout"}
	if _, err := b.Run(ctx, target(), b.rev); !failure.Is(err, failure.Uncertain) {
		t.Fatalf("error %v", err)
	}
	b.iam.AfterCall = func(s Step) { b.iam.NextErr[ActionDeleteUser] = problem(failure.Conflict, "DeleteConflict") }
	b.iam.NextErr[ActionDeleteUser] = problem(failure.Conflict, "DeleteConflict")
	if _, err := b.Run(ctx, target(), b.rev); !failure.Is(err, failure.Retry) || b.rev.Intent != nil {
		t.Errorf("error %v, intent %+v", err, b.rev.Intent)
	}
}

// counted counts the readings.
type counted struct {
	*fakeIAM
	observed int
}

func (c *counted) Observe(ctx context.Context, user, key string) (Observation, error) {
	c.observed++
	return c.fakeIAM.Observe(ctx, user, key)
}

func TestTheReadingThatTheDeedWasDecidedOnIsNotMadeAgain(t *testing.T) {
	run := func(b *bench) int {
		counting := &counted{fakeIAM: b.iam}
		b.IAM = counting
		_, _ = b.Run(ctx, target(), b.rev)
		return counting.observed
	}
	without := run(newBench())
	handed := func(change func(*Observation, *bench)) (*bench, int) {
		b, o := newBench(), observation()
		change(&o, b)
		r := judged(o)
		b.Observed = &r
		return b, run(b)
	}
	if _, got := handed(func(*Observation, *bench) {}); got != without-1 {
		t.Errorf("%d readings, want one less than %d", got, without)
	}
	if _, got := handed(func(_ *Observation, b *bench) { b.passes(SettleTime) }); got != without {
		t.Errorf("%d readings where the one handed over is old, want %d", got, without)
	}
	b, _ := handed(func(o *Observation, _ *bench) { o.Tags = map[string]string{lifecycle.ProtectedTag: "true"} })
	if len(b.iam.Calls) > 0 {
		t.Errorf("its guards were not asked: %v", b.iam.Calls)
	}
	// It is for one pass.
	b, _ = handed(func(*Observation, *bench) {})
	b.iam.Observed.Tags = map[string]string{lifecycle.ProtectedTag: "true"}
	b.rev = &v1alpha1.RevocationStatus{}
	if _, err := b.Run(ctx, target(), b.rev); err == nil {
		t.Error("a second pass went by the reading of the first")
	}
}

func TestAReadingThatIsOlderThanAnotherLeasesWorkIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, o := newBench(), observation()
		r := judged(o)
		b.Observed = &r
		unlock, _, err := b.Users.lock(t.Context(), target().lockKey())
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() {
			_, err := b.Run(t.Context(), target(), b.rev)
			ended <- err
		}()
		synctest.Wait() // it waits for the user
		b.iam.Observed.Tags = map[string]string{lifecycle.ProtectedTag: "true"}
		unlock()
		var refusal *Refusal
		if err := <-ended; !errors.As(err, &refusal) || len(b.iam.Calls) > 0 {
			t.Errorf("error %v after the calls %v", err, b.iam.Calls)
		}
	})
}
