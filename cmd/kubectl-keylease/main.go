// Command kubectl-keylease is a plugin of kubectl: with it in the PATH, `kubectl keylease list` and its other
// subcommands look after leases and sheets with the rights of whoever calls it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // sheets name their time zones, and not every machine has them

	"github.com/spf13/cobra"
	"k8s.io/utils/clock"

	"github.com/keylease/keylease/cmd/internal/kube"
)

// version is set by the linker: -X main.version=v1.2.3.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	if err := newCommand(&cluster{clock: clock.RealClock{}}).ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "kubectl keylease:", kube.Sentence(err))
		os.Exit(1)
	}
}

func newCommand(c *cluster) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kubectl-keylease",
		Short: "Look after the leases of AWS access keys",
		Long: "Looks after leases of AWS access keys and their AccessKeySheets, with your own rights in the cluster. A LEASE is\n" +
			"named by its access key ID, in whatever case; a SHEET is an AccessKeySheet's name.",
		Example: "  kubectl keylease list -n keylease\n" +
			"  kubectl keylease why AKIAKEYLEASE00000002 -n keylease\n" +
			"  kubectl keylease extend AKIAKEYLEASE00000002 2027-03-31 -n keylease",
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl keylease"},
		Version:     version,

		SilenceUsage: true, SilenceErrors: true,
	}
	cmd.SetFlagErrorFunc(kube.FlagError)
	c.AddTo(cmd.PersistentFlags())
	cmd.AddCommand(newListCommand(c), newExtendCommand(c), newWhyCommand(c), newApproveCommand(c), newSyncCommand(c), newRetryCommand(c))
	return cmd
}
