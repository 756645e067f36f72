package sheet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// accepted is a sheet of n keys as it was last accepted: its rows, and the leases made of them.
func accepted(n int) (rows [][]any, leases []v1alpha1.AccessKeyLease) {
	rows = [][]any{header}
	for i := range n {
		day := time.Date(2026, 12, 1+i, 0, 0, 0, 0, time.UTC)
		rows = append(rows, request(map[string]any{"B": fmt.Sprintf("申請者 %d", i), "I": day.Format("2006/01/02"), "J": fmt.Sprintf("svc-%d", i), "L": keyOf(i)}))
		l := agreedLease(ends(day.Format("2006-01-02")))
		l.Spec.AccessKeyID, l.Spec.UserName, l.Spec.Owner.FullName = keyOf(i), fmt.Sprintf("svc-%d", i), fmt.Sprintf("申請者 %d", i)
		l.Status.Sheet = &v1alpha1.SheetRowStatus{Row: int32(i + 2), EndDate: l.Spec.EndDate}
		leases = append(leases, *l)
	}
	return rows, leases
}

func guard(rows [][]any, leases []v1alpha1.AccessKeyLease, recent ...v1alpha1.SheetChange) sheet.Verdict {
	return sheet.Guard(leases, sheet.ParseRequests(rows, options()), recent, v1alpha1.Limits{}, syncTime)
}

func ago(d time.Duration, rows int32) v1alpha1.SheetChange {
	return v1alpha1.SheetChange{Time: metav1.NewTime(syncTime.Add(-d)), Rows: rows}
}

// edited gives the rows with the same column of the first n changed.
func edited(rows [][]any, n int, column string, value any) [][]any {
	for i := range n {
		rows = with(rows, i+2, column, value)
	}
	return rows
}

func TestGuardStopsMoreThanTenRowsOrAFifth(t *testing.T) {
	percent, least := int32(50), int32(2)
	for name, tc := range map[string]struct {
		rows, changed int
		limits        v1alpha1.Limits
		want          bool
	}{
		"nothing changed":                       {30, 0, v1alpha1.Limits{}, true},
		"ten of few":                            {12, 10, v1alpha1.Limits{}, true},
		"eleven of few":                         {12, 11, v1alpha1.Limits{}, false},
		"ten of fifty":                          {50, 10, v1alpha1.Limits{}, true},
		"eleven of fifty":                       {50, 11, v1alpha1.Limits{}, false},
		"eleven of fifty-five are a fifth":      {55, 11, v1alpha1.Limits{}, true},
		"eleven of fifty-four are more":         {54, 11, v1alpha1.Limits{}, false},
		"a fifth of a hundred":                  {100, 20, v1alpha1.Limits{}, true},
		"more than a fifth of a hundred":        {100, 21, v1alpha1.Limits{}, false},
		"a configured share":                    {20, 10, v1alpha1.Limits{MaxChangePercent: &percent, MinChangeRows: &least}, true},
		"more than a configured share":          {20, 11, v1alpha1.Limits{MaxChangePercent: &percent, MinChangeRows: &least}, false},
		"as many as may in any case":            {3, 2, v1alpha1.Limits{MaxChangePercent: new(int32), MinChangeRows: &least}, true},
		"more than may in any case":             {3, 3, v1alpha1.Limits{MaxChangePercent: new(int32), MinChangeRows: &least}, false},
		"one, where none may":                   {3, 1, v1alpha1.Limits{MaxChangePercent: new(int32), MinChangeRows: new(int32)}, false},
		"none, where none may: is no damage":    {3, 0, v1alpha1.Limits{MaxChangePercent: new(int32), MinChangeRows: new(int32)}, true},
		"all rows of a sheet with few is a few": {10, 10, v1alpha1.Limits{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			rows, leases := accepted(tc.rows)
			requests := sheet.ParseRequests(edited(rows, tc.changed, "I", "2028/01/01"), options())
			got := sheet.Guard(leases, requests, nil, tc.limits, syncTime)
			if got.Accepted != tc.want || got.Changes != tc.changed || got.Rows != tc.rows {
				t.Errorf("%+v, want accepted %v with %d of %d", got, tc.want, tc.changed, tc.rows)
			}
			if want := map[bool]string{true: v1alpha1.ReasonAccepted, false: v1alpha1.ReasonTooManyChanges}[tc.want]; got.Reason != want {
				t.Errorf("reason %s, want %s", got.Reason, want)
			}
		})
	}
}

