package sheet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// goneFrom is a lease whose row is gone, of the key that stands in a row there.
func goneFrom(row []any, change ...func(*v1alpha1.AccessKeyLease)) map[string]*v1alpha1.AccessKeyLease {
	l := agreedLease(append([]func(*v1alpha1.AccessKeyLease){func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.Row = 0 }}, change...)...)
	l.Spec.AccessKeyID = row[11].(string)
	return map[string]*v1alpha1.AccessKeyLease{l.Spec.AccessKeyID: l}
}

// TestARowThatIsBroughtBackUnderAWriteGetsWhatWasAgreed: an extension was to be written for the key of row 2, and right before
// that a person brought back a row and sorted it there.
func TestARowThatIsBroughtBackUnderAWriteGetsWhatWasAgreed(t *testing.T) {
	before := table(person(1, nil), person(2, nil))
	edits := []sheet.CellEdit{
		{AccessKeyID: keyOf(1), Column: "I", Row: 2, Old: "2026/12/08", New: "2027/05/01"},
		{AccessKeyID: keyOf(1), Column: "K", Row: 2, Old: "", New: "延長申請済み"},
	}
	back := person(7, map[string]any{"I": "2027/06/30", "K": "要確認"})
	after := with(with(table(back, before[1], before[2]), 2, "I", "2027/05/01"), 2, "K", "延長申請済み")
	k := func(cellName string, old, value any) cell { return cell{"'key_request_form'!" + cellName, old, value} }
	said := func(date, mark string) func(*v1alpha1.AccessKeyLease) {
		return func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.EndDate, l.Status.Sheet.Mark = date, mark }
	}
	held := func(l *v1alpha1.AccessKeyLease) {
		l.Status.Sheet.Hold = &v1alpha1.SheetHold{Reason: v1alpha1.ReasonInvalidRow}
	}
	seen := func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.RowEndDate = "2027-07-31" }
	agreed := []cell{k("I2", "2027/05/01", "2027/06/30"), k("K2", "延長申請済み", "要確認")}
	for name, tc := range map[string]struct {
		leases          map[string]*v1alpha1.AccessKeyLease
		astray, doubted []cell
	}{
		"what both sides said":            {goneFrom(back, said("2027-06-30", "要確認")), agreed, agreed},
		"what the row said last":          {goneFrom(back, said("2027-06-30", "要確認"), seen), []cell{k("I2", "2027/05/01", "2027/07/31"), agreed[1]}, []cell{k("I2", "2027/05/01", "2027/07/31"), agreed[1]}},
		"its date could not be read":      {goneFrom(back, said("2027-06-30", "要確認"), held), []cell{k("I2", "2027/05/01", ""), agreed[1]}, []cell{k("I2", "2027/05/01", ""), agreed[1]}},
		"no date was agreed on yet":       {goneFrom(back, said("", "要確認")), []cell{k("I2", "2027/05/01", ""), agreed[1]}, []cell{k("I2", "2027/05/01", ""), agreed[1]}},
		"it said what is to be written":   {goneFrom(back, said("2027-05-01", "要確認")), agreed[1:], agreed[1:]},
		"no lease knows the key":          {nil, []cell{k("I2", "2027/05/01", ""), k("K2", "延長申請済み", "")}, nil},
		"the lease never stood on a row":  {goneFrom(back, func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet = nil }), []cell{k("I2", "2027/05/01", ""), k("K2", "延長申請済み", "")}, nil},
		"of a row that is not gone, none": {goneFrom(before[2], said("2027-06-30", "要確認")), []cell{k("I2", "2027/05/01", ""), k("K2", "延長申請済み", "")}, nil},
	} {
		w := sheet.NewWrite(before, edits)
		w.Remember(tc.leases, options())
		for way, got := range map[string]sheet.ReadBack{
			"read back":     sheet.Verify(w, after, options(), tab),
			"after a crash": sheet.Recover(recorded(t, w), after, options(), tab, true),
		} {
			t.Run(name+", "+way, func(t *testing.T) {
				if diff := cmp.Diff([][]cell{tc.astray, tc.doubted}, [][]cell{cells(got.Astray), cells(got.Doubtful)}); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestARowThatWentUnderAWriteAndCameBackGetsWhatItSaid: it stood there at the look-up, was gone when the write was read back,
// and stands there again, where the repair was written.
func TestARowThatWentUnderAWriteAndCameBackGetsWhatItSaid(t *testing.T) {
	before := table(person(1, nil), person(2, map[string]any{"K": "要確認"}), person(3, nil))
	edit := sheet.CellEdit{AccessKeyID: keyOf(1), Column: "K", Row: 2, Old: "", New: "通知済み"}
	w := sheet.NewWrite(before, []sheet.CellEdit{edit})
	// Rows 2 and 4 changed places when the mark was written, and row 3 was deleted behind it.
	first := sheet.Verify(w, with(order(before, 4, 2), 2, "K", "通知済み"), options(), tab)
	for name, tc := range map[string]struct {
		rows [][]any
		want []cell
	}{
		"hit by the repair":       {with(order(before, 3, 4, 2), 2, "K", "通知済み"), []cell{{"'key_request_form'!K2", "通知済み", "要確認"}, {"'key_request_form'!K4", "", "通知済み"}}},
		"with a stray value":      {with(order(before, 4, 2, 3), 4, "K", "通知済み"), []cell{{"'key_request_form'!K3", "", "通知済み"}, {"'key_request_form'!K4", "通知済み", "要確認"}}},
		"with what a person says": {with(with(order(before, 4, 2, 3), 3, "K", "通知済み"), 4, "K", "連絡済み"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, cells(sheet.Verify(first.Next, tc.rows, options(), tab).Repairs)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestARowThatBringsItsOwnValueBackKeepsIt: the mark had arrived when its row was deleted.
func TestARowThatBringsItsOwnValueBackKeepsIt(t *testing.T) {
	before := table(person(1, nil), person(2, nil), person(3, nil))
	edits := []sheet.CellEdit{
		{AccessKeyID: keyOf(1), Column: "K", Row: 2, Old: "", New: "通知済み"},
		{AccessKeyID: keyOf(2), Column: "K", Row: 3, Old: "", New: "期限切れ"},
	}
	written := with(with(before, 2, "K", "通知済み"), 3, "K", "期限切れ")
	first := sheet.Verify(sheet.NewWrite(before, edits), order(with(written, 3, "K", ""), 3, 4), options(), tab)
	got := sheet.Verify(first.Next, order(written, 3, 2, 4), options(), tab)
	if len(got.Repairs) > 0 {
		t.Errorf("repairs: %v", cells(got.Repairs))
	}
}

// TestADateThatIsGivenBackIsSpelledAsOthersAre: nobody knows how the row that is gone spelled it.
func TestADateThatIsGivenBackIsSpelledAsOthersAre(t *testing.T) {
	back := person(7, map[string]any{"I": 46564.0})
	for name, tc := range map[string]struct{ other, want any }{
		"a date cell": {46364.0, 46568.0},
		"a text":      {"2026年12月8日", "2027年6月30日"},
		"no date":     {"来月", "2027/06/30"},
	} {
		t.Run(name, func(t *testing.T) {
			before := table(person(1, map[string]any{"I": tc.other}))
			w := sheet.NewWrite(before, []sheet.CellEdit{{AccessKeyID: keyOf(1), Column: "I", Row: 2, Old: tc.other, New: "2027/05/01"}})
			w.Remember(goneFrom(back, func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.EndDate = "2027-06-30" }), options())
			got := sheet.Verify(w, with(table(back, before[1]), 2, "I", "2027/05/01"), options(), tab)
			if diff := cmp.Diff([]cell{{"'key_request_form'!I2", "2027/05/01", tc.want}}, cells(got.Astray)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
