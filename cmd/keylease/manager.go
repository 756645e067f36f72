package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/client/config"
	ctrlzap "sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/keylease/keylease/cmd/internal/kube"
	"github.com/keylease/keylease/internal/operator"
)

// managerConfig is what flags and environment say.
type managerConfig struct {
	options operator.Options
	log     ctrlzap.Options
	// audit gets the audit lines, errors the log.
	audit, errors io.Writer
}

func newManagerCommand() *cobra.Command {
	c := managerConfig{log: ctrlzap.Options{
		TimeEncoder: operator.TimeEncoder,
		// The errors here are the services' and people's, and say where they come from; stacks would bury them.
		StacktraceLevel: zapcore.PanicLevel,
	}}
	cmd := &cobra.Command{
		Use:   "manager",
		Short: "Run the operator",
		Long: "Runs the operator until SIGTERM or Ctrl-C. Standard output holds the audit trail, standard error the log; both\n" +
			"are JSON, one record a line.\n\n" +
			"The cluster is found by --kubeconfig, KUBECONFIG, the pod's service account or ~/.kube/config, in this order.\n" +
			"Environment: POD_NAMESPACE; SLACK_API_URL; SHEETS_EMULATOR_HOST; GOOGLE_APPLICATION_CREDENTIALS; the AWS SDK's\n" +
			"own (AWS_REGION, AWS_ENDPOINT_URL_IAM, AWS_ENDPOINT_URL_STS, AWS_ROLE_ARN, …).",
		Args: kube.Exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.options.SlackAPIURL = os.Getenv("SLACK_API_URL")
			c.options.SheetsEmulatorHost = os.Getenv("SHEETS_EMULATOR_HOST")
			c.options.Version = version
			c.audit, c.errors = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return runManager(cmd.Context(), c)
		},
	}
	f, o := cmd.Flags(), &c.options
	f.BoolVar(&o.LeaderElection, "leader-elect", false, "of several replicas let one act")
	f.StringVar(&o.LeaderElectionNamespace, "leader-election-namespace", "", "namespace of the lock that they agree by (default: the operator's own)")
	f.StringVar(&o.MetricsBindAddress, "metrics-bind-address", ":8443", "address of /metrics; 0: none")
	f.BoolVar(&o.MetricsSecure, "metrics-secure", true, "serve /metrics by HTTPS, to whom the API server lets read it")
	f.StringVar(&o.HealthProbeBindAddress, "health-probe-bind-address", ":8081", "address of /healthz and /readyz; 0: none")
	f.StringVar(&o.Namespace, "namespace", "", "namespace of the operator, whose sheets may use the operator's own AWS credentials\n(default: POD_NAMESPACE, else the pod's, else "+operator.DefaultNamespace+")")
	f.StringSliceVar(&o.CredentialsNamespaces, "credentials-namespaces", nil, "further namespaces, separated by commas, whose sheets may use the operator's own AWS credentials too;\nsheets of all others must name a role (spec.aws.roleARN)")
	f.StringVar(&o.TemplatesDir, "templates-dir", "", "folder with ja.tmpl or en.tmpl, whose texts take the place\nof the program's own in Slack messages")
	f.IntVar(&o.Workers, "workers", 0, "leases reconciled at once; 0: 20")
	goFlags := flag.NewFlagSet("", flag.ContinueOnError)
	c.log.BindFlags(goFlags)
	// Its own text tells controller-runtime's default, which is not the one above.
	goFlags.Lookup("zap-time-encoding").Usage = "form of the log's times: epoch, millis, nano, iso8601, rfc3339 or rfc3339nano\n(default: iso8601, in UTC)"
	f.AddGoFlagSet(goFlags)
	// controller-runtime reads its own flag, which lives in the global set.
	f.AddGoFlag(flag.Lookup(ctrlconfig.KubeconfigFlagName))
	return cmd
}

// runManager ends when the context does. Errors are in the log, in the log's own form.
func runManager(ctx context.Context, c managerConfig) error {
	logger := ctrlzap.New(ctrlzap.UseFlagOptions(&c.log), ctrlzap.WriteTo(c.errors))
	takeOverLogs(logger)
	o := c.options
	o.Namespace = operator.Namespace(o.Namespace)
	o.Log, o.Audit = logger, operator.NewAuditLogger(c.audit, o.Clock)
	if o.Workers < 0 {
		return fmt.Errorf("--workers %d: use 0 or more", o.Workers)
	}
	config, err := ctrlconfig.GetConfig()
	if err != nil {
		logger.Error(err, "no cluster: give --kubeconfig, set KUBECONFIG, or run in a pod")
		return exitCode(1)
	}
	o.REST = config
	if err := operator.Run(ctx, o); err != nil {
		logger.Error(err, "ended")
		return exitCode(1)
	}
	return nil
}

// takeOverLogs of the libraries: each has a logger of its own, which would write plain text between the JSON lines.
func takeOverLogs(logger logr.Logger) {
	ctrl.SetLogger(logger)
	klog.SetLogger(logger.WithName("client-go"))
	// log.Print of net/http's servers and others goes there too.
	slog.SetDefault(slog.New(logr.ToSlogHandler(logger)))
}
