package iam_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/emulator/iam"
)

func TestDeleteUserRefusesEveryKindOfLeftover(t *testing.T) {
	policy := "arn:aws:iam::aws:policy/ReadOnlyAccess"
	tests := map[string]struct {
		seed    func(*iam.Account)
		message string
	}{
		"access key":            {key(iam.AccessKey{ID: "AKIALEFTOVER00000001"}), "must delete access keys first"},
		"inactive access key":   {key(iam.AccessKey{ID: "AKIALEFTOVER00000001", Inactive: true}), "must delete access keys first"},
		"login profile":         {with(iam.WithLoginProfile()), "must delete login profile first"},
		"virtual MFA device":    {with(iam.WithVirtualMFA("alice")), "must delete MFA device first"},
		"hardware MFA device":   {with(iam.WithHardwareMFA("GAHT12345678")), "must delete MFA device first"},
		"SSH public key":        {with(iam.WithSSHKey()), "must remove referenced objects first"},
		"signing certificate":   {with(iam.WithSigningCertificate()), "must delete certificates first"},
		"service credential":    {with(iam.WithServiceCredential("codecommit.amazonaws.com")), "must remove referenced objects first"},
		"inline policy":         {with(iam.WithInlinePolicy("inline", "")), "must delete policies first"},
		"attached policy":       {with(iam.WithAttachedPolicy(policy)), "must detach all policies first"},
		"membership of a group": {with(iam.WithGroup("developers")), "must remove users from group first"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := start(t, iam.Options{})
			l.account.AddUser("alice")
			test.seed(l.account)
			err := deleteUser(l, "alice")
			expectCode(t, err, "DeleteConflict")
			if !strings.Contains(messageOf(err), test.message) {
				t.Errorf("message %q does not say %q", messageOf(err), test.message)
			}
			if !l.account.UserExists("alice") {
				t.Error("the user is gone")
			}
		})
	}
}

func key(k iam.AccessKey) func(*iam.Account) {
	return func(a *iam.Account) { a.AddAccessKey("alice", k) }
}

func with(option iam.UserOption) func(*iam.Account) {
	return func(a *iam.Account) { a.AddToUser("alice", option) }
}

func TestDeleteUserTakesAUserWithOnlyTagsAndBoundary(t *testing.T) {
	l := start(t, iam.Options{})
	boundary := l.account.AddPolicy("boundary", "/", "")
	l.account.AddUser("alice", iam.WithTag("team", "a"), iam.WithBoundary(boundary))
	expectCode(t, deleteUser(l, "alice"), "")
	expectCode(t, deleteUser(l, "alice"), "NoSuchEntity")
}

func TestGetUserShowsPathTagsAndBoundary(t *testing.T) {
	l := start(t, iam.Options{})
	boundary := l.account.AddPolicy("boundary", "/limits/", "")
	id := l.account.AddUser("alice", iam.WithPath("/service/"), iam.WithTag("team", "a"), iam.WithBoundary(boundary))
	got, err := l.client.GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("alice")})
	if err != nil {
		t.Fatal(err)
	}
	want := &types.User{
		UserName: aws.String("alice"), UserId: aws.String(id), Path: aws.String("/service/"),
		Arn: aws.String("arn:aws:iam::111122223333:user/service/alice"), CreateDate: aws.Time(l.clock.Now()),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
		PermissionsBoundary: &types.AttachedPermissionsBoundary{
			PermissionsBoundaryType: "Policy",
			PermissionsBoundaryArn:  aws.String("arn:aws:iam::111122223333:policy/limits/boundary"),
		},
	}
	if diff := cmp.Diff(want, got.User, cmp.FilterPath(isMetadata, cmp.Ignore())); diff != "" {
		t.Error(diff)
	}
}

// isMetadata filters the SDK's private marker fields.
func isMetadata(p cmp.Path) bool { return strings.Contains(p.String(), "noSmithyDocumentSerde") }

func TestGetUserWithoutNameIsTheCaller(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice")
	l.account.AddAccessKey("alice", iam.AccessKey{ID: "AKIAALICE00000000001"})
	got, err := l.iamClient("AKIAALICE00000000001", "").GetUser(ctx, &awsiam.GetUserInput{})
	if err != nil {
		t.Fatal(err)
	}
	if name := aws.ToString(got.User.UserName); name != "alice" {
		t.Errorf("the caller is %q, want alice", name)
	}
}

