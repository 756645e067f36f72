package sheet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

const mark = "延長申請済み"

// unwritten: the mark that the lease carries, or carried, is not yet in the row, or not yet out of it.
func unwritten(l *v1alpha1.AccessKeyLease) {
	if e := l.Status.Sheet.ExtensionMark; e != nil {
		e.Row = false
		return
	}
	l.Status.Sheet.Mark, l.Status.Sheet.ExtensionMark = mark, &v1alpha1.ExtensionMark{Row: true}
}

// read: the cell had that text when it was last accepted.
func read(text string) func(*v1alpha1.AccessKeyLease) {
	return func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.Mark = text }
}

// byKeylease: nobody asked by the mark, it went with a date of the lease's.
func byKeylease(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.ExtensionMark.ByKeylease = true }

func foundOn(date string) func(*v1alpha1.AccessKeyLease) {
	return func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.FoundMark = &v1alpha1.FoundMark{EndDate: date} }
}

func TestMergeOfExtensionMarks(t *testing.T) {
	held := merged{Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true}
	free := merged{Ends: agreed, Agreed: agreed}
	spent := merged{Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + earlier}
	unclear := merged{Ends: agreed, Agreed: agreed, Hold: "UnclearMark ", Holds: true}
	writing := func(m merged, text string) merged { m.WriteText = text; return m }
	for rule, tc := range map[string]struct {
		date, status string
		lease        *v1alpha1.AccessKeyLease
		flagOwned    bool
		want         merged
	}{
		"M-same: no mark on either side":       {agreed, "", agreedLease(), false, free},
		"M-same: the mark on both sides":       {agreed, mark, agreedLease(marked(agreed)), false, held},
		"M-same: put on both sides":            {agreed, mark, agreedLease(asked(true)), false, held},
		"M-same: taken away on both sides":     {agreed, "", agreedLease(marked(agreed), asked(false)), false, free},
		"M-sheet: put in the row":              {agreed, "延長", agreedLease(), false, held},
		"M-sheet: taken out of the row":        {agreed, "", agreedLease(marked(agreed)), false, free},
		"M-sheet: a remark takes its place":    {agreed, "要確認", agreedLease(marked(agreed)), false, free},
		"M-lease: put in the lease":            {agreed, "要確認", agreedLease(asked(true)), false, writing(held, mark+" 要確認")},
		"M-lease: taken out of the lease":      {agreed, mark + " 要確認", agreedLease(marked(agreed), asked(false)), false, writing(free, "要確認")},
		"M-waiting: still to be put":           {agreed, "", agreedLease(marked(agreed), unwritten), false, writing(held, mark)},
		"M-waiting: still to be taken away":    {agreed, mark, agreedLease(unwritten), false, writing(free, "-")},
		"M-waiting: put, and found there":      {agreed, mark, agreedLease(marked(agreed), unwritten), false, held},
		"M-waiting: taken away, and found so":  {agreed, "", agreedLease(unwritten), false, free},
		"M-conflict: the held side wins (row)": {agreed, mark, agreedLease(marked(agreed), asked(false), unwritten), false, held},
		"M-conflict: the held side wins (lease)": {agreed, "", agreedLease(asked(true), unwritten), false,
			writing(held, mark)},
		"M-unclear: nothing before":                      {agreed, "延長不要", agreedLease(), false, unclear},
		"M-unclear: in the mark's place":                 {agreed, "延長不要", agreedLease(marked(agreed)), false, unclear},
		"M-unclear: taken out of the lease too":          {agreed, "延長不要", agreedLease(marked(agreed), asked(false)), false, unclear},
		"M-closed: 削除済み in the mark's place":             {agreed, "削除済み", agreedLease(marked(agreed)), false, free},
		"M-flag-owned: a false is no wish":               {agreed, mark, agreedLease(marked(agreed), asked(false)), true, func() merged { m := held; m.Asked = false; return m }()},
		"M-flag-owned: a true is one":                    {agreed, "", agreedLease(asked(true)), true, writing(held, mark)},
		"M-flag-owned: a true stands when the mark goes": {agreed, "要確認", agreedLease(marked(agreed)), true, writing(held, mark+" 要確認")},
		"M-sheet: put back behind an unclear text": {agreed, mark, agreedLease(func(l *v1alpha1.AccessKeyLease) {
			l.Status.Sheet.Mark, l.Status.Sheet.Hold = "延長不要", &v1alpha1.SheetHold{Reason: v1alpha1.ReasonUnclearMark, Time: earlyOn}
		}), false, held},
		"M-sheet: put with a new date, it is spent": {later, mark, agreedLease(), false,
			merged{Ends: later, Asked: true, Agreed: later, Hold: "ExtensionRequested " + agreed, Told: "EndDateExtended 2026-12-08→2027-01-31 mark;"}},
		"M-sheet: put with an earlier date, it is spent too": {earlier, mark, agreedLease(), false,
			merged{Ends: earlier, Asked: true, Agreed: earlier, Hold: "ExtensionRequested " + agreed, Told: "EndDateShortened 2026-12-08→2026-11-20 mark;"}},
		"D-sheet: back to the date that a spent mark held, it holds again": {agreed, mark, agreedLease(marked(agreed), ends(later), func(l *v1alpha1.AccessKeyLease) {
			l.Status.Sheet.EndDate = later
		}), false, merged{Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true, Told: "EndDateShortened 2027-01-31→2026-12-08 sheet;"}},
		"D-sheet: a held lease runs when its date moves": {later, mark, agreedLease(marked(agreed)), false,
			merged{Ends: later, Asked: true, Agreed: later, Hold: "ExtensionRequested " + agreed, Told: "EndDateExtended 2026-12-08→2027-01-31 sheet;"}},
		"M-extend: a held lease runs with the lease's date": {agreed, mark, agreedLease(marked(agreed), ends(later)), false,
			merged{Ends: later, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, WriteDate: later, Told: "EndDateExtended 2026-12-08→2027-01-31 lease;"}},
		"M-extend: back to the date that an old mark held": {agreed, mark, agreedLease(marked(later), ends(later)), false,
			merged{Ends: later, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, WriteDate: later, Told: "EndDateExtended 2026-12-08→2027-01-31 lease;"}},
		"M-extend: and an unclear cell is left alone": {agreed, "延長不要", agreedLease(ends(later)), false,
			merged{Ends: later, Agreed: agreed, Hold: "UnclearMark ", Holds: true, WriteDate: later, Told: "EndDateExtended 2026-12-08→2027-01-31 lease;"}},
		"M-closed: the lease's wish waits": {agreed, "延長不要", agreedLease(asked(true)), false,
			merged{Ends: agreed, Asked: true, Agreed: agreed, Hold: "UnclearMark ", Holds: true}},
		"M-again: over a spent mark":                       {agreed, mark, agreedLease(marked(earlier), read("延長")), false, held},
		"M-again: another text than Keylease's":            {agreed, "延長 部長承認", agreedLease(marked(earlier)), false, held},
		"M-again: over Keylease's own mark":                {agreed, "延長", agreedLease(marked(earlier), byKeylease), false, held},
		"M-again: even where that was set for this date":   {agreed, "延長", agreedLease(marked(agreed), byKeylease), false, held},
		"M-again: over a mark that was to be taken away":   {agreed, "延長", agreedLease(unwritten), false, held},
		"M-again: while it is taken out of the lease":      {agreed, "延長", agreedLease(marked(earlier), asked(false)), false, held},
		"M-again: over one that holds, it changes nothing": {agreed, "延長", agreedLease(marked(agreed)), false, held},
		"M-again: not by a remark":                         {agreed, mark + " 要確認", agreedLease(marked(earlier)), false, spent},
		"M-again: not by another remark":                   {agreed, mark + "、済", agreedLease(marked(earlier), read(mark+" 要確認")), false, spent},
		"M-again: not by what looks the same":              {agreed, "　延長申請済み", agreedLease(marked(earlier)), false, spent},
		"M-again: not by the same text once more":          {agreed, "延長", agreedLease(marked(earlier), read("延長")), false, spent},
		"M-again: with another date, it is spent all the same": {later, mark, agreedLease(marked(earlier), read("延長")), false,
			merged{Ends: later, Asked: true, Agreed: later, Hold: "ExtensionRequested " + agreed, Told: "EndDateExtended 2026-12-08→2027-01-31 sheet;"}},
		"M-again: with another date of the lease": {agreed, mark, agreedLease(marked(earlier), read("延長"), ends(later)), false,
			merged{Ends: later, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, WriteDate: later, Told: "EndDateExtended 2026-12-08→2027-01-31 lease;"}},
		"M-retract: the lease took its date back": {agreed, "", agreedLease(marked(agreed), byKeylease, unwritten, waiting(agreed, later)), false, merged{Ends: agreed, Agreed: agreed, Told: "EndDateShortened 2027-01-31→2026-12-08 lease;"}},
	} {
		t.Run(rule, func(t *testing.T) {
			f := facts()
			f.FlagOwnedElsewhere = tc.flagOwned
			got := mergedOf(tc.lease, sheet.Merge(rowWith(tc.date, tc.status), nil, tc.lease, f), f)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMergeOfExtensionMarksWhereTheyExempt(t *testing.T) {
	for rule, tc := range map[string]struct {
		date, status string
		lease        *v1alpha1.AccessKeyLease
		want         merged
	}{
		"a mark holds whatever the date": {later, mark, agreedLease(marked(agreed)),
			merged{Ends: later, Asked: true, Agreed: later, Hold: "ExtensionRequested " + agreed, Holds: true, Told: "EndDateExtended 2026-12-08→2027-01-31 sheet;"}},
		"a mark that comes with its date holds all the same": {later, mark, agreedLease(),
			merged{Ends: later, Asked: true, Agreed: later, Hold: "ExtensionRequested " + agreed, Holds: true, Told: "EndDateExtended 2026-12-08→2027-01-31 mark;"}},
		"the mark goes": {agreed, "", agreedLease(marked(agreed)), merged{Ends: agreed, Agreed: agreed}},
		"an extension by the lease writes no mark": {agreed, "", agreedLease(ends(later)),
			merged{Ends: later, Agreed: agreed, WriteDate: later, Told: "EndDateExtended 2026-12-08→2027-01-31 lease;"}},
		"an extension by the lease leaves a held lease held": {agreed, mark, agreedLease(marked(agreed), ends(later)),
			merged{Ends: later, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true, WriteDate: later, Told: "EndDateExtended 2026-12-08→2027-01-31 lease;"}},
	} {
		t.Run(rule, func(t *testing.T) {
			f := facts()
			f.Exempt = true
			got := mergedOf(tc.lease, sheet.Merge(rowWith(tc.date, tc.status), nil, tc.lease, f), f)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// termOf: the phase belongs to that date.
func termOf(date string) func(*v1alpha1.AccessKeyLease) {
	return func(l *v1alpha1.AccessKeyLease) { l.Status.Term = &v1alpha1.Term{Number: 1, EndDate: date} }
}

func termless(l *v1alpha1.AccessKeyLease) { l.Status.Term = nil }

func TestMergeWritesTheMarkOfThePhase(t *testing.T) {
	for rule, tc := range map[string]struct {
		status string
		lease  *v1alpha1.AccessKeyLease
		want   string // "": the cell is left alone, "-": emptied
	}{
		"T-new: no phase yet":                                 {"要確認", agreedLease(inPhase("")), ""},
		"T-own: Active takes the mark away":                   {"通知済み", agreedLease(), "-"},
		"T-own: Active leaves the remark":                     {"期限切れ、要確認", agreedLease(), "要確認"},
		"T-own: Active leaves a spent mark":                   {mark, agreedLease(marked(earlier)), ""},
		"T-found: it stands until the summary is out":         {"通知済み", agreedLease(foundOn(agreed)), ""},
		"T-found: 期限切れ too":                                   {"期限切れ 要確認", agreedLease(foundOn(agreed)), ""},
		"T-found: of another date it is none":                 {"通知済み", agreedLease(foundOn(earlier)), "-"},
		"T-own: Notified":                                     {"", agreedLease(inPhase(v1alpha1.PhaseNotified)), "通知済み"},
		"T-own: Notified keeps the remark":                    {"要確認", agreedLease(inPhase(v1alpha1.PhaseNotified)), "通知済み 要確認"},
		"T-own: Notified says it already":                     {" 通知済み　要確認", agreedLease(inPhase(v1alpha1.PhaseNotified)), ""},
		"T-own: Expired":                                      {"通知済み 要確認", agreedLease(inPhase(v1alpha1.PhaseExpired)), "期限切れ 要確認"},
		"T-own: the cell was emptied":                         {"", agreedLease(inPhase(v1alpha1.PhaseExpired)), "期限切れ"},
		"T-spent: Notified takes a spent mark's place":        {mark + " 要確認", agreedLease(marked(earlier), inPhase(v1alpha1.PhaseNotified)), "通知済み 要確認"},
		"T-held: a holding mark stays":                        {mark, agreedLease(marked(agreed), inPhase(v1alpha1.PhaseNotified)), ""},
		"T-closed: unclear":                                   {"削除しないで", agreedLease(inPhase(v1alpha1.PhaseNotified)), ""},
		"T-closed: 削除済み by a person":                          {"削除済み", agreedLease(inPhase(v1alpha1.PhaseNotified)), ""},
		"T-stale: the phase is of another term":               {"", agreedLease(inPhase(v1alpha1.PhaseNotified), termOf(earlier)), ""},
		"T-new: the extension mark is written all the same":   {"要確認", agreedLease(inPhase(""), marked(agreed), unwritten), mark + " 要確認"},
		"T-stale: no term has begun":                          {"要確認", agreedLease(inPhase(v1alpha1.PhaseNotified), termless), ""},
		"F-early: until a term begins":                        {"通知済み 要確認", agreedLease(inPhase(""), termless), "要確認"},
		"F-early: also while something else holds the lease":  {"期限切れ", agreedLease(termless), "-"},
		"F-early: a mark that somebody asked for comes first": {"通知済み", agreedLease(inPhase(""), termless, asked(true)), mark},
		"T-stale: nor is a mark taken away":                   {"通知済み", agreedLease(inPhase(v1alpha1.PhaseActive), termOf(earlier)), ""},
		"T-stale: nor does it take a spent mark's place": {mark,
			agreedLease(marked(earlier), inPhase(v1alpha1.PhaseNotified), termOf(earlier)), ""},
		"T-own: the phase is of this term": {"", agreedLease(inPhase(v1alpha1.PhaseNotified), termOf(agreed)), "通知済み"},
	} {
		t.Run(rule, func(t *testing.T) {
			got := mergedOf(tc.lease, sheet.Merge(rowWith(agreed, tc.status), nil, tc.lease, facts()), facts()).WriteText
			if got != tc.want {
				t.Errorf("writes %q, want %q", got, tc.want)
			}
		})
	}
}

func TestMergeFollowsAPersonsDeletedMark(t *testing.T) {
	for status, want := range map[string]bool{"削除済み": true, "削除済 鈴木": true, "": false, "削除しないで": false} {
		if got := sheet.Merge(rowWith(agreed, status), nil, agreedLease(), facts()).Sheet.MarkedDeleted; got != want {
			t.Errorf("%q: marked deleted %v, want %v", status, got, want)
		}
	}
}

func TestTheFlagGoesWithASpentMark(t *testing.T) {
	lease := agreedLease(marked(earlier), inPhase(v1alpha1.PhaseNotified))
	got := mergedOf(lease, sheet.Merge(rowWith(agreed, mark), nil, lease, facts()), facts())
	if diff := cmp.Diff(merged{Ends: agreed, Agreed: agreed, WriteText: "通知済み"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHoldingOfEveryReason(t *testing.T) {
	against := func(date string) *v1alpha1.SheetRowStatus {
		return &v1alpha1.SheetRowStatus{ExtensionMark: &v1alpha1.ExtensionMark{Lease: true, EndDate: date}}
	}
	held := func(reason, date string) *v1alpha1.SheetRowStatus {
		return &v1alpha1.SheetRowStatus{Hold: &v1alpha1.SheetHold{Reason: reason, EndDate: date}}
	}
	for name, tc := range map[string]struct {
		sheet  *v1alpha1.SheetRowStatus
		exempt bool
		want   string
	}{
		"no sheet":                    {nil, true, ""},
		"none":                        {&v1alpha1.SheetRowStatus{}, true, ""},
		"a mark against this date":    {against(agreed), false, v1alpha1.ReasonExtensionRequested},
		"a mark against another date": {against(later), false, ""},
		"and Exempt":                  {against(later), true, v1alpha1.ReasonExtensionRequested},
		"a mark that is to go":        {&v1alpha1.SheetRowStatus{ExtensionMark: &v1alpha1.ExtensionMark{Row: true}}, true, ""},
		"an invalid row":              {held(v1alpha1.ReasonInvalidRow, ""), false, v1alpha1.ReasonInvalidRow},
		"the spec cannot say so":      {held(v1alpha1.ReasonExtensionRequested, agreed), false, v1alpha1.ReasonExtensionRequested},
		"and its date moved":          {held(v1alpha1.ReasonExtensionRequested, later), false, ""},
	} {
		got := ""
		if h := sheet.Holding(tc.sheet, agreed, tc.exempt); h != nil {
			got = h.Reason
		}
		if got != tc.want {
			t.Errorf("%s: held by %q, want %q", name, got, tc.want)
		}
	}
}
