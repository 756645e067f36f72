package controllers

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
)

// access is how a sheet reaches the three services, and what it was made of: clients are made anew when a Secret or the
// spec changes, and it is asked whether they are any good until the answer is yes.
type access struct {
	googleOf, slackOf, awsOf string
	// slackChecked: Slack was asked about the token, and took it.
	slackChecked bool
	google       Spreadsheets
	slack        Slack
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
			r.sheetCondition(v1alpha1.ConditionSheetReadable, metav1.ConditionFalse, err.Code, err.Error())
			return err
		}
		credentials, of = b, digest(b)
	}
	if r.mem.access.google == nil || r.mem.access.googleOf != of {
		c, err := r.Sheets(ctx, credentials)
		if err != nil {
			r.sheetCondition(v1alpha1.ConditionSheetReadable, metav1.ConditionFalse, v1alpha1.ReasonCredentialsInvalid, r.ofGoogleSecret(err))
			return err
		}
		r.mem.access.google, r.mem.access.googleOf = c, of
	}
	r.google = r.mem.access.google
	return nil
}

// ofGoogleSecret says of refused credentials where they are: Google's answer names an account, and people have Secrets.
func (r *sheetRun) ofGoogleSecret(err error) string {
	if g := r.sheet.Spec.Google; g != nil && g.CredentialsSecretRef != nil {
		return fmt.Sprintf("%s (credentials of Secret %s/%s, key %q)", err, r.key.Namespace, g.CredentialsSecretRef.Name, g.CredentialsSecretRef.Key)
	}
	return err.Error()
}

// connectSlack sets SlackReady. auth.test is called for a token that Slack has not taken yet, and while the token is known
// to be bad, never at rest.
func (r *sheetRun) connectSlack(ctx context.Context) {
	token, unread := r.secret(ctx, r.sheet.Spec.Slack.TokenSecretRef)
	if unread != nil {
		r.slackDown(unread.Code, unread.Error())
		return
	}
	m, refused := &r.mem.access, r.slackRefused()
	if of := digest(token); m.slack == nil || m.slackOf != of {
		m.slack, m.slackOf, m.slackChecked = r.Slack(strings.TrimSpace(string(token))), of, false
	}
	if !m.slackChecked || refused != (trouble{}) {
		switch err := m.slack.AuthTest(ctx); {
		case failure.Is(err, failure.Credentials):
			r.slackDown(v1alpha1.ReasonSlackTokenInvalid, err.Error())
			return
		case err != nil:
			r.slackUnchecked(refused, err)
			return
		}
		m.slackChecked = true
		r.setSlack(trouble{})
	}
	r.sheetCondition(v1alpha1.ConditionSlackReady, metav1.ConditionTrue, v1alpha1.ReasonSlackReady, "Slack accepts the token")
}

// slackRefused is why nobody can be warned so far; none: nothing is known against the token. What Slack refused before a
// restart is refused after it.
func (r *sheetRun) slackRefused() trouble {
	c := meta.FindStatusCondition(r.sheet.Status.Conditions, v1alpha1.ConditionSlackReady)
	if r.mem.access.slack == nil && c != nil && c.Reason == v1alpha1.ReasonSlackTokenInvalid {
		return trouble{c.Reason, c.Message}
	}
	v, _ := r.views.get(r.key)
	return trouble{v.slackReason, v.slackError}
}

// slackUnchecked: Slack could not be asked about the token, and is at the next sync. What was wrong before stands until
// Slack says otherwise. A token against which nothing is known stops nothing: only a refusal means that nobody can be
// warned, no key goes without a notice that was delivered, and the first message shows what the token is worth. Else each
// restart during an outage of Slack would keep keys alive that everybody was told of.
func (r *sheetRun) slackUnchecked(refused trouble, err error) {
	message := "the token could not be checked: " + err.Error()
	switch refused.reason {
	case "": // nothing is known against the token
	case v1alpha1.ReasonSlackTokenInvalid:
		message += "; what Slack said of it before stands: " + refused.message
	default:
		refused = trouble{v1alpha1.ReasonSlackUnavailable, message}
	}
	r.setSlack(refused)
	r.sheetCondition(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, v1alpha1.ReasonSlackUnavailable, message)
}

