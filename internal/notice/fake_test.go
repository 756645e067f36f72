package notice_test

import (
	"context"
	"fmt"
	"time"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
)

var start = time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC)

var twoAdmins = []string{"UA1", "UA2"}

func at(d time.Duration) time.Time { return start.Add(d) }

func clockAt(t time.Time) func() time.Time { return func() time.Time { return t } }

// fakeSlack keeps messages by recipient and key. Errors are by recipient.
type fakeSlack struct {
	messages map[string]notice.Receipt
	postErr  map[string]error
	findErr  map[string]error
	// blocksErr refuse what has blocks.
	blocksErr map[string]error
	// calls, "Post U1" and "Find U1 since 06:00".
	calls []string
}

func newFakeSlack() *fakeSlack {
	return &fakeSlack{messages: map[string]notice.Receipt{}, blocksErr: map[string]error{}, postErr: map[string]error{}, findErr: map[string]error{}}
}

func (f *fakeSlack) Post(_ context.Context, recipient string, m message.Message, key string) (notice.Receipt, error) {
	f.calls = append(f.calls, "Post "+recipient)
	err := f.postErr[recipient]
	if err == nil && len(m.Blocks) > 0 {
		err = f.blocksErr[recipient]
	}
	if err != nil && !failure.Is(err, failure.Uncertain) {
		return notice.Receipt{}, err
	}
	r := notice.Receipt{Channel: "D" + recipient[1:], TS: fmt.Sprintf("1764572400.%06d", len(f.calls))}
	f.messages[recipient+" "+key] = r
	return r, err
}

func (f *fakeSlack) Find(_ context.Context, recipient, key string, since time.Time) (notice.Receipt, bool, error) {
	f.calls = append(f.calls, "Find "+recipient+" since "+since.Format("15:04"))
	if err := f.findErr[recipient]; err != nil {
		return notice.Receipt{}, false, err
	}
	r, ok := f.messages[recipient+" "+key]
	return r, ok, nil
}

func slackError(class failure.Class, code string) error {
	return &failure.Error{Class: class, Service: "slack", Operation: "chat.postMessage", Code: code}
}
