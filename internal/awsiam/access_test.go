package awsiam_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	testclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

const externalID = "keylease/key-requests"

// addRole lets the operator become a role of another account, in which svc-report lives.
func (w *world) addRole(t *testing.T) (*iam.Account, awsiam.Access) {
	t.Helper()
	other := w.AddAccount(otherID, iam.PartitionAWS)
	other.AddRole("keylease", iam.Trust{Principals: []string{operatorARN}, ExternalID: externalID})
	other.AddUser(report)
	other.AddAccessKey(report, iam.AccessKey{ID: "AKIAELSEWHERE0000001", Created: born})
	w.account.AddUser("operator")
	return other, awsiam.Access{AccountID: otherID, RoleARN: "arn:aws:iam::210987654321:role/keylease", ExternalID: externalID}
}

func TestARoleIsAssumedWithItsExternalID(t *testing.T) {
	w := newWorld(t, iam.Options{})
	other, access := w.addRole(t)
	client := w.as(t, access)
	o, err := client.Observe(ctx, report, "AKIAELSEWHERE0000001")
	if err != nil {
		t.Fatal(err)
	}
	assumed := w.Calls()[0].Params
	want := map[string]string{"RoleArn": "arn:aws:iam::210987654321:role/keylease", "ExternalId": externalID, "RoleSessionName": "keylease", "DurationSeconds": "900"}
	if diff := cmp.Diff(want, assumed); diff != "" {
		t.Errorf("AssumeRole (-want +got):\n%s", diff)
	}
	if id := o.Identity; id.AccountID != otherID || !strings.HasSuffix(id.ARN, ":assumed-role/keylease/keylease") ||
		id.UserName != "" || id.SourceAccessKeyID != operatorKey || id.SourceUser != "" {
		t.Errorf("identity %+v", id)
	}
	if _, err := client.Do(ctx, step(teardown.ActionDeleteAccessKey, "AKIAELSEWHERE0000001")); err != nil || other.KeyStatus("AKIAELSEWHERE0000001") != "" {
		t.Errorf("delete the key: %v, it is %s", err, other.KeyStatus("AKIAELSEWHERE0000001"))
	}
}

// A user that assumes a role of its own account must be known, so that it is not deleted with the role's rights.
func TestTheUserBehindARoleIsKnown(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.addReport()
	w.account.AddRole("keylease", iam.Trust{Principals: []string{operatorARN}, ExternalID: externalID})
	o, err := w.as(t, awsiam.Access{AccountID: accountID, RoleARN: "arn:aws:iam::123456789012:role/keylease", ExternalID: externalID}).Observe(ctx, report, leased)
	if err != nil || o.Identity.SourceUser != "operator" || o.Identity.SourceAccessKeyID != operatorKey {
		t.Errorf("identity %+v, %v", o.Identity, err)
	}
}

