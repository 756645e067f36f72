// Command keylease is the operator, and what belongs to it on the command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the image holds no time zones, and calendar days need them

	"github.com/spf13/cobra"

	"github.com/keylease/keylease/cmd/internal/kube"
)

// version is set by the linker: -X main.version=v1.2.3.
var version = "dev"

// exitCode ends the process with that code; whatever there is to say has been said.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once, whatever is under way.
	context.AfterFunc(ctx, stop)
	err := newCommand().ExecuteContext(ctx)
	code := 0
	if given := exitCode(0); errors.As(err, &given) {
		code = int(given)
	} else if err != nil {
		fmt.Fprintln(os.Stderr, "keylease:", kube.Sentence(err))
		code = 1
	}
	os.Exit(code)
}

func newCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "keylease",
		Short: "AWS access keys that end when the sheet says",
		Long: "Keylease reads requests for AWS access keys from a Google Sheet, warns their owners in Slack before they\n" +
			"end, and deletes them from IAM after.",
		Version:      version,
		SilenceUsage: true, SilenceErrors: true,
	}
	c.SetFlagErrorFunc(kube.FlagError)
	c.AddCommand(newManagerCommand(), newPlanCommand(), newRestoreCommand(), newVersionCommand())
	return c
}
