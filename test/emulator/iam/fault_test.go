package iam_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/emulator/iam"
)

// answers repeats GetUser and collects the codes.
func (l *lab) answers(times int) []string {
	var codes []string
	for range times {
		_, err := l.client.GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("alice")})
		codes = append(codes, codeOf(err))
	}
	return codes
}

func TestFaultsHitTheCallsTheyName(t *testing.T) {
	tests := map[string]struct {
		fault iam.Fault
		want  []string
	}{
		"twice, then no more":     {iam.Fault{Code: "Throttling", Times: 2}, []string{"Throttling", "Throttling", "", "", "", ""}},
		"every third":             {iam.Fault{Code: "Throttling", Every: 3}, []string{"", "", "Throttling", "", "", "Throttling"}},
		"after two have passed":   {iam.Fault{Code: "ServiceFailure", Skip: 2, Times: 1}, []string{"", "", "ServiceFailure", "", "", ""}},
		"another action":          {iam.Fault{Code: "Throttling", Action: "ListUsers"}, []string{"", "", "", "", "", ""}},
		"another user":            {iam.Fault{Code: "Throttling", User: "bob"}, []string{"", "", "", "", "", ""}},
		"another account":         {iam.Fault{Code: "Throttling", AccountID: otherID}, []string{"", "", "", "", "", ""}},
		"what a function chooses": {iam.Fault{Code: "AccessDenied", Match: func(c iam.Call) bool { return c.Number == 4 }}, []string{"", "", "", "AccessDenied", "", ""}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := withAlice(t, iam.Options{})
			l.Inject(test.fault)
			if diff := cmp.Diff(test.want, l.answers(6)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFaultWithoutEndStaysUntilCleared(t *testing.T) {
	l := withAlice(t, iam.Options{})
	fault := l.Inject(iam.Fault{Code: "ServiceUnavailable"})
	before := l.answers(5)
	fault.Clear()
	want := []string{"ServiceUnavailable", "ServiceUnavailable", "ServiceUnavailable", "ServiceUnavailable", "ServiceUnavailable", ""}
	if diff := cmp.Diff(want, append(before, l.answers(1)...)); diff != "" {
		t.Error(diff)
	}
	if fault.Hits() != 5 {
		t.Errorf("%d hits, want 5", fault.Hits())
	}
}

func TestFaultsHaveTheStatusOfTheirCode(t *testing.T) {
	for code, status := range map[string]int{
		"Throttling": 400, "ServiceFailure": 500, "ServiceUnavailable": 503, "ConcurrentModification": 409,
		"EntityTemporarilyUnmodifiable": 409, "AccessDenied": 403, "LimitExceeded": 409,
	} {
		t.Run(code, func(t *testing.T) {
			l := withAlice(t, iam.Options{})
			l.Inject(iam.Fault{Code: code})
			err := deleteUser(l, "alice")
			expectCode(t, err, code)
			if answer, ok := errors.AsType[*smithyhttp.ResponseError](err); !ok || answer.HTTPStatusCode() != status {
				t.Errorf("status of %v, want %d", err, status)
			}
		})
	}
}

func TestTheSDKRetriesThrottling(t *testing.T) {
	l := withAlice(t, iam.Options{})
	l.Inject(iam.Fault{Code: "Throttling", Times: 2})
	noWait := retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
	_, err := l.client.GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("alice")},
		func(o *awsiam.Options) { o.Retryer = noWait })
	expectCode(t, err, "")
	if calls := len(l.Calls()); calls != 3 {
		t.Errorf("%d calls, want 3", calls)
	}
}

func TestALostAnswerIsACallThatTookEffect(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice")
	l.Inject(iam.Fault{Action: "DeleteUser", LoseAnswer: true, Times: 1})
	err := deleteUser(l, "alice")
	if _, ok := errors.AsType[smithy.APIError](err); err == nil || ok {
		t.Errorf("the client got %v, want a lost connection", err)
	}
	if l.account.UserExists("alice") {
		t.Error("the user is still there")
	}
	expectCode(t, deleteUser(l, "alice"), "NoSuchEntity")
	if calls := l.Calls(); !calls[0].Lost || calls[0].Code != "" || calls[1].Lost {
		t.Errorf("log: %+v", calls)
	}
}

func TestAStalledCallWaitsForItsRelease(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice")
	fault := l.Inject(iam.Fault{Action: "DeleteUser", Stall: true})
	done := make(chan error, 1)
	go func() { done <- deleteUser(l, "alice") }()
	<-fault.Reached()
	if !l.account.UserExists("alice") {
		t.Error("a stalled call took effect")
	}
	fault.Release()
	expectCode(t, <-done, "")
}

func TestAStalledCallIsNotCarriedOutWhenTheClientGivesUp(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice")
	logged := make(chan iam.Call, 1)
	l.OnCall(func(c iam.Call) { logged <- c })
	fault := l.Inject(iam.Fault{Action: "DeleteUser", Stall: true})
	impatient, giveUp := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		_, err := l.client.DeleteUser(impatient, &awsiam.DeleteUserInput{UserName: aws.String("alice")})
		done <- err
	}()
	<-fault.Reached()
	giveUp()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the client got %v", err)
	}
	if call := <-logged; call.Status != 0 || !call.Lost {
		t.Errorf("logged %+v, want a call without an answer", call)
	}
	if !l.account.UserExists("alice") {
		t.Error("the call was carried out")
	}
}

