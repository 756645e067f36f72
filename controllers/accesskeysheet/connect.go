package accesskeysheet

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/failure"
)

// clients reach a sheet's three services. googleOf, slackOf and awsOf say what each was made of: a changed Secret or
// spec makes a new client. Each sync checks a client until the check succeeds.
type clients struct {
	googleOf, slackOf, awsOf string
	google                   state.Spreadsheets
	slack                    state.Slack
	// slackChecked: Slack has accepted the token. slackAsked is when it was last asked.
	slackChecked bool
	slackAsked   time.Time
}

// connect makes the clients. Only a failure to reach Google ends the sync: the leases need the others' state in any
// case.
func (r *Reconciler) connect(ctx context.Context, d *draft, c *clients) (state.Spreadsheets, error) {
	r.connectSlack(ctx, d, c)
	// A copy, because leases connect while the sync still uses its sheet.
	spec, key := *d.spec().AWS.DeepCopy(), d.key
	r.Known.SetAWS(key, func(ctx context.Context, accountID string) (state.AWS, error) {
		return r.AWS(ctx, key, spec, accountID)
	})
	r.connectAWS(ctx, d, c)
	return r.connectGoogle(ctx, d, c)
}

func (r *Reconciler) connectGoogle(ctx context.Context, d *draft, c *clients) (state.Spreadsheets, error) {
	unreadable := func(reason, message string) {
		d.condition(v1alpha1.ConditionSheetReadable, metav1.ConditionFalse, reason, message)
	}
	var credentials []byte
	of := "default credentials"
	if g := d.spec().Google; g != nil && g.CredentialsSecretRef != nil {
		b, err := r.secret(ctx, d.key.Namespace, *g.CredentialsSecretRef)
		if err != nil {
			unreadable(err.Code, err.Error())
			return nil, err
		}
		credentials, of = b, digest(b)
	}
	if c.google == nil || c.googleOf != of {
		google, err := r.Sheets(ctx, credentials)
		if err != nil {
			unreadable(v1alpha1.ReasonCredentialsInvalid, ofGoogleSecret(d, err))
			return nil, err
		}
		c.google, c.googleOf = google, of
	}
	return c.google, nil
}

// ofGoogleSecret adds which Secret holds the refused credentials. Google's answer names only an account.
func ofGoogleSecret(d *draft, err error) string {
	if g := d.spec().Google; g != nil && g.CredentialsSecretRef != nil {
		return fmt.Sprintf("%s (credentials of Secret %s/%s, key %q)", err, d.key.Namespace, g.CredentialsSecretRef.Name, g.CredentialsSecretRef.Key)
	}
	return err.Error()
}

// connectSlack sets SlackReady. It calls auth.test for a token that Slack has not accepted yet, and while the token is
// known to be bad; see also askAgain.
func (r *Reconciler) connectSlack(ctx context.Context, d *draft, c *clients) {
	token, unread := r.secret(ctx, d.key.Namespace, d.spec().Slack.TokenSecretRef)
	if unread != nil {
		r.slackDown(d, c.slack, unread.Code, unread.Error())
		return
	}
	refused := r.slackRefused(d, c)
	if of := digest(token); c.slack == nil || c.slackOf != of {
		c.slack, c.slackOf, c.slackChecked = r.Slack(strings.TrimSpace(string(token))), of, false
	}
	if !c.slackChecked || !refused.None() {
		r.askSlack(ctx, d, c, refused)
		return
	}
	d.slackReady()
}

// askSlack asks Slack whether it accepts the token. A token that could not be checked is asked about at each sync.
func (r *Reconciler) askSlack(ctx context.Context, d *draft, c *clients, refused state.Trouble) {
	err := c.slack.AuthTest(ctx)
	c.slackAsked, c.slackChecked = r.now(), err == nil
	switch {
	case failure.Is(err, failure.Credentials):
		r.slackDown(d, c.slack, v1alpha1.ReasonSlackTokenInvalid, err.Error())
	case err != nil:
		r.slackUnchecked(d, c.slack, refused, err)
	default:
		r.Known.SetSlack(d.key, c.slack, state.Trouble{})
		d.slackReady()
	}
}

