package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/cmd/internal/kube"
)

func newRetryCommand(c *cluster) *cobra.Command {
	return &cobra.Command{
		Use:   "retry LEASE",
		Short: "Have what failed for a lease tried again at once",
		Long:  "Has what failed for a lease tried again at once, instead of after its delay. No guard is passed over by it.",
		Args:  kube.Exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, namespace, err := c.connect()
			if err != nil {
				return err
			}
			l, err := kube.Lease(cmd.Context(), cl, namespace, args[0])
			if err != nil {
				return err
			}
			if err := annotate(cmd.Context(), cl, l, v1alpha1.AnnotationRetry, c.now()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s (%s) is tried again now: kubectl keylease why -n %s %s tells what came of it.\n", l.Name, l.Spec.UserName, namespace, l.Name)
			return err
		},
	}
}
