package operator

import (
	"os"
	"strings"
)

const (
	// DefaultNamespace where nothing says in which one the operator runs.
	DefaultNamespace = "keylease"
	// serviceAccountNamespace is the file in which a pod finds its namespace.
	serviceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
)

// Namespace the operator runs in: the flag's value, else the environment variable POD_NAMESPACE, else the service
// account's own, else DefaultNamespace.
func Namespace(flag string) string {
	return namespaceOf(flag, os.Getenv("POD_NAMESPACE"), serviceAccountNamespace)
}

func namespaceOf(flag, environment, file string) string {
	fromFile, err := os.ReadFile(file) //nolint:gosec // the file is a constant
	if err != nil {
		fromFile = nil // outside of a pod there is none
	}
	for _, name := range []string{flag, environment, string(fromFile), DefaultNamespace} {
		if name = strings.TrimSpace(name); name != "" {
			return name
		}
	}
	return DefaultNamespace
}