func TestGuardCountsTheChangesOfADay(t *testing.T) {
	for name, tc := range map[string]struct {
		recent []v1alpha1.SheetChange
		want   bool
	}{
		"none before":              {nil, true},
		"as many as may":           {[]v1alpha1.SheetChange{ago(time.Hour, 6)}, true},
		"one too many":             {[]v1alpha1.SheetChange{ago(time.Hour, 7)}, false},
		"a few at a time":          {[]v1alpha1.SheetChange{ago(23*time.Hour, 3), ago(2*time.Hour, 2), ago(time.Minute, 2)}, false},
		"just within a day":        {[]v1alpha1.SheetChange{ago(24*time.Hour-time.Second, 7)}, false},
		"a day ago":                {[]v1alpha1.SheetChange{ago(24*time.Hour, 7)}, true},
		"older ones count no more": {[]v1alpha1.SheetChange{ago(30*time.Hour, 50), ago(time.Hour, 6)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			rows, leases := accepted(20)
			if got := guard(edited(rows, 4, "I", "2028/01/01"), leases, tc.recent...); got.Accepted != tc.want || got.Changes != 4 {
				t.Errorf("%+v, want accepted %v with 4 changes", got, tc.want)
			}
			if got := guard(rows, leases, tc.recent...); !got.Accepted {
				t.Errorf("an unchanged sheet is refused: %+v", got)
			}
		})
	}
}

func TestGuardRefusesAnEmptyTab(t *testing.T) {
	rows, leases := accepted(1)
	for name, tc := range map[string]struct {
		rows   [][]any
		leases []v1alpha1.AccessKeyLease
		want   string
	}{
		"nothing at all, with one key before":       {nil, leases, v1alpha1.ReasonEmptySheet},
		"the header alone":                          {rows[:1], leases, v1alpha1.ReasonEmptySheet},
		"blank rows":                                {table(nil, []any{"", " "}), leases, v1alpha1.ReasonEmptySheet},
		"a request without a key is not empty":      {table(request(map[string]any{"L": nil})), leases, v1alpha1.ReasonAccepted},
		"nothing before either":                     {rows[:1], nil, v1alpha1.ReasonAccepted},
		"the key had gone before":                   {rows[:1], changed(leases, func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.Row = 0 }), v1alpha1.ReasonAccepted},
		"a lease that was never on a row":           {rows[:1], changed(leases, func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet = nil }), v1alpha1.ReasonAccepted},
		"the key was confirmed gone, its row stood": {rows[:1], changed(leases, confirmedGone), v1alpha1.ReasonEmptySheet},
	} {
		t.Run(name, func(t *testing.T) {
			if got := guard(tc.rows, tc.leases); got.Reason != tc.want || got.Accepted != (tc.want == v1alpha1.ReasonAccepted) {
				t.Errorf("%+v, want %s", got, tc.want)
			}
		})
	}
}

func confirmedGone(l *v1alpha1.AccessKeyLease) {
	l.Status.Phase = v1alpha1.PhaseRevoked
	l.Status.Revocation = &v1alpha1.RevocationStatus{CompletionTime: &earlyOn}
}

// changed gives the leases with the first of them changed.
func changed(leases []v1alpha1.AccessKeyLease, change ...func(*v1alpha1.AccessKeyLease)) []v1alpha1.AccessKeyLease {
	first := *leases[0].DeepCopy()
	for _, c := range change {
		c(&first)
	}
	return append([]v1alpha1.AccessKeyLease{first}, leases[1:]...)
}

