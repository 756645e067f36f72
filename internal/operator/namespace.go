package operator

import (
	"os"
	"strings"
)

const (
	// DefaultNamespace is used if nothing says in which namespace the operator runs.
	DefaultNamespace = "keylease"
	// serviceAccountNamespace is the file that names a pod's namespace.
	serviceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
)

// Namespace of the operator: the flag's value, or else the environment variable POD_NAMESPACE, the service account's
// own, or DefaultNamespace.
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
