package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	clientconfig "sigs.k8s.io/controller-runtime/pkg/client/config"

	"github.com/keylease/keylease/cmd/internal/operator"
)

// defaultNamespace is that of config/default, for an operator that runs outside a cluster.
const defaultNamespace = "keylease"

// namespaceFile is where Kubernetes tells a Pod its namespace.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// managerConfig is what flags and environment say.
type managerConfig struct {
	operator.Options
	logLevel string
}

func newManager() *cobra.Command {
	var c managerConfig
	cmd := &cobra.Command{
		Use:   "manager",
		Short: "Run the operator",
		Long: `Run the operator until it is told to stop (SIGTERM, Ctrl-C).

Environment:
  KUBECONFIG            how the API server is reached, outside a cluster
  POD_NAMESPACE         the operator's namespace, unless --namespace says it
  SLACK_API_URL         Slack's API, if not https://slack.com/api/ (base, or the full …/chat.postMessage)
  SHEETS_EMULATOR_HOST  host:port of an emulator of Google Sheets, spoken to in plain HTTP without credentials
  AWS_…                 the AWS SDK's own: region, credentials, AWS_ENDPOINT_URL_IAM, AWS_ENDPOINT_URL_STS

Logs go to standard error, the audit log to standard output, one JSON object a line.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runManager(cmd.Context(), c, cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	f.BoolVar(&c.LeaderElection, "leader-elect", false, "let one of several replicas act")
	f.StringVar(&c.LeaderElectionNamespace, "leader-election-namespace", "", "namespace of the Lease that replicas compete for (default: the operator's)")
	f.StringVar(&c.MetricsBindAddress, "metrics-bind-address", ":8443", `address of the metrics; "0" serves none`)
	f.BoolVar(&c.MetricsSecure, "metrics-secure", true, "serve metrics by HTTPS, to those whom RBAC allows it")
	f.StringVar(&c.HealthProbeBindAddress, "health-probe-bind-address", ":8081", `address of /healthz and /readyz; "0" serves none`)
	f.StringVar(&c.Namespace, "namespace", "", "namespace of the operator (default: POD_NAMESPACE, the Pod's own, that of the kubeconfig's context, or "+defaultNamespace+")")
	f.StringSliceVar(&c.CredentialsNamespaces, "credentials-namespaces", nil, "further namespaces whose sheets may use the operator's own AWS credentials")
	f.IntVar(&c.Workers, "workers", 0, "leases that are worked on at once (default 8)")
	f.StringVar(&c.logLevel, "log-level", "info", "debug, info or error")
	// --kubeconfig is controller-runtime's own flag.
	if kubeconfig := flag.Lookup("kubeconfig"); kubeconfig != nil {
		f.AddGoFlag(kubeconfig)
	}
	return cmd
}

func runManager(ctx context.Context, c managerConfig, stdout io.Writer) error {
	level, err := zapcore.ParseLevel(c.logLevel)
	if err != nil {
		return fmt.Errorf("--log-level %q: use debug, info or error", c.logLevel)
	}
	if c.REST, err = clientconfig.GetConfig(); err != nil {
		return fmt.Errorf("no way to the API server: %w: set KUBECONFIG, or run in a cluster", err)
	}
	if c.Namespace == "" {
		c.Namespace = ownNamespace()
	}
	c.SheetsEmulatorHost, c.SlackAPIURL = os.Getenv("SHEETS_EMULATOR_HOST"), os.Getenv("SLACK_API_URL")
	c.Version = version
	c.Log = jsonLog(os.Stderr, level)
	c.Audit = jsonLog(stdout, zapcore.InfoLevel).WithName("audit")
	ctrl.SetLogger(c.Log)
	klog.SetLogger(c.Log)
	c.Log.Info("starting", "version", version, "namespace", c.Namespace)
	return operator.Run(ctx, c.Options)
}

// jsonLog writes one JSON object a line, with times as RFC 3339 in UTC.
func jsonLog(to io.Writer, level zapcore.Level) logr.Logger {
	e := zap.NewProductionEncoderConfig()
	e.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	core := zapcore.NewCore(zapcore.NewJSONEncoder(e), zapcore.Lock(zapcore.AddSync(to)), level)
	return zapr.NewLogger(zap.New(core))
}

func ownNamespace() string {
	if n := os.Getenv("POD_NAMESPACE"); n != "" {
		return n
	}
	if b, err := os.ReadFile(namespaceFile); err == nil && len(strings.TrimSpace(string(b))) > 0 {
		return strings.TrimSpace(string(b))
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if n, explicit, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).Namespace(); err == nil && explicit {
		return n
	}
	return defaultNamespace
}
