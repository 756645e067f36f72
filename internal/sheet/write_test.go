package sheet_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// recorded is a write as a later process finds it.
func recorded(t *testing.T, w sheet.Write) sheet.Write {
	t.Helper()
	record, err := w.Record(nil, options())
	if err != nil {
		t.Fatal(err)
	}
	found, err := sheet.ReadRecord(record, nil, options())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestRecover: 通知済み was to be written for the key of row 2, an extension for that of row 3, and nobody read it back.
func TestRecover(t *testing.T) {
	before := table(person(1, nil), person(2, map[string]any{"I": 46364.0}), person(3, map[string]any{"K": "延長申請済み"}),
		person(4, map[string]any{"K": "要確認", "I": "2027/05/01"}), person(5, map[string]any{"L": nil, "K": "至急"}))
	edits := []sheet.CellEdit{
		{AccessKeyID: keyOf(1), Column: "K", Row: 2, Old: "", New: "通知済み"},
		{AccessKeyID: keyOf(2), Column: "I", Row: 3, Old: 46364.0, New: 46392.0},
		{AccessKeyID: keyOf(2), Column: "K", Row: 3, Old: "", New: "延長申請済み"},
	}
	written := func(rows [][]any) [][]any {
		return with(with(with(rows, 2, "K", "通知済み"), 3, "I", 46392.0), 3, "K", "延長申請済み")
	}
	k := func(cellName string, old, value any) cell { return cell{"'key_request_form'!" + cellName, old, value} }
	both := []string{keyOf(1), keyOf(2)}
	for name, tc := range map[string]struct {
		after [][]any
		want  verified
	}{
		"it was never written":           {before, verified{}},
		"everything arrived":             {written(before), verified{}},
		"everything arrived, rows moved": {order(written(before), 6, 5, 4, 3, 2), verified{}},
		"it went into the rows of others": {written(order(before, 4, 5, 2, 3, 6)),
			verified{[]cell{k("K2", "通知済み", "延長申請済み"), k("I3", 46392.0, "2027/05/01"), k("K3", "延長申請済み", "要確認")}, both}},
		"it went into a row without a key": {written(order(before, 6, 2, 3, 4, 5)),
			verified{[]cell{k("K2", "通知済み", "至急"), k("I3", 46392.0, "2026/12/08"), k("K3", "延長申請済み", "")}, both}},
		"rows moved on behind it: what may be a person's own stays": {order(written(order(before, 4, 5, 2, 3, 6)), 6, 5, 4, 3, 2),
			verified{[]cell{k("I5", 46392.0, "2027/05/01"), k("K6", "通知済み", "延長申請済み")}, both}},
		"rows moved on behind it: a date earlier than the former goes": {order(with(order(before, 2, 5, 3, 4, 6), 3, "I", 46392.0), 6, 5, 4, 3, 2),
			verified{[]cell{k("I5", 46392.0, "2027/05/01")}, both[1:]}},
		"it was never written, and a person asked for the same": {with(before, 5, "K", "延長申請済み"), verified{}},
		"the wrong row was edited since": {with(written(order(before, 4, 2, 3, 5, 6)), 2, "K", "延長"),
			verified{[]cell{k("I3", 46392.0, "2026/12/08"), k("K3", "延長申請済み", "")}, both[1:]}},
	} {
		t.Run(name, func(t *testing.T) {
			got := sheet.Recover(recorded(t, sheet.NewWrite(before, edits)), tc.after, options(), tab, false)
			if diff := cmp.Diff(tc.want, verified{cells(got.Repairs), got.Missed}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOfARowWithAKeyTheRecordKeepsNoMoreThanIsNeeded(t *testing.T) {
	rows := table(person(1, map[string]any{"K": "要確認"}), person(2, map[string]any{"L": nil}))
	found := recorded(t, sheet.NewWrite(rows, nil))
	want := []any{nil, nil, nil, nil, nil, nil, nil, nil, rows[1][8], nil, "要確認", keyOf(1)}
	if diff := cmp.Diff(want, found.Before[1]); diff != "" {
		t.Errorf("a row with a key (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(rows[2], found.Before[2]); diff != "" {
		t.Errorf("a row without one (-want +got):\n%s", diff)
	}
}

// TestTheRecordLeavesOutWhatLeasesSay, that of a repair too: rows 3 to 5 are known, row 5 said something else when it was read.
func TestTheRecordLeavesOutWhatLeasesSay(t *testing.T) {
	dates := map[string]any{"I": 46364.0, "K": "要確認"}
	before := table(person(1, dates), person(2, dates), person(3, dates), person(4, map[string]any{"I": 46364.0, "K": "通知済み"}))
	leases := map[string]*v1alpha1.AccessKeyLease{}
	for n := range 4 {
		leases[keyOf(n+1)] = agreedLease(func(l *v1alpha1.AccessKeyLease) {
			l.Status.Sheet.Row, l.Status.Sheet.EndDate, l.Status.Sheet.Mark = int32(n+2), "2026-12-08", "要確認"
		})
	}
	w := sheet.NewWrite(before, []sheet.CellEdit{{AccessKeyID: keyOf(1), Column: "K", Row: 2, Old: "要確認", New: "期限切れ"}})
	w.Remember(leases, options())
	for name, w := range map[string]sheet.Write{
		"the write":  w,
		"its repair": sheet.Verify(w, with(with(before, 3, "K", "期限切れ"), 2, "K", "要確認"), options(), tab).Next,
	} {
		record, err := w.Record(leases, options())
		if err != nil {
			t.Fatal(err)
		}
		kept, err := sheet.ReadRecord(record, nil, options())
		if err != nil {
			t.Fatal(err)
		}
		var keys []any
		for _, row := range kept.Before[1:] {
			keys = append(keys, row[11])
		}
		want := []any{keyOf(1), keyOf(4)}
		if name == "its repair" { // which writes to row 3 as well
			want = []any{keyOf(1), keyOf(2), keyOf(4)}
		}
		if diff := cmp.Diff(want, keys); diff != "" {
			t.Errorf("%s keeps (-want +got):\n%s", name, diff)
		}
		found, err := sheet.ReadRecord(record, leases, options())
		if err != nil || len(found.Before) != len(before) {
			t.Errorf("%s: %d rows are found, %v; want %d", name, len(found.Before), err, len(before))
		}
	}
}

// TestARowWhoseLeaseWasDeletedKeepsItsMark: the process died before it wrote the mark for the key of row 2. Row 3 has said the
// same for long, and nobody knows that any more: its lease, which the record relies on, was deleted meanwhile.
func TestARowWhoseLeaseWasDeletedKeepsItsMark(t *testing.T) {
	for _, mark := range []string{"通知済み", "期限切れ", "削除済み", "延長申請済み"} {
		before := table(person(1, nil), person(2, map[string]any{"K": mark}), person(3, nil))
		leases := map[string]*v1alpha1.AccessKeyLease{}
		for n, text := range []string{"", mark, ""} {
			leases[keyOf(n+1)] = agreedLease(func(l *v1alpha1.AccessKeyLease) {
				l.Status.Sheet.Row, l.Status.Sheet.EndDate, l.Status.Sheet.Mark = int32(n+2), "2026-12-08", text
			})
		}
		w := sheet.NewWrite(before, []sheet.CellEdit{{AccessKeyID: keyOf(1), Column: "K", Row: 2, Old: "", New: mark}})
		w.Remember(leases, options())
		record, err := w.Record(leases, options())
		if err != nil {
			t.Fatal(err)
		}
		for name, tc := range map[string]struct {
			after             [][]any
			repairs, doubtful int
		}{
			"it was never written":            {before, 0, 1},
			"it arrived":                      {with(before, 2, "K", mark), 0, 0},
			"it went into the row of another": {with(order(before, 4, 3, 2), 2, "K", mark), 1, 0},
			"and into that of the lost lease": {with(order(with(before, 3, "K", ""), 3, 2, 4), 2, "K", mark), 1, 0},
			"and is there with the row's own": {with(order(before, 4, 2, 3), 2, "K", mark), 1, 0},
		} {
			lost := maps.Clone(leases)
			delete(lost, keyOf(2))
			found, err := sheet.ReadRecord(record, lost, options())
			if err != nil {
				t.Fatal(err)
			}
			got := sheet.Recover(found, tc.after, options(), tab, false)
			if len(got.Repairs) != tc.repairs || len(got.Doubtful) != tc.doubtful {
				t.Errorf("%s, %s: repairs %v, doubtful %v", mark, name, got.Repairs, got.Doubtful)
			}
		}
	}
}

func TestAnUnreadableRecordIsAnError(t *testing.T) {
	for _, record := range [][]byte{nil, []byte("{}"), {0x1f, 0x8b, 8}} {
		if _, err := sheet.ReadRecord(record, nil, options()); err == nil {
			t.Errorf("record %q was read", record)
		}
	}
}
