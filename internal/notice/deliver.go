package notice

import (
	"context"
	"iter"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
)

// Result of one post.
type Result struct {
	// Delivery is the outcome, for delivery.Settle. Reason is Slack's error code; empty: delivered. A message found in
	// Slack counts from when it was found: Slack's clock may differ, and must not shorten anyone's notice.
	v1alpha1.Delivery
	// Err is why a post is Pending. failure.Of gives its class. Retry Retry and Uncertain, but not before RetryAfter.
	// Credentials stops all messages of this token until it is changed.
	Err error
}

// Deliver sends the message to each recipient and yields one result for each, in their order, before it sends the next: a
// process that dies in between has left its evidence of those before. It neither waits nor retries. If one recipient fails,
// the others still get their message. A bad token ends the delivery at once.
func Deliver(ctx context.Context, slack Slack, posts []delivery.Post, text message.Message, now func() time.Time) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		var stop error
		for _, p := range posts {
			if stop == nil {
				stop = ctx.Err()
			}
			r := result(p, v1alpha1.NoticePending, stop, now())
			if stop == nil {
				if r = send(ctx, slack, p, text, now); failure.Is(r.Err, failure.Credentials) {
					stop = r.Err
				}
			}
			if !yield(r) {
				return
			}
		}
	}
}

// send one post.
func send(ctx context.Context, slack Slack, p delivery.Post, text message.Message, now func() time.Time) Result {
	receipt, refused, err := deliverOne(ctx, slack, p, text)
	state := v1alpha1.NoticePending
	switch {
	case err == nil:
		state = v1alpha1.NoticeDelivered
	case refused || failure.Is(err, failure.Recipient):
		state = v1alpha1.NoticeUnreachable
	}
	r := result(p, state, err, now())
	r.Channel, r.MessageTS = receipt.Channel, receipt.TS
	return r
}

func result(p delivery.Post, state v1alpha1.NoticeState, err error, now time.Time) Result {
	r := Result{Delivery: v1alpha1.Delivery{
		MessageID: p.ID, Recipient: p.Recipient, State: state, Reason: code(err), Time: metav1.NewTime(now),
	}}
	if state == v1alpha1.NoticePending {
		r.Err = err
	}
	return r
}

// deliverOne first searches Slack if the message may be there already. If the search fails, it does not post. If Slack
// refuses a payload, it sends the plain text alone, because people must be told about the key. refused: Slack refuses
// both, and always will.
func deliverOne(ctx context.Context, slack Slack, p delivery.Post, text message.Message) (receipt Receipt, refused bool, err error) {
	if !p.Since.IsZero() {
		receipt, found, err := slack.Find(ctx, p.Recipient, p.Key(), p.Since)
		if err != nil || found {
			return receipt, false, err
		}
	}
	receipt, err = slack.Post(ctx, p.Recipient, text, p.Key())
	if failure.Is(err, failure.Terminal) {
		receipt, err = slack.Post(ctx, p.Recipient, message.Message{Text: plain(text.Text)}, p.Key())
	}
	return receipt, failure.Is(err, failure.Terminal), err
}

// plain shortens a text so that no limit of Slack's applies.
func plain(text string) string {
	const longest = 1000
	if r := []rune(text); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return text
}

// code is the vendor's error code, or empty. An error text may change by itself and would write status again and again.
func code(err error) string {
	if e := failure.Of(err); e != nil {
		return e.Code
	}
	return ""
}

// FirstError of the results: an error about the token if there is one, because it concerns all, or else the first.
func FirstError(results []Result) error {
	var first error
	for _, r := range results {
		if failure.Is(r.Err, failure.Credentials) {
			return r.Err
		}
		if first == nil {
			first = r.Err
		}
	}
	return first
}
