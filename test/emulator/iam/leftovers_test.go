package iam_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/emulator/iam"
)

var alice = aws.String("alice")

// step is one call of a story, and the code that it must answer.
type step struct {
	what string
	want string
	call func(*awsiam.Client) error
}

func tell(t *testing.T, l *lab, steps []step) {
	t.Helper()
	for _, s := range steps {
		if got := codeOf(s.call(l.client)); got != s.want {
			t.Fatalf("%s: code %q, want %q", s.what, got, s.want)
		}
	}
}

func createDevice(c *awsiam.Client) error {
	_, err := c.CreateVirtualMFADevice(ctx, &awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: alice})
	return err
}

func TestAVirtualMFADeviceKeepsItsNameUntilItIsDeleted(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice")
	serial := aws.String("arn:aws:iam::111122223333:mfa/alice")
	enable := func(c *awsiam.Client) error {
		_, err := c.EnableMFADevice(ctx, &awsiam.EnableMFADeviceInput{UserName: alice, SerialNumber: serial,
			AuthenticationCode1: aws.String("123456"), AuthenticationCode2: aws.String("654321")})
		return err
	}
	deactivate := func(c *awsiam.Client) error {
		_, err := c.DeactivateMFADevice(ctx, &awsiam.DeactivateMFADeviceInput{UserName: alice, SerialNumber: serial})
		return err
	}
	remove := func(c *awsiam.Client) error {
		_, err := c.DeleteVirtualMFADevice(ctx, &awsiam.DeleteVirtualMFADeviceInput{SerialNumber: serial})
		return err
	}
	tell(t, l, []step{
		{"enable what does not exist", "NoSuchEntity", enable},
		{"create", "", createDevice},
		{"enable", "", enable},
		{"enable again", "EntityAlreadyExists", enable},
		{"delete while enabled", "DeleteConflict", remove},
		{"deactivate", "", deactivate},
		{"deactivate again", "NoSuchEntity", deactivate},
		{"delete the user", "", func(*awsiam.Client) error { return deleteUser(l, "alice") }},
		{"create under the name that is still taken", "EntityAlreadyExists", createDevice},
		{"delete", "", remove},
		{"delete again", "NoSuchEntity", remove},
		{"create under the name that is free", "", createDevice},
	})
}

func TestVirtualMFADevicesAreListedByAssignment(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice", iam.WithVirtualMFA("used"))
	if err := createDevice(l.client); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, status := range []string{"Assigned", "Unassigned", "Any"} {
		out, err := l.client.ListVirtualMFADevices(ctx, &awsiam.ListVirtualMFADevicesInput{AssignmentStatus: types.AssignmentStatusType(status)})
		if err != nil {
			t.Fatal(err)
		}
		got[status] = len(out.VirtualMFADevices)
	}
	if diff := cmp.Diff(map[string]int{"Assigned": 1, "Unassigned": 1, "Any": 2}, got); diff != "" {
		t.Error(diff)
	}
}

func TestALoginProfileIsCreatedAndDeletedOnce(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice")
	get := func(c *awsiam.Client) error {
		_, err := c.GetLoginProfile(ctx, &awsiam.GetLoginProfileInput{UserName: alice})
		return err
	}
	create := func(c *awsiam.Client) error {
		_, err := c.CreateLoginProfile(ctx, &awsiam.CreateLoginProfileInput{UserName: alice, Password: aws.String("correct-horse")})
		return err
	}
	remove := func(c *awsiam.Client) error {
		_, err := c.DeleteLoginProfile(ctx, &awsiam.DeleteLoginProfileInput{UserName: alice})
		return err
	}
	tell(t, l, []step{
		{"get what does not exist", "NoSuchEntity", get},
		{"create", "", create},
		{"create again", "EntityAlreadyExists", create},
		{"get", "", get},
		{"delete", "", remove},
		{"delete again", "NoSuchEntity", remove},
	})
}

func TestUploadsAreRefusedWhenMalformedOrRepeated(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice")
	upload := func(body string) func(*awsiam.Client) error {
		return func(c *awsiam.Client) error {
			_, err := c.UploadSSHPublicKey(ctx, &awsiam.UploadSSHPublicKeyInput{UserName: alice, SSHPublicKeyBody: &body})
			return err
		}
	}
	certificate := func(body string) func(*awsiam.Client) error {
		return func(c *awsiam.Client) error {
			_, err := c.UploadSigningCertificate(ctx, &awsiam.UploadSigningCertificateInput{UserName: alice, CertificateBody: &body})
			return err
		}
	}
	service := func(name string) func(*awsiam.Client) error {
		return func(c *awsiam.Client) error {
			_, err := c.CreateServiceSpecificCredential(ctx, &awsiam.CreateServiceSpecificCredentialInput{UserName: alice, ServiceName: &name})
			return err
		}
	}
	const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	tell(t, l, []step{
		{"a key that is none", "InvalidPublicKey", upload("hello")},
		{"a key", "", upload("ssh-rsa AAAA")},
		{"the same key", "DuplicateSSHPublicKey", upload("ssh-rsa AAAA")},
		{"a certificate that is none", "MalformedCertificate", certificate("hello")},
		{"a certificate", "", certificate(pem)},
		{"the same certificate", "DuplicateCertificate", certificate(pem)},
		{"a service without credentials", "NotSupportedService", service("s3.amazonaws.com")},
		{"a service with credentials", "", service("codecommit.amazonaws.com")},
	})
}

func TestMembershipEndsOnce(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddUser("alice", iam.WithGroup("developers"))
	group := aws.String("developers")
	leave := func(c *awsiam.Client) error {
		_, err := c.RemoveUserFromGroup(ctx, &awsiam.RemoveUserFromGroupInput{UserName: alice, GroupName: group})
		return err
	}
	dissolve := func(c *awsiam.Client) error {
		_, err := c.DeleteGroup(ctx, &awsiam.DeleteGroupInput{GroupName: group})
		return err
	}
	tell(t, l, []step{
		{"delete a group with members", "DeleteConflict", dissolve},
		{"leave", "", leave},
		{"leave again", "NoSuchEntity", leave},
		{"delete the group", "", dissolve},
		{"leave a group that is gone", "NoSuchEntity", leave},
	})
}
