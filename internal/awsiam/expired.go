package awsiam

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// renewExpired asks for new credentials, once, when AWS calls the ones in use expired: the cache goes by this machine's
// clock, which AWS does not share. A call that was refused for its token did nothing, so that it may be made again.
func renewExpired(provider aws.CredentialsProvider) func(*middleware.Stack) error {
	cache, ok := provider.(*aws.CredentialsCache)
	renew := func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
		middleware.InitializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleInitialize(ctx, in)
		if !ok || !expired(err) {
			return out, metadata, err
		}
		cache.Invalidate()
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
