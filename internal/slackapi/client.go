package slackapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"k8s.io/utils/clock"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
)

// eventType of the metadata that a message carries, with the payload {"key": …}
// (https://docs.slack.dev/messaging/message-metadata/).
const eventType = "keylease_notice"

// Timeout of one HTTP request.
const Timeout = 10 * time.Second

// Options of a Client.
type Options struct {
	// Token of the bot, xoxb-….
	Token string
	// BaseURL of the Web API: "https://slack.com/api/" or the full "https://slack.com/api/chat.postMessage", as
	// SLACK_API_URL may hold it. Empty: Slack's own.
	BaseURL string
	// Clock paces the messages. nil: the real one.
	Clock clock.PassiveClock
	// HTTPClient for the requests. nil: one of its own. Its timeout, where it has none, becomes Timeout; redirects are
	// not followed in any case, because they would carry the token elsewhere.
	HTTPClient *http.Client
	// Burst of messages that a channel takes at once, before one a second. 0: 3.
	Burst int
}

// Client of one workspace, by one token. It is safe for concurrent use.
type Client struct {
	api      *slack.Client
	errors   classifier
	clock    clock.PassiveClock
	pace     *pace
	channels *channelCache
	refusal  *refusal
}

var _ notice.Slack = (*Client)(nil)

// New makes a client without calling Slack. A malformed BaseURL is an error; a bad token shows at the first call.
func New(o Options) (*Client, error) {
	base, err := apiURL(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Burst == 0 {
		o.Burst = 3
	}
	hc := http.Client{}
	if o.HTTPClient != nil {
		hc = *o.HTTPClient
	}
	if hc.Timeout == 0 {
		hc.Timeout = Timeout
	}
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		api:      slack.New(o.Token, slack.OptionAPIURL(base), slack.OptionHTTPClient(&hc)),
		errors:   classifier{token: o.Token, host: hostOf(base)},
		clock:    o.Clock,
		pace:     newPace(o.Burst),
		channels: newChannelCache(),
		refusal:  &refusal{},
	}, nil
}

// apiURL gives the base with the slash at its end that slack-go appends method names to.
func apiURL(raw string) (string, error) {
	if raw == "" {
		return slack.APIURL, nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return "", errors.New("SLACK_API_URL must be like https://slack.com/api/ or https://slack.com/api/chat.postMessage")
	}
	base := strings.TrimRight(strings.TrimSuffix(strings.TrimRight(raw, "/"), "/chat.postMessage"), "/")
	return base + "/", nil
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Host
}

// AuthTest asks Slack whether the token is good. What Slack refused it for stands until a message is taken, or until the
// token has other scopes, which the answer's X-OAuth-Scopes shows; where it does not, for an hour.
// https://docs.slack.dev/reference/methods/auth.test/
func (c *Client) AuthTest(ctx context.Context) error {
	const method = "auth.test"
	now := c.clock.Now()
	if wait := c.pace.blocked(method, now); wait > 0 {
		return tooSoon(method, wait)
	}
	answer, err := c.api.AuthTestContext(ctx)
	if err == nil && answer.UserID == "" {
		err = errNoAnswer
	}
	if err != nil {
		return c.classified(method, method, err)
	}
	return c.refusal.stands(answer.Header.Get("X-OAuth-Scopes"), now)
}

// Post sends the message to a user (as a direct message) or channel, once at most. An error of class Uncertain means
// that it may stand in Slack nevertheless: Find it before posting it again.
func (c *Client) Post(ctx context.Context, recipient string, m message.Message, key string) (notice.Receipt, error) {
	receipt, err := c.post(ctx, recipient, m, key)
	if failure.Is(err, failure.Retry) {
		c.pace.rememberUnposted(recipient, key)
	}
	return receipt, err
}

func (c *Client) post(ctx context.Context, recipient string, m message.Message, key string) (notice.Receipt, error) {
	const method = "chat.postMessage"
	blocks, err := rawBlocks(m.Blocks)
	if err != nil {
		return notice.Receipt{}, err
	}
	channel, err := c.channel(ctx, recipient)
	if err != nil {
		return notice.Receipt{}, err
	}
	limit := method + " " + channel
	now := c.clock.Now()
	if wait := max(c.pace.blocked(limit, now), c.pace.reserve(channel, key, now)); wait > 0 {
		return notice.Receipt{}, tooSoon(method, wait)
	}
	c.pace.use(channel, key)
	c.pace.forgetUnposted(recipient, key)
	to, ts, err := c.api.PostMessageContext(ctx, channel,
		slack.MsgOptionText(m.Text, false), // package message escaped it
		slack.MsgOptionCompose(blocks...),
		slack.MsgOptionDisableMarkdown(), // of the text alone; blocks say themselves what they are
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl(),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: eventType, EventPayload: map[string]any{"key": key}}),
	)
	if err == nil && ts == "" {
		err = errNoAnswer
	}
	if err != nil {
		return notice.Receipt{}, c.classified(method, limit, err)
	}
	c.refusal.end()
	return notice.Receipt{Channel: to, TS: ts}, nil
}

// rawBlocks hands the blocks to slack-go as they are.
func rawBlocks(raw json.RawMessage) ([]slack.MsgOption, error) {
	var each []json.RawMessage
	if err := json.Unmarshal(raw, &each); err != nil && len(raw) > 0 {
		return nil, &failure.Error{
			Class: failure.Terminal, Service: service, Operation: "chat.postMessage", Code: "invalid_blocks",
			Message: "the message's blocks are no JSON array",
		}
	}
	var blocks []slack.MsgOption
	for _, one := range each {
		block, err := slack.BlockFromJSON(string(one))
		if err != nil {
			return nil, &failure.Error{
				Class: failure.Terminal, Service: service, Operation: "chat.postMessage", Code: "invalid_blocks",
				Message: fmt.Sprintf("block %d is malformed", len(blocks)),
			}
		}
		blocks = append(blocks, slack.MsgOptionBlocks(block))
	}
	return blocks, nil
}

// classified turns an error of slack-go into a *failure.Error, and heeds a 429 for the calls that share the limit.
func (c *Client) classified(method, limit string, err error) error {
	if err == nil {
		return nil
	}
	e := c.errors.classify(method, err)
	if e.Code == limited {
		c.pace.block(limit, c.clock.Now().Add(e.RetryAfter))
	}
	if method != "auth.test" {
		c.refusal.note(e, err, c.clock.Now())
	}
	return e
}