// askAgain asks Slack about the token if a key is about to be deactivated or deleted, once for all keys. The token may
// have been revoked since a message was last posted, and then nobody can be warned or told. It tells whether Slack was
// asked in this sync.
func (r *Reconciler) askAgain(ctx context.Context, d *draft, c *clients, o outcome) bool {
	asked := func() bool { return !c.slackAsked.Before(o.reading.start) }
	for _, l := range o.leases {
		if asked() || !r.Known.Get(d.key).SlackTrouble.None() {
			break
		}
		// A removal that a guard stops is due, too: this reading may end that.
		if t := l.Status.NextTransitionTime; l.Status.Phase == v1alpha1.PhaseExpired && t != nil && !t.After(r.now()) {
			r.askSlack(ctx, d, c, state.Trouble{})
		}
	}
	return asked()
}

func (d *draft) slackReady() {
	d.condition(v1alpha1.ConditionSlackReady, metav1.ConditionTrue, v1alpha1.ReasonSlackReady, "Slack accepts the token")
}

// slackRefused is why Slack cannot deliver notices; none: nothing is known against the token. A refusal from before a
// restart still counts.
func (r *Reconciler) slackRefused(d *draft, c *clients) state.Trouble {
	if ready := d.find(v1alpha1.ConditionSlackReady); c.slack == nil && ready != nil && ready.Reason == v1alpha1.ReasonSlackTokenInvalid {
		return state.Trouble{Reason: ready.Reason, Message: ready.Message}
	}
	return r.Known.Get(d.key).SlackTrouble
}

// slackUnchecked notes that Slack could not check the token; the next sync tries again. An earlier refusal stays until
// Slack accepts the token.
//
// A token that was only not checked stops nothing. Keylease deletes no key without a delivered notice, and the first
// message shows whether the token works. Otherwise each restart during a Slack outage would delay deletions whose
// notices were delivered.
func (r *Reconciler) slackUnchecked(d *draft, client state.Slack, refused state.Trouble, err error) {
	message := "the token could not be checked: " + err.Error()
	switch refused.Reason {
	case "": // nothing is known against the token
	case v1alpha1.ReasonSlackTokenInvalid:
		message += "; what Slack said of it before stands: " + refused.Message
	default:
		refused = state.Trouble{Reason: v1alpha1.ReasonSlackUnavailable, Message: message}
	}
	r.Known.SetSlack(d.key, client, refused)
	d.condition(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, v1alpha1.ReasonSlackUnavailable, message)
}

func (r *Reconciler) slackDown(d *draft, client state.Slack, reason, message string) {
	r.Known.SetSlack(d.key, client, state.Trouble{Reason: reason, Message: message})
	d.condition(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, reason, message)
}

// secret reads one key of a Secret in the sheet's namespace. Secrets are never listed, watched or cached. The error's
// code is a condition's reason.
func (r *Reconciler) secret(ctx context.Context, namespace string, ref v1alpha1.SecretKeyReference) ([]byte, *failure.Error) {
	failed := func(class failure.Class, reason, format string, args ...any) *failure.Error {
		return &failure.Error{Class: class, Service: "kubernetes", Operation: "get Secret", Code: reason,
			Message: fmt.Sprintf("Secret %s/%s ", namespace, ref.Name) + fmt.Sprintf(format, args...)}
	}
	s := &corev1.Secret{}
	switch err := r.Live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: ref.Name}, s); {
	case apierrors.IsNotFound(err):
		return nil, failed(failure.NotFound, v1alpha1.ReasonSecretMissing, "does not exist: create it with the key %q, in the sheet's namespace", ref.Key)
	case apierrors.IsForbidden(err):
		return nil, failed(failure.Denied, v1alpha1.ReasonSecretForbidden,
			"may not be read by the operator: allow its ServiceAccount to get Secrets in namespace %s, as the role keylease-manager does", namespace)
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
