package awsiam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

// AccountKey is an access key of an account.
type AccountKey = lifecycle.AccountKey

// AccountKeys lists all access keys of users under a path prefix (with a slash at both ends; "" for all): one call for each page of users,
// and one for each user. It is for the daily report of keys that stand in no row, and changes nothing.
func (c *Client) AccountKeys(ctx context.Context, pathPrefix string) ([]AccountKey, error) {
	if err := c.ownAccount(ctx); err != nil {
		return nil, err
	}
	in := iam.ListUsersInput{}
	if pathPrefix != "" {
		in.PathPrefix = &pathPrefix
	}
	users, err := all(ctx, call{service: "iam", operation: "ListUsers", on: "account " + c.access.AccountID},
		func(ctx context.Context, marker *string) (page[types.User], error) {
			next := in
			next.Marker = marker
			out, err := c.iam.ListUsers(ctx, &next)
			if err != nil {
				return page[types.User]{}, err
			}
			return page[types.User]{out.Users, out.IsTruncated, out.Marker}, nil
		})
	if err != nil {
		return nil, err
	}
	var found []AccountKey
	for _, user := range users {
		keys, err := c.keys(ctx, aws.ToString(user.UserName))
		if failure.Is(err, failure.NotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			found = append(found, AccountKey{UserName: aws.ToString(user.UserName), AccessKeyID: aws.ToString(k.AccessKeyId),
				Status: v1alpha1.KeyState(k.Status), CreateDate: aws.ToTime(k.CreateDate)})
		}
	}
	return found, nil
}
