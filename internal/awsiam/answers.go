package awsiam

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAnswer is far more than the longest page of IAM (1,000 entries).
const maxAnswer = 16 << 20

// refuseEmptyAnswers makes an error of a successful answer to a read that holds no result: the SDK takes an empty body
// (a proxy, a server that is going down) for a result with nothing in it, and a user without keys. To a change it takes
// any page with status 200 for "done"; that is an error too, unless it is empty.
func refuseEmptyAnswers(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("RefuseEmptyAnswers", requireResult), middleware.After)
}

func requireResult(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	operation := awsmiddleware.GetOperationName(ctx)
	if err != nil || !ok || response.StatusCode/100 != 2 {
		return out, metadata, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		err = fmt.Errorf("the answer was cut off: %w", err)
	case len(body) > maxAnswer:
		err = errors.New("the answer is too long")
	case reading(operation) && !bytes.Contains(body, []byte(operation+"Result")):
		err = fmt.Errorf("the answer has no %sResult", operation)
	case !reading(operation) && len(body) > 0 && !bytes.Contains(body, []byte(operation+"Response")):
		err = fmt.Errorf("the answer is no %sResponse", operation)
	}
	if err != nil {
		return out, metadata, &smithy.DeserializationError{Err: err}
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{bytes.NewReader(saysNothing.ReplaceAll(body, nil)), response.Body}
	return out, metadata, nil
}

// saysNothing are elements without a value where the SDK wants a truth value or a date: left out, as IAM does, they
// mean the same, and the rest of the answer can be read.
var saysNothing = regexp.MustCompile(
	`<(?:IsTruncated|LastUsedDate|PasswordLastUsed)\s*/>|<(?:IsTruncated|LastUsedDate|PasswordLastUsed)>\s*(?:N/A)?\s*</(?:IsTruncated|LastUsedDate|PasswordLastUsed)>`)

// reading operations have a result; those that change nothing but a session (AssumeRole) too.
func reading(operation string) bool {
	return strings.HasPrefix(operation, "Get") || strings.HasPrefix(operation, "List") || operation == "AssumeRole"
}
