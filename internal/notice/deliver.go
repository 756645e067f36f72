package notice

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
)

// Key identifies the message of a lease's notice to a recipient for ever; it travels as metadata of the Slack message:
// "<uid>/<term>/<kind>/<daysBefore or ->/<recipient>". uid is that of the lease: a lease that was deleted and made again
// tells anew.
func Key(uid string, term int64, kind string, daysBefore *int32, recipient string) string {
	days := "-"
	if daysBefore != nil {
		days = strconv.Itoa(int(*daysBefore))
	}
	return fmt.Sprintf("%s/%d/%s/%s/%s", uid, term, kind, days, recipient)
}

// Target is one message to one recipient.
type Target struct {
	// Recipient is a Slack user ID (U…, W…) or channel ID (C…, G…).
	Recipient string
	Message   message.Message
	// Key identifies the message for ever: see Key and Batch.Key.
	Key string
	// PendingSince is the time of the record that an earlier attempt left in state Pending. Zero: never tried.
	PendingSince time.Time
}

// Result of one target.
type Result struct {
	Recipient string
	// State Pending comes with Err.
	State v1alpha1.NoticeState
	// Reason is Slack's error code, empty where the message was delivered.
	Reason string
	// Time of the outcome. A message that was found counts from when it was found, so that nobody's notice is cut
	// short by a clock that differs from Slack's.
	Time    time.Time
	Receipt Receipt
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
			results = append(results, pending(t, stop, now()))
			continue
		}
		receipt, refused, err := deliverOne(ctx, slack, t)
		switch {
		case err == nil:
			results = append(results, Result{
				Recipient: t.Recipient, State: v1alpha1.NoticeDelivered, Time: now(), Receipt: receipt,
			})
		case refused || failure.Is(err, failure.Recipient):
			results = append(results, Result{
				Recipient: t.Recipient, State: v1alpha1.NoticeUnreachable, Reason: code(err), Time: now(),
			})
		default:
			if failure.Is(err, failure.Credentials) {
				stop = err
			}
			results = append(results, pending(t, err, now()))
		}
	}
	return results
}

// deliverOne looks first where the message may be there already. An error of that search must not lead to a post. A
// payload that Slack refuses is followed by its plain text alone: people must hear of the key even if its message cannot
// be shown. refused: Slack takes neither, and never will.
func deliverOne(ctx context.Context, slack Slack, t Target) (receipt Receipt, refused bool, err error) {
	if !t.PendingSince.IsZero() {
		receipt, found, err := slack.Find(ctx, t.Recipient, t.Key, t.PendingSince)
		if err != nil || found {
			return receipt, false, err
		}
	}
	receipt, err = slack.Post(ctx, t.Recipient, t.Message, t.Key)
	if failure.Is(err, failure.Terminal) {
		receipt, err = slack.Post(ctx, t.Recipient, message.Message{Text: plain(t.Message.Text)}, t.Key)
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

func pending(t Target, err error, now time.Time) Result {
	return Result{Recipient: t.Recipient, State: v1alpha1.NoticePending, Reason: code(err), Time: now, Err: err}
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
