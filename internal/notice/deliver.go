package notice

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
)

// Target is a post and what it says.
type Target struct {
	delivery.Post
	Message message.Message
}

// Result of one target.
type Result struct {
	// Delivery is the outcome, for delivery.Settle. Reason is Slack's error code, empty where the message was delivered. A
	// message that was found counts from when it was found, so that nobody's notice is cut short by a clock that differs
	// from Slack's.
	v1alpha1.Delivery
	// Err of a Pending target. failure.Of gives its class: Retry and Uncertain are to be tried again, not before
	// RetryAfter; Credentials stops all messages of this token until it is changed.
	Err error
}

// Deliver sends each target and gives one result for each, in their order. It waits for nothing and retries nothing.
// One recipient's failure does not keep the others from their messages; a bad token ends the delivery at once.
func Deliver(ctx context.Context, slack Slack, targets []Target, now func() time.Time) []Result {
	results := make([]Result, 0, len(targets))
	var stop error
	for _, t := range targets {
		if stop == nil {
			stop = ctx.Err()
		}
		if stop != nil {
			results = append(results, result(t, v1alpha1.NoticePending, stop, now()))
			continue
		}
		receipt, refused, err := deliverOne(ctx, slack, t)
		state := v1alpha1.NoticePending
		switch {
		case err == nil:
			state = v1alpha1.NoticeDelivered
		case refused || failure.Is(err, failure.Recipient):
			state = v1alpha1.NoticeUnreachable
		case failure.Is(err, failure.Credentials):
			stop = err
		}
		r := result(t, state, err, now())
		r.Channel, r.MessageTS = receipt.Channel, receipt.TS
		results = append(results, r)
	}
	return results
}

func result(t Target, state v1alpha1.NoticeState, err error, now time.Time) Result {
	r := Result{Delivery: v1alpha1.Delivery{
		MessageID: t.ID, Recipient: t.Recipient, State: state, Reason: code(err), Time: metav1.NewTime(now),
	}}
	if state == v1alpha1.NoticePending {
		r.Err = err
	}
	return r
}

// deliverOne looks first where the message may be there already. An error of that search must not lead to a post. A
// payload that Slack refuses is followed by its plain text alone: people must hear of the key even if its message cannot
// be shown. refused: Slack takes neither, and never will.
func deliverOne(ctx context.Context, slack Slack, t Target) (receipt Receipt, refused bool, err error) {
	if !t.Since.IsZero() {
		receipt, found, err := slack.Find(ctx, t.Recipient, t.Key(), t.Since)
		if err != nil || found {
			return receipt, false, err
		}
	}
	receipt, err = slack.Post(ctx, t.Recipient, t.Message, t.Key())
	if failure.Is(err, failure.Terminal) {
		receipt, err = slack.Post(ctx, t.Recipient, message.Message{Text: plain(t.Message.Text)}, t.Key())
	}
	return receipt, failure.Is(err, failure.Terminal), err
}

// plain text that no limit of Slack's concerns.
func plain(text string) string {
	const longest = 1000
	if r := []rune(text); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return text
}

// code of the vendor, or nothing: a text could change by itself and would be written to status again and again.
func code(err error) string {
	if e := failure.Of(err); e != nil {
		return e.Code
	}
	return ""
}

// FirstError of the results: that of the token if there is one, since it concerns all, else the first.
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
