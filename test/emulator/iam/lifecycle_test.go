package iam_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/emulator/iam"
)

var (
	inline     = aws.String("inline")
	developers = aws.String("developers")
	deployer   = aws.String("deployer")
	document   = aws.String(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	trust      = aws.String(`{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}]}`)
	policyARN  = aws.String("arn:aws:iam::111122223333:policy/team/p")
)

// send makes the call of a step from a method of the SDK and its input.
func send[In, Out any](method func(*awsiam.Client, context.Context, *In, ...func(*awsiam.Options)) (*Out, error), in *In) func(*awsiam.Client) error {
	return func(c *awsiam.Client) error {
		_, err := method(c, ctx, in)
		return err
	}
}

func buildUp() []step {
	return []step{
		{"create a policy", "", send((*awsiam.Client).CreatePolicy, &awsiam.CreatePolicyInput{
			PolicyName: aws.String("p"), Path: aws.String("/team/"), PolicyDocument: document})},
		{"create a policy of that name under another path", "EntityAlreadyExists", send((*awsiam.Client).CreatePolicy, &awsiam.CreatePolicyInput{
			PolicyName: aws.String("p"), PolicyDocument: document})},
		{"create a policy that is no JSON", "MalformedPolicyDocument", send((*awsiam.Client).CreatePolicy, &awsiam.CreatePolicyInput{
			PolicyName: aws.String("q"), PolicyDocument: aws.String("{")})},
		{"create a user", "", send((*awsiam.Client).CreateUser, &awsiam.CreateUserInput{
			UserName: alice, PermissionsBoundary: policyARN, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})},
		{"create the user again", "EntityAlreadyExists", send((*awsiam.Client).CreateUser, &awsiam.CreateUserInput{
			UserName: alice})},
		{"create a group", "", send((*awsiam.Client).CreateGroup, &awsiam.CreateGroupInput{
			GroupName: developers})},
		{"create a role", "", send((*awsiam.Client).CreateRole, &awsiam.CreateRoleInput{
			RoleName: deployer, AssumeRolePolicyDocument: trust})},
		{"join the group", "", send((*awsiam.Client).AddUserToGroup, &awsiam.AddUserToGroupInput{
			GroupName: developers, UserName: alice})},
		{"join a group that is not there", "NoSuchEntity", send((*awsiam.Client).AddUserToGroup, &awsiam.AddUserToGroupInput{
			GroupName: alice, UserName: alice})},
		{"write an inline policy", "", send((*awsiam.Client).PutUserPolicy, &awsiam.PutUserPolicyInput{
			UserName: alice, PolicyName: inline, PolicyDocument: document})},
		{"attach to the user", "", send((*awsiam.Client).AttachUserPolicy, &awsiam.AttachUserPolicyInput{
			UserName: alice, PolicyArn: policyARN})},
		{"attach to the user again", "", send((*awsiam.Client).AttachUserPolicy, &awsiam.AttachUserPolicyInput{
			UserName: alice, PolicyArn: policyARN})},
		{"attach to the group", "", send((*awsiam.Client).AttachGroupPolicy, &awsiam.AttachGroupPolicyInput{
			GroupName: developers, PolicyArn: policyARN})},
		{"attach to the role", "", send((*awsiam.Client).AttachRolePolicy, &awsiam.AttachRolePolicyInput{
			RoleName: deployer, PolicyArn: policyARN})},
		{"attach what is not there", "NoSuchEntity", send((*awsiam.Client).AttachUserPolicy, &awsiam.AttachUserPolicyInput{
			UserName: alice, PolicyArn: aws.String("arn:aws:iam::111122223333:policy/q")})},
		{"add a version", "", send((*awsiam.Client).CreatePolicyVersion, &awsiam.CreatePolicyVersionInput{
			PolicyArn: policyARN, PolicyDocument: document})},
		{"make it the default", "", send((*awsiam.Client).SetDefaultPolicyVersion, &awsiam.SetDefaultPolicyVersionInput{
			PolicyArn: policyARN, VersionId: aws.String("v2")})},
		{"read it", "", send((*awsiam.Client).GetPolicyVersion, &awsiam.GetPolicyVersionInput{
			PolicyArn: policyARN, VersionId: aws.String("v2")})},
		{"read the role", "", send((*awsiam.Client).GetRole, &awsiam.GetRoleInput{
			RoleName: deployer})},
	}
}

func tearDown() []step {
	return []step{
		{"take the tag off", "", send((*awsiam.Client).UntagUser, &awsiam.UntagUserInput{
			UserName: alice, TagKeys: []string{"a"}})},
		{"take the boundary off", "", send((*awsiam.Client).DeleteUserPermissionsBoundary, &awsiam.DeleteUserPermissionsBoundaryInput{
			UserName: alice})},
		{"take the boundary off again", "NoSuchEntity", send((*awsiam.Client).DeleteUserPermissionsBoundary, &awsiam.DeleteUserPermissionsBoundaryInput{
			UserName: alice})},
		{"put a boundary that is not there", "NoSuchEntity", send((*awsiam.Client).PutUserPermissionsBoundary, &awsiam.PutUserPermissionsBoundaryInput{
			UserName: alice, PermissionsBoundary: aws.String("arn:aws:iam::111122223333:policy/q")})},
		{"delete the inline policy", "", send((*awsiam.Client).DeleteUserPolicy, &awsiam.DeleteUserPolicyInput{
			UserName: alice, PolicyName: inline})},
		{"delete the inline policy again", "NoSuchEntity", send((*awsiam.Client).DeleteUserPolicy, &awsiam.DeleteUserPolicyInput{
			UserName: alice, PolicyName: inline})},
		{"detach from the user", "", send((*awsiam.Client).DetachUserPolicy, &awsiam.DetachUserPolicyInput{
			UserName: alice, PolicyArn: policyARN})},
		{"delete the policy that others use", "DeleteConflict", send((*awsiam.Client).DeletePolicy, &awsiam.DeletePolicyInput{
			PolicyArn: policyARN})},
		{"detach from the group", "", send((*awsiam.Client).DetachGroupPolicy, &awsiam.DetachGroupPolicyInput{
			GroupName: developers, PolicyArn: policyARN})},
		{"delete the role that has a policy", "DeleteConflict", send((*awsiam.Client).DeleteRole, &awsiam.DeleteRoleInput{
			RoleName: deployer})},
		{"detach from the role", "", send((*awsiam.Client).DetachRolePolicy, &awsiam.DetachRolePolicyInput{
			RoleName: deployer, PolicyArn: policyARN})},
		{"leave the group", "", send((*awsiam.Client).RemoveUserFromGroup, &awsiam.RemoveUserFromGroupInput{
			GroupName: developers, UserName: alice})},
		{"delete the group", "", send((*awsiam.Client).DeleteGroup, &awsiam.DeleteGroupInput{
			GroupName: developers})},
		{"delete the role", "", send((*awsiam.Client).DeleteRole, &awsiam.DeleteRoleInput{
			RoleName: deployer})},
		{"read the role that is gone", "NoSuchEntity", send((*awsiam.Client).GetRole, &awsiam.GetRoleInput{
			RoleName: deployer})},
		{"delete the user", "", send((*awsiam.Client).DeleteUser, &awsiam.DeleteUserInput{
			UserName: alice})},
		{"delete the older version", "", send((*awsiam.Client).DeletePolicyVersion, &awsiam.DeletePolicyVersionInput{
			PolicyArn: policyARN, VersionId: aws.String("v1")})},
		{"delete the policy", "", send((*awsiam.Client).DeletePolicy, &awsiam.DeletePolicyInput{
			PolicyArn: policyARN})},
	}
}

func TestWhatTheAPIBuiltTheAPITakesDown(t *testing.T) {
	l := start(t, iam.Options{})
	tell(t, l, buildUp())
	want := []string{
		"group developers attached [" + *policyARN + "]",
		"policy " + *policyARN + " versions 2 default v2",
		"role deployer attached [" + *policyARN + `] boundary ""`,
		"user alice attached " + *policyARN,
		"user alice boundary " + *policyARN,
		"user alice in group developers",
		"user alice inline policy inline",
		"user alice tag a=b",
		"user arn:aws:iam::111122223333:user/alice",
	}
	if diff := cmp.Diff(want, l.account.Inventory()); diff != "" {
		t.Fatalf("after building (-want +got):\n%s", diff)
	}
	tell(t, l, tearDown())
	if left := l.account.Inventory(); len(left) != 0 {
		t.Errorf("left over: %q", left)
	}
}

func TestUploadedCredentialsAreDeletedOnce(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice", iam.WithSSHKey(), iam.WithSigningCertificate(), iam.WithServiceCredential("codecommit.amazonaws.com"))
	keys, err := l.client.ListSSHPublicKeys(ctx, &awsiam.ListSSHPublicKeysInput{UserName: alice})
	if err != nil {
		t.Fatal(err)
	}
	certificates, err := l.client.ListSigningCertificates(ctx, &awsiam.ListSigningCertificatesInput{UserName: alice})
	if err != nil {
		t.Fatal(err)
	}
	passwords, err := l.client.ListServiceSpecificCredentials(ctx, &awsiam.ListServiceSpecificCredentialsInput{UserName: alice})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"", "NoSuchEntity"} {
		tell(t, l, []step{
			{"SSH key", want, send((*awsiam.Client).DeleteSSHPublicKey, &awsiam.DeleteSSHPublicKeyInput{
				UserName: alice, SSHPublicKeyId: keys.SSHPublicKeys[0].SSHPublicKeyId})},
			{"certificate", want, send((*awsiam.Client).DeleteSigningCertificate, &awsiam.DeleteSigningCertificateInput{
				UserName: alice, CertificateId: certificates.Certificates[0].CertificateId})},
			{"service credential", want, send((*awsiam.Client).DeleteServiceSpecificCredential, &awsiam.DeleteServiceSpecificCredentialInput{
				UserName: alice, ServiceSpecificCredentialId: passwords.ServiceSpecificCredentials[0].ServiceSpecificCredentialId})},
		})
	}
	expectCode(t, deleteUser(l, "alice"), "")
}
