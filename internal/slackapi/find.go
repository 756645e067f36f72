package slackapi

import (
	"context"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"github.com/keylease/keylease/internal/notice"
)

const (
	// skew allows for a clock that is ahead of Slack's. Five minutes is what AWS allows a signature's clock, so that a
	// machine whose clock is further off does nothing at all.
	skew = 5 * time.Minute
	// pageSize is what Slack recommends at most (https://docs.slack.dev/apis/web-api/pagination/).
	pageSize = 200
)

// Find looks for the message that carries key, posted since then, in the recipient's channel. It asks Slack only if a
// post could follow at once: what is found a second later is found as well.
func (c *Client) Find(ctx context.Context, recipient, key string, since time.Time) (notice.Receipt, bool, error) {
	const method = "conversations.history"
	none := notice.Receipt{}
	channel, err := c.channel(ctx, recipient)
	if err != nil {
		return none, false, err
	}
	now := c.clock.Now()
	if wait := max(c.pace.blocked("chat.postMessage "+channel, now), c.pace.reserve(channel, key, now)); wait > 0 {
		return none, false, tooSoon("chat.postMessage", wait)
	}
	if c.pace.knownUnposted(recipient, key) {
		return none, false, nil
	}
	if wait := c.pace.blocked(method, now); wait > 0 {
		return none, false, tooSoon(method, wait)
	}
	query := &slack.GetConversationHistoryParameters{
		ChannelID: channel, Oldest: timestamp(since.Add(-skew)), Limit: pageSize, IncludeAllMetadata: true,
	}
	for {
		page, err := c.api.GetConversationHistoryContext(ctx, query)
		if err == nil && !page.Ok {
			err = errNoAnswer
		}
		if err != nil {
			return none, false, c.classified(method, method, err)
		}
		for _, m := range page.Messages {
			if m.Metadata.EventType == eventType && m.Metadata.EventPayload["key"] == key {
				return notice.Receipt{Channel: channel, TS: m.Timestamp}, true, nil
			}
		}
		next := page.ResponseMetaData.NextCursor
		if next == "" {
			return none, false, nil
		}
		if next == query.Cursor {
			// A page that leads to itself proves nothing about what stands behind it.
			return none, false, c.classified(method, method, errNoAnswer)
		}
		query.Cursor = next
	}
}

// timestamp is a time as Slack's ts: seconds since 1970 with six decimals.
func timestamp(t time.Time) string {
	return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000)
}
