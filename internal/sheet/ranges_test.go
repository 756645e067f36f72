package sheet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

var usersColumns = v1alpha1.UserColumns{SlackUserID: "A", LastName: "D", FirstName: "E"}

func TestReadRangesAskForTheConfiguredColumns(t *testing.T) {
	withAccount := defaultColumns
	withAccount.AccountID = "AB"
	for name, tc := range map[string]struct {
		requests v1alpha1.RequestsTab
		users    v1alpha1.UsersTab
		claim    string
		want     []string
	}{
		"the defaults": {
			v1alpha1.RequestsTab{Tab: "key_request_form", Columns: defaultColumns},
			v1alpha1.UsersTab{Tab: "users_json", Columns: usersColumns}, "",
			[]string{"'key_request_form'!A:L", "'users_json'!A:E"},
		},
		"names with blanks and quotes, a claim, a far column": {
			v1alpha1.RequestsTab{Tab: "it's 申請", Columns: withAccount},
			v1alpha1.UsersTab{Tab: "2026", Columns: v1alpha1.UserColumns{SlackUserID: "C", LastName: "A", FirstName: "B"}}, "Z1",
			[]string{"'it''s 申請'!A:AB", "'2026'!A:C", "'it''s 申請'!Z1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, sheet.ReadRanges(tc.requests, tc.users, tc.claim)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCellRangeQuotesTheTab(t *testing.T) {
	if got, want := sheet.CellRange("it's", "K", 3), "'it''s'!K3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestColumnsAreNamedAsTheSheetNamesThem(t *testing.T) {
	for letters, index := range map[v1alpha1.ColumnLetter]int{
		"A": 0, "L": 11, "Z": 25, "AA": 26, "AZ": 51, "BA": 52, "ZZ": 701, "AAA": 702, "ZZZ": 18277,
	} {
		if got := sheet.ColumnIndex(letters); got != index {
			t.Errorf("ColumnIndex(%s) = %d, want %d", letters, got, index)
		}
		if got := sheet.ColumnName(index); got != letters {
			t.Errorf("ColumnName(%d) = %s, want %s", index, got, letters)
		}
	}
	for _, none := range []v1alpha1.ColumnLetter{"", "a", "A1", "AAAA", "Ａ"} {
		if got := sheet.ColumnIndex(none); got != -1 {
			t.Errorf("ColumnIndex(%q) = %d, want -1", none, got)
		}
	}
	for _, none := range []int{-1, 18278} {
		if got := sheet.ColumnName(none); got != "" {
			t.Errorf("ColumnName(%d) = %q, want nothing", none, got)
		}
	}
}

func TestAColumnNameLeadsBackToItsIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, 18277).Draw(t, "index")
		if got := sheet.ColumnIndex(sheet.ColumnName(i)); got != i {
			t.Fatalf("%d became %d", i, got)
		}
	})
}
