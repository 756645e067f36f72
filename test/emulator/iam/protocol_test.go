package iam_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/emulator/iam"
)

const signedForIAM = "AWS4-HMAC-SHA256 Credential=" + operatorKey +
	"/20261201/us-east-1/iam/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"

// post sends a form as it is and returns status and body.
func (l *lab) post(t *testing.T, form, authorization string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, l.url, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestRequestsThatAWSRefuses(t *testing.T) {
	const getUser = "Action=GetUser&Version=2010-05-08&UserName=alice"
	tests := map[string]struct {
		form, authorization string
		status              int
		code                string
	}{
		"not signed":                    {getUser, "", 403, "MissingAuthenticationToken"},
		"signed by halves":              {getUser, "AWS4-HMAC-SHA256 Credential=x", 400, "IncompleteSignature"},
		"signed for another service":    {getUser, strings.Replace(signedForIAM, "/iam/", "/s3/", 1), 403, "SignatureDoesNotMatch"},
		"signed by nobody":              {getUser, strings.Replace(signedForIAM, operatorKey, "AKIANOBODY0000000001", 1), 403, "InvalidClientTokenId"},
		"no action":                     {"Version=2010-05-08", signedForIAM, 400, "MissingAction"},
		"an unknown action":             {"Action=DropUsers&Version=2010-05-08", signedForIAM, 400, "InvalidAction"},
		"an action of the other API":    {"Action=GetUser&Version=2011-06-15", signedForIAM, 400, "InvalidAction"},
		"no version":                    {"Action=GetUser", signedForIAM, 400, "InvalidAction"},
		"a parameter missing":           {"Action=DeleteUser&Version=2010-05-08", signedForIAM, 400, "ValidationError"},
		"a user that is not there":      {getUser, signedForIAM, 404, "NoSuchEntity"},
		"a status that does not exist":  {"Action=UpdateAccessKey&Version=2010-05-08&AccessKeyId=" + aliceKey + "&Status=Off", signedForIAM, 400, "ValidationError"},
		"a page size that is no number": {"Action=ListUsers&Version=2010-05-08&MaxItems=many", signedForIAM, 400, "ValidationError"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := start(t, iam.Options{})
			status, body := l.post(t, test.form, test.authorization)
			if status != test.status || !strings.Contains(body, "<Code>"+test.code+"</Code>") || !strings.Contains(body, "<RequestId>") {
				t.Errorf("%d %s, want %d %s", status, body, test.status, test.code)
			}
		})
	}
}

func TestAnswersHaveTheShapeOfTheQueryProtocol(t *testing.T) {
	tests := map[string]struct{ form, want string }{
		"a result": {"Action=GetUser&Version=2010-05-08&UserName=alice",
			`<GetUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetUserResult><User><Path>/</Path>` +
				`<UserName>alice</UserName><UserId>USER</UserId><Arn>arn:aws:iam::111122223333:user/alice</Arn>` +
				`<CreateDate>2026-12-01T06:00:00Z</CreateDate></User></GetUserResult>` +
				`<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></GetUserResponse>`},
		"an empty list": {"Action=ListAccessKeys&Version=2010-05-08&UserName=alice",
			`<ListAccessKeysResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListAccessKeysResult>` +
				`<AccessKeyMetadata></AccessKeyMetadata><IsTruncated>false</IsTruncated></ListAccessKeysResult>` +
				`<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></ListAccessKeysResponse>`},
		"no result": {"Action=TagUser&Version=2010-05-08&UserName=alice&Tags.member.1.Key=a&Tags.member.1.Value=b",
			`<TagUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">` +
				`<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></TagUserResponse>`},
		"an error": {"Action=GetLoginProfile&Version=2010-05-08&UserName=alice",
			`<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>` +
				`<Message>Login Profile for User alice cannot be found.</Message></Error><RequestId>ID</RequestId></ErrorResponse>`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := start(t, iam.Options{})
			user := l.account.AddUser("alice")
			_, body := l.post(t, test.form, signedForIAM)
			body = strings.NewReplacer(l.Calls()[0].RequestID, "ID", user, "USER").Replace(body)
			if diff := cmp.Diff(test.want, body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAStartedServerAnswersUntilClosed(t *testing.T) {
	server, err := iam.Start("127.0.0.1:0", iam.Options{})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(server.URL(), "application/x-www-form-urlencoded", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := http.Post(server.URL(), "application/x-www-form-urlencoded", nil); err == nil {
		t.Error("a closed server answered")
	}
}