func TestGuardCountsWhatPeopleChangeInARow(t *testing.T) {
	notified := inPhase(v1alpha1.PhaseNotified)
	says := func(text string) func(*v1alpha1.AccessKeyLease) {
		return func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.Mark = text }
	}
	refused := func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.RefusedEndDate = later }
	heldFor := func(reason string) func(*v1alpha1.AccessKeyLease) {
		return func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.Hold = &v1alpha1.SheetHold{Reason: reason} }
	}
	row := func(kv ...any) map[string]any {
		m := map[string]any{"B": "申請者 0", "I": "2026/12/01", "J": "svc-0", "L": keyOf(0)}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	type changes = []func(*v1alpha1.AccessKeyLease)
	for name, tc := range map[string]struct {
		row   map[string]any // nil: gone
		lease changes
		want  string // the kind that is counted, "" for none
	}{
		"nothing":                                    {row(), nil, ""},
		"the date, spelled otherwise":                {row("I", "2026年12月1日"), nil, ""},
		"the end date":                               {row("I", "2026/12/02"), nil, "end date"},
		"the end date, which the lease has":          {row("I", "2027/01/31"), changes{ends(later)}, ""},
		"the end date, as it is to be written":       {row("I", "2027/01/31"), changes{waiting(agreed, later)}, ""},
		"the end date, seen and held before":         {row("I", "2027/01/31"), changes{refused}, ""},
		"the user":                                   {row("J", "svc-9"), nil, "user"},
		"the user, invalid before":                   {row("J", "svc-9"), changes{heldFor(v1alpha1.ReasonInvalidRow)}, ""},
		"the owner":                                  {row("B", "別人"), nil, "owner"},
		"purpose and resource":                       {row("C", "別の目的", "E", "Athena"), nil, ""},
		"people's own columns":                       {row("A", "x", "D", "y", "G", "z"), nil, ""},
		"the row is gone":                            {nil, nil, "gone"},
		"the row was gone before":                    {nil, changes{func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.Row = 0 }}, ""},
		"the row is back":                            {row(), changes{func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.Row = 0 }}, ""},
		"the row is back with another date":          {row("I", "2027/01/31"), changes{func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.Row = 0 }}, "end date"},
		"the row became invalid":                     {row("I", "来月"), nil, "invalid"},
		"the row was invalid before":                 {row("I", "来月"), changes{heldFor(v1alpha1.ReasonInvalidRow)}, ""},
		"confirmed gone in AWS: nothing counts":      {nil, changes{confirmedGone}, ""},
		"a remark":                                   {row("K", "要確認"), nil, ""},
		"the mark of the phase":                      {row("K", "通知済み"), changes{notified}, ""},
		"the mark of the phase to come":              {row("K", "期限切れ"), changes{notified}, ""},
		"a mark that no phase explains":              {row("K", "通知済み"), nil, "mark"},
		"the mark that was there":                    {row("K", "通知済み 要確認"), changes{says("通知済み")}, ""},
		"an extension mark":                          {row("K", mark), nil, "mark"},
		"an extension mark that the lease asked":     {row("K", mark), changes{asked(true)}, ""},
		"an extension mark that was there":           {row("K", "延長"), changes{says(mark), func(l *v1alpha1.AccessKeyLease) { marked("2026-12-01")(l) }}, ""},
		"an extension mark taken away":               {row(), changes{notified, marked("2026-12-01")}, "mark"},
		"an extension mark, taken away by us":        {row(), changes{notified, unwritten}, ""},
		"our own mark taken away":                    {row(), changes{notified, says("通知済み")}, "mark"},
		"an early mark goes before there is a phase": {row(), changes{inPhase(""), says("通知済み")}, ""},
		"our own mark goes with the phase":           {row(), changes{says("通知済み")}, ""},
		"an unclear text":                            {row("K", "延長不要"), nil, "mark"},
		"an unclear text that was there":             {row("K", "削除しないで"), changes{says("延長不要"), heldFor(v1alpha1.ReasonUnclearMark)}, ""},
		"deleted":                                    {row("K", "削除済み"), nil, "mark"},
		"deleted, as it was marked before":           {row("K", "削除済"), changes{func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.MarkedDeleted = true }}, ""},
		"a lease that was never on a row":            {row("I", "2028/01/01"), changes{func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet = nil }}, ""},
		"everything at once counts once":             {row("I", "2028/01/01", "B", "別人", "K", "削除済み"), nil, "end date"},
	} {
		t.Run(name, func(t *testing.T) {
			_, leases := accepted(1)
			rows := table(request(map[string]any{"L": keyOf(99)}))
			if tc.row != nil {
				rows = append(rows, request(tc.row))
			}
			got := guard(rows, changed(leases, tc.lease...))
			want := 0
			if tc.want != "" {
				want = 1
			}
			if got.Changes != want {
				t.Fatalf("%+v, want %d changes", got, want)
			}
			// Where nothing may change, the message says what was seen.
			refused := sheet.Guard(changed(leases, tc.lease...), sheet.ParseRequests(rows, options()), nil,
				v1alpha1.Limits{MaxChangePercent: new(int32), MinChangeRows: new(int32)}, syncTime)
			if want > 0 && !strings.Contains(refused.Message, "("+tc.want+": 1)") {
				t.Errorf("message %q does not name %q", refused.Message, tc.want)
			}
		})
	}
}

func TestGuardStopsTheAccidentsItIsFor(t *testing.T) {
	for name, damage := range map[string]func([][]any) [][]any{
		"the date column sorted alone": func(rows [][]any) [][]any {
			sorted := rows
			for i := 1; i < len(rows); i++ {
				sorted = with(sorted, i+1, "I", rows[len(rows)-i][8])
			}
			return sorted
		},
		"a date pasted down":       func(rows [][]any) [][]any { return edited(rows, 30, "I", "2026/12/01") },
		"deleted pasted down":      func(rows [][]any) [][]any { return edited(rows, 30, "K", "削除済み") },
		"users pasted down":        func(rows [][]any) [][]any { return edited(rows, 30, "J", "svc-0") },
		"rubbish pasted over":      func(rows [][]any) [][]any { return edited(rows, 30, "I", "#REF!") },
		"half of the rows deleted": func(rows [][]any) [][]any { return rows[:16] },
		"the keys emptied":         func(rows [][]any) [][]any { return edited(rows, 30, "L", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			rows, leases := accepted(30)
			got := guard(damage(rows), leases)
			if got.Accepted || got.Reason != v1alpha1.ReasonTooManyChanges {
				t.Errorf("%+v", got)
			}
			if again := guard(damage(rows), leases); again.Message != got.Message {
				t.Errorf("told as %q and then as %q", got.Message, again.Message)
			}
		})
	}
}

func TestGuardLetsPeopleSortAndAddRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, leases := accepted(rapid.IntRange(1, 20).Draw(t, "rows"))
		body := rapid.Permutation(rows[1:]).Draw(t, "order")
		for i := range rapid.IntRange(0, 40).Draw(t, "new rows") {
			body = append(body, request(map[string]any{"L": keyOf(1000 + i)}))
		}
		if got := guard(table(body...), leases); !got.Accepted || got.Changes != 0 {
			t.Fatalf("%+v", got)
		}
	})
}

func TestGuardAcceptsAgainWhatWasMergedBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := someWorld(t)
		w.f.OwnedElsewhere = rapid.Bool().Draw(t, "owned")
		w.freeze(t)
		w.sync(rapid.IntRange(2, 4).Draw(t, "steps"))
		requests := sheet.Requests{Total: 1, Rows: []sheet.Row{*w.row()}}
		got := sheet.Guard([]v1alpha1.AccessKeyLease{*w.lease}, requests, nil, v1alpha1.Limits{}, syncTime)
		if got.Changes != 0 {
			t.Fatalf("%+v: row %s %q, lease %+v", got, w.date, w.status, w.lease.Status.Sheet)
		}
	})
}

func TestGuardRefusesATabThatLostAllItsKeys(t *testing.T) {
	blank := request(map[string]any{"L": nil})
	for name, tc := range map[string]struct {
		rows   [][]any
		leases int
		want   string
	}{
		"two keys of two, fewer than the limit":    {table(blank, blank), 2, v1alpha1.ReasonColumnsMoved},
		"the only key":                             {table(blank, blank), 1, v1alpha1.ReasonAccepted},
		"something else where the only key was":    {table(request(map[string]any{"L": "要確認"})), 1, v1alpha1.ReasonColumnsMoved},
		"an ID in a row that is unusable is an ID": {table(request(map[string]any{"L": keyOf(0), "I": "来月"}), blank), 2, v1alpha1.ReasonAccepted},
		"an ID in two rows is an ID":               {table(request(map[string]any{"L": keyOf(0)}), request(map[string]any{"L": keyOf(0)})), 2, v1alpha1.ReasonAccepted},
		"a new ID is an ID":                        {table(request(map[string]any{"L": keyOf(9)}), request(map[string]any{"L": "要確認"})), 2, v1alpha1.ReasonAccepted},
		"no key stood there: a first, wrong ID":    {table(request(map[string]any{"L": "発行待ち"})), 0, v1alpha1.ReasonAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			_, leases := accepted(tc.leases)
			if got := guard(tc.rows, leases); got.Reason != tc.want || got.Accepted != (tc.want == v1alpha1.ReasonAccepted) {
				t.Errorf("%+v, want %s", got, tc.want)
			}
		})
	}
}

// TestAColumnInsertedBeforeTheStatusIsRefusedInASmallSheetToo: what the cells of status said stands where the IDs should
// then, the header is one column further, and no limit is reached.
func TestAColumnInsertedBeforeTheStatusIsRefusedInASmallSheetToo(t *testing.T) {
	remarks := []string{"要確認", "連絡済み", "経理へ", "a", "b", "c", "d", "e", "f", "g"}
	for name, texts := range map[string][]string{
		"one remark": {"要確認"}, "one 通知済み": {"通知済み"}, "one 通知済み with a remark": {"通知済み 要確認"}, "remarks in every row": remarks,
	} {
		for _, n := range []int{1, 2, 5, 8, 10} {
			for _, head := range []any{"備考", nil} {
				t.Run(fmt.Sprintf("%s, %d rows, header %v", name, n, head), func(t *testing.T) {
					rows, leases := accepted(n)
					for i, text := range texts[:min(n, len(texts))] {
						rows = with(rows, i+2, "K", text)
						leases[i].Status.Sheet.Mark = text
					}
					if got := guard(rows, leases); !got.Accepted {
						t.Fatalf("as it was: %+v", got)
					}
					moved := asRead(insertColumn(rows, "K", head))
					if got := guard(moved, leases); got.Accepted && sheet.CheckShape(moved, options()) == nil {
						t.Errorf("accepted: %+v", got)
					}
				})
			}
		}
	}
}
