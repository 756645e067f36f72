package slackapi

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/slack-go/slack"

	"github.com/keylease/keylease/internal/failure"
)

const service = "slack"

// limited is the code of all that has to wait for a rate limit, Slack's or our own.
const limited = "ratelimited"

// uncertainWait gives a message whose request broke off the time to appear before it is looked for.
const uncertainWait = 15 * time.Second

// limitedWait is for a 429 that does not say how long to wait.
const limitedWait = 30 * time.Second

// errNoAnswer is an answer that says neither ok nor an error.
var errNoAnswer = errors.New("the answer is not of the Web API")

// classes of the error codes that come as HTTP 200 with ok:false. Those of chat.postMessage and conversations.open
// (https://docs.slack.dev/reference/methods/chat.postMessage/#errors); a code that is not here is Terminal.
var classes = map[string]failure.Class{
	// Nothing was done; later it may be.
	"ratelimited":         failure.Retry,
	"rate_limited":        failure.Retry,
	"service_unavailable": failure.Retry,
	"request_timeout":     failure.Retry,
	"team_added_to_org":   failure.Retry,
	"org_login_required":  failure.Retry,

	// A message may have been posted nevertheless.
	"internal_error": failure.Uncertain,
	"fatal_error":    failure.Uncertain,

	// The whole token is bad: nobody can be told anything.
	"invalid_auth":              failure.Credentials,
	"not_authed":                failure.Credentials,
	"account_inactive":          failure.Credentials,
	"token_revoked":             failure.Credentials,
	"token_expired":             failure.Credentials,
	"missing_scope":             failure.Credentials,
	"no_permission":             failure.Credentials,
	"not_allowed_token_type":    failure.Credentials,
	"ekm_access_denied":         failure.Credentials,
	"access_denied":             failure.Credentials,
	"two_factor_setup_required": failure.Credentials,

	// This recipient is bad; restricted_action… too.
	"channel_not_found": failure.Recipient,
	"not_in_channel":    failure.Recipient,
	"is_archived":       failure.Recipient,
	"user_not_found":    failure.Recipient,
	"user_disabled":     failure.Recipient,
	"user_not_visible":  failure.Recipient,
	"cannot_dm_bot":     failure.Recipient,

	// This payload is bad; invalid_metadata_… too.
	"msg_too_long":        failure.Terminal,
	"msg_blocks_too_long": failure.Terminal,
	"no_text":             failure.Terminal,
	"invalid_blocks":      failure.Terminal,
	"invalid_arguments":   failure.Terminal,
}

// hints tell people what to do about a class.
var hints = map[failure.Class]string{
	failure.Retry:       "Slack cannot do it now; it is tried again",
	failure.Uncertain:   "the message may have been posted; it is looked for before another attempt",
	failure.Credentials: "install the app again with the scopes of config/slack and put its bot token into the Secret of spec.slack.tokenSecretRef",
	failure.Recipient:   "correct the recipient in spec.slack.admins or the users tab, or invite the app to the channel",
	failure.Terminal:    "Slack refuses this message; please report it",
}

// classifier turns errors of slack-go into classified ones, without any text that holds the token or that changes by
// itself (a port, a request ID).
type classifier struct{ token, host string }

func (c classifier) classify(method string, err error) *failure.Error {
	var answer slack.SlackErrorResponse
	var tooMany *slack.RateLimitedError
	var status slack.StatusCodeError
	switch {
	case errors.As(err, &answer):
		return c.refused(method, answer)
	case errors.As(err, &tooMany):
		return failed(failure.Retry, method, limited, "", max(tooMany.RetryAfter, time.Second))
	case errors.As(err, &status):
		return c.status(method, status.Code)
	}
	return c.broken(method, err)
}

