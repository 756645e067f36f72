// Package operator builds the operator from its parts and runs it: the manager, the three adapters, the two
// controllers. The command and the laboratory start it with other clocks and endpoints, and with nothing else.
package operator

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	crmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers"
	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/googlesheets"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/slackapi"
)

// leaderElectionID names the Lease that replicas compete for.
const leaderElectionID = "keylease.iam.keylease.dev"

// shutdown is how long a stopping operator waits for what it is doing; a Pod is given 30 s.
const shutdown = 25 * time.Second

// Options of an operator.
type Options struct {
	// REST is how the API server is reached.
	REST *rest.Config
	// Namespace the operator runs in: whose sheets may use its own AWS credentials. Further ones: CredentialsNamespaces.
	Namespace             string
	CredentialsNamespaces []string
	// LeaderElection lets one of several replicas act. Its Lease is kept in LeaderElectionNamespace; empty: Namespace.
	LeaderElection          bool
	LeaderElectionNamespace string
	// MetricsBindAddress and HealthProbeBindAddress, such as ":8443"; "0" serves nothing.
	MetricsBindAddress, HealthProbeBindAddress string
	// MetricsSecure serves metrics by HTTPS, to those whom Kubernetes' RBAC allows it.
	MetricsSecure bool
	// Workers reconcile that many leases at once; 0: the controllers' default.
	Workers int
	// SheetsEmulatorHost, host:port, in the place of Google; SlackAPIURL, base or full URL, in the place of Slack's own.
	SheetsEmulatorHost, SlackAPIURL string
	// SlackBurst of messages that a channel takes at once; 0: the adapter's default.
	SlackBurst int
	// Version for user agents.
	Version string
	Log     logr.Logger
	// Audit gets one line per decision, approval, date change, notice and AWS change.
	Audit logr.Logger
	// Clock and NewQueue: nil for the machine's own.
	Clock    clock.PassiveClock
	NewQueue func(string, workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request]
}

// Run the operator until the context ends. A leader that loses its lease is an error: the process must end.
func Run(ctx context.Context, o Options) error {
	mgr, err := newManager(o)
	if err != nil {
		return err
	}
	deps, err := newDeps(ctx, mgr, o)
	if err != nil {
		return err
	}
	if err := controllers.Setup(mgr, deps); err != nil {
		return fmt.Errorf("operator: %w", err)
	}
	if err := metrics.Register(crmetrics.Registry); err != nil {
		return fmt.Errorf("operator: metrics: %w", err)
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("operator: %w", err)
	}
	return nil
}

// Scheme of the kinds that the operator knows.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("operator: scheme: %w", err)
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("operator: scheme: %w", err)
	}
	return scheme, nil
}

func newManager(o Options) (manager.Manager, error) {
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	config := rest.CopyConfig(o.REST)
	// The API server's own priority and fairness is the limit; a second one here only delays.
	config.QPS = -1
	config.UserAgent = "keylease/" + o.Version
	metricsOptions := metricsserver.Options{BindAddress: o.MetricsBindAddress, SecureServing: o.MetricsSecure}
	if o.MetricsSecure {
		metricsOptions.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	wait := shutdown
	namespace := o.LeaderElectionNamespace
	if namespace == "" {
		namespace = o.Namespace
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, Logger: o.Log,
		Metrics: metricsOptions, HealthProbeBindAddress: o.HealthProbeBindAddress,
		LeaderElection: o.LeaderElection, LeaderElectionID: leaderElectionID, LeaderElectionNamespace: namespace,
		// The next replica need not wait for the lease to run out: nothing goes on after Start returned.
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       &wait,
		Cache:                         cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
		// Secrets are read by name, never listed or watched.
		Client: client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
	})
	if err != nil {
		return nil, fmt.Errorf("operator: %w", err)
	}
	if err := mgr.AddHealthzCheck("healthz", healthz.Ping); err != nil {
		return nil, fmt.Errorf("operator: %w", err)
	}
	// Ready is who has heard of everything; a replica that does not lead is ready to.
	ready := func(r *http.Request) error {
		if !mgr.GetCache().WaitForCacheSync(r.Context()) {
			return fmt.Errorf("the cache is not filled yet")
		}
		return nil
	}
	if err := mgr.AddReadyzCheck("cache", ready); err != nil {
		return nil, fmt.Errorf("operator: %w", err)
	}
	return mgr, nil
}

func newDeps(ctx context.Context, mgr manager.Manager, o Options) (*controllers.Deps, error) {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	// A malformed address must show at the start, not when the first notice is due.
	if _, err := slackapi.New(slackapi.Options{BaseURL: o.SlackAPIURL, Clock: o.Clock}); err != nil {
		return nil, fmt.Errorf("operator: SLACK_API_URL: %w", err)
	}
	aws, err := awsiam.NewFactory(ctx, awsiam.Options{Clock: o.Clock})
	if err != nil {
		return nil, fmt.Errorf("operator: %w", err)
	}
	slacks := &slackClients{options: slackapi.Options{BaseURL: o.SlackAPIURL, Clock: o.Clock, Burst: o.SlackBurst}}
	return &controllers.Deps{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: mgr.GetEventRecorder("keylease"),
		Clock: o.Clock, Audit: o.Audit,
		Namespace: o.Namespace, CredentialsNamespaces: o.CredentialsNamespaces,
		NewQueue: o.NewQueue, Workers: o.Workers,
		Sheets: func(ctx context.Context, credentials []byte) (controllers.Spreadsheets, error) {
			return googlesheets.New(ctx, googlesheets.Options{
				CredentialsJSON: credentials, EmulatorHost: o.SheetsEmulatorHost, UserAgent: "keylease/" + o.Version,
			})
		},
		Slack: slacks.of,
		AWS: func(ctx context.Context, a controllers.AWSAccess) (controllers.AWS, error) {
			return aws.For(ctx, awsiam.Access{
				Partition: a.Partition, AccountID: a.AccountID, RoleARN: a.RoleARN, ExternalID: a.ExternalID,
			})
		},
	}, nil
}

// slackClients keeps one client a token: sheets that share a workspace share its rate limits.
type slackClients struct {
	options slackapi.Options
	mu      sync.Mutex
	clients map[string]controllers.Slack
}

func (s *slackClients) of(token string) controllers.Slack {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.clients[token]; ok {
		return c
	}
	o := s.options
	o.Token = token
	c, err := slackapi.New(o)
	if err != nil {
		// The options were tried when the operator was built.
		panic(fmt.Sprintf("operator: a Slack client that could be made cannot be made: %v", err))
	}
	if s.clients == nil {
		s.clients = map[string]controllers.Slack{}
	}
	s.clients[token] = c
	return c
}
