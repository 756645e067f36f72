package awsiam

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
)

// Observe reads one key and its user. It always asks STS whose credentials these are; with those of another account it
// reads nothing else. A key or user counts as absent only by ListAccessKeys and GetUser; when the key was last used is
// left open (UseUnknown) where that may not be read, but tags and login profile must be readable, because guards rest on them.
func (c *Client) Observe(ctx context.Context, userName, accessKeyID string) (teardown.Observation, error) {
	o := teardown.Observation{Time: c.clock.Now()}
	if userName == "" || accessKeyID == "" {
		return o, onUser("GetUser", userName).missing("user name or key ID")
	}
	id, err := c.freshIdentity(ctx)
	if err != nil {
		return o, err
	}
	o.Identity = id
	if id.AccountID != c.access.AccountID {
		return o, nil
	}
	o.Key = v1alpha1.KeyAbsent
	if err := c.observeUser(ctx, userName, &o); err != nil {
		return o, err
	}
	if o.UserExists {
		if err := c.observeKeys(ctx, userName, accessKeyID, &o); err != nil {
			return o, err
		}
		if o.ConsolePassword, err = c.hasLoginProfile(ctx, userName); err != nil {
			return o, err
		}
	}
	if err := c.observeUse(ctx, accessKeyID, &o); err != nil {
		return o, err
	}
	// Of several leases of an account's only user, one deletes it, and the others must not stall over the empty account.
	o.AccountHasUsers = o.UserExists || c.hasDeleted(userName)
	if !o.AccountHasUsers {
		o.AccountHasUsers, err = c.hasUsers(ctx)
	}
	return o, err
}

func (c *Client) observeUser(ctx context.Context, name string, o *teardown.Observation) error {
	user, err := c.user(ctx, name)
	if failure.Is(err, failure.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	o.UserExists, o.UserID, o.Path = true, aws.ToString(user.UserId), aws.ToString(user.Path)
	o.Tags = map[string]string{}
	tags, err := c.tags(ctx, user)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		o.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return nil
}

// tags of a user. GetUser need not show them, ListUserTags does; an endpoint that does not know ListUserTags has none
// but those that GetUser shows.
func (c *Client) tags(ctx context.Context, user types.User) ([]types.Tag, error) {
	name := aws.ToString(user.UserName)
	listed, err := all(ctx, onUser("ListUserTags", name), func(ctx context.Context, marker *string) (page[types.Tag], error) {
		out, err := c.iam.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: &name, Marker: marker})
		if err != nil {
			return page[types.Tag]{}, err
		}
		return page[types.Tag]{out.Tags, out.IsTruncated, out.Marker}, nil
	})
	if unsupported(err) {
		return user.Tags, nil
	}
	if err != nil {
		return nil, vanished(err, name)
	}
	for _, shown := range user.Tags {
		listedToo := func(t types.Tag) bool { return aws.ToString(t.Key) == aws.ToString(shown.Key) }
		if !slices.ContainsFunc(listed, listedToo) {
			listed = append(listed, shown)
		}
	}
	return listed, nil
}

// user is GetUser. A user without ID or under another name is no answer to the question.
func (c *Client) user(ctx context.Context, name string) (types.User, error) {
	asking := onUser("GetUser", name)
	out, err := c.iam.GetUser(ctx, &iam.GetUserInput{UserName: &name})
	if err != nil {
		return types.User{}, asking.fail(err)
	}
	if out.User == nil || aws.ToString(out.User.UserId) == "" || !strings.EqualFold(aws.ToString(out.User.UserName), name) {
		return types.User{}, asking.incomplete("no such user, and no error")
	}
	return *out.User, nil
}

