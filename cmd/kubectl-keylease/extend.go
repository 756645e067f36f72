package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/cmd/internal/kube"
)

// extension of a lease.
type extension struct {
	// endDate, YYYY-MM-DD, that the lease is to have.
	endDate string
	// shorten allows one before the present.
	shorten bool
}

func newExtendCommand(c *cluster) *cobra.Command {
	var e extension
	cmd := &cobra.Command{
		Use:   "extend LEASE DATE",
		Short: "Move a lease's end date",
		Long: "Moves the end date of a lease. The operator writes the date and the extension mark into the sheet, and begins a\n" +
			"new term: its owner is told again before that date.",
		Example: "  kubectl keylease extend akia0123456789abcdef 2027-03-31",
		Args:    kube.Exactly(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, namespace, err := c.connect()
			if err != nil {
				return err
			}
			e.endDate = args[1]
			return e.run(cmd.Context(), cl, namespace, args[0], cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&e.shorten, "shorten", false, "allow a date before the present one")
	return cmd
}

func (e extension) run(ctx context.Context, cl client.Client, namespace, name string, out io.Writer) error {
	if _, err := time.Parse(time.DateOnly, e.endDate); err != nil {
		return fmt.Errorf("%s: give a calendar date as YYYY-MM-DD", e.endDate)
	}
	// Against the version that was looked at: what is shorter than a date that somebody has just set must not slip through.
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		l, err := kube.Lease(ctx, cl, namespace, name)
		if err != nil {
			return err
		}
		old := l.Spec.EndDate
		switch {
		case e.endDate == old:
			_, err := fmt.Fprintf(out, "%s (%s) ends on %s already.\n", l.Name, l.Spec.UserName, old)
			return err
		case e.endDate < old && !e.shorten:
			return fmt.Errorf("%s (%s) ends on %s, which is later than %s: give --shorten if it is to end earlier", l.Name, l.Spec.UserName, old, e.endDate)
		}
		before := l.DeepCopy()
		l.Spec.EndDate = e.endDate
		if err := cl.Patch(ctx, l, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), fieldManager); err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s (%s): end date %s → %s. The sheet %s follows.\n", l.Name, l.Spec.UserName, old, e.endDate, l.Spec.SheetRef.Name)
		return err
	})
}
