package awsiam

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// renewExpired asks for new credentials, once, when AWS calls the ones in use expired: the cache goes by this machine's
// clock, which AWS does not share. A read is made again with them; a change is not before Do has seen whose they are.
func renewExpired(provider aws.CredentialsProvider) func(*middleware.Stack) error {
	cache, ok := provider.(*aws.CredentialsCache)
	renew := func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
		middleware.InitializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleInitialize(ctx, in)
		if !ok || !expired(err) {
			return out, metadata, err
		}
		cache.Invalidate()
		if !reading(awsmiddleware.GetOperationName(ctx)) {
			return out, metadata, err
		}
		return next.HandleInitialize(ctx, in)
	}
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("RenewExpired", renew), middleware.After)
	}
}

func expired(err error) bool {
	api := smithy.APIError(nil)
	return errors.As(err, &api) && strings.TrimSuffix(api.ErrorCode(), "Exception") == "ExpiredToken"
}
