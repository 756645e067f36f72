// Package operator builds and runs the operator: the manager, the adapters to Google, Slack and AWS, and the two
// controllers on them. keylease runs it as a process, tests and the laboratory beside their emulators.
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
	// leaderElectionID names the Lease (coordination.k8s.io) by which replicas agree who acts.
	leaderElectionID = "keylease.iam.keylease.dev"
	// shutdownTimeout for the steps that are under way; less than the 30 s after which a pod is killed.
	shutdownTimeout = 25 * time.Second
)

// Options of the operator. New needs REST; everything else has a usable zero value.
type Options struct {
	// REST reaches the API server. It is copied, and its client-side rate limit taken off: the API server's own priority
	// and fairness are enough, and a limit here would delay due deletions behind resync noise.
	REST *rest.Config

	// LeaderElection: of several replicas one acts.
	LeaderElection bool
	// LeaderElectionNamespace of the lock. Empty: Namespace.
	LeaderElectionNamespace string
	// MetricsBindAddress, host:port. Empty or "0": no metrics.
	MetricsBindAddress string
	// MetricsSecure serves metrics by HTTPS, to whom the API server lets read /metrics.
	MetricsSecure bool
	// HealthProbeBindAddress, host:port, of /healthz and /readyz. Empty or "0": none.
	HealthProbeBindAddress string

	// Namespace the operator runs in: its sheets may use the operator's own AWS credentials. Empty: DefaultNamespace.
	Namespace string
	// CredentialsNamespaces are further ones whose sheets may.
	CredentialsNamespaces []string
	// Workers reconcile that many leases at once. 0: the controllers' default.
	Workers int

	// TemplatesDir holds texts that take the place of the program's own: ja.tmpl and en.tmpl. Empty: none.
	TemplatesDir string

	// Clock nil: the real one.
	Clock clock.PassiveClock
	// NewQueue replaces the controllers' work queues, for a clock that does not run as the machine's. Nil: the default.
	NewQueue func(name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request]

	// SheetsEmulatorHost, host:port (SHEETS_EMULATOR_HOST), takes Google's place. Empty: Google.
	SheetsEmulatorHost string
	// SlackAPIURL (SLACK_API_URL): the base URL of Slack's Web API or the full …/chat.postMessage. Empty: Slack's own.
	SlackAPIURL string

	// AWS account's clients: rates and, in place of the SDK's default chain, region, endpoint and credentials. Clock counts
	// for them too.
	AWS awsiam.Options

	// Transport of the calls to Google and Slack; AWS.Config has its own. Nil: the network.
	Transport http.RoundTripper

	// SlackBurst of messages that a channel takes at once, for a clock that stands meanwhile. 0: the adapter's default.
	SlackBurst int

	// Manager changes what the manager is made of, for many operators in one process. Nil: nothing.
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

// withDefaults fills what was left open.
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

// manager options, as controller-runtime wants them.
func (o Options) manager(scheme *runtime.Scheme) ctrl.Options {
	metrics := metricsserver.Options{BindAddress: o.MetricsBindAddress, SecureServing: o.MetricsSecure}
	if o.MetricsSecure {
		metrics.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	made := ctrl.Options{
		Scheme: scheme, Logger: o.Log, Metrics: metrics,
		HealthProbeBindAddress: o.HealthProbeBindAddress,
		// Managed fields are larger than the objects; where field owners matter the live object is read.
		Cache: cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
		// A cached Secret would be a list of all of them in memory, and a right to list them.
		Client:         client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		LeaderElection: o.LeaderElection, LeaderElectionID: leaderElectionID, LeaderElectionNamespace: o.LeaderElectionNamespace,
		// The process ends when Run returns, so that the next leader need not wait for the lock to lapse.
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       ptr.To(shutdownTimeout),
		// The laboratory starts the operator again in one process.
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
	}
	if o.Manager != nil {
		o.Manager(&made)
	}
	return made
}
