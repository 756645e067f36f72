package googlesheets

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/sheet"
)

const account = "keylease@example.iam.gserviceaccount.com"

// newKey makes the one key of these tests.
var newKey = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
})

// credential is a service account's key; with replaces fields.
func credential(t *testing.T, with map[string]any) []byte {
	t.Helper()
	fields := map[string]any{
		"type": "service_account", "client_email": account, "private_key_id": "key-1", "private_key": newKey(),
		"token_uri": "https://oauth2.googleapis.com/token", "project_id": "example",
	}
	maps.Copy(fields, with)
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// servers plays Google's servers: it answers by the host that is asked.
type servers struct {
	token, sheets func(*http.Request) (int, string)
	// asked are the requests for a token, form decoded, and authorized the Authorization headers of the others.
	asked      []url.Values
	authorized []string
}

func (g *servers) RoundTrip(r *http.Request) (*http.Response, error) {
	var status int
	var body string
	switch r.URL.Host {
	case "oauth2.googleapis.com":
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(text))
		if err != nil {
			return nil, err
		}
		g.asked = append(g.asked, form)
		status, body = g.token(r)
	case "sheets.googleapis.com":
		g.authorized = append(g.authorized, r.Header.Get("Authorization"))
		status, body = g.sheets(r)
	}
	if status == 0 {
		return nil, errors.New("dial tcp: nobody answers at " + r.URL.Host)
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func answer(status int, body string) func(*http.Request) (int, string) {
	return func(*http.Request) (int, string) { return status, body }
}

func TestAServiceAccountAsksForTheSpreadsheetsScopeAlone(t *testing.T) {
	g := &servers{token: answer(200, `{"access_token":"ya29.token","expires_in":3600,"token_type":"Bearer"}`),
		sheets: answer(200, `{"valueRanges":[{"values":[["x"]]}]}`)}
	client, err := New(t.Context(), Options{CredentialsJSON: credential(t, nil), Transport: g})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := client.Read(t.Context(), "1duJ", []string{"'a'!A:B"}); err != nil {
			t.Fatal(err)
		}
	}
	if len(g.asked) != 1 || len(g.authorized) != 2 || g.authorized[1] != "Bearer ya29.token" {
		t.Errorf("%d tokens for %q; want one, used twice", len(g.asked), g.authorized)
	}
	parts := strings.Split(g.asked[0].Get("assertion"), ".")
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Iss, Scope, Aud string }
	if err := json.Unmarshal(claims, &got); err != nil {
		t.Fatal(err)
	}
	if got.Scope != "https://www.googleapis.com/auth/spreadsheets" || got.Iss != account || got.Aud != tokenAddresses[0] {
		t.Errorf("claims %+v", got)
	}
}

func TestErrorsNameTheServiceAccount(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		class  failure.Class
		want   string
	}{
		"not shared": {403, failure.Denied, `may not read spreadsheet "1duJ": share the sheet with ` + account + ` as editor`},
		"not found":  {404, failure.NotFound, `spreadsheet "1duJ" was not found: check spec.spreadsheetID, and share the sheet with ` + account + ` as editor`},
	} {
		t.Run(name, func(t *testing.T) {
			g := &servers{token: answer(200, `{"access_token":"ya29.token","expires_in":3600}`), sheets: answer(tc.status, `{}`)}
			client, err := New(t.Context(), Options{CredentialsJSON: credential(t, nil), Transport: g})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Read(t.Context(), "1duJ", []string{"'a'!A:B"})
			if !failure.Is(err, tc.class) || failure.Of(err).Message != tc.want {
				t.Errorf("got %v; want %s: %s", err, tc.class, tc.want)
			}
		})
	}
}

func TestACredentialOfAnotherKindIsRefusedWithoutBeingQuoted(t *testing.T) {
	for name, tc := range map[string]struct {
		text []byte
		want string
	}{
		"no JSON":             {[]byte("xoxb-secret-token"), "is no JSON object"},
		"empty":               {[]byte{}, "is no JSON object"},
		"a list":              {[]byte(`["secret"]`), "is no JSON object"},
		"a field that is odd": {[]byte(`{"type":"service_account","private_key":{"secret":1}}`), "is no JSON object"},
		"an external account": {credential(t, map[string]any{"type": "external_account", "credential_source": "secret"}), `is not of type "service_account"`},
		"a person's":          {credential(t, map[string]any{"type": "authorized_user", "refresh_token": "secret"}), `is not of type "service_account"`},
		"no type":             {[]byte(`{"private_key":"secret"}`), `is not of type "service_account"`},
		"another address":     {credential(t, map[string]any{"token_uri": "https://secret.example/token"}), "token_uri of the Google credential is not Google's own"},
		"plain HTTP":          {credential(t, map[string]any{"token_uri": "http://oauth2.googleapis.com/token"}), "token_uri of the Google credential is not Google's own"},
		"a longer address":    {credential(t, map[string]any{"token_uri": "https://oauth2.googleapis.com/token/../secret"}), "token_uri of the Google credential is not Google's own"},
		"no address":          {credential(t, map[string]any{"token_uri": nil}), "token_uri of the Google credential is not Google's own"},
		"no e-mail":           {credential(t, map[string]any{"client_email": ""}), "has no client_email"},
		"a key that is none":  {credential(t, map[string]any{"private_key": "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n"}), "private_key of the Google credential cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(t.Context(), Options{CredentialsJSON: tc.text})
			if !failure.Is(err, failure.Credentials) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v; want it to hold %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%q quotes the secret", err)
			}
		})
	}
}

