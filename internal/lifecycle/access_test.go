package lifecycle_test

import (
	"strings"
	"testing"

	"github.com/keylease/keylease/internal/lifecycle"
)

func TestOnlyKnownPlaceholdersAreFilledIn(t *testing.T) {
	values := map[string]string{"AccountID": "123456789012", "UserName": "svc-report"}
	for text, want := range map[string]string{
		"arn:aws:iam::{{ .AccountID }}:role/keylease": "arn:aws:iam::123456789012:role/keylease",
		"{{.UserName}}-in-{{ .AccountID }}":           "svc-report-in-123456789012",
		"":                                            "",
	} {
		if got, err := lifecycle.FillIn(text, values); err != nil || got != want {
			t.Errorf("%q gives %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"arn:aws:iam::{{ .Account }}:role/keylease", "arn:aws:iam::{{ .AccountID:role/keylease", "{{ printf .UserName }}", "{UserName}"} {
		if got, err := lifecycle.FillIn(text, values); err == nil || !strings.Contains(err.Error(), "write {{ .AccountID }} or {{ .UserName }}") {
			t.Errorf("%q gives %q, %v; want an error", text, got, err)
		}
	}
}
