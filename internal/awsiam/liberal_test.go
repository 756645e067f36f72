package awsiam_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	testclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
)

const (
	getUser   = `<GetUserResult><User><UserName>svc-report</UserName><UserId>AIDAREPORT</UserId><Path>/</Path></User></GetUserResult>`
	key       = `<member><UserName>svc-report</UserName><AccessKeyId>` + leased + `</AccessKeyId><Status>Active</Status><CreateDate>2026-06-01T03:04:05Z</CreateDate></member>`
	otherKey  = `<member><UserName>svc-report</UserName><AccessKeyId>` + second + `</AccessKeyId><Status>Inactive</Status><CreateDate>2026-06-01T03:04:05.000+00:00</CreateDate></member>`
	notFound  = `404 <ErrorResponse><Error><Code>NoSuchEntity</Code><Message>not here</Message></Error></ErrorResponse>`
	neverUsed = `<GetAccessKeyLastUsedResult><UserName>svc-report</UserName><AccessKeyLastUsed><ServiceName>N/A</ServiceName><Region>N/A</Region></AccessKeyLastUsed></GetAccessKeyLastUsedResult>`
)

func keys(inside string) string { return "<ListAccessKeysResult>" + inside + "</ListAccessKeysResult>" }

// plain is an IAM that knows no more than it must.
func plain() wire {
	return wire{"GetUser": getUser, "ListAccessKeys": keys(`<AccessKeyMetadata>` + key + otherKey + `</AccessKeyMetadata>`),
		"ListUserTags": `<ListUserTagsResult/>`, "GetLoginProfile": notFound, "GetAccessKeyLastUsed": neverUsed}
}

