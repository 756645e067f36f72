package manifests_test

import (
	"go/ast"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/yaml"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/slackapi"
	"github.com/keylease/keylease/test/emulator/slack"
)

var noon = time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)

// slackManifest is what the tests look at of config/slack/manifest.yaml.
type slackManifest struct {
	OAuth struct {
		Scopes struct {
			Bot  []string `json:"bot"`
			User []string `json:"user"`
		} `json:"scopes"`
	} `json:"oauth_config"`
	Settings map[string]bool `json:"settings"`
	Display  struct {
		Long string `json:"long_description"`
	} `json:"display_information"`
}

func manifest(t *testing.T) slackManifest {
	t.Helper()
	var m slackManifest
	if err := yaml.Unmarshal(file(t, "config", "slack", "manifest.yaml"), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTheManifestsScopesSufficeForAllThatIsDone(t *testing.T) {
	if err := slackDeeds(t, manifest(t).OAuth.Scopes.Bot); err != nil {
		t.Error(err)
	}
}

func TestWithoutAnyOneOfTheManifestsScopesSomethingIsRefused(t *testing.T) {
	scopes := manifest(t).OAuth.Scopes.Bot
	for i, scope := range scopes {
		err := slackDeeds(t, slices.Delete(slices.Clone(scopes), i, i+1))
		if err == nil || !strings.Contains(err.Error(), "missing_scope") {
			t.Errorf("without %s: %v, want missing_scope: the manifest asks for more than is needed", scope, err)
		}
	}
}

func TestTheManifestAsksForNothingInTheNameOfPeople(t *testing.T) {
	m := manifest(t)
	if len(m.OAuth.Scopes.User) > 0 {
		t.Errorf("user scopes %v", m.OAuth.Scopes.User)
	}
	if m.Settings["socket_mode_enabled"] {
		t.Error("Socket Mode is on, and nothing connects to it")
	}
	// Slack's own limits: an app with another one cannot be made.
	if n := len([]rune(m.Display.Long)); n < 175 || n > 4000 {
		t.Errorf("long_description has %d characters, Slack wants 175 to 4000", n)
	}
}

// A method that is new in internal/slackapi has to be done by slackDeeds too.
func TestEveryMethodThatIsCalledIsTried(t *testing.T) {
	tried := []string{"AuthTestContext", "GetConversationHistoryContext", "OpenConversationContext", "PostMessageContext"}
	var called []string
	inspect(t, "internal/slackapi", func(node ast.Node) {
		if s, ok := node.(*ast.SelectorExpr); ok {
			if api, ok := s.X.(*ast.SelectorExpr); ok && api.Sel.Name == "api" {
				called = append(called, s.Sel.Name)
			}
		}
	})
	slices.Sort(called)
	if called = slices.Compact(called); !slices.Equal(called, tried) {
		t.Errorf("internal/slackapi calls %v, these tests try %v", called, tried)
	}
}

// slackDeeds does all that Keylease does in Slack, with a token of these scopes: to a person, to a public channel and to
// a private one, each message posted and looked for.
func slackDeeds(t *testing.T, scopes []string) error {
	t.Helper()
	clock := clocktesting.NewFakePassiveClock(noon)
	server := slack.New(slack.Options{Clock: clock, Limits: &slack.Limits{}})
	defer server.Close()
	server.AddUser(slack.User{ID: "U0EMPLOY02", Name: "hanako"})
	server.AddChannel(slack.Channel{ID: "C0SECURITY", Name: "security"})
	server.AddChannel(slack.Channel{ID: "G0SECRET00", Name: "secret", Private: true})
	const botToken = "xoxb-manifest"
	server.AddToken(botToken, scopes...)
	client, err := slackapi.New(slackapi.Options{Token: botToken, BaseURL: server.APIURL(), HTTPClient: &http.Client{}, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.AuthTest(t.Context()); err != nil {
		return err
	}
	for _, recipient := range []string{"U0EMPLOY02", "C0SECURITY", "G0SECRET00"} {
		if _, _, err := client.Find(t.Context(), recipient, "key", noon); err != nil {
			return err
		}
		if _, err := client.Post(t.Context(), recipient, message.Message{Text: "hello"}, "key"); err != nil {
			return err
		}
	}
	return nil
}
