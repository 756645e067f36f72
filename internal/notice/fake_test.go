package notice_test

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
)

var start = time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return start.Add(d) }

func clockAt(t time.Time) func() time.Time { return func() time.Time { return t } }

// fakeSlack keeps messages by recipient and key. Errors are by recipient.
type fakeSlack struct {
	messages map[string]notice.Receipt
	postErr  map[string]error
	findErr  map[string]error
	// calls, "Post U1" and "Find U1 since 06:00".
	calls []string
}

func newFakeSlack() *fakeSlack {
	return &fakeSlack{messages: map[string]notice.Receipt{}, postErr: map[string]error{}, findErr: map[string]error{}}
}

func (f *fakeSlack) Post(_ context.Context, recipient string, _ message.Message, key string) (notice.Receipt, error) {
	f.calls = append(f.calls, "Post "+recipient)
	err := f.postErr[recipient]
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

func days(n int32) *int32 { return &n }

var expiry7 = notice.Notice{Term: 1, Kind: v1alpha1.NoticeExpiry, DaysBefore: days(7)}

// record of expiry7.
func record(recipient string, state v1alpha1.NoticeState, t time.Time) v1alpha1.NoticeStatus {
	return v1alpha1.NoticeStatus{
		Term: 1, Kind: v1alpha1.NoticeExpiry, DaysBefore: days(7), Recipient: recipient, State: state, Time: metav1.NewTime(t),
	}
}

func delivered(recipient string, t time.Time) v1alpha1.NoticeStatus {
	return record(recipient, v1alpha1.NoticeDelivered, t)
}

func unreachable(recipient string, t time.Time) v1alpha1.NoticeStatus {
	return record(recipient, v1alpha1.NoticeUnreachable, t)
}

func pendingSince(recipient string, t time.Time) v1alpha1.NoticeStatus {
	return record(recipient, v1alpha1.NoticePending, t)
}
