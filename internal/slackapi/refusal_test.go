package slackapi_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/slackapi"
	"github.com/keylease/keylease/test/emulator/slack"
)

// scopesWithout gives the bot's scopes but one.
func scopesWithout(scope string) []string {
	return slices.DeleteFunc(slack.BotScopes(), func(s string) bool { return s == scope })
}

func TestAScopeThatIsMissingIsBadNewsUntilItIsGranted(t *testing.T) {
	w := newWorkspace(t)
	w.AddToken(slack.BotToken, scopesWithout("im:write")...)
	_, err := w.post("U0EMPLOY02", "k")
	expectClass(t, err, failure.Credentials, "missing_scope")
	for range 3 {
		// auth.test needs no scope: Slack answers ok, and nobody can be told anything all the same.
		expectClass(t, w.client.AuthTest(context.Background()), failure.Credentials, "missing_scope")
		w.pass(2 * time.Hour)
	}
	w.AddToken(slack.BotToken, slack.BotScopes()...)
	if err := w.client.AuthTest(context.Background()); err != nil {
		t.Errorf("with the scope granted: %v", err)
	}
	w.mustPost("U0EMPLOY02", "k")
}

func TestARefusalThatNothingShowsTheEndOfIsTriedAgainAfterAnHour(t *testing.T) {
	w := newWorkspace(t)
	w.Inject(1, slack.OnMethod("chat.postMessage"), slack.FailWith("ekm_access_denied"))
	_, err := w.post("U0EMPLOY02", "k")
	expectClass(t, err, failure.Credentials, "ekm_access_denied")
	w.pass(59 * time.Minute)
	expectClass(t, w.client.AuthTest(context.Background()), failure.Credentials, "ekm_access_denied")
	w.pass(time.Minute)
	if err := w.client.AuthTest(context.Background()); err != nil {
		t.Errorf("after an hour: %v", err)
	}
}

func TestAMessageThatSlackTakesEndsARefusal(t *testing.T) {
	w := newWorkspace(t)
	w.Inject(1, slack.OnMethod("chat.postMessage"), slack.FailWith("no_permission"))
	_, err := w.post("U0EMPLOY02", "k")
	expectClass(t, err, failure.Credentials, "no_permission")
	w.mustPost("C0SECURITY", "k")
	if err := w.client.AuthTest(context.Background()); err != nil {
		t.Errorf("after a message went out: %v", err)
	}
}

func TestAnotherTokensRefusalIsNotRepeated(t *testing.T) {
	w := newWorkspace(t)
	w.AddToken("xoxb-poor", "chat:write")
	poor := w.newClient(slackapi.Options{Token: "xoxb-poor"})
	if _, err := poor.Post(context.Background(), "U0EMPLOY02", hello, "k"); !failure.Is(err, failure.Credentials) {
		t.Fatalf("got %v", err)
	}
	if err := w.client.AuthTest(context.Background()); err != nil {
		t.Errorf("the good token: %v", err)
	}
}

func TestATokenThatWasBadAltogetherIsGoodAgainWhenSlackSaysSo(t *testing.T) {
	w := newWorkspace(t)
	w.RevokeToken(slack.BotToken)
	_, err := w.post("U0EMPLOY02", "k")
	expectClass(t, err, failure.Credentials, "token_revoked")
	w.AddToken(slack.BotToken, slack.BotScopes()...)
	if err := w.client.AuthTest(context.Background()); err != nil {
		t.Errorf("got %v", err)
	}
}