func (r *sheetRun) slackDown(reason, message string) {
	r.setSlack(trouble{reason, message})
	r.sheetCondition(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, reason, message)
}

func (r *sheetRun) setSlack(t trouble) {
	r.views.change(r.key, func(v view) view {
		v.slack, v.slackReason, v.slackError = r.mem.access.slack, t.reason, t.message
		return v
	})
}

// connectAWS sets AWSReady.
func (r *sheetRun) connectAWS(ctx context.Context) {
	// Of its own: leases connect while the sync goes on with its sheet.
	spec, key := *r.sheet.Spec.AWS.DeepCopy(), r.key
	connect := func(ctx context.Context, accountID string) (AWS, error) { return r.account(ctx, key, spec, accountID) }
	r.views.change(r.key, func(v view) view {
		v.aws = connect
		return v
	})
	known := r.checkAccounts(ctx)
	v, _ := r.views.get(r.key)
	// In order: with two accounts in trouble, the condition must not change at every sync.
	for _, account := range slices.Sorted(maps.Keys(v.awsTroubles)) {
		t := v.awsTroubles[account]
		r.sheetCondition(v1alpha1.ConditionAWSReady, metav1.ConditionFalse, t.reason, t.message)
		return
	}
	if !known {
		r.sheetCondition(v1alpha1.ConditionAWSReady, metav1.ConditionUnknown, v1alpha1.ReasonAWSUnavailable,
			"AWS could not be asked yet whether the credentials belong to account "+spec.AccountID)
		return
	}
	r.sheetCondition(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady, "the credentials belong to account "+spec.AccountID)
}

// checkAccounts asks whose the credentials are: of the sheet's own account when the spec changed, and of every account that
// has trouble with them, until it is mended. The lease that met the trouble may look again only days later. known: the
// sheet's own account was asked since the spec changed.
func (r *sheetRun) checkAccounts(ctx context.Context) (known bool) {
	own, of := r.sheet.Spec.AWS.AccountID, fmt.Sprint(r.sheet.Generation)
	v, _ := r.views.get(r.key)
	ask := map[string]bool{own: r.mem.access.awsOf != of}
	if len(v.awsTroubles) > 0 {
		used := r.accountsInUse(ctx)
		for account, t := range v.awsTroubles {
			if used != nil && !used[account] {
				r.views.setAWSTrouble(r.key, account, trouble{}) // nobody is left whom it concerns
				continue
			}
			// That an account shows no user says nothing against the credentials; who asked for users finds out.
			ask[account] = ask[account] || t.reason != v1alpha1.ReasonEmptyAccount
		}
	}
	for _, account := range slices.Sorted(maps.Keys(ask)) {
		if !ask[account] {
			continue
		}
		if t, answered := r.checkAccount(ctx, account); answered {
			r.views.setAWSTrouble(r.key, account, t)
			if account == own {
				r.mem.access.awsOf = of
			}
		}
	}
	return r.mem.access.awsOf == of
}

