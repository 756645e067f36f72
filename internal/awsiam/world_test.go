package awsiam_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/test/emulator/iam"
)

const (
	accountID   = "123456789012"
	otherID     = "210987654321"
	operatorKey = "AKIAOPERATOR00000001"
	operatorARN = "arn:aws:iam::123456789012:user/operator"
	leased      = "AKIAKEYLEASE00000002"
	second      = "AKIAKEYLEASE00000003"
	report      = "svc-report"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC)
	born  = time.Date(2026, 6, 1, 3, 4, 5, 0, time.UTC)
	used  = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
)

// world is an account in the emulator, and a client with the operator's key.
type world struct {
	*iam.Server
	account *iam.Account
	client  *awsiam.Client
	url     string
	clock   *testclock.FakePassiveClock
}

func newWorld(t *testing.T, options iam.Options) *world {
	t.Helper()
	w := &world{clock: testclock.NewFakePassiveClock(start)}
	options.Clock = w.clock
	w.Server = iam.New(options)
	w.url = serve(t, w.Server)
	t.Cleanup(w.ClearFaults) // before the listener waits for stalled calls
	w.account = w.AddAccount(accountID, iam.PartitionAWS)
	w.account.AddCredential(operatorKey, operatorARN)
	environment(t, w.url, operatorKey)
	w.client = w.as(t, awsiam.Access{AccountID: accountID})
	return w
}

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	listener := httptest.NewServer(handler)
	t.Cleanup(listener.Close)
	return listener.URL
}

// environment is all that the SDK's default chain may find.
func environment(t *testing.T, endpoint, key string) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI", "AWS_SESSION_TOKEN": "", "AWS_ENDPOINT_URL": endpoint,
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_MAX_ATTEMPTS": "", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
}

func newFactory(t *testing.T, clock *testclock.FakePassiveClock) *awsiam.Factory {
	t.Helper()
	factory, err := awsiam.NewFactory(ctx, awsiam.Options{Clock: clock, Rate: 1e6, Burst: 1e6, MaxBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return factory
}

func (w *world) as(t *testing.T, access awsiam.Access) *awsiam.Client {
	t.Helper()
	return clientOf(t, newFactory(t, w.clock), access)
}

func clientOf(t *testing.T, factory *awsiam.Factory, access awsiam.Access) *awsiam.Client {
	t.Helper()
	client, err := factory.For(ctx, access)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// addReport gives svc-report two keys and one or two of everything that a user can have.
func (w *world) addReport() {
	own := w.account.AddPolicy(report, "/team/", `{"Version":"2012-10-17","Statement":[]}`, iam.WithVersions(3))
	w.account.AttachToRole("app", own)
	w.account.AddUser(report, iam.WithPath("/service/"), iam.WithTag("team", "data"), iam.WithTag("Env", "prod+1 %"), iam.WithLoginProfile(),
		iam.WithVirtualMFA("report"), iam.WithHardwareMFA("GAHT12345678"), iam.WithSSHKey(), iam.WithSSHKey(),
		iam.WithSigningCertificate(), iam.WithSigningCertificate(),
		iam.WithServiceCredential("codecommit.amazonaws.com"),
		iam.WithInlinePolicy("first", `{"Version":"2012-10-17","Id":"a+b c%20d"}`), iam.WithInlinePolicy("second", ""),
		iam.WithAttachedPolicy(own, "arn:aws:iam::aws:policy/ReadOnlyAccess"), iam.WithBoundary(own), iam.WithGroup("staff", "reports"))
	w.account.AddAccessKey(report, iam.AccessKey{ID: leased, Created: born, LastUsed: used, Region: "ap-northeast-1"})
	w.account.AddAccessKey(report, iam.AccessKey{ID: second, Inactive: true})
}

// actions that the server saw since the last time, STS included.
func (w *world) actions() []string {
	var seen []string
	for _, c := range w.Calls() {
		seen = append(seen, c.Action)
	}
	w.ResetCalls()
	return seen
}

func expectClass(t *testing.T, err error, want failure.Class) {
	t.Helper()
	if !failure.Is(err, want) {
		t.Errorf("error %v, want one of class %s", err, want)
	}
}

// instead is an answer that another server gives where IAM would.
type instead struct {
	status int
	body   string
}

// page500 is what a web framework says of an action that its program does not know.
const page500 = "<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n"

func document(code string) string {
	return "<ErrorResponse><Error><Code>" + code + "</Code><Message>as the test says</Message></Error></ErrorResponse>"
}

// answering is a client for which one action is always answered so.
func (w *world) answering(t *testing.T, action string, answer instead) *awsiam.Client {
	t.Helper()
	return w.through(t, func(asked string) *instead {
		if asked != action {
			return nil
		}
		return &answer
	}, awsiam.Access{AccountID: accountID})
}

// through is a client behind a proxy that answers some actions itself; nil: the account does.
func (w *world) through(t *testing.T, proxy func(action string) *instead, access awsiam.Access) *awsiam.Client {
	t.Helper()
	environment(t, serve(t, http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		if answer := proxy(form.Get("Action")); answer != nil {
			out.WriteHeader(answer.status)
			_, _ = out.Write([]byte(answer.body))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.ServeHTTP(out, r)
	})), operatorKey)
	return w.as(t, access)
}

// wire is a server that gives the bodies that a test writes, by action; an empty one or none is InvalidAction. STS is
// always well.
type wire map[string]string

func (w wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	action := r.Form.Get("Action")
	if key := action + " " + r.Form.Get("Marker"); r.Form.Get("Marker") != "" {
		action = key
	}
	body, known := w[action]
	switch {
	case action == "GetCallerIdentity":
		body = `<GetCallerIdentityResult><Arn>` + operatorARN + `</Arn><UserId>AIDAOPERATOR</UserId><Account>` + accountID + `</Account></GetCallerIdentityResult>`
	case !known:
		out.WriteHeader(http.StatusBadRequest)
		body = `<ErrorResponse><Error><Code>InvalidAction</Code><Message>Could not find operation</Message></Error></ErrorResponse>`
		_, _ = out.Write([]byte(body))
		return
	case strings.HasPrefix(body, "404 "):
		out.WriteHeader(http.StatusNotFound)
		_, _ = out.Write([]byte(body[4:]))
		return
	}
	name := r.Form.Get("Action") + "Response"
	_, _ = out.Write([]byte("<" + name + ">" + body + "</" + name + ">"))
}

func (w wire) client(t *testing.T) *awsiam.Client {
	t.Helper()
	environment(t, serve(t, w), operatorKey)
	return clientOf(t, newFactory(t, testclock.NewFakePassiveClock(start)), awsiam.Access{AccountID: accountID})
}