// refused is an answer with ok:false.
func (c classifier) refused(method string, answer slack.SlackErrorResponse) *failure.Error {
	code := c.safe(answer.Err, 64)
	class, known := classes[code]
	switch {
	case known:
	case strings.HasPrefix(code, "restricted_action"):
		class = failure.Recipient
	default:
		class = failure.Terminal
	}
	var details []string
	if answer.Needed != "" {
		details = append(details, "needed scope: "+c.safe(answer.Needed, 200))
	}
	if messages := answer.ResponseMetadata.Messages; len(messages) > 0 {
		details = append(details, c.safe(messages[0], 300))
	}
	if code == "ratelimited" || code == "rate_limited" {
		return failed(class, method, limited, "", limitedWait)
	}
	return failed(class, method, code, strings.Join(details, "; "), 0)
}

// status is an answer that is not HTTP 200.
func (c classifier) status(method string, code int) *failure.Error {
	name := fmt.Sprintf("http_%d", code)
	switch {
	case code == http.StatusTooManyRequests:
		return failed(failure.Retry, method, limited, "", limitedWait)
	case code >= 500, code == http.StatusRequestTimeout:
		return failed(failure.Uncertain, method, name, c.host+" is in trouble", 0)
	default:
		return failed(failure.Retry, method, name, c.host+" does not answer as Slack does: check SLACK_API_URL and proxies", 0)
	}
}

// broken is no answer, or none that can be read.
func (c classifier) broken(method string, err error) *failure.Error {
	var op *net.OpError
	dialing := errors.As(err, &op) && op.Op == "dial"
	var dns *net.DNSError
	var timeout net.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &dns):
		return failed(failure.Retry, method, "dns_error", c.host+" cannot be resolved: check the network and SLACK_API_URL", 0)
	case errors.Is(err, syscall.ECONNREFUSED):
		return failed(failure.Retry, method, "connection_refused", c.host+" refuses connections: check the network and SLACK_API_URL", 0)
	case dialing: // nothing was sent
		return failed(failure.Retry, method, "connection_failed", c.host+" cannot be reached: check the network and SLACK_API_URL", 0)
	case errors.As(err, &certificate):
		return failed(failure.Retry, method, "tls_error", c.host+" has no certificate that is trusted: check SLACK_API_URL and proxies", 0)
	case errors.Is(err, context.Canceled):
		return failed(failure.Uncertain, method, "canceled", "the request was broken off", 0)
	case errors.As(err, &timeout) && timeout.Timeout():
		return failed(failure.Uncertain, method, failure.CodeTimeout, c.host+" did not answer in time", 0)
	case errors.Is(err, errNoAnswer), isDecoding(err):
		return failed(failure.Uncertain, method, "invalid_response", c.host+" does not answer as Slack does: check SLACK_API_URL and proxies", 0)
	}
	return failed(failure.Uncertain, method, "connection_lost", "the connection to "+c.host+" broke off", 0)
}

// failed makes the error. Only a message can be half done: other methods change nothing that counts, and what is
// uncertain of theirs can simply be tried again.
func failed(class failure.Class, method, code, detail string, after time.Duration) *failure.Error {
	if class == failure.Uncertain && method != "chat.postMessage" {
		class = failure.Retry
	}
	if class == failure.Uncertain {
		after = uncertainWait
	}
	text := hints[class]
	if detail != "" {
		text = detail + "; " + text
	}
	return &failure.Error{
		Class: class, Service: service, Operation: method, Code: code, Message: text, RetryAfter: after,
	}
}

// tooSoon is an attempt that was not made.
func tooSoon(method string, wait time.Duration) *failure.Error {
	return failed(failure.Retry, method, limited, "", wait)
}

// safe shortens a text of Slack's and takes the token out of it, should it ever hold it.
func (c classifier) safe(s string, limit int) string {
	if c.token != "" {
		s = strings.ReplaceAll(s, c.token, "[token]")
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "…"
	}
	return s
}

// isDecoding tells whether an answer came whole and was no JSON that fits.
func isDecoding(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind)
}