func TestAnswersThatAnotherIAMMayGive(t *testing.T) {
	tags := func(inside string) string { return `<ListUserTagsResult>` + inside + `</ListUserTagsResult>` }
	cases := map[string]struct {
		change wire
		want   func(*teardown.Observation)
	}{
		"as short as can be":                       {wire{}, nil},
		"IsTruncated empty":                        {wire{"ListAccessKeys": keys(`<AccessKeyMetadata>` + key + otherKey + `</AccessKeyMetadata><IsTruncated/>`)}, nil},
		"IsTruncated blank, Marker empty":          {wire{"ListAccessKeys": keys(`<AccessKeyMetadata>` + key + otherKey + `</AccessKeyMetadata><IsTruncated> </IsTruncated><Marker/>`)}, nil},
		"IsTruncated in capitals":                  {wire{"ListAccessKeys": keys(`<AccessKeyMetadata>` + key + `</AccessKeyMetadata><IsTruncated>True</IsTruncated><Marker>2</Marker>`), "ListAccessKeys 2": keys(`<AccessKeyMetadata>` + otherKey + `</AccessKeyMetadata><IsTruncated>FALSE</IsTruncated>`)}, nil},
		"a marker, but no IsTruncated":             {wire{"ListAccessKeys": keys(`<AccessKeyMetadata>` + key + `</AccessKeyMetadata><Marker>2</Marker>`), "ListAccessKeys 2": keys(`<AccessKeyMetadata>` + otherKey + `</AccessKeyMetadata>`)}, nil},
		"the last page repeats its marker":         {wire{"ListAccessKeys": keys(`<AccessKeyMetadata>` + key + `</AccessKeyMetadata><IsTruncated>true</IsTruncated><Marker>2</Marker>`), "ListAccessKeys 2": keys(`<IsTruncated>false</IsTruncated><Marker>2</Marker><AccessKeyMetadata>` + otherKey + `</AccessKeyMetadata>`)}, nil},
		"a marker with signs that must be escaped": {wire{"ListAccessKeys": keys(`<AccessKeyMetadata>` + key + `</AccessKeyMetadata><IsTruncated>true</IsTruncated><Marker>a+b/c= &amp;d</Marker>`), "ListAccessKeys a+b/c= &d": keys(`<AccessKeyMetadata>` + otherKey + `</AccessKeyMetadata>`)}, nil},
		"tags shown by GetUser alone": {wire{"GetUser": `<GetUserResult><User><UserName>svc-report</UserName><UserId>AIDAREPORT</UserId><Path>/</Path><Tags><member><Key>keylease.dev/protected</Key><Value>true</Value></member></Tags></User></GetUserResult>`},
			func(o *teardown.Observation) { o.Tags = map[string]string{"keylease.dev/protected": "true"} }},
		"tags listed alone": {wire{"ListUserTags": tags(`<Tags><member><Key>a</Key><Value>b</Value></member></Tags><IsTruncated>false</IsTruncated>`)},
			func(o *teardown.Observation) { o.Tags = map[string]string{"a": "b"} }},
		"last used empty": {wire{"GetAccessKeyLastUsed": `<GetAccessKeyLastUsedResult><UserName>svc-report</UserName><AccessKeyLastUsed><LastUsedDate/><ServiceName/><Region/></AccessKeyLastUsed></GetAccessKeyLastUsedResult>`}, nil},
		"last used N/A":   {wire{"GetAccessKeyLastUsed": `<GetAccessKeyLastUsedResult><UserName>svc-report</UserName><AccessKeyLastUsed><LastUsedDate>N/A</LastUsedDate><ServiceName>N/A</ServiceName><Region>N/A</Region></AccessKeyLastUsed></GetAccessKeyLastUsedResult>`}, nil},
		"a date with fractions and zone": {wire{"ListAccessKeys": keys(`<AccessKeyMetadata>` + otherKey + `<member><AccessKeyId>` + leased + `</AccessKeyId><Status>Active</Status><CreateDate>2026-06-01T12:04:05.250+09:00</CreateDate></member></AccessKeyMetadata>`)},
			func(o *teardown.Observation) { o.CreateDate = born.Add(250 * time.Millisecond) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server := plain()
			for action, body := range c.change {
				server[action] = body
			}
			o, err := server.client(t).Observe(ctx, report, leased)
			want := teardown.Observation{Time: start, Identity: operator, UserExists: true, UserID: "AIDAREPORT", Path: "/", Tags: map[string]string{},
				Key: v1alpha1.KeyActive, CreateDate: born, KeyUser: report, OtherKeys: []string{second}, AccountHasUsers: true}
			if c.want != nil {
				c.want(&want)
			}
			if diff := cmp.Diff(want, o); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	t.Run("no ListUserTags and no GetAccessKeyLastUsed at all", func(t *testing.T) {
		server := plain()
		delete(server, "ListUserTags")
		delete(server, "GetAccessKeyLastUsed")
		o, err := server.client(t).Observe(ctx, report, leased)
		if err != nil || o.Key != v1alpha1.KeyActive || o.KeyUser != "" || !o.UseUnknown {
			t.Errorf("%+v, %v", o, err)
		}
	})
}

func TestAPolicyDocumentIsReadHoweverItIsEncoded(t *testing.T) {
	cases := map[string]struct{ sent, want string }{
		"after RFC 3986":     {"%7B%22Id%22%3A%22a%2Bb%20c%22%7D", `{"Id":"a+b c"}`},
		"a plus is a plus":   {"%7B%22Id%22%3A%22a+b%22%7D", `{"Id":"a+b"}`},
		"not encoded at all": {`{"Id":"100 % %20 a+b"}`, `{"Id":"100 % %20 a+b"}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server := plain()
			server["ListGroupsForUser"] = `<ListGroupsForUserResult/>`
			server["ListAttachedUserPolicies"] = `<ListAttachedUserPoliciesResult/>`
			server["ListUserPolicies"] = `<ListUserPoliciesResult><PolicyNames><member>first</member></PolicyNames></ListUserPoliciesResult>`
			server["GetUserPolicy"] = `<GetUserPolicyResult><PolicyName>first</PolicyName><PolicyDocument>` + c.sent + `</PolicyDocument></GetUserPolicyResult>`
			s, err := server.client(t).Snapshot(ctx, report)
			if err != nil || len(s.InlinePolicies) != 1 || s.InlinePolicies[0].Document != c.want {
				t.Errorf("%+v, %v", s.InlinePolicies, err)
			}
		})
	}
}

// Nothing may be concluded from these.
func TestAnswersThatAreIncomplete(t *testing.T) {
	cases := map[string]wire{
		"a user without ID":                {"GetUser": `<GetUserResult><User><UserName>svc-report</UserName></User></GetUserResult>`},
		"another user":                     {"GetUser": `<GetUserResult><User><UserName>svc-other</UserName><UserId>AIDAOTHER</UserId></User></GetUserResult>`},
		"no user":                          {"GetUser": `<GetUserResult/>`},
		"a key without creation date":      {"ListAccessKeys": keys(`<AccessKeyMetadata><member><AccessKeyId>` + leased + `</AccessKeyId><Status>Active</Status></member></AccessKeyMetadata>`)},
		"cut off without marker":           {"ListAccessKeys": keys(`<AccessKeyMetadata/><IsTruncated>true</IsTruncated>`)},
		"cut off with the same marker":     {"ListAccessKeys": keys(`<IsTruncated>true</IsTruncated><Marker>2</Marker>`), "ListAccessKeys 2": keys(`<IsTruncated>true</IsTruncated><Marker>2</Marker>`)},
		"cut off, markers in a circle":     {"ListAccessKeys": keys(`<IsTruncated>true</IsTruncated><Marker>2</Marker>`), "ListAccessKeys 2": keys(`<IsTruncated>true</IsTruncated><Marker>3</Marker>`), "ListAccessKeys 3": keys(`<IsTruncated>true</IsTruncated><Marker>2</Marker>`)},
		"no result":                        {"ListAccessKeys": ``},
		"the result of another action":     {"ListAccessKeys": `<ListUsersResult/>`},
		"a truth value that is none":       {"ListAccessKeys": keys(`<IsTruncated>perhaps</IsTruncated>`)},
		"longer than any page":             {"ListAccessKeys": keys("") + strings.Repeat(" ", 17<<20)},
		"tags cut off":                     {"ListUserTags": `<ListUserTagsResult><IsTruncated>true</IsTruncated></ListUserTagsResult>`},
		"a list of users without a result": {"GetUser": notFound, "GetAccessKeyLastUsed": notFound, "ListUsers": ``},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			server := plain()
			for action, body := range change {
				server[action] = body
			}
			_, err := server.client(t).Observe(ctx, report, leased)
			expectClass(t, err, failure.Retry)
		})
	}
}

// A proxy or a server that is going down sends it. To the SDK it is a list with nothing in it.
func TestAnAnswerWithoutABodyIsNoListWithoutKeys(t *testing.T) {
	answers := plain()
	environment(t, serve(t, http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if _ = r.ParseForm(); r.Form.Get("Action") != "ListAccessKeys" {
			answers.ServeHTTP(out, r)
		}
	})), operatorKey)
	client := clientOf(t, newFactory(t, testclock.NewFakePassiveClock(start)), awsiam.Access{AccountID: accountID})
	_, err := client.Observe(ctx, report, leased)
	expectClass(t, err, failure.Retry)
}
