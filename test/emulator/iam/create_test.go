package iam_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keylease/keylease/test/emulator/iam"
)

func TestAGroupIsShownWithItsMembersInPages(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice", iam.WithGroup("developers"))
	l.account.AddUser("bob", iam.WithGroup("developers"))
	l.account.AddUser("carol")
	in := &awsiam.GetGroupInput{GroupName: aws.String("developers"), MaxItems: aws.Int32(1)}
	var members []string
	for {
		out, err := l.client.GetGroup(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range out.Users {
			members = append(members, *u.UserName)
		}
		if aws.ToString(out.Group.GroupName) != "developers" {
			t.Errorf("group %v", out.Group)
		}
		if !out.IsTruncated {
			break
		}
		in.Marker = out.Marker
	}
	if diff := cmp.Diff([]string{"alice", "bob"}, members); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	_, err := l.client.GetGroup(ctx, &awsiam.GetGroupInput{GroupName: aws.String("nobody")})
	expectCode(t, err, "NoSuchEntity")
}

func TestAPolicyKeepsTheTagsItWasCreatedWith(t *testing.T) {
	l := start(t, iam.Options{})
	tags := []types.Tag{{Key: aws.String("team"), Value: aws.String("data")}}
	made, err := l.client.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), Tags: tags,
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.client.GetPolicy(ctx, &awsiam.GetPolicyInput{PolicyArn: made.Policy.Arn})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tags, got.Policy.Tags, cmpopts.IgnoreUnexported(types.Tag{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMoreTagsThanIAMKeepsAreRefusedAtCreation(t *testing.T) {
	l := start(t, iam.Options{})
	var tags []types.Tag
	for i := range 51 {
		tags = append(tags, types.Tag{Key: aws.String("k" + string(rune('a'+i/26)) + string(rune('a'+i%26))), Value: aws.String("")})
	}
	_, err := l.client.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("alice"), Tags: tags})
	expectCode(t, err, "LimitExceeded")
	_, err = l.client.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), Tags: tags,
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny"}]}`)})
	expectCode(t, err, "LimitExceeded")
}
