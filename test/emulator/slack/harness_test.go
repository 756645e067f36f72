package slack_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/test/emulator/slack"
)

// noon is where the clock of every test stands at first.
var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// workspace is a server without rate limits, with a person, a bot and three
// channels, and a clock that stands still.
type workspace struct {
	*slack.Server
	t     *testing.T
	clock *testingclock.FakePassiveClock
}

func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	clock := testingclock.NewFakePassiveClock(noon)
	w := &workspace{Server: slack.New(slack.Options{Clock: clock, Limits: &slack.Limits{}}), t: t, clock: clock}
	t.Cleanup(w.Close)
	w.AddUser(slack.User{ID: "U0TARO", Name: "taro", RealName: "Yamada Taro"})
	w.AddUser(slack.User{ID: "U0ROBOT", Name: "robot", Bot: true})
	w.AddChannel(slack.Channel{ID: "C0OPS", Name: "ops"})
	w.AddChannel(slack.Channel{ID: "C0AWAY", Name: "away", NotMember: true})
	w.AddChannel(slack.Channel{ID: "G0SECRET", Name: "secret", NotMember: true})
	return w
}

// client is the production client with a token.
func (w *workspace) client(token string) *slackgo.Client {
	return slackgo.New(token, slackgo.OptionAPIURL(w.APIURL()))
}

// bot is the production client with the token that works.
func (w *workspace) bot() *slackgo.Client { return w.client(slack.BotToken) }

// send posts a body as it is and returns the JSON answer.
func (w *workspace) send(method, contentType, token, body string) map[string]any {
	w.t.Helper()
	request, err := http.NewRequest(http.MethodPost, w.APIURL()+method, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		w.t.Fatalf("%s answered HTTP %d, want 200", method, response.StatusCode)
	}
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		w.t.Fatalf("%s answered %q: %v", method, raw, err)
	}
	return answer
}

// form calls a method with form fields and the token that works.
func (w *workspace) form(method string, fields ...string) map[string]any {
	w.t.Helper()
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return w.send(method, "application/x-www-form-urlencoded", slack.BotToken, values.Encode())
}

// post posts to a channel and returns the ts.
func (w *workspace) post(channel, text string) string {
	w.t.Helper()
	_, ts, err := w.bot().PostMessage(channel, slackgo.MsgOptionText(text, false))
	if err != nil {
		w.t.Fatalf("posting %q to %s: %v", text, channel, err)
	}
	return ts
}

func expectCode(t *testing.T, answer map[string]any, code string) {
	t.Helper()
	if answer["ok"] != false || answer["error"] != code {
		t.Errorf("the answer is %v, want the error %s", answer, code)
	}
}

func expectError(t *testing.T, err error, code string) {
	t.Helper()
	if err == nil || err.Error() != code {
		t.Errorf("the error is %v, want %s", err, code)
	}
}

func texts(messages []slack.Message) []string {
	out := []string{}
	for _, m := range messages {
		out = append(out, m.Text)
	}
	return out
}
