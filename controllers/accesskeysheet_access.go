package controllers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
)

// access is how a sheet reaches the three services, and what it was made of: clients are made anew when a Secret or the
// spec changes, and only then is it asked whether they are any good.
type access struct {
	googleOf, slackOf, awsOf string
	// awsDown is what the check of the credentials found wrong: it is asked again until it is mended.
	awsDown trouble
	google  Spreadsheets
	slack   Slack
}

// connect makes the clients. Only a missing way to Google ends the sync: leases need to know of the sheet in any case.
func (r *sheetRun) connect(ctx context.Context) error {
	r.connectSlack(ctx)
	r.connectAWS(ctx)
	return r.connectGoogle(ctx)
}

func (r *sheetRun) connectGoogle(ctx context.Context) error {
	var credentials []byte
	of := "default credentials"
	if g := r.sheet.Spec.Google; g != nil && g.CredentialsSecretRef != nil {
		b, err := r.secret(ctx, *g.CredentialsSecretRef)
		if err != nil {
			r.sheetCondition(v1alpha1.ConditionSheetReadable, metav1.ConditionFalse, v1alpha1.ReasonSecretMissing, err.Error())
			return err
		}
		credentials, of = b, digest(b)
	}
	if r.mem.access.google == nil || r.mem.access.googleOf != of {
		c, err := r.Sheets(ctx, credentials)
		if err != nil {
			r.sheetCondition(v1alpha1.ConditionSheetReadable, metav1.ConditionFalse, v1alpha1.ReasonCredentialsInvalid, err.Error())
			return err
		}
		r.mem.access.google, r.mem.access.googleOf = c, of
	}
	r.google = r.mem.access.google
	return nil
}

// connectSlack sets SlackReady. auth.test is called when the token changed and while the token is known to be bad, never
// at rest.
func (r *sheetRun) connectSlack(ctx context.Context) {
	token, err := r.secret(ctx, r.sheet.Spec.Slack.TokenSecretRef)
	if err != nil {
		r.slackDown(v1alpha1.ReasonSecretMissing, err.Error())
		return
	}
	old, _ := r.views.get(r.key)
	of := digest(token)
	if r.mem.access.slack != nil && r.mem.access.slackOf == of && old.slackError == "" {
		r.sheetCondition(v1alpha1.ConditionSlackReady, metav1.ConditionTrue, v1alpha1.ReasonSlackReady, "Slack accepts the token")
		return
	}
	if r.mem.access.slack == nil || r.mem.access.slackOf != of {
		r.mem.access.slack, r.mem.access.slackOf = r.Slack(strings.TrimSpace(string(token))), of
	}
	if err := r.mem.access.slack.AuthTest(ctx); failure.Is(err, failure.Credentials) {
		r.slackDown(v1alpha1.ReasonSlackTokenInvalid, err.Error())
		return
	}
	r.views.change(r.key, func(v view) view {
		v.slack, v.slackError = r.mem.access.slack, ""
		return v
	})
	r.sheetCondition(v1alpha1.ConditionSlackReady, metav1.ConditionTrue, v1alpha1.ReasonSlackReady, "Slack accepts the token")
}

func (r *sheetRun) slackDown(reason, message string) {
	r.views.change(r.key, func(v view) view {
		v.slack, v.slackError = r.mem.access.slack, message
		return v
	})
	r.sheetCondition(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, reason, message)
}

// connectAWS sets AWSReady. The credentials are asked whose they are when the spec changed; later the leases tell.
func (r *sheetRun) connectAWS(ctx context.Context) {
	// Of its own: leases connect while the sync goes on with its sheet.
	spec, key := *r.sheet.Spec.AWS.DeepCopy(), r.key
	connect := func(ctx context.Context, accountID string) (AWS, error) { return r.account(ctx, key, spec, accountID) }
	r.views.change(r.key, func(v view) view {
		v.aws = connect
		return v
	})
	of := fmt.Sprint(r.sheet.Generation)
	if m := &r.mem.access; m.awsOf != of || m.awsDown != (trouble{}) {
		m.awsOf, m.awsDown = of, r.checkAccount(ctx, spec.AccountID)
		r.views.setAWSTrouble(r.key, spec.AccountID, m.awsDown)
	}
	v, _ := r.views.get(r.key)
	// In order: with two accounts in trouble, the condition must not change at every sync.
	for _, account := range slices.Sorted(maps.Keys(v.awsTroubles)) {
		t := v.awsTroubles[account]
		r.sheetCondition(v1alpha1.ConditionAWSReady, metav1.ConditionFalse, t.reason, t.message)
		return
	}
	r.sheetCondition(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady, "the credentials are of account "+spec.AccountID)
}

