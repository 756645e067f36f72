package controllers

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
)

// Deps is everything the controllers need from outside. internal/operator builds it.
type Deps struct {
	Client client.Client
	// Live reads past the cache. It reads Secrets, which are never listed or watched, and leases whose field owners
	// matter.
	Live   client.Reader
	Events events.EventRecorder
	Clock  clock.PassiveClock
	// Audit gets one line per decision, approval, date change, notice and AWS change.
	Audit logr.Logger

	// Sheets connects to Google. Without credentials it uses Application Default Credentials.
	Sheets func(ctx context.Context, credentialsJSON []byte) (state.Spreadsheets, error)
	// Slack connects to Slack with a bot token.
	Slack func(token string) state.Slack
	// AWS connects to an account, without any call that needs rights there.
	AWS func(ctx context.Context, access lifecycle.AWSAccess) (state.AWS, error)

	// Texts of the messages. Nil: the program's own.
	Texts *message.Texts

	// Namespace of the operator. CredentialsNamespaces are further ones whose sheets may use its AWS credentials.
	Namespace             string
	CredentialsNamespaces []string

	// NewQueue replaces the work queues, whose delays would otherwise follow the machine's clock. Nil: the default.
	NewQueue func(name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request]
	// Chance spreads the retries of what failed together: it returns a number from 0 up to, but not including, n. Nil:
	// math/rand.
	Chance func(n int64) int64
	// Workers is how many leases are reconciled at once; 0: 20. Writers is how many leases one sync applies at once; 0: 8.
	Workers, Writers int
}

// account connects to one account, if the sheet may. People who can create a sheet in another namespace must not be
// able to use the operator's own credentials.
func (d *Deps) account(ctx context.Context, sheet types.NamespacedName, spec v1alpha1.AWSAccess, accountID string) (state.AWS, error) {
	if spec.RoleARN == "" && sheet.Namespace != d.Namespace && !slices.Contains(d.CredentialsNamespaces, sheet.Namespace) {
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