func (c *Client) observeKeys(ctx context.Context, name, accessKeyID string, o *teardown.Observation) error {
	keys, err := c.keys(ctx, name)
	if err != nil {
		return vanished(err, name)
	}
	for _, key := range keys {
		if aws.ToString(key.AccessKeyId) != accessKeyID {
			o.OtherKeys = append(o.OtherKeys, aws.ToString(key.AccessKeyId))
			continue
		}
		if key.CreateDate == nil {
			return onUser("ListAccessKeys", name).incomplete("a key without creation date")
		}
		o.Key, o.CreateDate = v1alpha1.KeyState(key.Status), *key.CreateDate
	}
	return nil
}

func (c *Client) keys(ctx context.Context, name string) ([]types.AccessKeyMetadata, error) {
	return all(ctx, onUser("ListAccessKeys", name), func(ctx context.Context, marker *string) (page[types.AccessKeyMetadata], error) {
		out, err := c.iam.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &name, Marker: marker})
		if err != nil {
			return page[types.AccessKeyMetadata]{}, err
		}
		return page[types.AccessKeyMetadata]{out.AccessKeyMetadata, out.IsTruncated, out.Marker}, nil
	})
}

// observeUse is optional information: the error of a key that is gone is one that the action does not model, and the
// right to ask is one that a careful policy may not give for it.
func (c *Client) observeUse(ctx context.Context, accessKeyID string, o *teardown.Observation) error {
	asking := call{service: "iam", operation: "GetAccessKeyLastUsed", on: "key " + accessKeyID}
	out, err := c.iam.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &accessKeyID})
	if err := asking.fail(err); err != nil {
		if failure.Is(err, failure.NotFound, failure.Denied) || unsupported(err) {
			o.UseUnknown = o.Key != v1alpha1.KeyAbsent
			return nil
		}
		return err
	}
	o.KeyUser = aws.ToString(out.UserName)
	if used := out.AccessKeyLastUsed; used != nil && used.LastUsedDate != nil {
		o.LastUsed = &v1alpha1.LastUsed{Date: metav1.NewTime(*used.LastUsedDate),
			Service: available(used.ServiceName), Region: available(used.Region)}
	}
	return nil
}

// available leaves out IAM's "N/A".
func available(value *string) string {
	if aws.ToString(value) == "N/A" {
		return ""
	}
	return aws.ToString(value)
}

func (c *Client) hasLoginProfile(ctx context.Context, name string) (bool, error) {
	_, err := c.iam.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: &name})
	err = onUser("GetLoginProfile", name).fail(err)
	if failure.Is(err, failure.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// hasUsers tells an account that has users from one that has none, to which "no such entity" comes down too. A page can be
// empty and not the last.
func (c *Client) hasUsers(ctx context.Context) (bool, error) {
	found := false
	_, err := all(ctx, call{service: "iam", operation: "ListUsers", on: "account " + c.access.AccountID},
		func(ctx context.Context, marker *string) (page[types.User], error) {
			out, err := c.iam.ListUsers(ctx, &iam.ListUsersInput{MaxItems: aws.Int32(1), Marker: marker})
			if err != nil {
				return page[types.User]{}, err
			}
			if found = len(out.Users) > 0; found {
				return page[types.User]{}, nil // one is enough
			}
			return page[types.User]{truncated: out.IsTruncated, marker: out.Marker}, nil
		})
	if failure.Is(err, failure.NotFound) {
		return false, nil
	}
	return found, err
}

// vanished: a user, or a thing of its, that one call showed is not there for the next. That is a reading to be made
// again, not one to conclude from.
func vanished(err error, name string) error {
	if failure.Is(err, failure.NotFound) {
		return onUser(failure.Of(err).Operation, name).incomplete("no such entity, though a call before it has")
	}
	return err
}

// missing is the error for a call that must not be made: without a user name IAM takes the caller's own.
func (c call) missing(what string) error {
	return &failure.Error{Class: failure.Terminal, Service: c.service, Operation: c.operation, Code: v1alpha1.ReasonInvalidRequest,
		Message: c.on + ": no " + what + " was given"}
}