func TestARoleThatCannotBeAssumed(t *testing.T) {
	cases := map[string]struct {
		change func(*world, *awsiam.Access)
		class  failure.Class
		says   string
	}{
		"does not exist":           {func(_ *world, a *awsiam.Access) { a.RoleARN = "arn:aws:iam::210987654321:role/none" }, failure.Credentials, "role/none"},
		"wants another sheet's ID": {func(_ *world, a *awsiam.Access) { a.ExternalID = "stranger/sheet" }, failure.Credentials, "external ID stranger/sheet"},
		"is throttled": {func(w *world, _ *awsiam.Access) {
			w.Inject(iam.Fault{Action: "AssumeRole", Code: "Throttling"})
		}, failure.Retry, "Rate exceeded"},
		"while STS is down": {func(w *world, _ *awsiam.Access) {
			w.Inject(iam.Fault{Action: "AssumeRole", Code: "ServiceUnavailable"})
		}, failure.Retry, "temporary failure"},
		"while nothing answers": {func(w *world, _ *awsiam.Access) {
			w.Inject(iam.Fault{Action: "AssumeRole", LoseAnswer: true})
		}, failure.Retry, "connection"},
		"by a key that was deleted": {func(w *world, _ *awsiam.Access) {
			w.Inject(iam.Fault{Action: "AssumeRole", Code: "InvalidClientTokenId"})
		}, failure.Credentials, "InvalidClientTokenId"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			other, access := w.addRole(t)
			factory := newFactory(t, w.clock)
			good := clientOf(t, factory, awsiam.Access{AccountID: accountID})
			w.addReport()
			c.change(w, &access)
			client := clientOf(t, factory, access)
			_, observing := client.Observe(ctx, report, "AKIAELSEWHERE0000001")
			_, doing := client.Do(ctx, step(teardown.ActionDeleteAccessKey, "AKIAELSEWHERE0000001"))
			for _, err := range []error{observing, doing} {
				expectClass(t, err, c.class)
				if err != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("error %q does not say %q", err, c.says)
				}
				if advice := "correct spec.aws.roleARN"; err != nil && strings.Contains(err.Error(), advice) != (c.class == failure.Credentials) {
					t.Errorf("error %q: advice for what passes by itself, or none for what does not", err)
				}
			}
			if other.KeyStatus("AKIAELSEWHERE0000001") != "Active" {
				t.Error("the key was touched")
			}
			if _, err := good.Observe(ctx, report, leased); err != nil {
				t.Errorf("another account stalls as well: %v", err)
			}
		})
	}
}

// The end of a reconcile while a role is being assumed says nothing about the role.
func TestADeadlineWhileARoleIsAssumedIsNoMissingCredential(t *testing.T) {
	w := newWorld(t, iam.Options{})
	_, access := w.addRole(t)
	client := w.as(t, access)
	stalled := w.Inject(iam.Fault{Action: "AssumeRole", Stall: true})
	given, cancel := context.WithDeadline(ctx, time.Now().Add(200*time.Millisecond))
	defer cancel()
	_, err := client.Observe(given, report, "AKIAELSEWHERE0000001")
	expectClass(t, err, failure.Retry)
	stalled.Release()
}

// AWS's clock decides when a session ends, not this machine's.
func TestASessionThatAWSCallsExpiredIsRenewed(t *testing.T) {
	w := newWorld(t, iam.Options{})
	other, access := w.addRole(t)
	w.clock.SetTime(time.Now()) // the SDK knows no other clock
	client := w.as(t, access)
	observe := func() error { _, err := client.Observe(ctx, report, "AKIAELSEWHERE0000001"); return err }
	if err := observe(); err != nil {
		t.Fatal(err)
	}
	w.Inject(iam.Fault{Action: "ListAccessKeys", Code: "ExpiredToken", Times: 1})
	w.Inject(iam.Fault{Action: "UpdateAccessKey", Code: "ExpiredTokenException", Times: 1})
	if err := observe(); err != nil {
		t.Errorf("a read: %v", err)
	}
	w.ResetCalls()
	if _, err := client.Do(ctx, step(teardown.ActionUpdateAccessKey, "AKIAELSEWHERE0000001:Inactive")); err != nil {
		t.Errorf("a change: %v", err)
	}
	if other.KeyStatus("AKIAELSEWHERE0000001") != "Inactive" {
		t.Error("the change was not made")
	}
	// The account of each new session is asked for before it changes anything.
	var order []string
	for _, action := range w.actions() {
		if action != "AssumeRole" {
			order = append(order, action)
		}
	}
	if diff := cmp.Diff([]string{"GetCallerIdentity", "UpdateAccessKey", "GetCallerIdentity", "UpdateAccessKey"}, order); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	w.Inject(iam.Fault{Action: "UpdateAccessKey", Code: "ExpiredToken"})
	_, err := client.Do(ctx, step(teardown.ActionUpdateAccessKey, "AKIAELSEWHERE0000001:Active"))
	expectClass(t, err, failure.Credentials)
}

