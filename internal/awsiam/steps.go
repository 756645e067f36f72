package awsiam

import (
	"context"
	"fmt"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/keylease/keylease/internal/teardown"
)

// action makes the one call of a step.
type action func(ctx context.Context, c *iam.Client, s teardown.Step, option func(*iam.Options)) error

// actions by their name in the IAM API. What is not here cannot be done.
var actions = map[string]action{
	teardown.ActionUpdateAccessKey: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		id, status, err := splitLast(s)
		if err == nil {
			_, err = c.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: &s.UserName, AccessKeyId: &id, Status: types.StatusType(status)}, o)
		}
		return err
	},
	teardown.ActionDeleteAccessKey: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		_, err := c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &s.UserName, AccessKeyId: &s.Target}, o)
		return err
	},
	teardown.ActionDeleteLoginProfile: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		_, err := c.DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: &s.UserName}, o)
		return err
	},
	teardown.ActionDeactivateMFA: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		_, err := c.DeactivateMFADevice(ctx, &iam.DeactivateMFADeviceInput{UserName: &s.UserName, SerialNumber: &s.Target}, o)
		return err
	},
	teardown.ActionDeleteVirtualMFA: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		_, err := c.DeleteVirtualMFADevice(ctx, &iam.DeleteVirtualMFADeviceInput{SerialNumber: &s.Target}, o)
		return err
	},
	teardown.ActionDeleteSSHKey: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		_, err := c.DeleteSSHPublicKey(ctx, &iam.DeleteSSHPublicKeyInput{UserName: &s.UserName, SSHPublicKeyId: &s.Target}, o)
		return err
	},
	teardown.ActionDeleteCertificate: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		_, err := c.DeleteSigningCertificate(ctx, &iam.DeleteSigningCertificateInput{UserName: &s.UserName, CertificateId: &s.Target}, o)
		return err
	},
	teardown.ActionDeleteCredential: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		_, err := c.DeleteServiceSpecificCredential(ctx,
			&iam.DeleteServiceSpecificCredentialInput{UserName: &s.UserName, ServiceSpecificCredentialId: &s.Target}, o)
		return err
	},
	teardown.ActionDeleteInlinePolicy: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		_, err := c.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &s.UserName, PolicyName: &s.Target}, o)
		return err
	},
	teardown.ActionDetachPolicy: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		_, err := c.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &s.UserName, PolicyArn: &s.Target}, o)
		return err
	},
	teardown.ActionLeaveGroup: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		_, err := c.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{UserName: &s.UserName, GroupName: &s.Target}, o)
		return err
	},
	teardown.ActionDeleteUser: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		_, err := c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &s.UserName}, o)
		return err
	},
	teardown.ActionDeleteVersion: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		arn, version, err := splitLast(s)
		if err == nil {
			_, err = c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: &version}, o)
		}
		return err
	},
	teardown.ActionDeletePolicy: func(ctx context.Context, c *iam.Client, s teardown.Step, o func(*iam.Options)) error {
		_, err := c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &s.Target}, o)
		return err
	},
}

// splitLast splits "<key ID>:Inactive" and "<arn>:<version>".
func splitLast(s teardown.Step) (before, after string, err error) {
	i := strings.LastIndex(s.Target, ":")
	if i <= 0 || i == len(s.Target)-1 {
		return "", "", onUser(s.Action, s.UserName).missing(fmt.Sprintf("complete target (%q)", s.Target))
	}
	return s.Target[:i], s.Target[i+1:], nil
}

// Do makes the call of one step, with credentials that are of the account. The request ID is of its last attempt; empty
// where no answer came.
func (c *Client) Do(ctx context.Context, s teardown.Step) (requestID string, err error) {
	doing := call{service: "iam", operation: s.Action, on: fmt.Sprintf("%s of user %s", s.Target, s.UserName), writes: true}
	act, known := actions[s.Action]
	if !known || s.UserName == "" || s.Target == "" {
		return "", doing.missing("known action, user name and target")
	}
	for range 2 {
		if err := c.ownAccount(ctx); err != nil {
			return "", err
		}
		err = act(ctx, c.iam, s, func(o *iam.Options) {
			c.writing(o)
			o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
				return stack.Initialize.Add(keepRequestID(&requestID), middleware.Before)
			})
		})
		// A call that was refused for its token did nothing. The next token may be of another account: ask again first.
		if !expired(err) {
			break
		}
	}
	if err == nil && s.Action == teardown.ActionDeleteUser {
		c.noteDeleted(s.UserName)
	}
	return requestID, doing.fail(err)
}

// keepRequestID notes the ID that the answer carries, of a refusal as well.
func keepRequestID(id *string) middleware.InitializeMiddleware {
	return middleware.InitializeMiddlewareFunc("KeepRequestID",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
			middleware.InitializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			*id, _ = awsmiddleware.GetRequestIDMetadata(metadata)
			return out, metadata, err
		})
}
