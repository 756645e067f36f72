package awsiam_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

func TestReadsAreRepeatedAndChangesOnlyWhereTheyCertainlyDidNothing(t *testing.T) {
	cases := map[string]struct {
		fault iam.Fault
		// reads and changes are the attempts made of a call that is disturbed each time.
		reads, changes int
	}{
		"Throttling":                    {iam.Fault{Code: "Throttling"}, 3, 3},
		"ThrottlingException":           {iam.Fault{Code: "ThrottlingException"}, 3, 3},
		"RequestLimitExceeded":          {iam.Fault{Code: "RequestLimitExceeded"}, 3, 3},
		"ServiceFailure":                {iam.Fault{Code: "ServiceFailure"}, 3, 1},
		"ServiceUnavailable":            {iam.Fault{Code: "ServiceUnavailable"}, 3, 1},
		"a lost answer":                 {iam.Fault{LoseAnswer: true}, 3, 1},
		"ConcurrentModification":        {iam.Fault{Code: "ConcurrentModification"}, 1, 1},
		"EntityTemporarilyUnmodifiable": {iam.Fault{Code: "EntityTemporarilyUnmodifiable"}, 1, 1},
		"LimitExceeded":                 {iam.Fault{Code: "LimitExceeded"}, 1, 1},
		"DeleteConflict":                {iam.Fault{Code: "DeleteConflict"}, 1, 1},
		"AccessDenied":                  {iam.Fault{Code: "AccessDenied"}, 1, 1},
		"ValidationError":               {iam.Fault{Code: "ValidationError"}, 1, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			w.addReport()
			c.fault.Match = func(c iam.Call) bool { return c.Action == "GetUser" || c.Action == "UpdateAccessKey" }
			w.Inject(c.fault)
			if _, err := w.client.Observe(ctx, report, leased); err == nil {
				t.Error("the read gave no error")
			}
			if _, err := w.client.Do(ctx, step(teardown.ActionUpdateAccessKey, leased+":Inactive")); err == nil {
				t.Error("the change gave no error")
			}
			made := map[string]int{}
			for _, action := range w.actions() {
				made[action]++
			}
			want := map[string]int{"GetCallerIdentity": 1, "GetUser": c.reads, "UpdateAccessKey": c.changes}
			if diff := cmp.Diff(want, made); diff != "" {
				t.Errorf("attempts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsThrottledNowAndThenSucceeds(t *testing.T) {
	w := newWorld(t, iam.Options{PageSize: 1})
	w.addReport()
	w.Inject(iam.Fault{Code: "Throttling", Every: 3})
	for range 5 {
		if _, err := w.client.Inventory(ctx, report, report); err != nil {
			t.Fatal(err)
		}
		if _, err := w.client.Snapshot(ctx, report); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.client.Do(ctx, step(teardown.ActionDeleteAccessKey, leased)); err != nil {
		t.Fatal(err)
	}
}

func TestAThrottledAnswerOfSTSIsNoFaultOfTheCredentials(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.addReport()
	for _, code := range []string{"Throttling", "ServiceUnavailable"} {
		fault := w.Inject(iam.Fault{Action: "GetCallerIdentity", Code: code})
		_, err := w.client.Observe(ctx, report, leased)
		expectClass(t, err, failure.Retry)
		_, err = w.client.Do(ctx, step(teardown.ActionDeleteAccessKey, leased))
		expectClass(t, err, failure.Retry)
		fault.Clear()
	}
	if w.account.KeyStatus(leased) == "" {
		t.Error("the key was deleted without knowing whose credentials were used")
	}
}