func TestWithoutCredentialsTheErrorSaysSo(t *testing.T) {
	w := newWorld(t, iam.Options{})
	environment(t, w.url, "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	_, err := w.as(t, awsiam.Access{AccountID: accountID}).Observe(ctx, report, leased)
	expectClass(t, err, failure.Credentials)
	if err == nil || !strings.Contains(err.Error(), "no AWS credentials were found in the environment") {
		t.Errorf("error %v", err)
	}
}

func TestAnAccessThatCannotBeMeantIsRefused(t *testing.T) {
	role := func(arn string) awsiam.Access {
		return awsiam.Access{AccountID: accountID, RoleARN: arn, ExternalID: externalID}
	}
	cases := map[string]struct {
		access awsiam.Access
		says   string
	}{
		"no account":                  {awsiam.Access{}, "twelve digits"},
		"an account of eleven digits": {awsiam.Access{AccountID: "12345678901"}, "twelve digits"},
		"an unknown partition":        {awsiam.Access{Partition: "aws-mars", AccountID: accountID}, "aws-us-gov"},
		"a role of another account":   {role("arn:aws:iam::210987654321:role/keylease"), "not of account 123456789012"},
		"a role of another partition": {role("arn:aws-cn:iam::123456789012:role/keylease"), "partition aws"},
		"a user instead of a role":    {role("arn:aws:iam::123456789012:user/keylease"), "role/<name>"},
		"a placeholder":               {role("arn:aws:iam::{{ .AccountID }}:role/keylease"), "role/<name>"},
		"a role without external ID":  {awsiam.Access{AccountID: accountID, RoleARN: "arn:aws:iam::123456789012:role/keylease"}, "external ID"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			environment(t, "http://127.0.0.1:1", operatorKey)
			_, err := newFactory(t, testclock.NewFakePassiveClock(start)).For(ctx, c.access)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one that says %q", err, c.says)
			}
		})
	}
}

// IAM has one endpoint a partition, and takes signatures for its own region only. STS may be asked in the region at hand.
func TestEachPartitionSignsForItsRegion(t *testing.T) {
	cases := map[string]struct{ partition, configured, iam, sts string }{
		"aws":                       {"aws", "", "us-east-1", "us-east-1"},
		"aws from Tokyo":            {"aws", "ap-northeast-1", "us-east-1", "ap-northeast-1"},
		"China":                     {"aws-cn", "", "cn-north-1", "cn-north-1"},
		"China from Ningxia":        {"aws-cn", "cn-northwest-1", "cn-north-1", "cn-northwest-1"},
		"China from Tokyo":          {"aws-cn", "ap-northeast-1", "cn-north-1", "cn-north-1"},
		"GovCloud":                  {"aws-us-gov", "", "us-gov-west-1", "us-gov-west-1"},
		"GovCloud from us-gov-east": {"aws-us-gov", "us-gov-east-1", "us-gov-west-1", "us-gov-east-1"},
		"aws from China":            {"aws", "cn-north-1", "us-east-1", "us-east-1"},
	}
	scope := regexp.MustCompile(`Credential=[^/]+/\d+/([a-z0-9-]+)/(iam|sts)/aws4_request`)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			emulator := iam.New(iam.Options{})
			emulator.AddAccount(accountID, iam.Partition(c.partition)).AddCredential(operatorKey, "arn:"+c.partition+":iam::123456789012:user/operator")
			emulator.Account(accountID).AddUser(report, iam.WithTag("a", "b"))
			var mu sync.Mutex
			got := map[string]string{}
			environment(t, serve(t, http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
				if parts := scope.FindStringSubmatch(r.Header.Get("Authorization")); parts != nil {
					mu.Lock()
					got[parts[2]] = parts[1]
					mu.Unlock()
				}
				emulator.ServeHTTP(out, r)
			})), operatorKey)
			t.Setenv("AWS_REGION", c.configured)
			client := clientOf(t, newFactory(t, testclock.NewFakePassiveClock(start)), awsiam.Access{Partition: c.partition, AccountID: accountID})
			if o, err := client.Observe(ctx, report, leased); err != nil || !o.UserExists || o.Identity.UserName != "operator" {
				t.Fatalf("%+v, %v", o, err)
			}
			if diff := cmp.Diff(map[string]string{"iam": c.iam, "sts": c.sts}, got); diff != "" {
				t.Errorf("signed for (-want +got):\n%s", diff)
			}
		})
	}
}