func TestHooksSurroundTheEffectOfACall(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice")
	var saw []bool
	look := func(iam.Call) { saw = append(saw, l.account.UserExists("alice")) }
	l.SetHooks(iam.Hooks{Before: look, After: look})
	expectCode(t, deleteUser(l, "alice"), "")
	if diff := cmp.Diff([]bool{true, false}, saw); diff != "" {
		t.Errorf("the user existed before and after:\n%s", diff)
	}
}

func TestPermissionsAnswerAccessDeniedAsAWSWordsIt(t *testing.T) {
	l := withAlice(t, iam.Options{})
	l.account.Allow(operatorARN, func(action, resource string) bool {
		return action != "iam:DeleteUser" || resource != "arn:aws:iam::111122223333:user/alice"
	})
	err := deleteUser(l, "alice")
	expectCode(t, err, "AccessDenied")
	want := "User: " + operatorARN + " is not authorized to perform: iam:DeleteUser on resource: user alice"
	if !strings.HasPrefix(messageOf(err), want) {
		t.Errorf("message %q, want %q", messageOf(err), want)
	}
	expectCode(t, deleteUser(l, "bob"), "NoSuchEntity")
}

func TestPermissionsOfARoleHoldForItsSessions(t *testing.T) {
	l, other, role := withRole(t)
	other.AddUser("carol")
	other.Allow(role, func(action, _ string) bool { return action == "iam:ListUsers" })
	out, err := l.assume(role, "team/sheet")
	if err != nil {
		t.Fatal(err)
	}
	client := l.iamClient(aws.ToString(out.Credentials.AccessKeyId), aws.ToString(out.Credentials.SessionToken))
	_, err = client.ListUsers(ctx, &awsiam.ListUsersInput{})
	expectCode(t, err, "")
	_, err = client.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: aws.String("carol")})
	expectCode(t, err, "AccessDenied")
}

func TestTheLogCountsAndKeepsNoSecret(t *testing.T) {
	l := withAlice(t, iam.Options{})
	_, err := l.client.CreateLoginProfile(ctx, &awsiam.CreateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String("correct-horse")})
	expectCode(t, err, "")
	expectCode(t, deleteUser(l, "alice"), "DeleteConflict")
	_, err = l.stsClient(operatorKey, "").GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	expectCode(t, err, "")
	l.answers(1)
	if diff := cmp.Diff(iam.Counts{Reads: 1, Changes: 2, STS: 1, Failed: 1}, l.Counts()); diff != "" {
		t.Error(diff)
	}
	first := l.Calls()[0]
	want := iam.Call{Number: 1, Time: l.clock.Now(), Service: "iam", Action: "CreateLoginProfile", AccountID: accountID,
		Principal: operatorARN, AccessKeyID: operatorKey, Params: map[string]string{"UserName": "alice"},
		Status: 200, RequestID: first.RequestID}
	if diff := cmp.Diff(want, first); diff != "" || first.RequestID == "" {
		t.Error(diff)
	}
}
