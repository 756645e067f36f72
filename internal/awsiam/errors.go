package awsiam

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
)

// classes of IAM's and STS's error codes, without the suffix "Exception" that some answers have and others have not.
// Sources: the "Errors" of each action in the IAM and STS API references, and "Common Error Types". What is not here is
// classed by its HTTP status. AccessDenied and every unknown 404 are not "not found".
var classes = map[string]failure.Class{
	"NoSuchEntity":   failure.NotFound,
	"DeleteConflict": failure.Conflict,

	"Throttling":                    failure.Retry,
	"Throttled":                     failure.Retry,
	"TooManyRequests":               failure.Retry,
	"RequestLimitExceeded":          failure.Retry,
	"RequestThrottled":              failure.Retry,
	"BandwidthLimitExceeded":        failure.Retry,
	"PriorRequestNotComplete":       failure.Retry,
	"SlowDown":                      failure.Retry,
	"LimitExceeded":                 failure.Retry,
	"ConcurrentModification":        failure.Retry,
	"EntityTemporarilyUnmodifiable": failure.Retry,

	"AccessDenied":          failure.Denied,
	"NotAuthorized":         failure.Denied,
	"UnauthorizedOperation": failure.Denied,

	"ExpiredToken":               failure.Credentials,
	"TokenRefreshRequired":       failure.Credentials,
	"InvalidClientTokenId":       failure.Credentials,
	"UnrecognizedClient":         failure.Credentials,
	"InvalidAccessKeyId":         failure.Credentials,
	"SignatureDoesNotMatch":      failure.Credentials,
	"InvalidSignature":           failure.Credentials,
	"IncompleteSignature":        failure.Credentials,
	"MissingAuthenticationToken": failure.Credentials,
	"AuthFailure":                failure.Credentials,
	"RequestExpired":             failure.Credentials,
	"RequestTimeTooSkewed":       failure.Credentials,
	"OptInRequired":              failure.Credentials,
	"RegionDisabled":             failure.Credentials,
	"InvalidIdentityToken":       failure.Credentials,
	"IDPRejectedClaim":           failure.Credentials,
}

// call is what failed, for the sentence.
type call struct {
	service, operation string
	// on is the thing: "user x", "policy arn:…".
	on string
	// writes: the call was to change something, so that a lost answer is not a refusal.
	writes bool
}

// fail turns an error of the SDK into one of the project. Nil stays nil.
func (c call) fail(err error) error {
	if err == nil || failure.Of(err) != nil {
		return err
	}
	class, code, message := c.classify(err)
	return &failure.Error{Class: class, Service: c.service, Operation: c.operation, Code: code,
		Message: fmt.Sprintf("%s: %s", c.on, stable(message))}
}

func (c call) classify(err error) (class failure.Class, code, message string) {
	// What is lost on the way back may have been done.
	lost := failure.Retry
	if c.writes {
		lost = failure.Uncertain
	}
	var unsent notSentError
	var answer smithy.APIError
	var status *smithyhttp.ResponseError
	var invalid *smithy.DeserializationError
	var malformed *smithy.SerializationError
	switch {
	case errors.As(err, &unsent):
		return failure.Retry, v1alpha1.ReasonNotSent, "it was not its turn in time under this account's rate limit: it is tried again"
	case neverConnected(err):
		return failure.Retry, failure.CodeNoConnection, "no connection could be made: check the network and the endpoint"
	case errors.As(err, &answer) && answer.ErrorCode() != "":
		return classOf(answer.ErrorCode(), statusOf(err), lost), answer.ErrorCode(), answer.ErrorMessage()
	case errors.As(err, &malformed):
		return failure.Terminal, v1alpha1.ReasonInvalidRequest, "the request cannot be written: " + malformed.Unwrap().Error()
	case errors.As(err, &invalid):
		return lost, v1alpha1.ReasonInvalidAnswer, "the answer is not one of AWS: check the endpoint and what stands before it"
	case errors.As(err, &status) && status.HTTPStatusCode() != 0:
		return classOf("", status.HTTPStatusCode(), lost), v1alpha1.ReasonHTTPStatus, fmt.Sprintf("HTTP status %d", status.HTTPStatusCode())
	case isTimeout(err):
		return lost, failure.CodeTimeout, "no answer in time: it is tried again"
	case errors.Is(err, context.Canceled):
		return lost, v1alpha1.ReasonCanceled, "the call was given up"
	}
	return lost, v1alpha1.ReasonConnectionLost, "the connection was lost before the answer came: it is tried again"
}

