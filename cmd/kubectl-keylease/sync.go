package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/cmd/internal/kube"
)

func newSyncCommand(c *cluster) *cobra.Command {
	return &cobra.Command{
		Use:   "sync SHEET",
		Short: "Have a sheet read at once",
		Args:  kube.Exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, namespace, err := c.connect()
			if err != nil {
				return err
			}
			s, err := kube.Sheet(cmd.Context(), cl, namespace, args[0])
			if err != nil {
				return err
			}
			if err := annotate(cmd.Context(), cl, s, v1alpha1.AnnotationSync, c.now()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "AccessKeySheet %s is read now: kubectl get accesskeysheet -n %s %s shows what came of it.\n", s.Name, namespace, s.Name)
			return err
		},
	}
}
