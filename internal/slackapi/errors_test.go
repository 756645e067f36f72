package slackapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/slackapi"
	"github.com/keylease/keylease/test/emulator/slack"
)

// codes are those of the Web API as they come with ok:false, by class.
var codes = map[failure.Class][]string{
	failure.Retry:     {"ratelimited", "service_unavailable", "request_timeout", "team_added_to_org", "org_login_required"},
	failure.Uncertain: {"internal_error", "fatal_error"},
	failure.Credentials: {
		"invalid_auth", "not_authed", "account_inactive", "token_revoked", "missing_scope", "no_permission", "ekm_access_denied",
	},
	failure.Recipient: {
		"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "restricted_action_read_only_channel",
		"user_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot",
	},
	failure.Terminal: {
		"msg_too_long", "no_text", "invalid_blocks", "invalid_arguments", "invalid_metadata_format", "invalid_metadata_schema",
		"a_code_that_slack_invents_tomorrow",
	},
}

func TestEachErrorCodeHasItsClass(t *testing.T) {
	for class, all := range codes {
		for _, code := range all {
			t.Run(code, func(t *testing.T) {
				w := newWorkspace(t)
				w.Inject(1, slack.OnMethod("chat.postMessage"), slack.FailWith(code))
				_, err := w.post("C0SECURITY", "k")
				expectClass(t, err, class, code)
			})
		}
	}
}

func TestWhatBreaksOffAPostMayHavePostedAndOtherCallsMayBeRepeated(t *testing.T) {
	for name, tc := range map[string]struct {
		effect slack.Effect
		code   string
	}{
		"500":                {slack.FailStatus(500), "http_500"},
		"503":                {slack.FailStatus(503), "http_503"},
		"a lost connection":  {slack.Drop(), "connection_lost"},
		"a lost answer":      {slack.DropAnswer(), "connection_lost"},
		"an internal error":  {slack.FailWith("internal_error"), "internal_error"},
		"a fatal error":      {slack.FailAnswer("fatal_error"), "fatal_error"},
		"a gateway that 408": {slack.FailStatus(408), "http_408"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			w.Inject(1, slack.OnMethod("conversations.open"), tc.effect)
			_, err := w.post("U0EMPLOY02", "k")
			expectClass(t, err, failure.Retry, tc.code)
			w.Inject(1, slack.OnMethod("chat.postMessage"), tc.effect)
			_, err = w.post("U0EMPLOY02", "k")
			expectClass(t, err, failure.Uncertain, tc.code)
			if failure.Of(err).RetryAfter <= 0 {
				t.Error("an uncertain message is to be looked for at once, before it can appear")
			}
		})
	}
}

func TestATimeoutIsUncertain(t *testing.T) {
	w := newWorkspace(t)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	w.Inject(1, slack.OnMethod("chat.postMessage"), slack.StallAnswer(release))
	impatient := w.newClient(slackapi.Options{HTTPClient: &http.Client{Timeout: 50 * time.Millisecond}})
	_, err := impatient.Post(context.Background(), "C0SECURITY", hello, "k")
	expectClass(t, err, failure.Uncertain, failure.CodeTimeout)
	w.expectMessages("C0SECURITY", 1)
}

func TestAServerThatIsNotThereHasPostedNothing(t *testing.T) {
	w := newWorkspace(t)
	w.Close()
	_, err := w.post("C0SECURITY", "k")
	expectClass(t, err, failure.Retry, "connection_refused")
}

func TestAnAnswerThatIsNotOfSlackIsNoSuccess(t *testing.T) {
	for name, body := range map[string]string{
		"a login page": "<html>please log in</html>", "an empty object": "{}", "no and no reason": `{"ok":false}`,
		"cut off": `{"ok":tr`, "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(body)) }))
			defer proxy.Close()
			c, err := slackapi.New(slackapi.Options{Token: "xoxb-secret", BaseURL: proxy.URL})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Post(context.Background(), "C0SECURITY", hello, "k")
			if !failure.Is(err, failure.Uncertain) {
				t.Errorf("Post: %v, want Uncertain", err)
			}
			if _, ok, err := c.Find(context.Background(), "C0SECURITY", "k", start); ok || !failure.Is(err, failure.Retry) {
				t.Errorf("Find: %v %v, want Retry", ok, err)
			}
			if err := c.AuthTest(context.Background()); !failure.Is(err, failure.Retry) {
				t.Errorf("AuthTest: %v, want Retry", err)
			}
		})
	}
}

func TestATokenIsNotCarriedAfterARedirect(t *testing.T) {
	reached := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer elsewhere.Close()
	proxy := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer proxy.Close()
	c, err := slackapi.New(slackapi.Options{Token: "xoxb-secret", BaseURL: proxy.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Post(context.Background(), "C0SECURITY", hello, "k")
	expectClass(t, err, failure.Retry, "http_307")
	if reached {
		t.Error("the redirect was followed")
	}
}

func TestNoErrorHoldsTheTokenOrALocalPort(t *testing.T) {
	const token = "xoxb-very-secret"
	echo := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = rw.Write([]byte(`{"ok":false,"error":"bad_` + token + `","response_metadata":{"messages":["` + token + `"]}}`))
	}))
	hangup := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer echo.Close()
	defer hangup.Close()
	for _, base := range []string{echo.URL, hangup.URL} {
		c, err := slackapi.New(slackapi.Options{Token: token, BaseURL: base})
		if err != nil {
			t.Fatal(err)
		}
		_, first := c.Post(context.Background(), "C0SECURITY", hello, "k")
		_, second := c.Post(context.Background(), "C0SECURITY", hello, "k2")
		if first == nil || strings.Contains(first.Error(), "secret") {
			t.Errorf("error %v", first)
		}
		if second == nil || first.Error() != second.Error() {
			t.Errorf("the same failure reads differently: %v, %v", first, second)
		}
	}
}

func TestAMissingScopeIsNamed(t *testing.T) {
	w := newWorkspace(t)
	w.AddToken("xoxb-poor", "chat:write")
	_, err := w.newClient(slackapi.Options{Token: "xoxb-poor"}).Post(context.Background(), "U0EMPLOY02", hello, "k")
	expectClass(t, err, failure.Credentials, "missing_scope")
	if !strings.Contains(err.Error(), "im:write") {
		t.Errorf("%v does not name im:write", err)
	}
}

func TestBlocksThatAreNoneNeverReachSlack(t *testing.T) {
	w := newWorkspace(t)
	bad := hello
	bad.Blocks = []byte(`{"type":"section"}`)
	_, err := w.client.Post(context.Background(), "C0SECURITY", bad, "k")
	expectClass(t, err, failure.Terminal, "invalid_blocks")
	w.expectCalls("chat.postMessage", 0)
}