func statusOf(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// classOf goes by the code, and by the HTTP status where the code is new to it.
func classOf(code string, status int, lost failure.Class) failure.Class {
	if class, ok := classes[strings.TrimSuffix(code, "Exception")]; ok {
		return class
	}
	switch {
	case status == http.StatusTooManyRequests:
		return failure.Retry
	case status >= http.StatusInternalServerError || status == http.StatusRequestTimeout || status < http.StatusBadRequest:
		return lost
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return failure.Denied
	}
	return failure.Terminal
}

// unsupported tells that the endpoint does not know the action at all ("Common Error Types", IAM API reference, and what
// stands in for IAM elsewhere). It says nothing of rights.
func unsupported(err error) bool {
	e := failure.Of(err)
	if e == nil || e.Class == failure.Denied {
		return false
	}
	switch strings.TrimSuffix(e.Code, "Exception") {
	case "InvalidAction", "UnknownOperation", "UnsupportedOperation", "NotImplemented", "NotSupportedService":
		return true
	}
	return false
}

// unknownList tells, of what the SDK gives for a list of things that not each IAM has, that the endpoint does not know it.
// Stand-ins for IAM say so with "not implemented" and any code, or break down over it: an error of the server with a page
// that IAM would never send. Of any other call that is an outage, from which nothing may be concluded.
func unknownList(err error) bool {
	if err == nil || askedLast(err) != "IAM" {
		return false
	}
	var answer smithy.APIError
	documented := errors.As(err, &answer) && answer.ErrorCode() != "" && answer.ErrorCode() != noCode
	status := statusOf(err)
	return unsupported(call{}.fail(err)) || status == http.StatusNotImplemented ||
		status >= http.StatusInternalServerError && !documented
}

// noCode is what the SDK puts in the place of a code that the answer does not have.
const noCode = "UnknownError"

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// credentialsFailure classes an error of getting credentials, which no IAM call can do without.
func (c call) credentialsFailure(ctx context.Context, err error, access Access) error {
	class, code, message := call{}.classify(err)
	var answer smithy.APIError
	answered := errors.As(err, &answer)
	place, advice := "the operator's AWS credentials", ": correct them"
	if access.RoleARN != "" {
		place = fmt.Sprintf("role %s with external ID %s", access.RoleARN, access.ExternalID)
		advice = ": correct spec.aws.roleARN or the trust policy of the role"
	}
	switch {
	case ctx.Err() != nil || errors.Is(err, context.Canceled) || class == failure.Retry && (answered || askedLast(err) == "STS"):
		// We gave up, or STS is down or throttles: nothing is wrong with the credentials.
		class, advice = failure.Retry, ""
	case answered:
		class = failure.Credentials
	default:
		class, code, message = failure.Credentials, failure.CodeNoCredentials, "no AWS credentials were found in the environment"
	}
	return &failure.Error{Class: class, Service: "sts", Operation: "AssumeRole", Code: code,
		Message: stable(message) + ": " + place + advice}
}

// askedLast is the service whose call failed underneath all others, such as STS below IAM; empty: none was called.
func askedLast(err error) string {
	service := ""
	var operation *smithy.OperationError
	for errors.As(err, &operation) {
		service, err = operation.Service(), operation.Err
	}
	return service
}

// changing are the parts of AWS's messages that differ from call to call: request IDs, the session of a role, encoded
// authorization details. A message that changes by itself would be news each time.
var changing = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?i)[,;(]?\s*request ?id:?\s*[0-9a-f-]{16,}\)?`), ""},
	{regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`), "…"},
	{regexp.MustCompile(`(?i)encoded authorization failure message: \S+`), ""},
	{regexp.MustCompile(`\b20\d{6}T\d{6}Z\b`), "…"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "…"}, // a hash of the request, in SignatureDoesNotMatch
	{regexp.MustCompile(`(?i)(signature|token|secret)\s*[=:]\s*\S+`), "$1=…"},
}

func stable(message string) string {
	for _, c := range changing {
		message = c.what.ReplaceAllString(message, c.with)
	}
	message = strings.Join(strings.Fields(message), " ")
	if runes := []rune(message); len(runes) > 500 {
		message = string(runes[:500]) + "…"
	}
	return message
}