// awsTrouble is what AWSReady says of an error that concerns the whole account: who reads WrongAccount corrects the account
// number, and would look in vain where the role's trust policy is what is wrong.
func awsTrouble(err error, roleARN string) trouble {
	reason, f := v1alpha1.ReasonCredentialsInvalid, failure.Of(err)
	switch {
	case f == nil, f.Code == v1alpha1.ReasonInvalidSpec:
		reason = v1alpha1.ReasonInvalidSpec // of the spec's own values, before any call
	case f.Code == v1alpha1.ReasonCredentialsForbidden, f.Code == v1alpha1.ReasonWrongAccount:
		reason = f.Code
	case f.Operation == "AssumeRole" && f.Code != failure.CodeNoCredentials && roleARN != "":
		reason = v1alpha1.ReasonAssumeRoleError
	case f.Class == failure.Denied:
		reason = v1alpha1.ReasonAWSForbidden
	}
	return trouble{reason, err.Error()}
}

// checkAccount tells what is wrong when the credentials are not of the account; nothing when they are, or nobody knows yet.
func (r *sheetRun) checkAccount(ctx context.Context, accountID string) trouble {
	spec := r.sheet.Spec.AWS
	c, err := r.account(ctx, r.key, spec, accountID)
	if err != nil {
		return awsTrouble(err, spec.RoleARN)
	}
	id, err := c.Identity(ctx)
	switch {
	case failure.Is(err, failure.Retry, failure.Uncertain):
		return r.mem.access.awsDown // nothing new is known
	case err != nil:
		return awsTrouble(err, spec.RoleARN)
	case id.AccountID != accountID:
		return trouble{v1alpha1.ReasonWrongAccount, fmt.Sprintf(
			"the credentials are of account %s, spec.aws.accountID is %s: correct one of them", id.AccountID, accountID)}
	}
	return trouble{}
}

// account connects to one account, if the sheet may.
func (d *Deps) account(ctx context.Context, sheet types.NamespacedName, spec v1alpha1.AWSAccess, accountID string) (AWS, error) {
	if spec.RoleARN == "" && !d.credentialsAllowed(sheet.Namespace) {
		return nil, &failure.Error{Class: failure.Credentials, Service: "aws", Operation: "connect", Code: v1alpha1.ReasonCredentialsForbidden,
			Message: fmt.Sprintf("sheets in namespace %s may not use the operator's own AWS credentials: set spec.aws.roleARN to a role that trusts the operator, or list the namespace in --credentials-namespaces", sheet.Namespace)}
	}
	role, err := fill(spec.RoleARN, map[string]string{"AccountID": accountID})
	if err != nil {
		return nil, &failure.Error{Class: failure.Terminal, Service: "aws", Operation: "connect", Code: v1alpha1.ReasonInvalidSpec,
			Message: "spec.aws.roleARN: " + err.Error()}
	}
	return d.AWS(ctx, AWSAccess{
		Partition: spec.Partition, AccountID: accountID, RoleARN: role, ExternalID: sheet.Namespace + "/" + sheet.Name,
	})
}

// fill a template of the spec.
func fill(text string, values map[string]string) (string, error) {
	t, err := template.New("").Option("missingkey=error").Parse(text)
	if err != nil {
		return "", fmt.Errorf("template %q: %w", text, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, values); err != nil {
		return "", fmt.Errorf("template %q: %w", text, err)
	}
	return b.String(), nil
}

// secret reads one key of a Secret of the sheet's own namespace, by name. Secrets are never listed, watched or cached.
func (r *sheetRun) secret(ctx context.Context, ref v1alpha1.SecretKeyReference) ([]byte, error) {
	s := &corev1.Secret{}
	err := r.Live.Get(ctx, types.NamespacedName{Namespace: r.key.Namespace, Name: ref.Name}, s)
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return nil, &failure.Error{Class: failure.NotFound, Service: "kubernetes", Operation: "get Secret", Code: v1alpha1.ReasonSecretMissing,
			Message: fmt.Sprintf("Secret %s/%s cannot be read: create it with the key %q, in the sheet's namespace", r.key.Namespace, ref.Name, ref.Key)}
	}
	if err != nil {
		return nil, &failure.Error{Class: failure.Retry, Service: "kubernetes", Operation: "get Secret", Code: "Unavailable",
			Message: fmt.Sprintf("Secret %s/%s: %s", r.key.Namespace, ref.Name, apierrors.ReasonForError(err))}
	}
	b, ok := s.Data[ref.Key]
	if !ok || len(bytes.TrimSpace(b)) == 0 {
		return nil, &failure.Error{Class: failure.NotFound, Service: "kubernetes", Operation: "get Secret", Code: v1alpha1.ReasonSecretMissing,
			Message: fmt.Sprintf("Secret %s/%s has no key %q: add it", r.key.Namespace, ref.Name, ref.Key)}
	}
	return b, nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
