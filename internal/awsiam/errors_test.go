package awsiam_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

// Codes of IAM and STS, with the class that a read and a change get. Each comes with and without "Exception".
var codes = map[string]struct {
	status       int
	read, change failure.Class
}{
	"NoSuchEntity":                  {404, failure.NotFound, failure.NotFound},
	"DeleteConflict":                {409, failure.Conflict, failure.Conflict},
	"Throttling":                    {400, failure.Retry, failure.Retry},
	"RequestLimitExceeded":          {503, failure.Retry, failure.Retry},
	"TooManyRequests":               {429, failure.Retry, failure.Retry},
	"LimitExceeded":                 {409, failure.Retry, failure.Retry},
	"ConcurrentModification":        {409, failure.Retry, failure.Retry},
	"EntityTemporarilyUnmodifiable": {409, failure.Retry, failure.Retry},
	// What a 5xx did is not known.
	"ServiceFailure":             {500, failure.Retry, failure.Uncertain},
	"InternalFailure":            {500, failure.Retry, failure.Uncertain},
	"ServiceUnavailable":         {503, failure.Retry, failure.Uncertain},
	"NewTroubleOfTheFuture":      {502, failure.Retry, failure.Uncertain},
	"AccessDenied":               {403, failure.Denied, failure.Denied},
	"NewRefusalOfTheFuture":      {403, failure.Denied, failure.Denied},
	"ExpiredToken":               {403, failure.Credentials, failure.Credentials},
	"InvalidClientTokenId":       {403, failure.Credentials, failure.Credentials},
	"SignatureDoesNotMatch":      {403, failure.Credentials, failure.Credentials},
	"MissingAuthenticationToken": {403, failure.Credentials, failure.Credentials},
	"OptInRequired":              {403, failure.Credentials, failure.Credentials},
	"RequestExpired":             {400, failure.Credentials, failure.Credentials},
	"ValidationError":            {400, failure.Terminal, failure.Terminal},
	"UnmodifiableEntity":         {400, failure.Terminal, failure.Terminal},
	"InvalidAction":              {400, failure.Terminal, failure.Terminal},
	// Not every 404 says that the entity is gone: a wrong endpoint answers so too.
	"UnknownEndpoint": {404, failure.Terminal, failure.Terminal},
}

// GetUser models NoSuchEntity and ServiceFailure only, DeleteUser LimitExceeded, NoSuchEntity, DeleteConflict,
// ConcurrentModification and ServiceFailure: all others arrive untyped.
func TestErrorsAreClassifiedByTheirCode(t *testing.T) {
	for code, c := range codes {
		for _, suffix := range []string{"", "Exception"} {
			t.Run(code+suffix, func(t *testing.T) {
				w := newWorld(t, iam.Options{})
				w.addReport()
				w.Inject(iam.Fault{Match: func(c iam.Call) bool { return c.Service == "iam" }, Code: code + suffix, Status: c.status, Message: "as the test says"})
				read := func() error { _, err := w.client.Snapshot(ctx, report); return err }
				if c.read == failure.NotFound { // which Snapshot takes for a reading to be made again
					read = func() error { _, err := w.client.Inventory(ctx, report, ""); return err }
				}
				_, change := w.client.Do(ctx, step(teardown.ActionDeleteUser, report))
				for want, err := range map[failure.Class]error{c.read: read(), c.change: change} {
					expectClass(t, err, want)
					if e := failure.Of(err); e == nil || e.Code != code+suffix || !strings.Contains(e.Message, "user svc-report: as the test says") && !strings.Contains(e.Message, "of user svc-report: as the test says") {
						t.Errorf("error %v: code, thing or message is missing", err)
					}
				}
			})
		}
	}
}

