package awsiam

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/keylease/keylease/internal/teardown"
)

// Inventory lists everything that DeleteUser refuses for. policyName is looked for among the attached policies alone:
// one that is not attached is never deleted, and the right to list all policies is not needed.
func (c *Client) Inventory(ctx context.Context, userName, policyName string) (teardown.Inventory, error) {
	var inv teardown.Inventory
	if userName == "" {
		return inv, onUser("ListAccessKeys", userName).missing("user name")
	}
	keys, err := c.keys(ctx, userName)
	if err != nil {
		return inv, err
	}
	inv.AccessKeys = mapped(keys, func(k types.AccessKeyMetadata) string { return aws.ToString(k.AccessKeyId) })
	if inv.LoginProfile, err = c.hasLoginProfile(ctx, userName); err != nil {
		return inv, err
	}
	devices, err := c.lists(ctx, userName, "ListMFADevices")
	if err != nil {
		return inv, err
	}
	for _, serial := range devices {
		inv.MFADevices = append(inv.MFADevices, teardown.MFADevice{SerialNumber: serial, Virtual: teardown.VirtualMFA(serial)})
	}
	for _, list := range []struct {
		operation string
		into      *[]string
	}{
		{"ListSSHPublicKeys", &inv.SSHKeys},
		{"ListSigningCertificates", &inv.Certificates},
		{"ListServiceSpecificCredentials", &inv.ServiceCredentials},
		{"ListUserPolicies", &inv.InlinePolicies},
		{"ListAttachedUserPolicies", &inv.AttachedPolicies},
		{"ListGroupsForUser", &inv.Groups},
	} {
		if *list.into, err = c.lists(ctx, userName, list.operation); err != nil {
			return inv, err
		}
	}
	for _, arn := range inv.AttachedPolicies {
		if policyName != "" && customerManaged(arn) && arn[strings.LastIndex(arn, "/")+1:] == policyName {
			if inv.Policy, err = c.Policy(ctx, arn); err != nil {
				return inv, err
			}
		}
	}
	return inv, nil
}

// notEverywhere are the lists of things that not each IAM has. Where it does not know the list, there are none; were there
// any, DeleteUser would refuse.
var notEverywhere = map[string]bool{"ListSSHPublicKeys": true, "ListSigningCertificates": true, "ListServiceSpecificCredentials": true}

// lists reads the names or IDs in one of the lists of a user.
func (c *Client) lists(ctx context.Context, user, operation string) ([]string, error) {
	return all(ctx, onUser(operation, user), func(ctx context.Context, marker *string) (page[string], error) {
		p, err := userLists[operation](ctx, c.iam, &user, marker)
		if marker == nil && notEverywhere[operation] && unknownList(err) {
			return page[string]{}, nil
		}
		return p, err
	})
}

// userLists gives one page of each list of a user.
var userLists = map[string]func(context.Context, *iam.Client, *string, *string) (page[string], error){
	"ListMFADevices": func(ctx context.Context, c *iam.Client, user, marker *string) (page[string], error) {
		out, err := c.ListMFADevices(ctx, &iam.ListMFADevicesInput{UserName: user, Marker: marker})
		if err != nil {
			return page[string]{}, err
		}
		return page[string]{mapped(out.MFADevices, func(d types.MFADevice) string { return aws.ToString(d.SerialNumber) }),
			out.IsTruncated, out.Marker}, nil
	},
	"ListSSHPublicKeys": func(ctx context.Context, c *iam.Client, user, marker *string) (page[string], error) {
		out, err := c.ListSSHPublicKeys(ctx, &iam.ListSSHPublicKeysInput{UserName: user, Marker: marker})
		if err != nil {
			return page[string]{}, err
		}
		return page[string]{mapped(out.SSHPublicKeys, func(k types.SSHPublicKeyMetadata) string { return aws.ToString(k.SSHPublicKeyId) }),
			out.IsTruncated, out.Marker}, nil
	},
	"ListSigningCertificates": func(ctx context.Context, c *iam.Client, user, marker *string) (page[string], error) {
		out, err := c.ListSigningCertificates(ctx, &iam.ListSigningCertificatesInput{UserName: user, Marker: marker})
		if err != nil {
			return page[string]{}, err
		}
		return page[string]{mapped(out.Certificates, func(k types.SigningCertificate) string { return aws.ToString(k.CertificateId) }),
			out.IsTruncated, out.Marker}, nil
	},
	// Without a service name: with one, the credentials of all other services would be missed.
	"ListServiceSpecificCredentials": func(ctx context.Context, c *iam.Client, user, marker *string) (page[string], error) {
		out, err := c.ListServiceSpecificCredentials(ctx, &iam.ListServiceSpecificCredentialsInput{UserName: user, Marker: marker})
		if err != nil {
			return page[string]{}, err
		}
		return page[string]{mapped(out.ServiceSpecificCredentials, func(k types.ServiceSpecificCredentialMetadata) string {
			return aws.ToString(k.ServiceSpecificCredentialId)
		}), out.IsTruncated, out.Marker}, nil
	},
	"ListUserPolicies": func(ctx context.Context, c *iam.Client, user, marker *string) (page[string], error) {
		out, err := c.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: user, Marker: marker})
		if err != nil {
			return page[string]{}, err
		}
		return page[string]{out.PolicyNames, out.IsTruncated, out.Marker}, nil
	},
	"ListAttachedUserPolicies": func(ctx context.Context, c *iam.Client, user, marker *string) (page[string], error) {
		out, err := c.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: user, Marker: marker})
		if err != nil {
			return page[string]{}, err
		}
		return page[string]{mapped(out.AttachedPolicies, func(p types.AttachedPolicy) string { return aws.ToString(p.PolicyArn) }),
			out.IsTruncated, out.Marker}, nil
	},
	"ListGroupsForUser": func(ctx context.Context, c *iam.Client, user, marker *string) (page[string], error) {
		out, err := c.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: user, Marker: marker})
		if err != nil {
			return page[string]{}, err
		}
		return page[string]{mapped(out.Groups, func(g types.Group) string { return aws.ToString(g.GroupName) }),
			out.IsTruncated, out.Marker}, nil
	},
}
