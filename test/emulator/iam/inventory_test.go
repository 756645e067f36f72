package iam_test

import (
	"testing"

	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/emulator/iam"
)

func TestInventoryListsWhatIsLeft(t *testing.T) {
	l := start(t, iam.Options{})
	policy := l.account.AddPolicy("p", "/", "", iam.WithVersions(2))
	l.account.AddUser("alice", iam.WithPath("/team/"), iam.WithTag("a", "b"), iam.WithLoginProfile(), iam.WithVirtualMFA("alice"),
		iam.WithSSHKey(), iam.WithSigningCertificate(), iam.WithServiceCredential("codecommit.amazonaws.com"),
		iam.WithInlinePolicy("inline", ""), iam.WithAttachedPolicy(policy), iam.WithGroup("developers"), iam.WithBoundary(policy))
	l.account.AddAccessKey("alice", iam.AccessKey{ID: aliceKey, Inactive: true})
	want := []string{
		"group developers attached []",
		"policy arn:aws:iam::111122223333:policy/p versions 2 default v2",
		"user alice MFA device arn:aws:iam::111122223333:mfa/alice",
		"user alice SSH key",
		"user alice access key AKIAALICE00000000001 Inactive",
		"user alice attached arn:aws:iam::111122223333:policy/p",
		"user alice boundary arn:aws:iam::111122223333:policy/p",
		"user alice credential for codecommit.amazonaws.com",
		"user alice in group developers",
		"user alice inline policy inline",
		"user alice login profile",
		"user alice signing certificate",
		"user alice tag a=b",
		"user arn:aws:iam::111122223333:user/team/alice",
		"virtual MFA device arn:aws:iam::111122223333:mfa/alice assigned true",
	}
	if diff := cmp.Diff(want, l.account.Inventory()); diff != "" {
		t.Error(diff)
	}
}

func TestAccountSummaryCounts(t *testing.T) {
	l := start(t, iam.Options{})
	l.account.AddPolicy("p", "/", "")
	l.account.AddUser("alice", iam.WithVirtualMFA("alice"))
	out, err := l.client.GetAccountSummary(ctx, &awsiam.GetAccountSummaryInput{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int32{}
	for _, key := range []string{"Users", "Policies", "MFADevices", "MFADevicesInUse", "AccessKeysPerUserQuota"} {
		got[key] = out.SummaryMap[key]
	}
	want := map[string]int32{"Users": 1, "Policies": 1, "MFADevices": 1, "MFADevicesInUse": 1, "AccessKeysPerUserQuota": 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
