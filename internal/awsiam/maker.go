package awsiam

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
)

// Maker makes what a snapshot describes. Only `keylease restore` has one, with the credentials of the person who runs
// it: the operator has no such type, and config/aws/policy.json grants it none of these calls. Its errors are
// *failure.Error.
type Maker struct{ c *Client }

// Maker gives one for the account, with the credentials of the SDK's default chain.
func (f *Factory) Maker(ctx context.Context, partition, accountID string) (*Maker, error) {
	c, err := f.For(ctx, Access{Partition: partition, AccountID: accountID})
	if err != nil {
		return nil, err
	}
	return &Maker{c}, nil
}

// Identity is whose credentials these are.
func (m *Maker) Identity(ctx context.Context) (teardown.Identity, error) { return m.c.Identity(ctx) }

// Snapshot of the user as it is.
func (m *Maker) Snapshot(ctx context.Context, userName string) (teardown.Snapshot, error) {
	return m.c.Snapshot(ctx, userName)
}

// UserTags tells whether the user exists, and its tags.
func (m *Maker) UserTags(ctx context.Context, userName string) (tags map[string]string, exists bool, err error) {
	var o teardown.Observation
	err = m.c.observeUser(ctx, userName, &o)
	return o.Tags, o.UserExists, err
}

// PolicyDocument tells whether a managed policy exists, and the document of its default version where the account
// itself keeps it.
func (m *Maker) PolicyDocument(ctx context.Context, arn string) (document string, exists bool, err error) {
	var p teardown.SnapshotPolicy
	if customerManaged(arn) {
		p, err = m.c.managedPolicy(ctx, arn)
	} else {
		_, err = m.c.policy(ctx, arn)
	}
	if failure.Is(err, failure.NotFound) {
		return "", false, nil
	}
	return p.Document, err == nil, err
}

// GroupExists tells whether there is a group of that name.
func (m *Maker) GroupExists(ctx context.Context, name string) (bool, error) {
	asking := call{service: "iam", operation: "GetGroup", on: "group " + name}
	_, err := m.c.iam.GetGroup(ctx, &iam.GetGroupInput{GroupName: &name, MaxItems: aws.Int32(1)})
	err = asking.fail(err)
	if failure.Is(err, failure.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// CreatePolicy makes a customer-managed policy anew. It gets the ARN that it had, or it is an error.
func (m *Maker) CreatePolicy(ctx context.Context, p teardown.SnapshotPolicy) error {
	return m.change(ctx, call{service: "iam", operation: "CreatePolicy", on: "policy " + p.ARN}, func() error {
		in := &iam.CreatePolicyInput{PolicyName: &p.Name, PolicyDocument: &p.Document, Path: filled(p.Path),
			Description: filled(p.Description), Tags: iamTags(p.Tags)}
		out, err := m.c.iam.CreatePolicy(ctx, in, m.c.writing)
		if err == nil && (out.Policy == nil || aws.ToString(out.Policy.Arn) != p.ARN) {
			err = fmt.Errorf("the policy got another ARN than %s: look at it in the IAM console", p.ARN)
		}
		return err
	})
}

// CreateUser makes the user with path, boundary and tags at once.
func (m *Maker) CreateUser(ctx context.Context, s teardown.Snapshot) error {
	return m.change(ctx, call{service: "iam", operation: "CreateUser", on: "user " + s.UserName}, func() error {
		_, err := m.c.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: &s.UserName, Path: filled(s.Path),
			PermissionsBoundary: filled(s.PermissionsBoundary), Tags: iamTags(s.Tags)}, m.c.writing)
		return err
	})
}

// PutInlinePolicy writes a policy into the user.
func (m *Maker) PutInlinePolicy(ctx context.Context, userName string, p teardown.SnapshotPolicy) error {
	return m.change(ctx, onUser("PutUserPolicy", userName), func() error {
		_, err := m.c.iam.PutUserPolicy(ctx,
			&iam.PutUserPolicyInput{UserName: &userName, PolicyName: &p.Name, PolicyDocument: &p.Document}, m.c.writing)
		return err
	})
}

// AttachPolicy attaches a managed policy to the user.
func (m *Maker) AttachPolicy(ctx context.Context, userName, arn string) error {
	return m.change(ctx, onUser("AttachUserPolicy", userName), func() error {
		_, err := m.c.iam.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &userName, PolicyArn: &arn}, m.c.writing)
		return err
	})
}

// JoinGroup makes the user a member.
func (m *Maker) JoinGroup(ctx context.Context, userName, group string) error {
	return m.change(ctx, onUser("AddUserToGroup", userName), func() error {
		_, err := m.c.iam.AddUserToGroup(ctx, &iam.AddUserToGroupInput{UserName: &userName, GroupName: &group}, m.c.writing)
		return err
	})
}

// Tag the user.
func (m *Maker) Tag(ctx context.Context, userName string, t teardown.SnapshotTag) error {
	return m.change(ctx, onUser("TagUser", userName), func() error {
		_, err := m.c.iam.TagUser(ctx, &iam.TagUserInput{UserName: &userName, Tags: iamTags([]teardown.SnapshotTag{t})}, m.c.writing)
		return err
	})
}

// Untag takes a tag from the user.
func (m *Maker) Untag(ctx context.Context, userName, key string) error {
	return m.change(ctx, onUser("UntagUser", userName), func() error {
		_, err := m.c.iam.UntagUser(ctx, &iam.UntagUserInput{UserName: &userName, TagKeys: []string{key}}, m.c.writing)
		return err
	})
}

// change makes one call with credentials that are of the account.
func (m *Maker) change(ctx context.Context, doing call, do func() error) error {
	if err := m.c.ownAccount(ctx); err != nil {
		return err
	}
	doing.writes = true
	return doing.fail(do())
}

// filled is nil for an empty text, which IAM refuses where it takes none.
func filled(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// iamTags leaves out tags that only AWS itself can set.
func iamTags(tags []teardown.SnapshotTag) []types.Tag {
	var out []types.Tag
	for _, t := range tags {
		if !strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			out = append(out, types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)})
		}
	}
	return out
}
