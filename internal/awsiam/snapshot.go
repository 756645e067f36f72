package awsiam

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/keylease/keylease/internal/teardown"
)

// Snapshot reads what is needed to make the user again. Every part must be readable: half a snapshot restores half a
// user.
func (c *Client) Snapshot(ctx context.Context, userName string) (teardown.Snapshot, error) {
	if userName == "" {
		return teardown.Snapshot{}, onUser("GetUser", userName).missing("user name")
	}
	s, err := c.snapshot(ctx, userName)
	return s, vanished(err, userName)
}

func (c *Client) snapshot(ctx context.Context, userName string) (teardown.Snapshot, error) {
	s := teardown.Snapshot{AccountID: c.access.AccountID, Partition: c.access.Partition, UserName: userName}
	user, err := c.user(ctx, userName)
	if err != nil {
		return s, err
	}
	s.UserID, s.Path = aws.ToString(user.UserId), aws.ToString(user.Path)
	s.CreateDate = aws.ToTime(user.CreateDate).UTC()
	if user.PermissionsBoundary != nil {
		s.PermissionsBoundary = aws.ToString(user.PermissionsBoundary.PermissionsBoundaryArn)
	}
	tags, err := c.tags(ctx, user)
	if err != nil {
		return s, err
	}
	s.Tags = snapshotTags(tags)
	if s.Groups, err = c.lists(ctx, userName, "ListGroupsForUser"); err != nil {
		return s, err
	}
	if s.InlinePolicies, err = c.inlinePolicies(ctx, userName); err != nil {
		return s, err
	}
	s.AttachedPolicies, err = c.attachedPolicies(ctx, userName)
	return s, err
}

func (c *Client) inlinePolicies(ctx context.Context, userName string) ([]teardown.SnapshotPolicy, error) {
	names, err := c.lists(ctx, userName, "ListUserPolicies")
	if err != nil {
		return nil, err
	}
	var policies []teardown.SnapshotPolicy
	for _, name := range names {
		asking := onUser("GetUserPolicy", userName)
		out, err := c.iam.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: &userName, PolicyName: &name})
		if err != nil {
			return nil, asking.fail(err)
		}
		document, err := asking.document(out.PolicyDocument)
		if err != nil {
			return nil, err
		}
		policies = append(policies, teardown.SnapshotPolicy{Name: name, Document: document})
	}
	return policies, nil
}

func (c *Client) attachedPolicies(ctx context.Context, userName string) ([]teardown.SnapshotPolicy, error) {
	arns, err := c.lists(ctx, userName, "ListAttachedUserPolicies")
	if err != nil {
		return nil, err
	}
	var policies []teardown.SnapshotPolicy
	for _, arn := range arns {
		if !customerManaged(arn) {
			policies = append(policies, teardown.SnapshotPolicy{ARN: arn}) // AWS keeps it; naming it is enough
			continue
		}
		p, err := c.managedPolicy(ctx, arn)
		if err != nil {
			return nil, err
		}
		policies = append(policies, p)
	}
	return policies, nil
}

func (c *Client) managedPolicy(ctx context.Context, arn string) (teardown.SnapshotPolicy, error) {
	p, err := c.policy(ctx, arn)
	if err != nil {
		return teardown.SnapshotPolicy{}, err
	}
	asking := onPolicy("GetPolicyVersion", arn)
	out, err := c.iam.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: p.DefaultVersionId})
	if err != nil {
		return teardown.SnapshotPolicy{}, asking.fail(err)
	}
	var encoded *string
	if out.PolicyVersion != nil {
		encoded = out.PolicyVersion.Document
	}
	document, err := asking.document(encoded)
	return teardown.SnapshotPolicy{Name: aws.ToString(p.PolicyName), ARN: arn, Path: aws.ToString(p.Path),
		Description: aws.ToString(p.Description), Tags: snapshotTags(p.Tags), Document: document}, err
}

// document decodes a policy document, which IAM URL-encodes after RFC 3986 ("API_GetUserPolicy"): a plus is a plus. One
// that begins with a brace is not encoded.
func (c call) document(encoded *string) (string, error) {
	if plain := strings.TrimSpace(aws.ToString(encoded)); strings.HasPrefix(plain, "{") {
		return plain, nil
	}
	document, err := url.PathUnescape(aws.ToString(encoded))
	if err != nil || document == "" {
		return "", c.incomplete("no readable policy document")
	}
	return document, nil
}

func snapshotTags(tags []types.Tag) []teardown.SnapshotTag {
	return mapped(tags, func(t types.Tag) teardown.SnapshotTag {
		return teardown.SnapshotTag{Key: aws.ToString(t.Key), Value: aws.ToString(t.Value)}
	})
}