// What answers where IAM should is often not IAM.
func TestAnswersThatAreNotOfIAM(t *testing.T) {
	html := "<html><head><title>503 Service Temporarily Unavailable</title></head><body><center>nginx<br></center></body></html>"
	cut := "<GetUserResponse><GetUserResult><User><UserName>svc-report</UserName><UserId>AIDA"
	cases := map[string]struct {
		status       int
		body         string
		read, change failure.Class
	}{
		"503 in HTML":                         {503, html, failure.Retry, failure.Uncertain},
		"503 without a body":                  {503, "", failure.Retry, failure.Uncertain},
		"404 in HTML is not absent":           {404, html, failure.Terminal, failure.Terminal},
		"404 without a body is not absent":    {404, "", failure.Terminal, failure.Terminal},
		"403 in plain text":                   {403, "blocked by policy", failure.Denied, failure.Denied},
		"200 in HTML":                         {200, html, failure.Retry, failure.Uncertain},
		"200 cut off":                         {200, cut, failure.Retry, failure.Uncertain},
		"200 of another action":               {200, "<ListUsersResponse><ListUsersResult/></ListUsersResponse>", failure.Retry, failure.Uncertain},
		"an error without request ID":         {404, "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>", failure.NotFound, failure.NotFound},
		"an error in another namespace":       {409, `<ErrorResponse xmlns="urn:x"><Error><Code>DeleteConflict</Code></Error></ErrorResponse>`, failure.Conflict, failure.Conflict},
		"an error that was cut off":           {500, "<ErrorResponse><Error><Code>ServiceFail", failure.Retry, failure.Uncertain},
		"a redirection to nowhere":            {302, "", failure.Retry, failure.Uncertain},
		"NoSuchEntity with status 200 (page)": {200, "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>", failure.Retry, failure.Uncertain},
		"200 without a body, to a change":     {200, "", failure.Retry, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bad := http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
				if _ = r.ParseForm(); r.Form.Get("Action") == "GetCallerIdentity" {
					wire{}.ServeHTTP(out, r)
					return
				}
				out.WriteHeader(c.status)
				_, _ = out.Write([]byte(c.body))
			})
			environment(t, serve(t, bad), operatorKey)
			client := clientOf(t, newFactory(t, testclock.NewFakePassiveClock(start)), awsiam.Access{AccountID: accountID})
			o, err := client.Observe(ctx, report, leased)
			if c.read == failure.NotFound {
				_, err = client.Inventory(ctx, report, "")
			}
			expectClass(t, err, c.read)
			if o.UserExists || o.AccountHasUsers {
				t.Errorf("observed %+v", o)
			}
			if _, err := client.Do(ctx, step(teardown.ActionDeleteUser, report)); c.change != "" {
				expectClass(t, err, c.change)
			} else if err != nil {
				t.Errorf("a change whose answer is a 2xx failed: %v", err)
			}
		})
	}
}

func TestNoConnectionAtAll(t *testing.T) {
	w := newWorld(t, iam.Options{})
	t.Setenv("AWS_ENDPOINT_URL_IAM", "http://127.0.0.1:1") // nobody listens on port 1
	client := w.as(t, awsiam.Access{AccountID: accountID})
	_, err := client.Observe(ctx, report, leased)
	expectClass(t, err, failure.Retry)
	_, err = client.Do(ctx, step(teardown.ActionDeleteUser, report))
	expectClass(t, err, failure.Retry) // nothing was sent, so nothing was done
}

func TestALostAnswerToAChangeIsUncertain(t *testing.T) {
	faults := map[string]struct {
		fault iam.Fault
		code  string
	}{
		"the connection breaks after the work":  {iam.Fault{Action: "DeleteAccessKey", LoseAnswer: true}, "ConnectionLost"},
		"the connection breaks before the work": {iam.Fault{Action: "DeleteAccessKey", Code: "ServiceFailure", LoseAnswer: true}, "ConnectionLost"},
		"no answer in time":                     {iam.Fault{Action: "DeleteAccessKey", Stall: true}, "Timeout"},
		"an error of the server":                {iam.Fault{Action: "DeleteAccessKey", Code: "ServiceFailure"}, "ServiceFailure"},
	}
	for name, c := range faults {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			w.addReport()
			factory, err := awsiam.NewFactory(ctx, awsiam.Options{AttemptTimeout: 300 * time.Millisecond, MaxBackoff: time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			injected := w.Inject(c.fault)
			_, err = clientOf(t, factory, awsiam.Access{AccountID: accountID}).Do(ctx, step(teardown.ActionDeleteAccessKey, leased))
			if e := failure.Of(err); e == nil || e.Class != failure.Uncertain || e.Code != c.code {
				t.Errorf("error %v, want an uncertain %s", err, c.code)
			}
			if injected.Hits() != 1 {
				t.Errorf("the call was made %d times, though nobody knows what the first did", injected.Hits())
			}
		})
	}
}