func TestAnEmulatorIsNoWayAroundTheKindOfCredential(t *testing.T) {
	for name, tc := range map[string]struct {
		with map[string]any
		ok   bool
	}{
		"a service account whose key is made up": {map[string]any{"private_key": "none"}, true},
		"an external account":                    {map[string]any{"type": "external_account"}, false},
		"another token address":                  {map[string]any{"token_uri": "https://evil.example"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(t.Context(), Options{CredentialsJSON: credential(t, tc.with), EmulatorHost: "127.0.0.1:1"})
			if (err == nil) != tc.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestATokenThatIsNotGivenIsClassified(t *testing.T) {
	for name, tc := range map[string]struct {
		token   func(*http.Request) (int, string)
		class   failure.Class
		code    string
		message string
	}{
		"a deleted key": {answer(400, `{"error":"invalid_grant","error_description":"Invalid JWT Signature. secret"}`),
			failure.Credentials, "invalid_grant", "Google gives no access token to " + account},
		"an account that is disabled": {answer(401, `{"error":"invalid_client"}`), failure.Credentials, "invalid_client", account},
		"a page in the place of JSON": {answer(403, `<html>secret</html>`), failure.Credentials, "403", account},
		"a code that is none":         {answer(400, `{"error":"secret token: ya29"}`), failure.Credentials, "400", account},
		"a redirect":                  {answer(302, ``), failure.Credentials, "302", account},
		"too many":                    {answer(429, `{}`), failure.Retry, "TOKEN_UNAVAILABLE", "answered 429"},
		"a bad gateway":               {answer(502, `secret`), failure.Retry, "TOKEN_UNAVAILABLE", "answered 502"},
		"no answer":                   {answer(0, ``), failure.Retry, "TOKEN_UNAVAILABLE", "no access token could be fetched"},
		"half an answer":              {answer(200, `{"access_to`), failure.Retry, "TOKEN_UNAVAILABLE", "no access token could be fetched"},
	} {
		t.Run(name, func(t *testing.T) {
			g := &servers{token: tc.token, sheets: answer(200, `{}`)}
			client, err := New(t.Context(), Options{CredentialsJSON: credential(t, nil), Transport: g})
			if err != nil {
				t.Fatal(err)
			}
			// Nothing was written, so not even a write is uncertain.
			f := failure.Of(client.Write(t.Context(), "1duJ", []sheet.CellWrite{{Range: "'a'!K2", Value: "x"}}))
			if f == nil || f.Class != tc.class || f.Code != tc.code || !strings.Contains(f.Message, tc.message) {
				t.Errorf("got %v; want %s %s: %s", f, tc.class, tc.code, tc.message)
			}
			if strings.Contains(f.Error(), "secret") || strings.Contains(f.Error(), "ya29") {
				t.Errorf("%q quotes the answer", f)
			}
			if len(g.authorized) != 0 {
				t.Error("a request was sent without a token")
			}
		})
	}
}

func TestDefaultCredentialsThatCannotBeUsedSayWhatToSet(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "secret.json"))
	_, err := New(t.Context(), Options{})
	if !failure.Is(err, failure.Credentials) || !strings.Contains(err.Error(), "set spec.google.credentialsSecretRef") ||
		strings.Contains(err.Error(), "secret.json") {
		t.Errorf("got %v", err)
	}
}

func TestWithoutCredentialsTheDefaultOnesAreUsed(t *testing.T) {
	for name, tc := range map[string]struct {
		file    []byte
		who     string
		project string
	}{
		"a service account": {credential(t, nil), account, ""},
		"a person": {[]byte(`{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r","quota_project_id":"payer"}`),
			"the operator's Google account", "payer"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "adc.json")
			if err := os.WriteFile(file, tc.file, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
			var project, agent string
			g := &servers{token: answer(200, `{"access_token":"ya29.token","expires_in":3600,"token_type":"Bearer"}`),
				sheets: func(r *http.Request) (int, string) {
					project, agent = r.Header.Get("X-Goog-User-Project"), r.Header.Get("User-Agent")
					return 403, `{}`
				}}
			client, err := New(t.Context(), Options{UserAgent: "keylease/test", Transport: g})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Read(t.Context(), "1duJ", []string{"'a'!A:B"})
			if !failure.Is(err, failure.Denied) || !strings.Contains(err.Error(), "share the sheet with "+tc.who) {
				t.Errorf("got %v", err)
			}
			if project != tc.project || !strings.Contains(agent, "keylease/test") {
				t.Errorf("asked as %q with the project %q; want keylease/test and %q", agent, project, tc.project)
			}
		})
	}
}
