package lifecycle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// AWSAccess says which account to reach, and how.
type AWSAccess struct {
	// Partition: aws (default), aws-cn or aws-us-gov.
	Partition string
	// AccountID, twelve digits. Credentials of another account change nothing.
	AccountID string
	// RoleARN to assume. Empty: the operator's own credentials.
	RoleARN string
	// ExternalID sent with every AssumeRole: "<namespace>/<sheet name>". Required with a RoleARN.
	ExternalID string
}

// FillIn replaces placeholders such as {{ .AccountID }} in a text of a sheet's spec. Any other brace is an error.
func FillIn(text string, values map[string]string) (string, error) {
	var pairs, names []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		pairs = append(pairs, "{{ ."+name+" }}", values[name], "{{."+name+"}}", values[name])
		names = append(names, "{{ ."+name+" }}")
	}
	filled := strings.NewReplacer(pairs...).Replace(text)
	if strings.ContainsAny(filled, "{}") {
		return "", fmt.Errorf("%q: write %s; nothing else in braces is replaced", text, strings.Join(names, " or "))
	}
	return filled, nil
}
