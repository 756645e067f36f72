package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/utils/clock"

	"github.com/keylease/keylease/cmd/internal/kube"
	"github.com/keylease/keylease/cmd/internal/restore"
	"github.com/keylease/keylease/cmd/internal/table"
	"github.com/keylease/keylease/internal/awsiam"
)

// restoreConfig is what flags say.
type restoreConfig struct {
	kube.Flags
	lease string
	yes   bool
	clock clock.Clock
	out   io.Writer
}

func newRestoreCommand() *cobra.Command {
	c := restoreConfig{clock: clock.RealClock{}}
	cmd := &cobra.Command{
		Use:   "restore LEASE",
		Short: "Create a deleted IAM user again from its snapshot, with your own AWS credentials",
		Long: "Reads the snapshot that Keylease took of a user before it was deleted, checks it against the lease's status, and\n" +
			"shows what is missing: policies, the user with its path, tags and boundary, inline policies, attachments, groups.\n" +
			"With --yes it creates that. It uses your own AWS credentials (AWS_PROFILE and the other ways of the AWS CLI) and\n" +
			"your own kubeconfig: the operator has no right to create anything.\n\n" +
			"A deleted access key cannot be brought back; nor can passwords, MFA devices and other credentials. Nothing is\n" +
			"changed if the user exists. After a failure the same command goes on where it stopped.",
		Example: "  keylease restore akiakeylease00000002 -n keylease\n" +
			"  AWS_PROFILE=admin keylease restore akiakeylease00000002 -n keylease --yes",
		Args: kube.Exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.lease, c.out = args[0], cmd.OutOrStdout()
			return runRestore(cmd.Context(), c)
		},
	}
	c.AddTo(cmd.Flags())
	cmd.Flags().BoolVar(&c.yes, "yes", false, "create what is missing, instead of showing it only")
	return cmd
}

func runRestore(ctx context.Context, c restoreConfig) error {
	cl, namespace, err := c.Connect("keylease/" + version)
	if err != nil {
		return err
	}
	lease, err := kube.Lease(ctx, cl, namespace, c.lease)
	if err != nil {
		return err
	}
	saved, err := restore.Load(ctx, cl, lease)
	if err != nil {
		return err
	}
	s := saved.Snapshot
	factory, err := awsiam.NewFactory(ctx, awsiam.Options{Clock: c.clock})
	if err != nil {
		return err
	}
	aws, err := factory.Maker(ctx, s.Partition, s.AccountID)
	if err != nil {
		return err
	}
	p, err := restore.Decide(ctx, aws, saved)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "User %s of account %s, deleted because of lease %s.\nThe snapshot is the one that was taken (SHA-256 %s). You are %s.\n",
		s.UserName, s.AccountID, lease.Name, saved.Digest, p.Caller)
	c.show(p)
	if !c.yes {
		fmt.Fprintln(c.out, "\nNothing was changed. With --yes this is done.")
		return nil
	}
	fmt.Fprintln(c.out)
	if err := restore.Apply(ctx, aws, p, c.wait, func(s restore.Step) { fmt.Fprintln(c.out, "done:", line(s)) }); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "\nUser %[1]s is as it was, but has no access key: a deleted key cannot be brought back. To make a new one, whose secret is\n"+
		"shown once, and to have it end like any other:\n"+
		"  aws iam create-access-key --user-name %[1]s\n"+
		"  then enter it in the request sheet as a new row. The lease %[2]s stays Revoked.\n", s.UserName, lease.Name)
	return nil
}

// show what is to be done, and what will not be as it was.
func (c restoreConfig) show(p restore.Plan) {
	if p.Resumed {
		fmt.Fprintln(c.out, "An earlier run began to restore this user.")
	}
	for i, s := range slices.Concat(p.Steps, p.Last) {
		if i == 0 {
			fmt.Fprintln(c.out, "\nTo be created:")
		}
		fmt.Fprintln(c.out, "  "+line(s))
	}
	for i, note := range p.Notes {
		if i == 0 {
			fmt.Fprintln(c.out)
		}
		fmt.Fprintln(c.out, "Note: "+table.OneLine(note))
	}
	fmt.Fprintln(c.out, "\nNot restored: access keys, console password, MFA devices, SSH keys, certificates, service-specific credentials\n"+
		"and older versions of policies.")
}

// line of a step; what comes from AWS cannot steer the terminal.
func line(s restore.Step) string { return table.OneLine(fmt.Sprintf("%-17s %s", s.Action, s.Target)) }

func (c restoreConfig) wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.clock.After(d):
		return nil
	}
}
