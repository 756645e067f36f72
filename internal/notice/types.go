package notice

import (
	"context"
	"time"

	"github.com/keylease/keylease/internal/message"
)

// Receipt says where a message is in Slack.
type Receipt struct {
	// Channel D…, C… or G….
	Channel string
	// TS is Slack's timestamp of the message, its identity within the channel.
	TS string
}

// Slack is what delivery needs of Slack. Errors are *failure.Error: Recipient, Credentials, Retry (nothing was posted),
// Uncertain (it may have been), Terminal (this payload).
type Slack interface {
	// Post sends the message to a user (U…, W…: as a DM) or channel (C…, G…), with metadata that carries key.
	Post(ctx context.Context, recipient string, m message.Message, key string) (Receipt, error)
	// Find looks for a message with that key, posted since then; ok is false where there is none.
	Find(ctx context.Context, recipient, key string, since time.Time) (r Receipt, ok bool, err error)
}
