package iam_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	testclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/test/emulator/iam"
)

const (
	accountID   = "111122223333"
	operatorKey = "AKIAOPERATOR00000001"
	operatorARN = "arn:aws:iam::111122223333:user/operator"
)

// ctx is for calls whose end no test decides.
var ctx = context.Background()

// lab is one server with one account, and an operator who may do everything.
type lab struct {
	*iam.Server
	url     string
	account *iam.Account
	clock   *testclock.FakePassiveClock
	client  *awsiam.Client
}

func start(t *testing.T, options iam.Options) *lab {
	t.Helper()
	clock := testclock.NewFakePassiveClock(time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC))
	options.Clock = clock
	server := iam.New(options)
	listener := httptest.NewServer(server)
	t.Cleanup(func() {
		server.ClearFaults()
		listener.Close()
	})
	l := &lab{Server: server, url: listener.URL, clock: clock, account: server.AddAccount(accountID, iam.PartitionAWS)}
	l.account.AddCredential(operatorKey, operatorARN)
	l.client = l.iamClient(operatorKey, "")
	return l
}

// iamClient signs with the given key and never retries.
func (l *lab) iamClient(keyID, token string) *awsiam.Client {
	return awsiam.New(awsiam.Options{
		BaseEndpoint: aws.String(l.url),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider(keyID, "not-checked", token),
		Retryer:      aws.NopRetryer{},
	})
}

func (l *lab) stsClient(keyID, token string) *sts.Client {
	return sts.New(sts.Options{
		BaseEndpoint: aws.String(l.url),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider(keyID, "not-checked", token),
		Retryer:      aws.NopRetryer{},
	})
}

// passes lets the clock move on.
func (l *lab) passes(d time.Duration) { l.clock.SetTime(l.clock.Now().Add(d)) }

// codeOf returns the API's error code, "" for success and the text of an error
// that is not the API's.
func codeOf(err error) string {
	if err == nil {
		return ""
	}
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		return failure.ErrorCode()
	}
	return "no API error: " + err.Error()
}

func messageOf(err error) string {
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		return failure.ErrorMessage()
	}
	return ""
}

func expectCode(t *testing.T, err error, want string) {
	t.Helper()
	if got := codeOf(err); got != want {
		t.Errorf("error code %q, want %q (%v)", got, want, err)
	}
}

func deleteUser(l *lab, name string) error {
	_, err := l.client.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: &name})
	return err
}
