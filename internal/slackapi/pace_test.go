package slackapi_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/slackapi"
	"github.com/keylease/keylease/test/emulator/slack"
)

func TestAfterABurstAChannelGetsOneMessageASecondAndTheRestAreToldWhen(t *testing.T) {
	w := newWorkspace(t)
	for i := range 3 {
		w.mustPost("C0SECURITY", fmt.Sprint("burst", i))
	}
	for i := range 3 {
		_, err := w.post("C0SECURITY", fmt.Sprint("later", i))
		expectClass(t, err, failure.Retry, "ratelimited")
		if got, want := failure.Of(err).RetryAfter, time.Duration(i+1)*time.Second; got != want {
			t.Errorf("message %d is to come back after %s, want %s", i, got, want)
		}
	}
	w.expectMessages("C0SECURITY", 3)
}

func TestAMessageKeepsItsPlaceInTheQueue(t *testing.T) {
	w := newWorkspace(t)
	for i := range 3 {
		w.mustPost("C0SECURITY", fmt.Sprint("burst", i))
	}
	for range 5 { // an impatient caller
		_, err := w.post("C0SECURITY", "k")
		expectClass(t, err, failure.Retry, "ratelimited")
	}
	w.pass(time.Second)
	w.mustPost("C0SECURITY", "k")
}

func TestChannelsDoNotWaitForOneAnother(t *testing.T) {
	w := newWorkspace(t)
	for i := range 3 {
		w.mustPost("C0SECURITY", fmt.Sprint("burst", i))
	}
	w.mustPost("U0EMPLOY02", "k")
}

func TestAllMessagesOfACrowdArriveAtSlacksOwnRateWithoutA429(t *testing.T) {
	w := newWorkspace(t)
	w.SetLimits(slack.Limits{Channel: slack.Rate{Per: 1, Burst: 3}})
	limited := w.Inject(0, slack.OnMethod("conversations.history"), slack.FailWith("ratelimited"))
	sent := map[int]bool{}
	for second := 0; len(sent) < 20 && second < 60; second++ {
		for i := range 20 {
			if sent[i] {
				continue
			}
			if _, err := w.post("C0SECURITY", fmt.Sprint("k", i)); err == nil {
				sent[i] = true
			}
		}
		w.pass(time.Second)
	}
	w.expectMessages("C0SECURITY", 20)
	w.expectCalls("chat.postMessage", 20)
	if limited.Hits() > 0 {
		t.Errorf("history was searched %d times for messages that were surely not posted", limited.Hits())
	}
}

func TestRetryAfterIsHeededByAllCallsOfThatLimitAndNoOthers(t *testing.T) {
	w := newWorkspace(t)
	w.Inject(1, slack.OnMethod("chat.postMessage"), slack.RateLimit(7*time.Second))
	_, err := w.post("C0SECURITY", "k1")
	expectClass(t, err, failure.Retry, "ratelimited")
	if got := failure.Of(err).RetryAfter; got != 7*time.Second {
		t.Errorf("RetryAfter %s, want 7s", got)
	}
	w.pass(6 * time.Second)
	_, err = w.post("C0SECURITY", "k2")
	expectClass(t, err, failure.Retry, "ratelimited")
	w.expectCalls("chat.postMessage", 1)
	w.mustPost("U0EMPLOY02", "k3")
	w.pass(time.Second)
	w.mustPost("C0SECURITY", "k1")
}

func TestASearchWaitsForItsMessagesTurn(t *testing.T) {
	w := newWorkspace(t)
	for i := range 3 {
		w.mustPost("C0SECURITY", fmt.Sprint("burst", i))
	}
	_, _, err := w.client.Find(context.Background(), "C0SECURITY", "k", start)
	expectClass(t, err, failure.Retry, "ratelimited")
	w.expectCalls("conversations.history", 0)
	w.pass(time.Second)
	if _, ok, err := w.client.Find(context.Background(), "C0SECURITY", "k", start); ok || err != nil {
		t.Errorf("got %v %v, want nothing", ok, err)
	}
	w.mustPost("C0SECURITY", "k")
}

func TestTheBurstIsASetting(t *testing.T) {
	w := newWorkspace(t)
	w.client = w.newClient(slackapi.Options{Burst: 50})
	for i := range 50 {
		w.mustPost("C0SECURITY", fmt.Sprint("k", i))
	}
}
