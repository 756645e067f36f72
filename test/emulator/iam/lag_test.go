package iam_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/emulator/iam"
)

const lag = 4 * time.Second

// keyStates returns ID and status of alice's keys, as the API lists them.
func (l *lab) keyStates(t *testing.T) []string {
	t.Helper()
	out, err := l.client.ListAccessKeys(ctx, &awsiam.ListAccessKeysInput{UserName: aws.String("alice")})
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, k := range out.AccessKeyMetadata {
		states = append(states, aws.ToString(k.AccessKeyId)+" "+string(k.Status))
	}
	return states
}

func expectStates(t *testing.T, l *lab, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, l.keyStates(t)); diff != "" {
		t.Errorf("keys listed (-want +got):\n%s", diff)
	}
}

func TestADeletedKeyIsListedAndWorksForAWhile(t *testing.T) {
	l := withAlice(t, iam.Options{Lag: lag})
	works := func() string {
		_, err := l.iamClient(aliceKey, "").GetUser(ctx, &awsiam.GetUserInput{})
		return codeOf(err)
	}
	expectCode(t, l.deleteKey("alice", aliceKey), "")
	l.passes(lag - time.Second)
	expectStates(t, l, aliceKey+" Active")
	if code := works(); code != "" {
		t.Errorf("within the lag the key answers %q", code)
	}
	expectCode(t, l.deleteKey("alice", aliceKey), "NoSuchEntity")
	l.passes(time.Second)
	expectStates(t, l)
	if code := works(); code != "InvalidClientTokenId" {
		t.Errorf("after the lag the key answers %q", code)
	}
}

func TestADeactivatedKeyIsListedAsActiveForAWhile(t *testing.T) {
	l := withAlice(t, iam.Options{Lag: lag})
	expectCode(t, l.setStatus(aliceKey, types.StatusTypeInactive), "")
	expectStates(t, l, aliceKey+" Active")
	l.passes(lag)
	expectStates(t, l, aliceKey+" Inactive")
}

func TestADeletedUserIsSeenForAWhileAndCanBeRecreated(t *testing.T) {
	l := start(t, iam.Options{Lag: lag})
	first := l.account.AddUser("alice", iam.WithGroup("developers"))
	_, err := l.client.RemoveUserFromGroup(ctx, &awsiam.RemoveUserFromGroupInput{UserName: aws.String("alice"), GroupName: aws.String("developers")})
	expectCode(t, err, "")
	expectCode(t, deleteUser(l, "alice"), "")
	id := func() string {
		out, err := l.client.GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("alice")})
		if err != nil {
			return codeOf(err)
		}
		return aws.ToString(out.User.UserId)
	}
	if got := id(); got != first {
		t.Errorf("within the lag GetUser answers %s, want %s", got, first)
	}
	groups, err := l.client.ListGroupsForUser(ctx, &awsiam.ListGroupsForUserInput{UserName: aws.String("alice")})
	if err != nil || len(groups.Groups) != 1 {
		t.Errorf("within the lag the groups are %v (%v), want developers", groups, err)
	}
	if l.account.UserExists("alice") {
		t.Error("the readers of the test must tell the truth")
	}
	l.account.AddUser("alice")
	if got := id(); got == first {
		t.Error("the recreated user is the former one")
	}
}
