package slack_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/keylease/keylease/test/emulator/slack"
)

func retryAfter(err error) time.Duration {
	var limited *slackgo.RateLimitedError
	if !errors.As(err, &limited) {
		return 0
	}
	return limited.RetryAfter
}

func TestAChannelTakesAShortBurstAndThenOneMessageASecond(t *testing.T) {
	w := newWorkspace(t)
	w.SetLimits(slack.Limits{Channel: slack.Rate{Per: 1, Burst: 2}})
	post := func(channel string) error {
		_, _, err := w.bot().PostMessage(channel, slackgo.MsgOptionText("x", false))
		return err
	}
	for range 2 {
		if err := post("C0OPS"); err != nil {
			t.Fatal(err)
		}
	}
	if got := retryAfter(post("C0OPS")); got != time.Second {
		t.Errorf("the third message may be retried after %s, want 1s", got)
	}
	if err := post("U0TARO"); err != nil {
		t.Errorf("another channel is limited too: %v", err)
	}
	w.clock.SetTime(noon.Add(time.Second))
	if err := post("C0OPS"); err != nil {
		t.Errorf("a second later: %v", err)
	}
	if got := retryAfter(post("C0OPS")); got != time.Second {
		t.Errorf("the next may be retried after %s, want 1s", got)
	}
}

func TestMethodsHaveTheirTiersByDefault(t *testing.T) {
	w := newWorkspace(t)
	w.SetLimits(slack.DefaultLimits())
	for range 50 {
		w.form("conversations.open", "users", "U0TARO")
	}
	_, _, _, err := w.bot().OpenConversation(&slackgo.OpenConversationParameters{Users: []string{"U0TARO"}})
	if got := retryAfter(err); got != 2*time.Second {
		t.Errorf("the 51st call may be retried after %s, want 2s (a fiftieth of a minute, rounded up)", got)
	}
}

func TestARateLimitedCallIsHTTP429WithAJSONBody(t *testing.T) {
	w := newWorkspace(t)
	w.Inject(1, nil, slack.RateLimit(30*time.Second))
	response, err := http.PostForm(w.APIURL()+"auth.test", url.Values{"token": {slack.BotToken}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body := make([]byte, 100)
	n, _ := response.Body.Read(body)
	if response.StatusCode != 429 || response.Header.Get("Retry-After") != "30" {
		t.Errorf("got HTTP %d, Retry-After %q", response.StatusCode, response.Header.Get("Retry-After"))
	}
	if got, want := string(body[:n]), `{"error":"ratelimited","ok":false}`+"\n"; got != want {
		t.Errorf("got the body %q, want %q", got, want)
	}
}
