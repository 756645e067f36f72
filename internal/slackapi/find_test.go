package slackapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/slackapi"
	"github.com/keylease/keylease/test/emulator/slack"
)

func TestFindGivesTheReceiptOfTheMessageWithTheKey(t *testing.T) {
	w := newWorkspace(t)
	w.mustPost("U0EMPLOY02", "other")
	want := w.mustPost("U0EMPLOY02", "k")
	got, ok, err := w.newClient(slackapi.Options{}).Find(context.Background(), "U0EMPLOY02", "k", start)
	if err != nil || !ok || got != want {
		t.Errorf("got %v %v %v, want %v", got, ok, err, want)
	}
}

func TestFindReadsEveryPage(t *testing.T) {
	w := newWorkspace(t)
	w.SetPageSize(2)
	want := w.mustPost("C0SECURITY", "k0")
	for i := range 6 {
		w.pass(2 * time.Second)
		w.mustPost("C0SECURITY", fmt.Sprintf("k%d", i+1))
	}
	got, ok, err := w.newClient(slackapi.Options{}).Find(context.Background(), "C0SECURITY", "k0", start)
	if err != nil || !ok || got != want {
		t.Errorf("got %v %v %v, want %v", got, ok, err, want)
	}
	w.expectCalls("conversations.history", 4)
}

func TestFindDoesNotTakeAnotherKeysMessage(t *testing.T) {
	w := newWorkspace(t)
	w.mustPost("U0EMPLOY02", "uid/1/Expiry/7/U0EMPLOY02")
	_, ok, err := w.newClient(slackapi.Options{}).Find(context.Background(), "U0EMPLOY02", "uid/2/Expiry/7/U0EMPLOY02", start)
	if ok || err != nil {
		t.Errorf("got %v %v, want nothing", ok, err)
	}
}

func TestFindHeedsAClockThatIsAFewMinutesAheadOfSlacks(t *testing.T) {
	w := newWorkspace(t)
	w.mustPost("U0EMPLOY02", "k")
	_, ok, err := w.newClient(slackapi.Options{}).Find(context.Background(), "U0EMPLOY02", "k", start.Add(4*time.Minute))
	if !ok || err != nil {
		t.Errorf("got %v %v, want the message", ok, err)
	}
}

func TestFindLeavesOldMessagesAlone(t *testing.T) {
	w := newWorkspace(t)
	w.mustPost("U0EMPLOY02", "k")
	_, ok, err := w.newClient(slackapi.Options{}).Find(context.Background(), "U0EMPLOY02", "k", start.Add(time.Hour))
	if ok || err != nil {
		t.Errorf("got %v %v, want nothing", ok, err)
	}
}

func TestASearchThatFailsSaysSoAndNeverNotFound(t *testing.T) {
	for name, tc := range map[string]struct {
		effect slack.Effect
		code   string
	}{
		"5xx":               {slack.FailStatus(503), "http_503"},
		"a lost connection": {slack.Drop(), "connection_lost"},
		"an internal error": {slack.FailWith("internal_error"), "internal_error"},
		"a rate limit":      {slack.RateLimit(7 * time.Second), "ratelimited"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			w.Inject(0, slack.OnMethod("conversations.history"), tc.effect)
			_, ok, err := w.client.Find(context.Background(), "U0EMPLOY02", "k", start)
			if ok {
				t.Error("found")
			}
			expectClass(t, err, failure.Retry, tc.code)
		})
	}
}

func TestAMessageThatSlackRefusedForNowIsNotSearchedFor(t *testing.T) {
	w := newWorkspace(t)
	w.Inject(1, slack.OnMethod("chat.postMessage"), slack.FailWith("service_unavailable"))
	_, err := w.post("U0EMPLOY02", "k")
	expectClass(t, err, failure.Retry, "service_unavailable")
	if _, ok, err := w.client.Find(context.Background(), "U0EMPLOY02", "k", start); ok || err != nil {
		t.Errorf("got %v %v, want nothing", ok, err)
	}
	w.expectCalls("conversations.history", 0)
}

func TestAMessageThatMayStandInSlackIsSearchedForEvenAfterARefusal(t *testing.T) {
	w := newWorkspace(t)
	w.Inject(1, slack.OnMethod("chat.postMessage"), slack.FailWith("service_unavailable"))
	_, err := w.post("U0EMPLOY02", "k")
	expectClass(t, err, failure.Retry, "service_unavailable")
	w.Inject(1, slack.OnMethod("chat.postMessage"), slack.FailAnswer("fatal_error"))
	_, err = w.post("U0EMPLOY02", "k")
	expectClass(t, err, failure.Uncertain, "fatal_error")
	if _, ok, err := w.client.Find(context.Background(), "U0EMPLOY02", "k", start); !ok || err != nil {
		t.Errorf("got %v %v, want the message", ok, err)
	}
}

// Behind it may stand the message.
func TestAPageThatLeadsToItselfProvesNothing(t *testing.T) {
	asked := 0
	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if asked++; asked > 5 {
			t.Error("the same page was asked for again and again")
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = rw.Write([]byte(`{"ok":true,"messages":[],"has_more":true,"response_metadata":{"next_cursor":"same"}}`))
	}))
	defer proxy.Close()
	c, err := slackapi.New(slackapi.Options{Token: "xoxb-secret", BaseURL: proxy.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = c.Find(context.Background(), "C0SECURITY", "k", start)
	expectClass(t, err, failure.Retry, "invalid_response")
}

// A message that is forgotten there costs a search, and nothing else.
func TestMessagesThatWereNotPostedAreNotRememberedWithoutBound(t *testing.T) {
	const most = 10_000
	w := newWorkspace(t)
	w.client = w.newClient(slackapi.Options{Burst: 1})
	w.mustPost("C0SECURITY", "the first")
	for i := range most + 1 {
		_, err := w.post("C0SECURITY", fmt.Sprint(i))
		expectClass(t, err, failure.Retry, "ratelimited")
	}
	w.pass(24 * time.Hour)
	if _, ok, err := w.client.Find(context.Background(), "C0SECURITY", "0", start); ok || err != nil {
		t.Errorf("got %v %v, want nothing", ok, err)
	}
	w.expectCalls("conversations.history", 1)
}
