package sheet_test

import (
	"regexp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/keylease/keylease/internal/sheet"
)

func hashOf(rows [][]any) string {
	o := options()
	o.Columns.AccountID = "M"
	return sheet.GuardedHash(sheet.ParseRequests(rows, o))
}

// hashed is a sheet with a usable row, an invalid and an unclear one.
func hashed() [][]any {
	return table(
		request(map[string]any{"K": "通知済み 要確認", "M": nil}),
		request(map[string]any{"L": keyOf(3), "I": "来月", "M": nil}),
		request(map[string]any{"L": keyOf(4), "K": "延長不要", "M": nil}),
	)
}

func TestTheHashChangesExactlyWithWhatTheGuardWatches(t *testing.T) {
	set := func(row, column int, value any) func([][]any) [][]any {
		return func(rows [][]any) [][]any { rows[row-1][column] = value; return rows }
	}
	const b, c, d, e, g, h, i, j, k, l, m = 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12
	for name, tc := range map[string]struct {
		change  func([][]any) [][]any
		changes bool
	}{
		"the end date":                        {set(2, i, "2026/12/09"), true},
		"the end date, spelled otherwise":     {set(2, i, 46364.0), false},
		"the user":                            {set(2, j, "svc-other"), true},
		"the account":                         {set(2, m, "210987654321"), true},
		"the account that the row has anyway": {set(2, m, "123456789012"), false},
		"the owner":                           {set(2, b, "鈴木 太郎"), true},
		"the key":                             {set(2, l, keyOf(5)), true},
		"the key, in lower case with blanks":  {set(2, l, " akiakeylease00000002　"), false},
		"the mark":                            {set(2, k, "期限切れ 要確認"), true},
		"the mark taken away":                 {set(2, k, "要確認"), true},
		"the remark behind it":                {set(2, k, "通知済み 連絡済み"), false},
		"an unclear text for another":         {set(4, k, "削除しないで"), true},
		"an unclear text for a mark":          {set(4, k, "延長"), true},
		"blanks around an unclear text":       {set(4, k, " 延長不要 "), false},
		"what is wrong in an invalid row":     {set(3, i, "再来月"), true},
		"an invalid row repaired":             {set(3, i, "2026/12/08"), true},
		"another cell of an invalid row":      {set(3, j, "svc-other"), false},
		"the purpose":                         {set(2, c, "別の目的"), false},
		"the resource":                        {set(2, e, "Athena"), false},
		"the start date":                      {set(2, h, "2026/06/04"), false},
		"people's own columns":                {func(rows [][]any) [][]any { return set(2, d, "総務部")(set(2, g, "x")(rows)) }, false},
		"the header":                          {set(1, i, "終了日"), false},
		"a row taken out":                     {func(rows [][]any) [][]any { return rows[:3] }, true},
		"a row more":                          {func(rows [][]any) [][]any { return append(rows, request(map[string]any{"L": keyOf(6)})) }, true},
		"a request without a key":             {func(rows [][]any) [][]any { return append(rows, request(map[string]any{"L": nil})) }, false},
		"a blank row":                         {func(rows [][]any) [][]any { return slices.Insert(rows, 1, nil) }, false},
		"the same key in a second row":        {func(rows [][]any) [][]any { return append(rows, request(nil)) }, true},
		"two rows that exchange their owners": {func(rows [][]any) [][]any { rows[1][b], rows[3][b] = "甲", "乙"; return rows }, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := hashOf(tc.change(hashed())) != hashOf(hashed()); got != tc.changes {
				t.Errorf("changed: %v, want %v", got, tc.changes)
			}
		})
	}
}

func TestTheHashDoesNotKnowTheOrderOfRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, _ := accepted(rapid.IntRange(2, 12).Draw(t, "rows"))
		sorted := table(rapid.Permutation(rows[1:]).Draw(t, "order")...)
		if hashOf(sorted) != hashOf(rows) {
			t.Fatal("another hash")
		}
		i, j := rapid.IntRange(2, len(rows)).Draw(t, "row"), rapid.IntRange(2, len(rows)).Draw(t, "other row")
		swapped := with(with(rows, i, "I", rows[j-1][8]), j, "I", rows[i-1][8])
		if (hashOf(swapped) == hashOf(rows)) != (i == j) {
			t.Fatalf("rows %d and %d exchanged their dates", i, j)
		}
	})
}

func TestTheHashHasTheFormOfAnAnnotation(t *testing.T) {
	for name, rows := range map[string][][]any{"rows": hashed(), "an empty tab": nil} {
		if got := hashOf(rows); !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(got) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if hashOf(nil) == hashOf(hashed()) {
		t.Error("an empty tab has the hash of a full one")
	}
}