func TestAChangeThatIsGivenUp(t *testing.T) {
	t.Run("before it leaves is not done", func(t *testing.T) {
		w := newWorld(t, iam.Options{})
		w.addReport()
		if _, err := w.client.Identity(ctx); err != nil {
			t.Fatal(err)
		}
		given, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := w.client.Do(given, step(teardown.ActionDeleteAccessKey, leased)); !failure.Is(err, failure.Retry, failure.Uncertain) {
			t.Errorf("error %v", err)
		}
		if w.account.KeyStatus(leased) != "Active" {
			t.Error("the key is gone")
		}
	})
	t.Run("while it is on its way is uncertain", func(t *testing.T) {
		w := newWorld(t, iam.Options{})
		w.addReport()
		given, cancel := context.WithCancel(ctx)
		fault := w.Inject(iam.Fault{Action: "DeleteAccessKey", Stall: true})
		go func() { <-fault.Reached(); cancel() }()
		_, err := w.client.Do(given, step(teardown.ActionDeleteAccessKey, leased))
		expectClass(t, err, failure.Uncertain)
	})
}

func TestErrorsHoldNoSecretAndNothingThatChanges(t *testing.T) {
	messages := map[string]string{
		"a request ID":            "Rate exceeded (Service: Iam, Request ID: 7b1c2e90-5f1b-4a5e-9c64-0d1e2f3a4b5c)",
		"a bare UUID":             "see 7b1c2e90-5f1b-4a5e-9c64-0d1e2f3a4b5c",
		"an authorization":        "You are not authorized. Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abcDEF",
		"a signature":             "Signature=0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0 is bad",
		"a session token":         "x-amz-security-token:FwoGZXIvYXdzEXAMPLETOKEN is bad",
		"the time":                "Signature expired: 20261209T060000Z is now earlier than 20261209T060100Z",
		"the hash of a request":   "The String-to-Sign should have been 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
		"very much":               strings.Repeat("much ", 1000),
		"line breaks and a quote": "one\n  two\t\"three\"",
	}
	bad := regexp.MustCompile(`7b1c2e90|4GIOHl|0f1e2d|FwoGZX|060000Z|\n|\t`)
	for name, message := range messages {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			w.addReport()
			w.Inject(iam.Fault{Match: func(c iam.Call) bool { return c.Service == "iam" }, Code: "AccessDenied", Message: message})
			_, err := w.client.Observe(ctx, report, leased)
			if bad.MatchString(err.Error()) || len(err.Error()) > 700 {
				t.Errorf("error %q", err)
			}
			_, again := w.client.Observe(ctx, report, leased)
			if again.Error() != err.Error() {
				t.Errorf("the same failure reads %q, then %q", err, again)
			}
		})
	}
}

func TestNoErrorShowsTheSecretKeyOrARequestID(t *testing.T) {
	for code := range codes {
		w := newWorld(t, iam.Options{})
		w.Inject(iam.Fault{Code: code})
		for _, err := range []error{second1(w.client.Observe(ctx, report, leased)), second1(w.client.Do(ctx, step(teardown.ActionDeleteUser, report)))} {
			if err == nil {
				continue // the same error is no error to somebody
			}
			for _, c := range w.Calls() {
				if strings.Contains(err.Error(), c.RequestID) {
					t.Errorf("%s: %q holds the request ID", code, err)
				}
			}
			if strings.Contains(err.Error(), "wJalrXUtnFEMI") {
				t.Errorf("%s: %q holds the secret key", code, err)
			}
		}
	}
}

func second1[T any](_ T, err error) error { return err }
