package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/cmd/internal/kube"
	"github.com/keylease/keylease/cmd/internal/table"
)

// listConfig says which leases.
type listConfig struct {
	phase, user string
	// endsBefore, YYYY-MM-DD: leases whose end date is earlier.
	endsBefore    string
	allNamespaces bool
}

func newListCommand(c *cluster) *cobra.Command {
	var l listConfig
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List leases, the one that ends first on top",
		Example: "  kubectl keylease list --phase Expired -A\n  kubectl keylease list --ends-before 2027-01-01",
		Args:    kube.Exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, namespace, err := c.connect()
			if err != nil {
				return err
			}
			return l.run(cmd.Context(), cl, namespace, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&l.phase, "phase", "", "Active, Notified, Expired or Revoked")
	f.StringVar(&l.user, "user", "", "IAM user name")
	f.StringVar(&l.endsBefore, "ends-before", "", "leases that end before this day, YYYY-MM-DD")
	f.BoolVarP(&l.allNamespaces, "all-namespaces", "A", false, "of all namespaces")
	return cmd
}

func (l listConfig) run(ctx context.Context, cl client.Client, namespace string, out io.Writer) error {
	options, err := l.options(namespace)
	if err != nil {
		return err
	}
	list := &v1alpha1.AccessKeyLeaseList{}
	if err := cl.List(ctx, list, options...); err != nil {
		return err
	}
	leases := slices.DeleteFunc(list.Items, func(lease v1alpha1.AccessKeyLease) bool {
		return l.endsBefore != "" && lease.Spec.EndDate >= l.endsBefore
	})
	if len(leases) == 0 {
		where := "in namespace " + namespace + " (-A: in all namespaces)"
		if l.allNamespaces {
			where = "in any namespace"
		}
		_, err := fmt.Fprintf(out, "No such leases %s.\n", where)
		return err
	}
	slices.SortStableFunc(leases, func(a, b v1alpha1.AccessKeyLease) int {
		return strings.Compare(a.Spec.EndDate, b.Spec.EndDate)
	})
	rows := [][]string{{"NAME", "USER", "OWNER", "PHASE", "ENDS", "HELD", "NEXT"}}
	if l.allNamespaces {
		rows[0] = slices.Insert(rows[0], 0, "NAMESPACE")
	}
	for i := range leases {
		row := listRow(&leases[i])
		if l.allNamespaces {
			row = slices.Insert(row, 0, leases[i].Namespace)
		}
		rows = append(rows, row)
	}
	b := &strings.Builder{}
	table.Write(b, rows)
	_, err = io.WriteString(out, b.String())
	return err
}

func (l listConfig) options(namespace string) ([]client.ListOption, error) {
	var options []client.ListOption
	if !l.allNamespaces {
		options = append(options, client.InNamespace(namespace))
	}
	selector := fields.Set{}
	if l.user != "" {
		selector["spec.userName"] = l.user
	}
	if l.phase != "" {
		phases := []v1alpha1.Phase{v1alpha1.PhaseActive, v1alpha1.PhaseNotified, v1alpha1.PhaseExpired, v1alpha1.PhaseRevoked}
		i := slices.IndexFunc(phases, func(p v1alpha1.Phase) bool { return strings.EqualFold(string(p), l.phase) })
		if i < 0 {
			return nil, fmt.Errorf("--phase %s: use Active, Notified, Expired or Revoked", l.phase)
		}
		selector["status.phase"] = string(phases[i])
	}
	if len(selector) > 0 {
		options = append(options, client.MatchingFieldsSelector{Selector: selector.AsSelector()})
	}
	if l.endsBefore != "" {
		if _, err := time.Parse(time.DateOnly, l.endsBefore); err != nil {
			return nil, fmt.Errorf("--ends-before %s: give a calendar date as YYYY-MM-DD", l.endsBefore)
		}
	}
	return options, nil
}

func listRow(l *v1alpha1.AccessKeyLease) []string {
	held, next := "", ""
	if c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionHeld); c != nil {
		held = c.Reason
	}
	if t := l.Status.NextTransitionTime; t != nil {
		next = t.Local().Format("2006-01-02 15:04 MST")
	}
	return []string{l.Name, l.Spec.UserName, l.Spec.Owner.FullName, string(l.Status.Phase), l.Spec.EndDate, held, next}
}
