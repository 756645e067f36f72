package slackapi_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
	"github.com/keylease/keylease/internal/slackapi"
	"github.com/keylease/keylease/test/emulator/slack"
)

var start = time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC)

// workspace is an emulator without rate limits, with a person and a channel, a clock that stands still, and a client.
type workspace struct {
	*slack.Server
	t      *testing.T
	clock  *testingclock.FakePassiveClock
	client *slackapi.Client
}

func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	c := testingclock.NewFakePassiveClock(start)
	w := &workspace{Server: slack.New(slack.Options{Clock: c, Limits: &slack.Limits{}}), t: t, clock: c}
	t.Cleanup(w.Close)
	w.AddUser(slack.User{ID: "U0EMPLOY02", Name: "hanako"})
	w.AddChannel(slack.Channel{ID: "C0SECURITY", Name: "security"})
	w.client = w.newClient(slackapi.Options{})
	return w
}

// newClient is a client of the workspace as a freshly started process has it.
func (w *workspace) newClient(o slackapi.Options) *slackapi.Client {
	w.t.Helper()
	if o.Token == "" {
		o.Token = slack.BotToken
	}
	if o.BaseURL == "" {
		o.BaseURL = w.APIURL()
	}
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{}
	}
	o.Clock = w.clock
	c, err := slackapi.New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

var hello = message.Message{
	Text:   "hello",
	Blocks: []byte(`[{"type":"section","text":{"type":"plain_text","text":"hello *you*","emoji":false}}]`),
}

func (w *workspace) post(recipient, key string) (notice.Receipt, error) {
	return w.client.Post(context.Background(), recipient, hello, key)
}

// mustPost fails the test unless Slack took the message.
func (w *workspace) mustPost(recipient, key string) notice.Receipt {
	w.t.Helper()
	r, err := w.post(recipient, key)
	if err != nil {
		w.t.Fatalf("Post: %v", err)
	}
	return r
}

func expectClass(t *testing.T, err error, class failure.Class, code string) {
	t.Helper()
	var e *failure.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want one of class %s", err, class)
	}
	if e.Class != class || e.Code != code {
		t.Errorf("error of class %s, code %s (%v); want %s, %s", e.Class, e.Code, e, class, code)
	}
}

func (w *workspace) expectMessages(recipient string, want int) {
	w.t.Helper()
	if got := len(w.Messages(recipient)); got != want {
		w.t.Errorf("%d messages for %s, want %d", got, recipient, want)
	}
}

func (w *workspace) expectCalls(method string, want int) {
	w.t.Helper()
	if got := w.Calls()[method]; got != want {
		w.t.Errorf("%s was called %d times, want %d", method, got, want)
	}
}

func (w *workspace) pass(d time.Duration) { w.clock.SetTime(w.clock.Now().Add(d)) }
