package accesskeysheet

import (
	"strings"
	"testing"
)

func TestACellIsShownShortAndAsPeopleWroteIt(t *testing.T) {
	for name, tc := range map[string]struct {
		cell any
		want string
	}{
		"empty":                {"", "nothing"},
		"not there":            {nil, "nothing"},
		"a date's number":      {float64(46364), `"46364"`},
		"an ideographic blank": {"通知済み　要確認", `"通知済み 要確認"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shownCell(tc.cell); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
	if got := shownCell(strings.Repeat("備考", 5000)); len(got) > 400 {
		t.Errorf("a long remark takes %d bytes", len(got))
	}
}
