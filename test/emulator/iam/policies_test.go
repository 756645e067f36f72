package iam_test

import (
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/emulator/iam"
)

func (l *lab) deletePolicy(arn string) error {
	_, err := l.client.DeletePolicy(ctx, &awsiam.DeletePolicyInput{PolicyArn: &arn})
	return err
}

func TestDeletePolicyRefusesAPolicyInUse(t *testing.T) {
	tests := map[string]func(a *iam.Account, arn string){
		"attached to a user":        func(a *iam.Account, arn string) { a.AddUser("alice", iam.WithAttachedPolicy(arn)) },
		"attached to a group":       func(a *iam.Account, arn string) { a.AttachToGroup("developers", arn) },
		"attached to a role":        func(a *iam.Account, arn string) { a.AttachToRole("deployer", arn) },
		"boundary of another user":  func(a *iam.Account, arn string) { a.AddUser("bob", iam.WithBoundary(arn)) },
		"more than the one version": func(a *iam.Account, _ string) {},
	}
	for name, use := range tests {
		t.Run(name, func(t *testing.T) {
			l := start(t, iam.Options{})
			versions := 1
			if name == "more than the one version" {
				versions = 2
			}
			arn := l.account.AddPolicy("p", "/", "", iam.WithVersions(versions))
			use(l.account, arn)
			expectCode(t, l.deletePolicy(arn), "DeleteConflict")
			if !l.account.PolicyExists(arn) {
				t.Error("the policy is gone")
			}
		})
	}
}

func TestAPolicyGoesAfterItsOtherVersions(t *testing.T) {
	l := start(t, iam.Options{})
	arn := l.account.AddPolicy("p", "/team/", "", iam.WithVersions(2))
	deleteVersion := func(id string) error {
		_, err := l.client.DeletePolicyVersion(ctx, &awsiam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: &id})
		return err
	}
	expectCode(t, deleteVersion("v2"), "DeleteConflict")
	expectCode(t, deleteVersion("v1"), "")
	expectCode(t, deleteVersion("v1"), "NoSuchEntity")
	expectCode(t, l.deletePolicy(arn), "")
	expectCode(t, l.deletePolicy(arn), "NoSuchEntity")
}

func TestVersionNumbersAreNotUsedTwice(t *testing.T) {
	l := start(t, iam.Options{})
	arn := l.account.AddPolicy("p", "/", "")
	create := func() string {
		out, err := l.client.CreatePolicyVersion(ctx, &awsiam.CreatePolicyVersionInput{
			PolicyArn: &arn, PolicyDocument: aws.String(`{"Statement":[]}`)})
		if err != nil {
			t.Fatal(err)
		}
		return aws.ToString(out.PolicyVersion.VersionId)
	}
	second := create()
	if _, err := l.client.DeletePolicyVersion(ctx, &awsiam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: &second}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"v2", "v3"}, []string{second, create()}); diff != "" {
		t.Error(diff)
	}
}

func TestASixthVersionIsRefused(t *testing.T) {
	l := start(t, iam.Options{})
	arn := l.account.AddPolicy("p", "/", "", iam.WithVersions(5))
	_, err := l.client.CreatePolicyVersion(ctx, &awsiam.CreatePolicyVersionInput{
		PolicyArn: &arn, PolicyDocument: aws.String(`{"Statement":[]}`)})
	expectCode(t, err, "LimitExceeded")
}

func TestEntitiesForPolicyTellsBoundariesApart(t *testing.T) {
	l := start(t, iam.Options{})
	arn := l.account.AddPolicy("p", "/", "")
	l.account.AddUser("alice", iam.WithAttachedPolicy(arn))
	l.account.AddUser("bob", iam.WithBoundary(arn))
	l.account.AttachToRole("deployer", arn)
	tests := map[string]struct {
		filter types.PolicyUsageType
		want   []string
	}{
		"as permissions policy": {types.PolicyUsageTypePermissionsPolicy, []string{"alice", "deployer"}},
		"as boundary":           {types.PolicyUsageTypePermissionsBoundary, []string{"bob"}},
		"either":                {"", []string{"alice", "bob", "deployer"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := l.client.ListEntitiesForPolicy(ctx, &awsiam.ListEntitiesForPolicyInput{
				PolicyArn: &arn, PolicyUsageFilter: test.filter})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, u := range out.PolicyUsers {
				names = append(names, aws.ToString(u.UserName))
			}
			for _, r := range out.PolicyRoles {
				names = append(names, aws.ToString(r.RoleName))
			}
			if diff := cmp.Diff(test.want, names); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGetPolicyCountsItsUses(t *testing.T) {
	l := start(t, iam.Options{})
	arn := l.account.AddPolicy("p", "/team/", "")
	l.account.AddUser("alice", iam.WithAttachedPolicy(arn), iam.WithBoundary(arn))
	l.account.AttachToGroup("developers", arn)
	out, err := l.client.GetPolicy(ctx, &awsiam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := aws.ToInt32(out.Policy.AttachmentCount), aws.ToInt32(out.Policy.PermissionsBoundaryUsageCount); a != 2 || b != 1 {
		t.Errorf("attached %d times, boundary %d times; want 2 and 1", a, b)
	}
}

func TestDocumentsComeBackURLEncoded(t *testing.T) {
	l := start(t, iam.Options{})
	document := `{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "a+b"}]}`
	l.account.AddUser("alice", iam.WithInlinePolicy("p", document))
	out, err := l.client.GetUserPolicy(ctx, &awsiam.GetUserPolicyInput{UserName: aws.String("alice"), PolicyName: aws.String("p")})
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := url.PathUnescape(aws.ToString(out.PolicyDocument))
	if err != nil || decoded != document {
		t.Errorf("got %s (%v)", decoded, err)
	}
}

func TestOtherPeoplesPoliciesAreNotOursToTouch(t *testing.T) {
	l := start(t, iam.Options{})
	tests := map[string]struct{ arn, want string }{
		"of AWS":             {"arn:aws:iam::aws:policy/ReadOnlyAccess", "AccessDenied"},
		"of another account": {"arn:aws:iam::444455556666:policy/p", "InvalidInput"},
		"in another part":    {"arn:aws-cn:iam::111122223333:policy/p", "InvalidInput"},
		"no ARN":             {"this is not an ARN of a policy", "InvalidInput"},
		"ours but not there": {"arn:aws:iam::111122223333:policy/p", "NoSuchEntity"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { expectCode(t, l.deletePolicy(test.arn), test.want) })
	}
}

func TestAPolicyIsDetachedOnce(t *testing.T) {
	l := start(t, iam.Options{})
	arn := l.account.AddPolicy("p", "/", "")
	l.account.AddUser("alice", iam.WithAttachedPolicy(arn))
	detach := func() error {
		_, err := l.client.DetachUserPolicy(ctx, &awsiam.DetachUserPolicyInput{UserName: aws.String("alice"), PolicyArn: &arn})
		return err
	}
	expectCode(t, detach(), "")
	expectCode(t, detach(), "NoSuchEntity")
}
