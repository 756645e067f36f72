package awsiam_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

var operator = teardown.Identity{AccountID: accountID, ARN: operatorARN, UserName: "operator", AccessKeyID: operatorKey}

// pagings are the ways in which IAM may cut its lists.
var pagings = map[string]iam.Options{
	"in one page":                           {},
	"in pages of one":                       {PageSize: 1},
	"in pages of one, the first ones empty": {PageSize: 1, EmptyFirstPage: true},
}

func TestObserveShowsAKeyAndItsUser(t *testing.T) {
	for name, options := range pagings {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options)
			w.addReport()
			got, err := w.client.Observe(ctx, report, leased)
			if err != nil {
				t.Fatal(err)
			}
			want := teardown.Observation{Time: start, Identity: operator, UserExists: true, UserID: w.account.UserID(report),
				Path: "/service/", Tags: map[string]string{"team": "data", "Env": "prod+1 %"}, ConsolePassword: true,
				Key: v1alpha1.KeyActive, CreateDate: born, KeyUser: report, OtherKeys: []string{second}, AccountHasUsers: true,
				LastUsed: &v1alpha1.LastUsed{Date: metav1.NewTime(used), Service: "s3", Region: "ap-northeast-1"}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestObserveShowsWhatIsNotThere(t *testing.T) {
	cases := map[string]struct {
		user, key string
		want      func(*teardown.Observation)
	}{
		"an inactive key that was never used": {report, second, func(o *teardown.Observation) {
			o.Key, o.CreateDate, o.KeyUser, o.OtherKeys, o.LastUsed = v1alpha1.KeyInactive, start, report, []string{leased}, nil
		}},
		"no such key": {report, "AKIAUNKNOWN000000000", func(o *teardown.Observation) {
			o.Key, o.CreateDate, o.KeyUser, o.OtherKeys, o.LastUsed = v1alpha1.KeyAbsent, time.Time{}, "", []string{leased, second}, nil
		}},
		"no such user, and no such key": {"nobody", "AKIAUNKNOWN000000000", func(o *teardown.Observation) {
			*o = teardown.Observation{Time: start, Identity: operator, Key: v1alpha1.KeyAbsent, AccountHasUsers: true}
		}},
		"the key of another user": {"nobody", leased, func(o *teardown.Observation) {
			*o = teardown.Observation{Time: start, Identity: operator, Key: v1alpha1.KeyAbsent, AccountHasUsers: true, KeyUser: report, LastUsed: o.LastUsed}
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, iam.Options{PageSize: 1, EmptyFirstPage: true})
			w.addReport()
			want, err := w.client.Observe(ctx, report, leased)
			if err != nil {
				t.Fatal(err)
			}
			c.want(&want)
			got, err := w.client.Observe(ctx, c.user, c.key)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestAnAccountWithoutUsersIsSeenAsEmpty(t *testing.T) {
	w := newWorld(t, iam.Options{EmptyFirstPage: true})
	o, err := w.client.Observe(ctx, report, leased)
	if err != nil || o.AccountHasUsers || o.UserExists || o.Key != v1alpha1.KeyAbsent {
		t.Errorf("%+v, %v", o, err)
	}
}

// An endpoint to which nothing of the account exists, the list of its users included, is no account to conclude from: that
// has to be seen, not to be retried.
func TestWhereNothingAtAllExistsTheAccountIsSeenAsEmpty(t *testing.T) {
	server := wire{"GetUser": notFound, "GetAccessKeyLastUsed": notFound, "ListUsers": notFound}
	o, err := server.client(t).Observe(ctx, report, leased)
	if err != nil || o.AccountHasUsers || o.UserExists || o.Key != v1alpha1.KeyAbsent {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestNothingIsReadOfAnotherAccount(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.addReport()
	client := w.as(t, awsiam.Access{AccountID: otherID})
	o, err := client.Observe(ctx, report, leased)
	if diff := cmp.Diff(teardown.Observation{Time: start, Identity: operator}, o); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	_, err = client.AccountKeys(ctx, "")
	expectClass(t, err, failure.Credentials)
	_, err = client.Do(ctx, teardown.Step{Action: teardown.ActionDeleteUser, UserName: report, Target: report})
	expectClass(t, err, failure.Credentials)
	if seen := w.actions(); !slices.Equal(slices.Compact(seen), []string{"GetCallerIdentity"}) {
		t.Errorf("calls %v", seen)
	}
}

// Each read that guards rest on must be answered, or nothing is known.
func TestWhatCannotBeReadIsNotAbsent(t *testing.T) {
	reads := map[string][]string{
		report:   {"GetCallerIdentity", "GetUser", "ListUserTags", "ListAccessKeys", "GetLoginProfile"},
		"nobody": {"ListUsers"},
	}
	classes := map[string]failure.Class{"AccessDenied": failure.Denied, "AccessDeniedException": failure.Denied,
		"Throttling": failure.Retry, "ServiceFailure": failure.Retry, "InvalidClientTokenId": failure.Credentials}
	for user, actions := range reads {
		for _, action := range actions {
			for code, class := range classes {
				t.Run(action+" "+code, func(t *testing.T) {
					w := newWorld(t, iam.Options{})
					w.addReport()
					w.Inject(iam.Fault{Action: action, Code: code})
					_, err := w.client.Observe(ctx, user, leased)
					expectClass(t, err, class)
				})
			}
		}
	}
}

func TestWhenAKeyWasUsedLastIsOptional(t *testing.T) {
	for code, optional := range map[string]bool{"AccessDenied": true, "AccessDeniedException": true, "InvalidAction": true,
		"NoSuchEntity": true, "Throttling": false, "ServiceFailure": false, "InvalidClientTokenId": false} {
		t.Run(code, func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			w.addReport()
			w.Inject(iam.Fault{Action: "GetAccessKeyLastUsed", Code: code})
			o, err := w.client.Observe(ctx, report, leased)
			if (err == nil) != optional {
				t.Errorf("error %v", err)
			}
			if optional && (o.Key != v1alpha1.KeyActive || o.LastUsed != nil || o.KeyUser != "" || !o.UseUnknown) {
				t.Errorf("observed %+v", o)
			}
		})
	}
}

func TestAUserThatVanishesBetweenTwoReadsIsReadAgain(t *testing.T) {
	for _, action := range []string{"ListUserTags", "ListAccessKeys"} {
		t.Run(action, func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			w.addReport()
			w.Inject(iam.Fault{Action: action, Code: "NoSuchEntity"})
			_, err := w.client.Observe(ctx, report, leased)
			expectClass(t, err, failure.Retry)
		})
	}
}

func TestNothingIsAskedWithoutAName(t *testing.T) {
	w := newWorld(t, iam.Options{})
	calls := map[string]func() error{
		"Observe without user":   func() error { _, err := w.client.Observe(ctx, "", leased); return err },
		"Observe without key":    func() error { _, err := w.client.Observe(ctx, report, ""); return err },
		"Inventory without user": func() error { _, err := w.client.Inventory(ctx, "", report); return err },
		"Snapshot without user":  func() error { _, err := w.client.Snapshot(ctx, ""); return err },
		"Do without user": func() error {
			_, err := w.client.Do(ctx, teardown.Step{Action: teardown.ActionDeleteAccessKey, Target: leased})
			return err
		},
		"Do without target": func() error {
			_, err := w.client.Do(ctx, teardown.Step{Action: teardown.ActionDeleteAccessKey, UserName: report})
			return err
		},
		"Do of what it does not know": func() error {
			_, err := w.client.Do(ctx, teardown.Step{Action: "CreateAccessKey", UserName: report, Target: report})
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			expectClass(t, call(), failure.Terminal)
			if seen := w.actions(); len(seen) != 0 {
				t.Errorf("calls %v", seen)
			}
		})
	}
}

func TestTheKeysOfAnAccountAreListed(t *testing.T) {
	for name, options := range pagings {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options)
			w.addReport()
			w.account.AddUser("other")
			w.account.AddAccessKey("other", iam.AccessKey{ID: "AKIAOTHER00000000001", Created: born})
			w.account.AddUser("without-key")
			all := []awsiam.AccountKey{
				{UserName: "other", AccessKeyID: "AKIAOTHER00000000001", Status: v1alpha1.KeyActive, CreateDate: born},
				{UserName: report, AccessKeyID: leased, Status: v1alpha1.KeyActive, CreateDate: born},
				{UserName: report, AccessKeyID: second, Status: v1alpha1.KeyInactive, CreateDate: start}}
			for prefix, want := range map[string][]awsiam.AccountKey{"": all, "/service/": all[1:], "/none/": nil} {
				got, err := w.client.AccountKeys(ctx, prefix)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("under %q: %v (-want +got):\n%s", prefix, err, diff)
				}
			}
		})
	}
}

