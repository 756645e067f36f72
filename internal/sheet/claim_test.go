package sheet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

func TestAClaimIsKnownByWhoMadeItAndNotByWhen(t *testing.T) {
	ours := sheet.Claim{Namespace: "keylease", Name: "key-requests", Cluster: "0d9c"}
	monday, tuesday := time.Date(2026, 11, 30, 6, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC)
	if ours.Text(monday) == ours.Text(tuesday) {
		t.Error("two claims of the same cluster cannot be told apart")
	}
	for name, tc := range map[string]struct {
		text string
		want bool
	}{
		"our own":                                {ours.Text(monday), true},
		"our own, typed in by a person":          {"Keylease keylease/key-requests, cluster 0d9c", true},
		"of another cluster":                     {sheet.Claim{Namespace: "keylease", Name: "key-requests", Cluster: "7a11"}.Text(monday), false},
		"of another sheet of this cluster":       {sheet.Claim{Namespace: "keylease", Name: "others", Cluster: "0d9c"}.Text(monday), false},
		"of another cluster, whose ID is longer": {"Keylease keylease/key-requests, cluster 0d9c1, since 2026-12-01T06:00:00Z", false},
		"a remark of somebody's":                 {"do not edit", false},
		"nothing":                                {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ours.Is(tc.text); got != tc.want {
				t.Errorf("Is(%q) is %v", tc.text, got)
			}
		})
	}
}

func TestTheTextOfAClaimCellFitsAnAnnotation(t *testing.T) {
	for name, tc := range map[string]struct {
		cells [][]any
		want  string
	}{
		"an empty cell":                         {nil, ""},
		"an empty row":                          {[][]any{{}}, ""},
		"blanks alone":                          {[][]any{{" \u3000"}}, ""},
		"several lines":                         {[][]any{{" production\n since May "}}, "production since May"},
		"a trap for whoever copies the command": {[][]any{{"x'; rm -rf ~ `id` $(id) #"}}, "x?? rm -rf ~ ?id? ?(id) #"},
		"a number":                              {[][]any{{46000.0}}, "46000"},
		"more than is shown":                    {[][]any{{strings.Repeat("x", 300)}}, strings.Repeat("x", 255) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sheet.ClaimText(tc.cells); got != tc.want {
				t.Errorf("it is %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAClaimCellMayNotStandAmongTheRequests(t *testing.T) {
	two := int32(2)
	tab := v1alpha1.RequestsTab{Tab: "key_request_form", Columns: defaultColumns}
	twoHeaders := v1alpha1.RequestsTab{Tab: "key_request_form", Columns: defaultColumns, HeaderRows: &two}
	for cell, tc := range map[string]struct {
		tab     v1alpha1.RequestsTab
		refused bool
	}{
		"":    {tab, false},
		"Z1":  {tab, false},
		"Z99": {tab, false},
		"K1":  {tab, false},
		"K2":  {tab, true},
		"L7":  {tab, true},
		"D7":  {tab, false},
		"B2":  {twoHeaders, false},
		"B3":  {twoHeaders, true},
	} {
		t.Run(cell, func(t *testing.T) {
			if err := sheet.CheckClaimCell(cell, tc.tab); (err != nil) != tc.refused {
				t.Errorf("it was answered with %v", err)
			}
		})
	}
}
