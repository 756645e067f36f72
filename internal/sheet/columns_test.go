package sheet_test

import (
	"strings"
	"testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

func TestAColumnIsNotTwoThings(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.RequestColumns)
		says   string
	}{
		"the defaults":                   {func(*v1alpha1.RequestColumns) {}, ""},
		"purpose and resource in one":    {func(c *v1alpha1.RequestColumns) { c.Resource = c.Purpose }, ""},
		"marks over key IDs":             {func(c *v1alpha1.RequestColumns) { c.Status = "L" }, "accessKeyID and status are both column L"},
		"marks over people's own texts":  {func(c *v1alpha1.RequestColumns) { c.Purpose = "K" }, "status and purpose are both column K"},
		"key IDs taken for users":        {func(c *v1alpha1.RequestColumns) { c.UserName = "L" }, "accessKeyID and userName are both column L"},
		"the end is the start":           {func(c *v1alpha1.RequestColumns) { c.StartDate = "I" }, "endDate and startDate are both column I"},
		"an account in the users column": {func(c *v1alpha1.RequestColumns) { c.AccountID = "J" }, "userName and accountID are both column J"},
	} {
		t.Run(name, func(t *testing.T) {
			c := defaultColumns
			tc.change(&c)
			err := sheet.CheckColumns(c)
			if (err != nil) != (tc.says != "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("it was answered with %v, want %q", err, tc.says)
			}
		})
	}
}
