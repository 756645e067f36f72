// Command keylease is the operator (keylease manager) and what goes with it: a plan of what it would do with a sheet.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // schedules name time zones, and the image has no files

	"github.com/spf13/cobra"
)

// version is set when the program is linked.
var version = "dev"

// Exit codes beside 0.
const (
	exitFailed   = 1
	exitProblems = 2
)

// errProblems ends a plan that found rows that people must correct. They are printed already.
var errProblems = errors.New("problem rows")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func execute(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case errors.Is(err, errProblems):
		return exitProblems
	case err != nil:
		fmt.Fprintln(os.Stderr, "keylease:", err)
		return exitFailed
	}
	return 0
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "keylease",
		Short: "No AWS access key outlives its end date, and nobody loses a key by surprise",
		// What a command has to say is said once, by main.
		SilenceErrors: true, SilenceUsage: true,
	}
	root.AddCommand(newManager(), newPlan(), &cobra.Command{
		Use: "version", Short: "The version of this program", Args: cobra.NoArgs,
		Run: func(c *cobra.Command, _ []string) { fmt.Fprintln(c.OutOrStdout(), version) },
	})
	return root
}
