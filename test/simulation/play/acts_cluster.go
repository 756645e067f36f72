package play

import (
	"fmt"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/slack"
)

var _ = register(map[string]func(*World, []string) error{
	"create-sheet": createSheet,
})

// createSheet [YAML]: an AccessKeySheet with the defaults, and what the YAML of its spec says otherwise.
func createSheet(w *World, args []string) error {
	s := &v1alpha1.AccessKeySheet{}
	s.Namespace, s.Name = w.Namespace, SheetName
	s.Spec.SpreadsheetID = SpreadsheetID
	s.Spec.Slack = v1alpha1.SlackAccess{TokenSecretRef: v1alpha1.SecretKeyReference{Name: "slack", Key: "token"}, Admins: Admins}
	s.Spec.AWS.AccountID = AccountID
	if len(args) > 0 {
		if err := yaml.UnmarshalStrict([]byte(strings.Join(args, "\n")), &s.Spec); err != nil {
			return fmt.Errorf("spec: %w", err)
		}
	}
	for _, id := range Admins {
		w.Slack.AddUser(slack.User{ID: id, Name: id})
	}
	return w.Cluster().Create(w.context, s, client.FieldOwner("kubectl-create"))
}
