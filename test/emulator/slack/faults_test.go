package slack_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	slackgo "github.com/slack-go/slack"

	"github.com/keylease/keylease/test/emulator/slack"
)

func (w *workspace) tryPost(ctx context.Context, channel, text string) error {
	_, _, err := w.bot().PostMessageContext(ctx, channel, slackgo.MsgOptionText(text, false))
	return err
}

func TestAFaultHitsAsManyCallsAsItWasMadeFor(t *testing.T) {
	w := newWorkspace(t)
	fault := w.Inject(2, slack.OnMethod("chat.postMessage"), slack.FailWith("service_unavailable"))
	for range 2 {
		expectError(t, w.tryPost(t.Context(), "C0OPS", "lost"), "service_unavailable")
	}
	w.post("C0OPS", "stored")
	if diff := cmp.Diff([]string{"stored"}, texts(w.AllMessages())); diff != "" {
		t.Error(diff)
	}
	if fault.Hits() != 2 {
		t.Errorf("%d hits, want 2", fault.Hits())
	}
}

func TestAFaultOfOnePersonHitsTheirChannelHoweverItIsNamed(t *testing.T) {
	w := newWorkspace(t)
	w.post("U0TARO", "before")
	fault := w.Inject(0, slack.OnTarget("chat.postMessage", "U0TARO"), slack.FailWith("restricted_action"))
	expectError(t, w.tryPost(t.Context(), "U0TARO", "x"), "restricted_action")
	expectError(t, w.tryPost(t.Context(), slack.DM("U0TARO"), "x"), "restricted_action")
	w.post("C0OPS", "not hit")
	fault.Remove()
	w.post("U0TARO", "after")
	if diff := cmp.Diff([]string{"before", "after"}, texts(w.Messages("U0TARO"))); diff != "" {
		t.Error(diff)
	}
}

func TestAnHTTPStatusReachesTheClient(t *testing.T) {
	w := newWorkspace(t)
	w.Inject(1, nil, slack.FailStatus(503))
	err := w.tryPost(t.Context(), "C0OPS", "x")
	var status slackgo.StatusCodeError
	if !errors.As(err, &status) || status.Code != 503 {
		t.Errorf("got %v, want HTTP 503", err)
	}
}

func TestAfterALostAnswerTheMessageIsThere(t *testing.T) {
	for name, effect := range map[string]slack.Effect{
		"the connection is dropped": slack.DropAnswer(),
		"Slack says internal_error": slack.FailAnswer("internal_error"),
		"the answer is HTTP 502":    {Perform: true, Status: 502},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			w.post("C0OPS", "first") // the connection is used again, where a client might resend
			w.Inject(1, nil, effect)
			if err := w.tryPost(t.Context(), "C0OPS", "posted"); err == nil {
				t.Error("the client got the answer")
			}
			if diff := cmp.Diff([]string{"first", "posted"}, texts(w.AllMessages())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAfterADroppedCallNothingIsThere(t *testing.T) {
	w := newWorkspace(t)
	w.Inject(1, nil, slack.Drop())
	if err := w.tryPost(t.Context(), "C0OPS", "x"); err == nil {
		t.Error("the client got an answer")
	}
	if n := len(w.AllMessages()); n != 0 {
		t.Errorf("%d messages were stored", n)
	}
}

func TestAStalledCallGoesOnWhenItIsReleased(t *testing.T) {
	w := newWorkspace(t)
	release := make(chan struct{})
	w.Inject(1, nil, slack.Stall(release))
	done := make(chan error, 1)
	go func() { done <- w.tryPost(t.Context(), "C0OPS", "late") }()
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := len(w.AllMessages()); n != 1 {
		t.Errorf("%d messages were stored, want 1", n)
	}
}

// giveUp posts with a client that gives up as soon as the fault holds its call,
// and ends when the server has noticed.
func giveUp(t *testing.T, w *workspace, effect slack.Effect) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w.Inject(1, func(slack.Call) bool { time.AfterFunc(0, cancel); return true }, effect)
	if err := w.tryPost(ctx, "C0OPS", "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	w.Close() // waits for the held call to end
}

func TestAClientThatGivesUpOnAStalledCallHasPostedNothing(t *testing.T) {
	w := newWorkspace(t)
	giveUp(t, w, slack.Stall(make(chan struct{})))
	if n := len(w.AllMessages()); n != 0 {
		t.Errorf("%d messages were stored", n)
	}
}

func TestAClientThatGivesUpOnAStalledAnswerHasPosted(t *testing.T) {
	w := newWorkspace(t)
	giveUp(t, w, slack.StallAnswer(make(chan struct{})))
	if n := len(w.AllMessages()); n != 1 {
		t.Errorf("%d messages were stored, want 1", n)
	}
}
