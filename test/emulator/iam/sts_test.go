package iam_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/emulator/iam"
)

const otherID = "444455556666"

// withRole adds a second account with a role that the operator may assume.
func withRole(t *testing.T) (l *lab, other *iam.Account, role string) {
	l = start(t, iam.Options{})
	other = l.AddAccount(otherID, iam.PartitionAWS)
	role = other.AddRole("keylease", iam.Trust{Principals: []string{operatorARN}, ExternalID: "team/sheet"})
	return l, other, role
}

func (l *lab) assume(role, externalID string) (*sts.AssumeRoleOutput, error) {
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("test"), DurationSeconds: aws.Int32(900)}
	if externalID != "" {
		in.ExternalId = &externalID
	}
	return l.stsClient(operatorKey, "").AssumeRole(ctx, in)
}

func TestAssumeRoleAsksForTrustAndExternalID(t *testing.T) {
	tests := map[string]struct {
		trust      iam.Trust
		externalID string
		want       string
	}{
		"the right external ID":      {iam.Trust{Principals: []string{operatorARN}, ExternalID: "team/sheet"}, "team/sheet", ""},
		"another external ID":        {iam.Trust{Principals: []string{operatorARN}, ExternalID: "team/sheet"}, "team/other", "AccessDenied"},
		"no external ID":             {iam.Trust{Principals: []string{operatorARN}, ExternalID: "team/sheet"}, "", "AccessDenied"},
		"an external ID not asked":   {iam.Trust{Principals: []string{operatorARN}}, "team/sheet", ""},
		"the whole account":          {iam.Trust{Principals: []string{"arn:aws:iam::111122223333:root"}}, "", ""},
		"the account by its ID":      {iam.Trust{Principals: []string{accountID}}, "", ""},
		"a role that trusts another": {iam.Trust{Principals: []string{"arn:aws:iam::111122223333:user/eve"}}, "", "AccessDenied"},
		"a role that trusts nobody":  {iam.Trust{}, "", "AccessDenied"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := start(t, iam.Options{})
			role := l.AddAccount(otherID, iam.PartitionAWS).AddRole("keylease", test.trust)
			_, err := l.assume(role, test.externalID)
			expectCode(t, err, test.want)
		})
	}
}

func TestARoleThatDoesNotExistIsAccessDenied(t *testing.T) {
	l := start(t, iam.Options{})
	_, err := l.assume("arn:aws:iam::444455556666:role/nobody", "")
	expectCode(t, err, "AccessDenied")
}

func TestTrustIsReadFromTheDocumentOfCreateRole(t *testing.T) {
	l := start(t, iam.Options{})
	out, err := l.client.CreateRole(ctx, &awsiam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(
		`{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"` + operatorARN + `"},
		  "Condition":{"StringEquals":{"sts:ExternalId":["a/one","a/two"]}}}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, id := range []string{"a/one", "a/two", "a/three"} {
		_, err := l.assume(aws.ToString(out.Role.Arn), id)
		got[id] = codeOf(err)
	}
	if diff := cmp.Diff(map[string]string{"a/one": "", "a/two": "", "a/three": "AccessDenied"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTemporaryCredentialsActInTheRolesAccount(t *testing.T) {
	l, other, role := withRole(t)
	other.AddUser("carol")
	out, err := l.assume(role, "team/sheet")
	if err != nil {
		t.Fatal(err)
	}
	keyID, token := aws.ToString(out.Credentials.AccessKeyId), aws.ToString(out.Credentials.SessionToken)
	who, err := l.stsClient(keyID, token).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{otherID, "arn:aws:sts::444455556666:assumed-role/keylease/test", aws.ToString(out.AssumedRoleUser.AssumedRoleId)}
	if diff := cmp.Diff(want, []string{aws.ToString(who.Account), aws.ToString(who.Arn), aws.ToString(who.UserId)}); diff != "" {
		t.Error(diff)
	}
	_, err = l.iamClient(keyID, token).GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("carol")})
	expectCode(t, err, "")
	_, err = l.iamClient(keyID, token).GetUser(ctx, &awsiam.GetUserInput{})
	expectCode(t, err, "ValidationError")
}

func TestTemporaryCredentialsNeedTheirTokenAndExpire(t *testing.T) {
	l, _, role := withRole(t)
	out, err := l.assume(role, "team/sheet")
	if err != nil {
		t.Fatal(err)
	}
	identity := func(token string) error {
		_, err := l.stsClient(aws.ToString(out.Credentials.AccessKeyId), token).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		return err
	}
	expectCode(t, identity(""), "InvalidClientTokenId")
	expectCode(t, identity("another"), "InvalidClientTokenId")
	expectCode(t, identity(aws.ToString(out.Credentials.SessionToken)), "")
	l.passes(15 * time.Minute)
	expectCode(t, identity(aws.ToString(out.Credentials.SessionToken)), "ExpiredToken")
}

func TestCallerIdentityOfAUserHasItsUniqueID(t *testing.T) {
	l := withAlice(t, iam.Options{})
	who, err := l.stsClient(aliceKey, "").GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{accountID, "arn:aws:iam::111122223333:user/alice", l.account.UserID("alice")}
	if diff := cmp.Diff(want, []string{aws.ToString(who.Account), aws.ToString(who.Arn), aws.ToString(who.UserId)}); diff != "" {
		t.Error(diff)
	}
}

func TestAnUnknownKeyIsInvalid(t *testing.T) {
	l := start(t, iam.Options{})
	_, err := l.stsClient("AKIANOBODY0000000001", "").GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	expectCode(t, err, "InvalidClientTokenId")
}

func TestTheSDKsEndpointVariablesReachBothServices(t *testing.T) {
	l := withAlice(t, iam.Options{})
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_IAM": l.url, "AWS_ENDPOINT_URL_STS": l.url, "AWS_REGION": "ap-northeast-1",
		"AWS_ACCESS_KEY_ID": aliceKey, "AWS_SECRET_ACCESS_KEY": "not-checked", "AWS_SESSION_TOKEN": "",
		"AWS_CONFIG_FILE": "", "AWS_SHARED_CREDENTIALS_FILE": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, err = awsiam.NewFromConfig(settings).GetUser(ctx, &awsiam.GetUserInput{})
	expectCode(t, err, "")
	_, err = sts.NewFromConfig(settings).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	expectCode(t, err, "")
}
