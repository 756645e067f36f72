package awsiam

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
)

// customerManaged tells a policy of an account from one that AWS keeps ("arn:aws:iam::aws:policy/…").
func customerManaged(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	return len(parts) == 6 && accountForm.MatchString(parts[4]) && strings.HasPrefix(parts[5], "policy/")
}

func onPolicy(operation, arn string) call {
	return call{service: "iam", operation: operation, on: "policy " + arn}
}

// Policy reads a customer-managed policy with all its uses, as a permissions policy and as a boundary, and the versions
// that are not the default. nil: there is none of that ARN.
func (c *Client) Policy(ctx context.Context, arn string) (*teardown.Policy, error) {
	found, err := c.policy(ctx, arn)
	if failure.Is(err, failure.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := &teardown.Policy{ARN: arn, PolicyID: aws.ToString(found.PolicyId)}
	if p.AttachedTo, err = c.uses(ctx, arn, types.PolicyUsageTypePermissionsPolicy); err == nil {
		p.BoundaryOf, err = c.uses(ctx, arn, types.PolicyUsageTypePermissionsBoundary)
	}
	if err == nil {
		p.Versions, err = c.oldVersions(ctx, arn)
	}
	if failure.Is(err, failure.NotFound) { // it went between two calls
		return nil, onPolicy("ListEntitiesForPolicy", arn).incomplete("no such policy, though GetPolicy has")
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (c *Client) policy(ctx context.Context, arn string) (types.Policy, error) {
	asking := onPolicy("GetPolicy", arn)
	out, err := c.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return types.Policy{}, asking.fail(err)
	}
	if out.Policy == nil || aws.ToString(out.Policy.PolicyId) == "" || aws.ToString(out.Policy.Arn) != arn {
		return types.Policy{}, asking.incomplete("no such policy, and no error")
	}
	return *out.Policy, nil
}

// uses lists who uses a policy in one way, as "user/<name>", "group/<name>" and "role/<name>". The two ways are asked
// for one after the other ("API_ListEntitiesForPolicy", PolicyUsageFilter).
func (c *Client) uses(ctx context.Context, arn string, way types.PolicyUsageType) ([]string, error) {
	return all(ctx, onPolicy("ListEntitiesForPolicy", arn), func(ctx context.Context, marker *string) (page[string], error) {
		out, err := c.iam.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: &arn, PolicyUsageFilter: way, Marker: marker})
		if err != nil {
			return page[string]{}, err
		}
		p := page[string]{truncated: out.IsTruncated, marker: out.Marker}
		for _, u := range out.PolicyUsers {
			p.items = append(p.items, "user/"+aws.ToString(u.UserName))
		}
		for _, g := range out.PolicyGroups {
			p.items = append(p.items, "group/"+aws.ToString(g.GroupName))
		}
		for _, r := range out.PolicyRoles {
			p.items = append(p.items, "role/"+aws.ToString(r.RoleName))
		}
		return p, nil
	})
}

func (c *Client) oldVersions(ctx context.Context, arn string) ([]string, error) {
	return all(ctx, onPolicy("ListPolicyVersions", arn), func(ctx context.Context, marker *string) (page[string], error) {
		out, err := c.iam.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: &arn, Marker: marker})
		if err != nil {
			return page[string]{}, err
		}
		p := page[string]{truncated: out.IsTruncated, marker: out.Marker}
		for _, v := range out.Versions {
			if !v.IsDefaultVersion {
				p.items = append(p.items, aws.ToString(v.VersionId))
			}
		}
		return p, nil
	})
}