func TestRecreatedUserIsAnotherOne(t *testing.T) {
	l := start(t, iam.Options{})
	first := l.account.AddUser("alice")
	expectCode(t, deleteUser(l, "alice"), "")
	got, err := l.client.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("alice")})
	if err != nil {
		t.Fatal(err)
	}
	if second := aws.ToString(got.User.UserId); second == first || !strings.HasPrefix(second, "AIDA") || len(second) != 21 {
		t.Errorf("recreated user has ID %q after %q", second, first)
	}
}

func TestCreateUserRefusesNamesThatDifferByCaseOnly(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice")
	_, err := l.client.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("ALICE")})
	expectCode(t, err, "EntityAlreadyExists")
}

func TestNamesAndIDsAreValidated(t *testing.T) {
	l := start(t, iam.Options{})
	tests := map[string]func() error{
		"user name with a blank": func() error {
			_, err := l.client.GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("a b")})
			return err
		},
		"new user name of 65 characters": func() error {
			_, err := l.client.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String(strings.Repeat("a", 65))})
			return err
		},
		"path without slashes": func() error {
			_, err := l.client.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("bob"), Path: aws.String("team")})
			return err
		},
		"short access key ID": func() error {
			_, err := l.client.GetAccessKeyLastUsed(ctx, &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String("AKIA1")})
			return err
		},
		"access key ID with a hyphen": func() error {
			_, err := l.client.DeleteAccessKey(ctx, &awsiam.DeleteAccessKeyInput{AccessKeyId: aws.String("AKIA-000000000000000")})
			return err
		},
		"page of no items": func() error {
			_, err := l.client.ListUsers(ctx, &awsiam.ListUsersInput{MaxItems: aws.Int32(0)})
			return err
		},
		"marker of another list": func() error {
			_, err := l.client.ListUsers(ctx, &awsiam.ListUsersInput{Marker: aws.String("bm9uc2Vuc2U=")})
			return err
		},
	}
	for name, call := range tests {
		t.Run(name, func(t *testing.T) { expectCode(t, call(), "ValidationError") })
	}
}

func TestPartitionIsInEveryARN(t *testing.T) {
	l := start(t, iam.Options{})
	china := l.AddAccount("444455556666", iam.PartitionChina)
	china.AddCredential("AKIACHINA00000000001", "arn:aws-cn:iam::444455556666:root")
	china.AddUser("wei")
	policy := china.AddPolicy("p", "/", "")
	got, err := l.iamClient("AKIACHINA00000000001", "").GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("wei")})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"arn:aws-cn:iam::444455556666:user/wei", "arn:aws-cn:iam::444455556666:policy/p"}
	if diff := cmp.Diff(want, []string{aws.ToString(got.User.Arn), policy}); diff != "" {
		t.Error(diff)
	}
}

func TestARenamedUserKeepsItsIDAndKeys(t *testing.T) {
	l := withAlice(t, iam.Options{})
	id := l.account.UserID("alice")
	l.account.RenameUser("alice", "alicia", "/people/")
	_, err := l.client.GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("alice")})
	expectCode(t, err, "NoSuchEntity")
	got, err := l.client.GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("alicia")})
	if err != nil || aws.ToString(got.User.UserId) != id || aws.ToString(got.User.Path) != "/people/" {
		t.Errorf("%+v, %v", got, err)
	}
	used, err := l.client.GetAccessKeyLastUsed(ctx, &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(aliceKey)})
	if err != nil || aws.ToString(used.UserName) != "alicia" {
		t.Errorf("the key belongs to %+v, %v", used, err)
	}
}

func TestARemovedUserTakesItsThingsAlong(t *testing.T) {
	l := withAlice(t, iam.Options{})
	l.account.AddToUser("alice", iam.WithVirtualMFA("alice"), iam.WithLoginProfile())
	l.account.RemoveUser("alice")
	if left := l.account.Inventory(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	l.account.AddUser("alice")
	l.account.AddAccessKey("alice", iam.AccessKey{ID: aliceKey})
}
