package controllers

import (
	"context"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
	"github.com/keylease/keylease/internal/sheet"
	"github.com/keylease/keylease/internal/teardown"
)

// Deps is everything the controllers need from outside. cmd builds it; tests and the laboratory build their own.
type Deps struct {
	Client client.Client
	// Live reads past the cache: Secrets, which are never listed or watched, and leases whose field owners matter.
	Live   client.Reader
	Events events.EventRecorder
	Clock  clock.PassiveClock
	// Audit gets one line per decision, approval, date change, notice and AWS change.
	Audit logr.Logger

	// Sheets connects to Google. No credentials: Application Default Credentials.
	Sheets func(ctx context.Context, credentialsJSON []byte) (Spreadsheets, error)
	// Slack connects to Slack with a bot token.
	Slack func(token string) Slack
	// AWS connects to an account. It makes no call of its own that needs rights in that account.
	AWS func(ctx context.Context, access lifecycle.AWSAccess) (AWS, error)

	// Texts of the messages. Nil: the program's own.
	Texts *message.Texts

	// Namespace the operator runs in, and the further ones whose sheets may use the operator's own AWS credentials.
	Namespace             string
	CredentialsNamespaces []string

	// NewQueue replaces the work queues, whose delays would otherwise run on the machine's clock. Nil: the default.
	NewQueue func(name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request]
	// Workers reconcile that many leases at once; 0: 20.
	Workers int
}

// Spreadsheets is what is needed of Google. Errors are *failure.Error.
type Spreadsheets interface {
	// Read gives the values of several A1 ranges in one request: texts, numbers (dates as serials), booleans.
	Read(ctx context.Context, spreadsheetID string, ranges []string) ([][][]any, error)
	// Write sets cells in one request, as they are (RAW).
	Write(ctx context.Context, spreadsheetID string, cells []sheet.CellWrite) error
}

// Slack is what is needed of Slack.
type Slack interface {
	notice.Slack
	// AuthTest asks whether the token is good.
	AuthTest(ctx context.Context) error
}

// AWS is one account, as seen with certain credentials.
type AWS interface {
	teardown.IAM
	// Identity of the credentials.
	Identity(ctx context.Context) (lifecycle.Identity, error)
	// AccountKeys lists the access keys of all users under a path prefix (with a slash at both ends; "": of all users): a call for each user.
	AccountKeys(ctx context.Context, pathPrefix string) ([]lifecycle.AccountKey, error)
}

// credentialsAllowed tells whether sheets of a namespace may use the operator's own AWS credentials: who can create a
// sheet elsewhere must not borrow them.
func (d *Deps) credentialsAllowed(namespace string) bool {
	return namespace == d.Namespace || slices.Contains(d.CredentialsNamespaces, namespace)
}

func (d *Deps) now() time.Time { return d.Clock.Now() }
