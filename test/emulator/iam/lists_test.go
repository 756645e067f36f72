package iam_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/emulator/iam"
)

// onePage is a page of any list: how many items it has, and what follows.
type onePage struct {
	items     int
	truncated bool
	marker    *string
}

// lists has one entry for each list, which reads the page at a marker.
func (l *lab) lists(policy string) map[string]func(marker *string) (onePage, error) {
	alice, c := aws.String("alice"), l.client
	return map[string]func(*string) (onePage, error){
		"ListUsers": func(m *string) (onePage, error) {
			out, err := c.ListUsers(ctx, &awsiam.ListUsersInput{Marker: m})
			return pageOf(err, func() onePage { return onePage{len(out.Users), out.IsTruncated, out.Marker} })
		},
		"ListUserTags": func(m *string) (onePage, error) {
			out, err := c.ListUserTags(ctx, &awsiam.ListUserTagsInput{UserName: alice, Marker: m})
			return pageOf(err, func() onePage { return onePage{len(out.Tags), out.IsTruncated, out.Marker} })
		},
		"ListAccessKeys": func(m *string) (onePage, error) {
			out, err := c.ListAccessKeys(ctx, &awsiam.ListAccessKeysInput{UserName: alice, Marker: m})
			return pageOf(err, func() onePage { return onePage{len(out.AccessKeyMetadata), out.IsTruncated, out.Marker} })
		},
		"ListMFADevices": func(m *string) (onePage, error) {
			out, err := c.ListMFADevices(ctx, &awsiam.ListMFADevicesInput{UserName: alice, Marker: m})
			return pageOf(err, func() onePage { return onePage{len(out.MFADevices), out.IsTruncated, out.Marker} })
		},
		"ListVirtualMFADevices": func(m *string) (onePage, error) {
			out, err := c.ListVirtualMFADevices(ctx, &awsiam.ListVirtualMFADevicesInput{Marker: m})
			return pageOf(err, func() onePage { return onePage{len(out.VirtualMFADevices), out.IsTruncated, out.Marker} })
		},
		"ListSSHPublicKeys": func(m *string) (onePage, error) {
			out, err := c.ListSSHPublicKeys(ctx, &awsiam.ListSSHPublicKeysInput{UserName: alice, Marker: m})
			return pageOf(err, func() onePage { return onePage{len(out.SSHPublicKeys), out.IsTruncated, out.Marker} })
		},
		"ListSigningCertificates": func(m *string) (onePage, error) {
			out, err := c.ListSigningCertificates(ctx, &awsiam.ListSigningCertificatesInput{UserName: alice, Marker: m})
			return pageOf(err, func() onePage { return onePage{len(out.Certificates), out.IsTruncated, out.Marker} })
		},
		"ListServiceSpecificCredentials": func(m *string) (onePage, error) {
			out, err := c.ListServiceSpecificCredentials(ctx, &awsiam.ListServiceSpecificCredentialsInput{UserName: alice, Marker: m})
			return pageOf(err, func() onePage {
				return onePage{len(out.ServiceSpecificCredentials), out.IsTruncated, out.Marker}
			})
		},
		"ListUserPolicies": func(m *string) (onePage, error) {
			out, err := c.ListUserPolicies(ctx, &awsiam.ListUserPoliciesInput{UserName: alice, Marker: m})
			return pageOf(err, func() onePage { return onePage{len(out.PolicyNames), out.IsTruncated, out.Marker} })
		},
		"ListAttachedUserPolicies": func(m *string) (onePage, error) {
			out, err := c.ListAttachedUserPolicies(ctx, &awsiam.ListAttachedUserPoliciesInput{UserName: alice, Marker: m})
			return pageOf(err, func() onePage { return onePage{len(out.AttachedPolicies), out.IsTruncated, out.Marker} })
		},
		"ListGroupsForUser": func(m *string) (onePage, error) {
			out, err := c.ListGroupsForUser(ctx, &awsiam.ListGroupsForUserInput{UserName: alice, Marker: m})
			return pageOf(err, func() onePage { return onePage{len(out.Groups), out.IsTruncated, out.Marker} })
		},
		"ListPolicyVersions": func(m *string) (onePage, error) {
			out, err := c.ListPolicyVersions(ctx, &awsiam.ListPolicyVersionsInput{PolicyArn: &policy, Marker: m})
			return pageOf(err, func() onePage { return onePage{len(out.Versions), out.IsTruncated, out.Marker} })
		},
		"ListEntitiesForPolicy": func(m *string) (onePage, error) {
			out, err := c.ListEntitiesForPolicy(ctx, &awsiam.ListEntitiesForPolicyInput{PolicyArn: &policy, Marker: m})
			return pageOf(err, func() onePage {
				return onePage{len(out.PolicyUsers) + len(out.PolicyGroups) + len(out.PolicyRoles), out.IsTruncated, out.Marker}
			})
		},
		"ListPolicies": func(m *string) (onePage, error) {
			out, err := c.ListPolicies(ctx, &awsiam.ListPoliciesInput{Scope: "Local", Marker: m})
			return pageOf(err, func() onePage { return onePage{len(out.Policies), out.IsTruncated, out.Marker} })
		},
	}
}

