package slackapi

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/keylease/keylease/internal/failure"
)

// channelTTL bounds how long a direct message channel is believed in: Slack takes messages to a channel of a person who
// has left, and only conversations.open says user_disabled.
const channelTTL = 5 * time.Minute

// channel of a recipient: the direct message channel of a user, a channel itself.
// https://docs.slack.dev/reference/methods/conversations.open/
func (c *Client) channel(ctx context.Context, recipient string) (string, error) {
	const method = "conversations.open"
	switch {
	case strings.HasPrefix(recipient, "C"), strings.HasPrefix(recipient, "G"):
		return recipient, nil
	case !strings.HasPrefix(recipient, "U") && !strings.HasPrefix(recipient, "W"):
		return "", &failure.Error{
			Class: failure.Recipient, Service: service, Operation: method, Code: "user_not_found",
			Message: "a recipient's ID begins with U, W, C or G: correct spec.slack.admins or the users tab",
		}
	}
	now := c.clock.Now()
	if id, ok := c.channels.get(recipient, now); ok {
		return id, nil
	}
	if wait := c.pace.blocked(method, now); wait > 0 {
		return "", tooSoon(method, wait)
	}
	opened, _, _, err := c.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{recipient}})
	if err == nil && (opened == nil || opened.ID == "") {
		err = errNoAnswer
	}
	if err != nil {
		return "", c.classified(method, method, err)
	}
	c.channels.put(recipient, opened.ID, now)
	return opened.ID, nil
}

// channelCache holds direct message channels by user.
type channelCache struct {
	mu   sync.Mutex
	byID map[string]cachedChannel
}

type cachedChannel struct {
	id      string
	expires time.Time
}

func newChannelCache() *channelCache { return &channelCache{byID: map[string]cachedChannel{}} }

func (c *channelCache) get(user string, now time.Time) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, ok := c.byID[user]
	return entry.id, ok && now.Before(entry.expires)
}

func (c *channelCache) put(user, id string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID[user] = cachedChannel{id: id, expires: now.Add(channelTTL)}
}