// accountsInUse are the sheet's own and those of leases that are not over; nil: the leases cannot be listed.
func (r *sheetRun) accountsInUse(ctx context.Context) map[string]bool {
	leases, err := r.leasesOf(ctx, r.key)
	if err != nil {
		return nil
	}
	used := map[string]bool{r.sheet.Spec.AWS.AccountID: true}
	for i := range leases {
		if !leases[i].Completed() {
			used[leases[i].Spec.AccountID] = true
		}
	}
	return used
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

// checkAccount tells what is wrong when the credentials are not of the account. answered: that is known.
func (r *sheetRun) checkAccount(ctx context.Context, accountID string) (t trouble, answered bool) {
	spec := r.sheet.Spec.AWS
	c, err := r.account(ctx, r.key, spec, accountID)
	if err != nil {
		return awsTrouble(err, spec.RoleARN), true
	}
	id, err := c.Identity(ctx)
	switch {
	case failure.Is(err, failure.Retry, failure.Uncertain):
		return trouble{}, false
	case err != nil:
		return awsTrouble(err, spec.RoleARN), true
	case id.AccountID == accountID:
		return trouble{}, true
	case accountID != spec.AccountID:
		return trouble{v1alpha1.ReasonWrongAccount, fmt.Sprintf(
			"the credentials belong to account %s, and rows name account %s: let spec.aws.roleARN name a role of it, or correct the rows", id.AccountID, accountID)}, true
	}
	return trouble{v1alpha1.ReasonWrongAccount, fmt.Sprintf(
		"the credentials belong to account %s, spec.aws.accountID is %s: correct one of them", id.AccountID, accountID)}, true
}

// account connects to one account, if the sheet may.
func (d *Deps) account(ctx context.Context, sheet types.NamespacedName, spec v1alpha1.AWSAccess, accountID string) (AWS, error) {
	if spec.RoleARN == "" && !d.credentialsAllowed(sheet.Namespace) {
		return nil, &failure.Error{Class: failure.Credentials, Service: "aws", Operation: "connect", Code: v1alpha1.ReasonCredentialsForbidden,
			Message: fmt.Sprintf("sheets in namespace %s may not use the operator's own AWS credentials: set spec.aws.roleARN to a role that trusts the operator, or list the namespace in --credentials-namespaces", sheet.Namespace)}
	}
	role, err := lifecycle.FillIn(spec.RoleARN, map[string]string{"AccountID": accountID})
	if err != nil {
		return nil, &failure.Error{Class: failure.Terminal, Service: "aws", Operation: "connect", Code: v1alpha1.ReasonInvalidSpec,
			Message: "spec.aws.roleARN: " + err.Error()}
	}
	return d.AWS(ctx, lifecycle.AWSAccess{
		Partition: spec.Partition, AccountID: accountID, RoleARN: role, ExternalID: sheet.Namespace + "/" + sheet.Name,
	})
}

// secret reads one key of a Secret of the sheet's own namespace, by name. Secrets are never listed, watched or cached. The
// code of its error is a condition's reason.
func (r *sheetRun) secret(ctx context.Context, ref v1alpha1.SecretKeyReference) ([]byte, *failure.Error) {
	failed := func(class failure.Class, reason, format string, args ...any) *failure.Error {
		return &failure.Error{Class: class, Service: "kubernetes", Operation: "get Secret", Code: reason,
			Message: fmt.Sprintf("Secret %s/%s ", r.key.Namespace, ref.Name) + fmt.Sprintf(format, args...)}
	}
	s := &corev1.Secret{}
	switch err := r.Live.Get(ctx, types.NamespacedName{Namespace: r.key.Namespace, Name: ref.Name}, s); {
	case apierrors.IsNotFound(err):
		return nil, failed(failure.NotFound, v1alpha1.ReasonSecretMissing, "does not exist: create it with the key %q, in the sheet's namespace", ref.Key)
	case apierrors.IsForbidden(err):
		return nil, failed(failure.Denied, v1alpha1.ReasonSecretForbidden,
			"may not be read by the operator: allow its ServiceAccount to get Secrets in namespace %s, as the role keylease-manager does", r.key.Namespace)
	case err != nil:
		return nil, failed(failure.Retry, v1alpha1.ReasonUnavailable, "could not be read: the API server says %s", cmp.Or(apierrors.ReasonForError(err), "nothing"))
	}
	b, ok := s.Data[ref.Key]
	if !ok || len(bytes.TrimSpace(b)) == 0 {
		return nil, failed(failure.NotFound, v1alpha1.ReasonSecretMissing, "has no key %q: add it", ref.Key)
	}
	return b, nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