func pageOf(err error, page func() onePage) (onePage, error) {
	if err != nil {
		return onePage{}, err
	}
	return page(), nil
}

// seedTwoOfEach gives alice two of everything, and the account two users.
func (l *lab) seedTwoOfEach() (policy string) {
	policy = l.account.AddPolicy("first", "/", "", iam.WithVersions(2))
	second := l.account.AddPolicy("second", "/", "")
	l.account.AddUser("bob")
	l.account.AddUser("alice",
		iam.WithTag("a", "1"), iam.WithTag("b", "2"), iam.WithVirtualMFA("one"), iam.WithVirtualMFA("two"),
		iam.WithSSHKey(), iam.WithSSHKey(), iam.WithSigningCertificate(), iam.WithSigningCertificate(),
		iam.WithServiceCredential("codecommit.amazonaws.com"), iam.WithServiceCredential("cassandra.amazonaws.com"),
		iam.WithInlinePolicy("x", ""), iam.WithInlinePolicy("y", ""),
		iam.WithAttachedPolicy(policy, second), iam.WithGroup("g", "h"))
	l.account.AddAccessKey("alice", iam.AccessKey{ID: "AKIAALICE00000000001"})
	l.account.AddAccessKey("alice", iam.AccessKey{ID: "AKIAALICE00000000002"})
	l.account.AttachToGroup("g", policy)
	return policy
}

// walk reads a whole list and returns the sizes of its pages.
func walk(t *testing.T, read func(*string) (onePage, error)) []int {
	t.Helper()
	var sizes []int
	var marker *string
	for range 10 {
		page, err := read(marker)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, page.items)
		if page.truncated != (page.marker != nil) {
			t.Errorf("IsTruncated %t with marker %v", page.truncated, aws.ToString(page.marker))
		}
		if !page.truncated {
			return sizes
		}
		marker = page.marker
	}
	t.Fatal("the list does not end")
	return nil
}

func TestEveryListComesInPages(t *testing.T) {
	tests := map[string]struct {
		options iam.Options
		want    []int
	}{
		"one item a page":     {iam.Options{PageSize: 1}, []int{1, 1}},
		"all in one page":     {iam.Options{}, []int{2}},
		"an empty first page": {iam.Options{EmptyFirstPage: true}, []int{0, 2}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := start(t, test.options)
			for list, read := range l.lists(l.seedTwoOfEach()) {
				if diff := cmp.Diff(test.want, walk(t, read)); diff != "" {
					t.Errorf("%s: sizes of pages (-want +got):\n%s", list, diff)
				}
			}
		})
	}
}

func TestMaxItemsMakesPagesSmaller(t *testing.T) {
	l := start(t, iam.Options{})
	for i := range 5 {
		l.account.AddUser(fmt.Sprintf("user-%d", i))
	}
	out, err := l.client.ListUsers(ctx, &awsiam.ListUsersInput{MaxItems: aws.Int32(3)})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Users) != 3 || !out.IsTruncated {
		t.Errorf("%d users, truncated %t; want 3, true", len(out.Users), out.IsTruncated)
	}
}

func TestNothingIsSkippedWhenItemsVanishBetweenPages(t *testing.T) {
	l := start(t, iam.Options{PageSize: 1})
	for _, name := range []string{"a", "b", "c"} {
		l.account.AddUser(name)
	}
	var seen []string
	pages := awsiam.NewListUsersPaginator(l.client, &awsiam.ListUsersInput{})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range out.Users {
			seen = append(seen, aws.ToString(u.UserName))
			expectCode(t, deleteUser(l, aws.ToString(u.UserName)), "")
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, seen); diff != "" {
		t.Error(diff)
	}
}
