package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/cmd/internal/kube"
)

func newWhyCommand(c *cluster) *cobra.Command {
	return &cobra.Command{
		Use:   "why LEASE",
		Short: "Tell why a key is deleted, or is not, and what comes next",
		Long: "Tells in order what is known of a lease: its dates and phase, why its key is deleted or not, what concerns the\n" +
			"whole sheet, who was told, what was done in AWS, and what comes next.",
		Args: kube.Exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, namespace, err := c.connect()
			if err != nil {
				return err
			}
			return why(cmd.Context(), cl, namespace, args[0], c.clock.Now(), cmd.OutOrStdout())
		},
	}
}

func why(ctx context.Context, cl client.Client, namespace, name string, now time.Time, out io.Writer) error {
	l, err := kube.Lease(ctx, cl, namespace, name)
	if err != nil {
		return err
	}
	s := &v1alpha1.AccessKeySheet{}
	if err := cl.Get(ctx, client.ObjectKey{Namespace: namespace, Name: l.Spec.SheetRef.Name}, s); err != nil {
		// Whoever may see the lease alone is told what it says.
		s = nil
	}
	story := &story{lease: l, sheet: s, now: now, zone: zoneOf(s)}
	story.tell()
	_, err = io.WriteString(out, story.text.String())
	return err
}

// zoneOf the sheet's calendar days; the caller's own where the sheet cannot be read.
func zoneOf(s *v1alpha1.AccessKeySheet) *time.Location {
	if s != nil {
		if zone, err := time.LoadLocation(s.Spec.Schedule.TimeZone); err == nil {
			return zone
		}
	}
	return time.Local
}

// story of one lease.
type story struct {
	lease *v1alpha1.AccessKeyLease
	// sheet nil: it cannot be read.
	sheet *v1alpha1.AccessKeySheet
	now   time.Time
	zone  *time.Location
	text  strings.Builder
}
