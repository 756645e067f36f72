package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/cmd/internal/kube"
	"github.com/keylease/keylease/internal/lifecycle"
)

// approval of what the sheet guard stopped.
type approval struct {
	// yes: not asked.
	yes bool
	in  io.Reader
	out io.Writer
}

func newApproveCommand(c *cluster) *cobra.Command {
	var a approval
	cmd := &cobra.Command{
		Use:   "approve SHEET",
		Short: "Accept what the sheet guard stopped, after it was shown",
		Long: "Shows what the sheet guard stopped, asks, and approves exactly that: if the sheet has changed meanwhile, the\n" +
			"approval does not hold for what it has become. It needs the verb approve on accesskeysheets.",
		Args: kube.Exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, namespace, err := c.connect()
			if err != nil {
				return err
			}
			a.in, a.out = cmd.InOrStdin(), cmd.OutOrStdout()
			return a.run(cmd.Context(), cl, namespace, args[0])
		},
	}
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}

func (a approval) run(ctx context.Context, cl client.Client, namespace, name string) error {
	s, err := kube.Sheet(ctx, cl, namespace, name)
	if err != nil {
		return err
	}
	stopped, err := approvable(s)
	if err != nil {
		return err
	}
	hash := s.Status.ObservedHash
	if _, err := fmt.Fprintf(a.out, "AccessKeySheet %s: %s: %s\nContent %s.\n", s.Name, stopped.Reason, stopped.Message, hash); err != nil {
		return err
	}
	if s.Annotations[v1alpha1.AnnotationApproveChange] == hash && s.Status.ApprovedHash == hash {
		return fmt.Errorf("an approval of this content was used up before: take it away (kubectl annotate accesskeysheet -n %s %s %s-), and approve again a few seconds later",
			namespace, name, v1alpha1.AnnotationApproveChange)
	}
	if s.Annotations[v1alpha1.AnnotationApproveChange] == hash {
		_, err := fmt.Fprintln(a.out, "It is approved already; the next reading of the sheet applies it.")
		return err
	}
	if err := a.ask(); err != nil {
		return err
	}
	if err := annotate(ctx, cl, s, v1alpha1.AnnotationApproveChange, hash); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, "Approved. The sheet is read again at once; the approval is good once, and for this content alone.")
	return err
}

// approvable gives what the guard stopped; an error where there is nothing that this approval is for.
func approvable(s *v1alpha1.AccessKeySheet) (*metav1.Condition, error) {
	c := meta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionSheetAccepted)
	switch {
	case c == nil:
		return nil, fmt.Errorf("AccessKeySheet %s was not read yet: there is nothing to approve", s.Name)
	case c.Status == metav1.ConditionTrue:
		return nil, fmt.Errorf("AccessKeySheet %s was accepted: there is nothing to approve", s.Name)
	case s.Status.ObservedHash == "":
		return nil, fmt.Errorf("AccessKeySheet %s: %s: %s", s.Name, c.Reason, c.Message)
	}
	if lifecycle.SheetReason(c.Reason).Approvable {
		return c, nil
	}
	return nil, fmt.Errorf("AccessKeySheet %s was stopped for another reason than its content, which no approval mends: %s: %s", s.Name, c.Reason, c.Message)
}

func (a approval) ask() error {
	if a.yes {
		return nil
	}
	if _, err := fmt.Fprint(a.out, "Apply it? [y/N] "); err != nil {
		return err
	}
	answer, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("not approved")
}
