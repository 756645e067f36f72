package sheet_test

import (
	"fmt"
	"testing"

	"github.com/keylease/keylease/internal/sheet"
)

// BenchmarkVerifyOfRowsThatAllMoved: a row was inserted above when 500 of a thousand keys were extended at once.
func BenchmarkVerifyOfRowsThatAllMoved(b *testing.B) {
	rows := [][]any{header}
	want := map[string]sheet.Wanted{}
	mark := "延長申請済み"
	for n := range 1000 {
		rows = append(rows, request(map[string]any{"A": 46000.0 + float64(n), "L": keyOf(n)}))
		if n%2 == 0 {
			end := fmt.Sprintf("2027-%02d-%02d", 1+n/30%12, 1+n%28)
			want[keyOf(n)] = sheet.Wanted{StatusText: &mark, EndDate: end, BasisEndDate: "2026-12-08"}
		}
	}
	edits := sheet.PlanEdits(rows, options(), tab, want)
	moved := append([][]any{header, request(map[string]any{"A": 1.0, "L": nil})}, rows[1:]...)
	after := sheet.Apply(moved, edits)
	for b.Loop() {
		if got := sheet.Verify(sheet.NewWrite(rows, edits), after, options(), tab); len(got.Astray) == 0 {
			b.Fatal("nothing is astray")
		}
	}
}
