// Package operator builds and runs the operator: the manager, the adapters to Google, Slack and AWS, and the
// controllers on them. The program keylease runs it as a process. Tests and the laboratory run it beside their
// emulators.
package operator

import (
	"net/http"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/awsiam"
)

const (
	// leaderElectionID names the Lease (coordination.k8s.io) by which replicas elect a leader.
	leaderElectionID = "keylease.iam.keylease.dev"
	// shutdownTimeout is how long running steps may take at shutdown: less than the 30 s after which Kubernetes kills a
	// pod.
	shutdownTimeout = 25 * time.Second
)

// Options of the operator. New needs REST; everything else has a usable zero value.
type Options struct {
	// REST reaches the API server. New copies it and removes its client-side rate limit. The API server's priority and
	// fairness are enough, and a limit here would delay due deletions behind resyncs.
	REST *rest.Config

	// LeaderElection lets only one of several replicas act.
	LeaderElection bool
	// LeaderElectionNamespace of the lock. Empty: Namespace.
	LeaderElectionNamespace string
	// MetricsBindAddress, host:port. Empty or "0": no metrics.
	MetricsBindAddress string
	// MetricsSecure serves metrics over HTTPS to authorized callers.
	MetricsSecure bool
	// HealthProbeBindAddress, host:port, of /healthz and /readyz. Empty or "0": none.
	HealthProbeBindAddress string

	// Namespace of the operator: its sheets may use the operator's own AWS credentials. Empty: DefaultNamespace.
	Namespace string
	// CredentialsNamespaces are further namespaces whose sheets may use them.
	CredentialsNamespaces []string
	// Workers is how many leases are reconciled at once. 0: the controllers' default.
	Workers int

	// TemplatesDir is a folder with texts that replace the program's own: ja.tmpl and en.tmpl. Empty: none.
	TemplatesDir string

	// Clock nil: the real one.
	Clock clock.PassiveClock
	// NewQueue replaces the controllers' work queues, for a clock that is not the machine's. Nil: the default.
	NewQueue func(name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request]

	// SheetsEmulatorHost, host:port (SHEETS_EMULATOR_HOST), replaces Google. Empty: Google.
	SheetsEmulatorHost string
	// SlackAPIURL (SLACK_API_URL): the base URL of Slack's Web API or the full …/chat.postMessage. Empty: Slack's own.
	SlackAPIURL string

	// AWS configures the clients of accounts: rates and, instead of the SDK's default chain, region, endpoint and
	// credentials. They use Clock too.
	AWS awsiam.Options

	// Transport of the calls to Google and Slack; AWS.Config has its own. Nil: the network.
	Transport http.RoundTripper

	// SlackBurst is how many messages a channel accepts at once, for a clock that stands still meanwhile. 0: the
	// adapter's default.
	SlackBurst int

	// Manager changes the manager's options, so that one process can run many operators. Nil: no change.
	Manager func(*ctrl.Options)

	// Audit gets one line per decision, approval, date change, notice and AWS change; Log everything else.
	Audit, Log logr.Logger
	// Version of the program, for the services' logs.
	Version string
}

// Scheme of Kubernetes' own kinds and Keylease's.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return scheme, nil
}

// withDefaults sets what was left empty.
func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	o.AWS.Clock = o.Clock
	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}
	if o.LeaderElectionNamespace == "" {
		o.LeaderElectionNamespace = o.Namespace
	}
	if o.MetricsBindAddress == "" {
		o.MetricsBindAddress = "0"
	}
	if o.REST != nil {
		o.REST = rest.CopyConfig(o.REST)
		o.REST.QPS, o.REST.RateLimiter = -1, nil
		o.REST.UserAgent = "keylease/" + o.Version
	}
	return o
}

// manager returns the options for controller-runtime.
func (o Options) manager(scheme *runtime.Scheme) ctrl.Options {
	metrics := metricsserver.Options{BindAddress: o.MetricsBindAddress, SecureServing: o.MetricsSecure}
	if o.MetricsSecure {
		metrics.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	made := ctrl.Options{
		Scheme: scheme, Logger: o.Log, Metrics: metrics,
		HealthProbeBindAddress: o.HealthProbeBindAddress,
		// Managed fields are larger than the objects. Keylease reads the live object when it needs field owners.
		Cache: cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
		// Caching Secrets would need all of them in memory, and the right to list them.
		Client:         client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		LeaderElection: o.LeaderElection, LeaderElectionID: leaderElectionID, LeaderElectionNamespace: o.LeaderElectionNamespace,
		// The process ends when Run returns, so the next leader need not wait until the lock expires.
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       ptr.To(shutdownTimeout),
		// The laboratory starts several operators in one process.
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
	}
	if o.Manager != nil {
		o.Manager(&made)
	}
	return made
}