func TestTheIdentityIsAskedAnewForEveryObservation(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.addReport()
	count := func(call func() error) (asked int) {
		t.Helper()
		if err := call(); err != nil {
			t.Fatal(err)
		}
		for _, action := range w.actions() {
			if action == "GetCallerIdentity" {
				asked++
			}
		}
		return asked
	}
	observe := func() error { _, err := w.client.Observe(ctx, report, leased); return err }
	identity := func() error {
		id, err := w.client.Identity(ctx)
		if id != operator {
			return errors.Join(err, errors.New("another identity"))
		}
		return err
	}
	if first, again := count(observe), count(observe); first != 1 || again != 1 {
		t.Errorf("two observations asked %d and %d times", first, again)
	}
	if soon := count(identity); soon != 0 {
		t.Errorf("within two minutes it was asked for %d times", soon)
	}
	w.clock.SetTime(start.Add(2 * time.Minute))
	if later := count(identity); later != 1 {
		t.Errorf("after two minutes it was asked for %d times", later)
	}
}

// Whoever asks after a refusal must not hear what was true two minutes ago.
func TestAnIdentityThatWasRefusedIsNotRememberedAsGood(t *testing.T) {
	w := newWorld(t, iam.Options{})
	if _, err := w.client.Identity(ctx); err != nil {
		t.Fatal(err)
	}
	w.Inject(iam.Fault{Action: "GetCallerIdentity", Code: "InvalidClientTokenId"})
	if _, err := w.client.Observe(ctx, report, leased); !failure.Is(err, failure.Credentials) {
		t.Fatalf("observed: %v", err)
	}
	if _, err := w.client.Identity(ctx); !failure.Is(err, failure.Credentials) {
		t.Errorf("the identity is known to be good: %v", err)
	}
}
