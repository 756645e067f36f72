package notice_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
)

// post of the message "m".
func post(recipient string) delivery.Post { return delivery.Post{ID: "m", Recipient: recipient} }

// since then the message to U1 was Pending.
func since(t time.Time) delivery.Post { return delivery.Post{ID: "m", Recipient: "U1", Since: t} }

func states(results []notice.Result) map[string]v1alpha1.NoticeState {
	out := map[string]v1alpha1.NoticeState{}
	for _, r := range results {
		out[r.Recipient] = r.State
	}
	return out
}

func expectCalls(t *testing.T, slack *fakeSlack, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, slack.calls, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAMessageThatWasNeverTriedIsPostedWithoutASearch(t *testing.T) {
	slack := newFakeSlack()
	got := slices.Collect(notice.Deliver(context.Background(), slack, []delivery.Post{post("U1")}, message.Message{}, clockAt(start)))
	want := []notice.Result{{
		Delivery: v1alpha1.Delivery{
			MessageID: "m", Recipient: "U1", State: v1alpha1.NoticeDelivered, Time: metav1.NewTime(start),
			Channel: "D1", MessageTS: "1764572400.000001",
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	expectCalls(t, slack, "Post U1")
}

func TestAMessageOfUnknownFateIsFoundAndNotPostedAgain(t *testing.T) {
	slack := newFakeSlack()
	slack.postErr["U1"] = slackError(failure.Uncertain, failure.CodeTimeout)
	first := slices.Collect(notice.Deliver(context.Background(), slack, []delivery.Post{post("U1")}, message.Message{}, clockAt(start)))
	if first[0].State != v1alpha1.NoticePending || !failure.Is(first[0].Err, failure.Uncertain) {
		t.Fatalf("first attempt %+v, want Pending and Uncertain", first[0])
	}
	second := slices.Collect(notice.Deliver(context.Background(), slack, []delivery.Post{since(start)}, message.Message{}, clockAt(at(time.Minute))))
	if second[0].State != v1alpha1.NoticeDelivered || second[0].MessageTS == "" {
		t.Errorf("second attempt %+v, want Delivered with the receipt found", second[0])
	}
	expectCalls(t, slack, "Post U1", "Find U1 since 06:00")
}

func TestAMessageOfUnknownFateThatIsNotThereIsPosted(t *testing.T) {
	slack := newFakeSlack()
	got := slices.Collect(notice.Deliver(context.Background(), slack, []delivery.Post{since(start)}, message.Message{}, clockAt(at(time.Minute))))
	if got[0].State != v1alpha1.NoticeDelivered {
		t.Errorf("got %+v, want Delivered", got[0])
	}
	expectCalls(t, slack, "Find U1 since 06:00", "Post U1")
}

func TestNothingIsPostedWhileTheSearchFails(t *testing.T) {
	slack := newFakeSlack()
	slack.findErr["U1"] = slackError(failure.Retry, "ratelimited")
	got := slices.Collect(notice.Deliver(context.Background(), slack, []delivery.Post{since(start)}, message.Message{}, clockAt(start)))
	if got[0].State != v1alpha1.NoticePending || got[0].Reason != "ratelimited" {
		t.Errorf("got %+v, want Pending by ratelimited", got[0])
	}
	expectCalls(t, slack, "Find U1 since 06:00")
}

func TestAnUnreachableRecipientDoesNotKeepOthersFromTheirMessage(t *testing.T) {
	slack := newFakeSlack()
	slack.postErr["U1"] = slackError(failure.Recipient, "user_disabled")
	slack.postErr["U2"] = slackError(failure.Retry, "service_unavailable")
	slack.postErr["U3"] = slackError(failure.Terminal, "invalid_blocks")
	got := slices.Collect(notice.Deliver(context.Background(), slack,
		[]delivery.Post{post("U1"), post("U2"), post("U3"), post("U4")}, message.Message{}, clockAt(start)))
	want := map[string]v1alpha1.NoticeState{
		"U1": v1alpha1.NoticeUnreachable, "U2": v1alpha1.NoticePending,
		"U3": v1alpha1.NoticeUnreachable, "U4": v1alpha1.NoticeDelivered,
	}
	if diff := cmp.Diff(want, states(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got[2].Reason != "invalid_blocks" || got[2].Err != nil {
		t.Errorf("%+v, want a refusal that is final", got[2])
	}
}

func TestAMessageThatSlackRefusesIsSentAsItsPlainText(t *testing.T) {
	slack := newFakeSlack()
	slack.blocksErr["U1"] = slackError(failure.Terminal, "msg_blocks_too_long")
	long := message.Message{Text: "the key ends", Blocks: json.RawMessage(`[{"type":"divider"}]`)}
	got := slices.Collect(notice.Deliver(context.Background(), slack, []delivery.Post{post("U1")}, long, clockAt(start)))
	if got[0].State != v1alpha1.NoticeDelivered {
		t.Errorf("got %+v, want Delivered", got[0])
	}
	expectCalls(t, slack, "Post U1", "Post U1")
}

func TestABadTokenEndsTheDeliveryAtOnce(t *testing.T) {
	slack := newFakeSlack()
	slack.postErr["U1"] = slackError(failure.Credentials, "token_revoked")
	got := slices.Collect(notice.Deliver(context.Background(), slack, []delivery.Post{post("U1"), post("U2")}, message.Message{}, clockAt(start)))
	for _, r := range got {
		if r.State != v1alpha1.NoticePending || !failure.Is(r.Err, failure.Credentials) {
			t.Errorf("%+v, want Pending by Credentials", r)
		}
	}
	if !failure.Is(notice.FirstError(got), failure.Credentials) {
		t.Errorf("FirstError %v", notice.FirstError(got))
	}
	expectCalls(t, slack, "Post U1")
}

func TestEachResultIsKnownBeforeTheNextMessageIsSent(t *testing.T) {
	slack := newFakeSlack()
	for r := range notice.Deliver(context.Background(), slack, []delivery.Post{post("U1"), post("U2")}, message.Message{}, clockAt(start)) {
		if want := "Post " + r.Recipient; slack.calls[len(slack.calls)-1] != want {
			t.Errorf("after %q of all calls, %s's result came", slack.calls, r.Recipient)
		}
	}
	expectCalls(t, slack, "Post U1", "Post U2")
}

func TestNothingIsSentOnceTheContextHasEnded(t *testing.T) {
	slack := newFakeSlack()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got := slices.Collect(notice.Deliver(ctx, slack, []delivery.Post{post("U1")}, message.Message{}, clockAt(start)))
	if got[0].State != v1alpha1.NoticePending || got[0].Err == nil {
		t.Errorf("got %+v, want Pending", got[0])
	}
	expectCalls(t, slack)
}

func TestTheTokensErrorIsToldBeforeAnyOther(t *testing.T) {
	got := notice.FirstError([]notice.Result{
		{Err: slackError(failure.Retry, "ratelimited")}, {}, {Err: slackError(failure.Credentials, "invalid_auth")},
	})
	if !failure.Is(got, failure.Credentials) {
		t.Errorf("got %v", got)
	}
	if notice.FirstError([]notice.Result{{}}) != nil {
		t.Error("an error where there is none")
	}
}
