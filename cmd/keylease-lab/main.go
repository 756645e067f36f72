// Command keylease-lab is a laboratory on one machine: a real control plane, emulators of Google Sheets, Slack and IAM,
// and the operator itself by a clock that runs fast. Nothing in it reaches a real service.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // the sample sheet is kept in Tokyo

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRoot().ExecuteContext(ctx)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "keylease-lab:", err)
		os.Exit(1)
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use: "keylease-lab", Short: "Keylease on one machine, with emulated services",
		SilenceErrors: true, SilenceUsage: true,
	}
	var o demoOptions
	demo := &cobra.Command{
		Use:   "demo",
		Short: "The whole way of several leases, a day every few seconds",
		Long: `Shows the whole way of several leases: notice, extension, deletion. A day passes every few seconds. Afterwards
everything stays up for kubectl, until Ctrl-C. With CI=true it ends by itself; the exit code is 0 only if every phase was
reached.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.ci = os.Getenv("CI") == "true"
			if o.ci && !cmd.Flags().Changed("day") {
				o.day = 0
			}
			return runDemo(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	demo.Flags().StringVar(&o.sheet, "sheet", "", "an .xlsx file or a folder of CSV files (one a tab) in the place of the sample")
	demo.Flags().DurationVar(&o.day, "day", 4*time.Second, "how long a day takes")
	demo.Flags().IntVar(&o.days, "days", 10, "how many days are shown")
	root.AddCommand(demo)
	return root
}
