package iam_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/keylease/keylease/test/emulator/iam"
)

const aliceKey = "AKIAALICE00000000001"

func withAlice(t *testing.T, options iam.Options) *lab {
	l := start(t, options)
	l.account.AddUser("alice")
	l.account.AddAccessKey("alice", iam.AccessKey{ID: aliceKey, Created: time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)})
	return l
}

func (l *lab) setStatus(id string, status types.StatusType) error {
	_, err := l.client.UpdateAccessKey(ctx, &awsiam.UpdateAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: &id, Status: status})
	return err
}

func (l *lab) deleteKey(userName, id string) error {
	_, err := l.client.DeleteAccessKey(ctx, &awsiam.DeleteAccessKeyInput{UserName: &userName, AccessKeyId: &id})
	return err
}

func TestAThirdKeyOfAUserIsRefused(t *testing.T) {
	l := withAlice(t, iam.Options{})
	var codes []string
	for range 2 {
		_, err := l.client.CreateAccessKey(ctx, &awsiam.CreateAccessKeyInput{UserName: aws.String("alice")})
		codes = append(codes, codeOf(err))
	}
	if codes[0] != "" || codes[1] != "LimitExceeded" {
		t.Errorf("second and third key answered %q, want success and LimitExceeded", codes)
	}
}

func TestAKeyIsDeletedUnderItsOwnUserOnly(t *testing.T) {
	l := withAlice(t, iam.Options{})
	l.account.AddUser("bob")
	expectCode(t, l.deleteKey("bob", aliceKey), "NoSuchEntity")
	if got := l.account.KeyStatus(aliceKey); got != "Active" {
		t.Errorf("the key is %q, want Active", got)
	}
	expectCode(t, l.deleteKey("alice", aliceKey), "")
	if got := l.account.KeyStatus(aliceKey); got != "" {
		t.Errorf("the key is %q, want gone", got)
	}
}

func TestAnInactiveKeyIsNoCredential(t *testing.T) {
	l := withAlice(t, iam.Options{})
	expectCode(t, l.setStatus(aliceKey, types.StatusTypeInactive), "")
	_, err := l.iamClient(aliceKey, "").GetUser(ctx, &awsiam.GetUserInput{})
	expectCode(t, err, "InvalidClientTokenId")
}

func TestLastUseIsToldWithTheOwner(t *testing.T) {
	l := withAlice(t, iam.Options{})
	lastUsed := func() *awsiam.GetAccessKeyLastUsedOutput {
		t.Helper()
		out, err := l.client.GetAccessKeyLastUsed(ctx, &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(aliceKey)})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if used := lastUsed(); aws.ToString(used.UserName) != "alice" || used.AccessKeyLastUsed.LastUsedDate != nil {
		t.Errorf("a new key answered user %q and date %v", aws.ToString(used.UserName), used.AccessKeyLastUsed.LastUsedDate)
	}
	if _, err := l.iamClient(aliceKey, "").GetUser(ctx, &awsiam.GetUserInput{}); err != nil {
		t.Fatal(err)
	}
	if used := lastUsed().AccessKeyLastUsed; !l.clock.Now().Equal(aws.ToTime(used.LastUsedDate)) || aws.ToString(used.ServiceName) != "iam" {
		t.Errorf("a used key answered %v and %q", used.LastUsedDate, aws.ToString(used.ServiceName))
	}
}

func TestLastUseOfAnUnknownKeyIsNoSuchEntity(t *testing.T) {
	l := start(t, iam.Options{})
	_, err := l.client.GetAccessKeyLastUsed(ctx, &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String("AKIANOBODY0000000001")})
	expectCode(t, err, "NoSuchEntity")
}

func TestAKeyOfAnotherAccountIsUnknown(t *testing.T) {
	l := start(t, iam.Options{})
	other := l.AddAccount("444455556666", iam.PartitionAWS)
	other.AddUser("alice")
	other.AddAccessKey("alice", iam.AccessKey{ID: aliceKey})
	_, err := l.client.GetAccessKeyLastUsed(ctx, &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(aliceKey)})
	expectCode(t, err, "NoSuchEntity")
}
