package sheet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

var noTimes = cmpopts.IgnoreFields(v1alpha1.SheetHold{}, "Time")

func neverAgreed(l *v1alpha1.AccessKeyLease) { l.Status = v1alpha1.AccessKeyLeaseStatus{} }

func TestMergeAtFirstSight(t *testing.T) {
	for rule, tc := range map[string]struct {
		date, status string
		lease        *v1alpha1.AccessKeyLease
		owned        bool
		want         merged
		found        string
	}{
		"a new row":                        {agreed, "要確認", nil, false, merged{Ends: agreed, Agreed: agreed}, ""},
		"F-extension: the mark holds":      {agreed, mark, nil, false, merged{Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true}, ""},
		"F-found: a notice that is due":    {"2026-11-05", "通知済み", nil, false, merged{Ends: "2026-11-05", Agreed: "2026-11-05"}, "2026-11-05"},
		"F-found: 期限切れ":                    {"2026-10-05", "期限切れ", nil, false, merged{Ends: "2026-10-05", Agreed: "2026-10-05"}, "2026-10-05"},
		"F-early: a notice that is not":    {agreed, "通知済み 要確認", nil, false, merged{Ends: agreed, Agreed: agreed, WriteText: "要確認"}, ""},
		"an unclear mark":                  {agreed, "延長不要", nil, false, merged{Ends: agreed, Agreed: agreed, Hold: "UnclearMark ", Holds: true}, ""},
		"the lease was made by hand":       {agreed, "", agreedLease(neverAgreed, ends(later), asked(true)), false, merged{Ends: agreed, Agreed: agreed, Told: "EndDateShortened 2027-01-31→2026-12-08 sheet;"}, ""},
		"the operator died before status":  {agreed, mark, agreedLease(neverAgreed, asked(true)), false, merged{Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true}, ""},
		"D-owned: another manager's lease": {agreed, "", agreedLease(neverAgreed, ends(later)), true, merged{Ends: later, Agreed: later, Hold: "FieldOwnedElsewhere ", Holds: true, Told: "FieldOwnedElsewhere 2027-01-31→2026-12-08 sheet;"}, ""},
		"the row was invalid so far": {agreed, "", agreedLease(func(l *v1alpha1.AccessKeyLease) {
			l.Status.Sheet = &v1alpha1.SheetRowStatus{Row: 3, Hold: &v1alpha1.SheetHold{Reason: v1alpha1.ReasonInvalidRow}}
		}), false, merged{Ends: agreed, Agreed: agreed}, ""},
	} {
		t.Run(rule, func(t *testing.T) {
			f := facts()
			f.OwnedElsewhere = tc.owned
			out := sheet.Merge(rowWith(tc.date, tc.status), nil, tc.lease, f)
			if diff := cmp.Diff(tc.want, mergedOf(tc.lease, out, f)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			found := ""
			if out.Sheet.FoundMark != nil {
				found = out.Sheet.FoundMark.EndDate
			}
			if found != tc.found {
				t.Errorf("found mark %q, want %q", found, tc.found)
			}
		})
	}
}

// F-flag-owned.
func TestAnotherManagersFlagHoldsAtFirstSight(t *testing.T) {
	f := facts()
	f.FlagOwnedElsewhere = true
	for status, want := range map[string]merged{
		"要確認":  {Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true, WriteText: mark + " 要確認"},
		mark:   {Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true},
		"延長不要": {Ends: agreed, Asked: true, Agreed: agreed, Hold: "UnclearMark ", Holds: true},
	} {
		lease := agreedLease(neverAgreed, asked(true))
		if diff := cmp.Diff(want, mergedOf(lease, sheet.Merge(rowWith(agreed, status), nil, lease, f), f)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", status, diff)
		}
	}
}

// F-term.
func TestMergeFindsNoMarkOfAnotherTerm(t *testing.T) {
	for date, want := range map[string]bool{agreed: true, later: false} {
		lease := agreedLease(func(l *v1alpha1.AccessKeyLease) {
			l.Status.Sheet.FoundMark = &v1alpha1.FoundMark{EndDate: agreed, SummaryTime: &earlyOn}
		})
		if got := sheet.Merge(rowWith(date, ""), nil, lease, facts()).Sheet.FoundMark; (got != nil) != want {
			t.Errorf("the row ends %s: found mark %v, want one: %v", date, got, want)
		}
	}
}

func TestMergeOfARowThatCannotBeUsed(t *testing.T) {
	problem := &sheet.Problem{Row: 7, AccessKeyID: "AKIAKEYLEASE00000002", Reason: v1alpha1.RowInvalidDate, Value: "来月末", Message: "end date 来月末"}
	hold := &v1alpha1.SheetHold{Reason: v1alpha1.ReasonInvalidRow, Message: "end date 来月末"}
	both := &v1alpha1.ExtensionMark{Row: true, Lease: true, EndDate: agreed}
	revoked := func(l *v1alpha1.AccessKeyLease) {
		l.Status.Phase, l.Status.Revocation = v1alpha1.PhaseRevoked, &v1alpha1.RevocationStatus{CompletionTime: &earlyOn}
	}
	for rule, tc := range map[string]struct {
		problem *sheet.Problem
		lease   *v1alpha1.AccessKeyLease
		want    v1alpha1.SheetRowStatus
	}{
		"R-invalid: no lease":                        {problem, nil, v1alpha1.SheetRowStatus{}},
		"R-invalid: held":                            {problem, agreedLease(), v1alpha1.SheetRowStatus{Row: 7, EndDate: agreed, Hold: hold}},
		"R-invalid: the mark's date is remembered":   {problem, agreedLease(marked(agreed)), v1alpha1.SheetRowStatus{Row: 7, EndDate: agreed, Mark: mark, ExtensionMark: both, Hold: hold}},
		"R-invalid: what waits goes on waiting":      {problem, agreedLease(ends(later), waiting(agreed, later)), v1alpha1.SheetRowStatus{Row: 7, EndDate: agreed, Hold: hold, LeaseEndDate: later}},
		"R-invalid: a lease that never was on a row": {problem, agreedLease(neverAgreed), v1alpha1.SheetRowStatus{Row: 7, Hold: hold}},
		"R-invalid: a Revoked lease is not held":     {problem, agreedLease(revoked), v1alpha1.SheetRowStatus{Row: 7, EndDate: agreed}},
		"R-gone: no lease":                           {nil, nil, v1alpha1.SheetRowStatus{}},
		"R-gone: never on a row":                     {nil, agreedLease(neverAgreed), v1alpha1.SheetRowStatus{}},
		"R-gone: the lease goes on":                  {nil, agreedLease(), v1alpha1.SheetRowStatus{EndDate: agreed}},
		"R-gone: the hold stays":                     {nil, agreedLease(marked(agreed)), v1alpha1.SheetRowStatus{EndDate: agreed, Mark: mark, ExtensionMark: both}},
		"R-gone: the lease's own date is left":       {nil, agreedLease(ends(later)), v1alpha1.SheetRowStatus{EndDate: agreed}},
		"R-gone: the lease can ask":                  {nil, agreedLease(asked(true)), v1alpha1.SheetRowStatus{EndDate: agreed, ExtensionMark: &v1alpha1.ExtensionMark{Lease: true, EndDate: agreed}}},
		"R-gone: and take it back":                   {nil, agreedLease(marked(agreed), asked(false)), v1alpha1.SheetRowStatus{EndDate: agreed, Mark: mark, ExtensionMark: &v1alpha1.ExtensionMark{Row: true}}},
	} {
		t.Run(rule, func(t *testing.T) {
			want := sheet.Outcome{Sheet: tc.want}
			if diff := cmp.Diff(want, sheet.Merge(nil, tc.problem, tc.lease, facts()), noTimes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// R-gone, M-flag-owned.
func TestAnotherManagersFlagIsNoWishWhereTheRowIsGoneEither(t *testing.T) {
	f := facts()
	f.FlagOwnedElsewhere = true
	held := merged{Ends: agreed, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true}
	heldByFlag := held
	heldByFlag.Asked = true
	for name, tc := range map[string]struct {
		lease *v1alpha1.AccessKeyLease
		want  merged
	}{
		"its 0, and the row had the mark": {agreedLease(marked(agreed), asked(false)), held},
		"its 0, and the row had none":     {agreedLease(), merged{Ends: agreed, Agreed: agreed}},
		"its 1, and the row had none":     {agreedLease(asked(true)), heldByFlag},
		"its 1, and the row had the mark": {agreedLease(marked(agreed)), heldByFlag},
	} {
		for range 2 { // and so it stays
			out := sheet.Merge(nil, nil, tc.lease, f)
			if diff := cmp.Diff(tc.want, mergedOf(tc.lease, out, f)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			tc.lease = after(tc.lease, out)
		}
	}
}

func TestMergeOfARowWithAnotherIdentityHolds(t *testing.T) {
	for name, change := range map[string]func(*sheet.Row){
		"another user":    func(r *sheet.Row) { r.UserName = "svc-other" },
		"another account": func(r *sheet.Row) { r.AccountID = "210987654321" },
	} {
		row := rowWith(later, "")
		change(row)
		out := sheet.Merge(row, nil, agreedLease(), facts())
		if p := sheet.CheckIdentity(*row, agreedLease()); p == nil || p.Reason != v1alpha1.RowIdentityChanged || p.Value == "" {
			t.Errorf("%s: problem %+v", name, p)
		}
		if out.Spec != nil || out.Sheet.Hold == nil || out.Sheet.Hold.Reason != v1alpha1.ReasonInvalidRow {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

func TestTheSheetsDateWinsWhenTheRowComesBack(t *testing.T) {
	wasGone := func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.Row = 0 }
	for rule, tc := range map[string]struct {
		date  string
		lease *v1alpha1.AccessKeyLease
		owned bool
		want  merged
	}{
		"R-back: as it was": {agreed, agreedLease(wasGone), false, merged{Ends: agreed, Agreed: agreed}},
		"R-back: with a new date": {later, agreedLease(wasGone), false,
			merged{Ends: later, Agreed: later, Told: "EndDateExtended 2026-12-08→2027-01-31 sheet;"}},
		"R-back: over what the lease was given meanwhile": {agreed, agreedLease(wasGone, ends(later)), false,
			merged{Ends: agreed, Agreed: agreed, Told: "EndDateShortened 2027-01-31→2026-12-08 sheet;"}},
		"R-back: a new date over what the lease was given meanwhile": {earlier, agreedLease(wasGone, ends(later)), false,
			merged{Ends: earlier, Agreed: earlier, Told: "EndDateShortened 2027-01-31→2026-11-20 sheet;"}},
		"R-back: a date of the lease's that waited before the row went is written": {agreed, agreedLease(wasGone, ends(later), waiting(agreed, later)), false,
			merged{Ends: later, Agreed: agreed, WriteDate: later}},
		"D-owned: the row is back, but another manager owns the date": {agreed, agreedLease(wasGone, ends(later)), true,
			merged{Ends: later, Agreed: later, Hold: "FieldOwnedElsewhere ", Holds: true, Told: "FieldOwnedElsewhere 2027-01-31→2026-12-08 sheet;"}},
		"M-sheet: the hold goes with a mark that did not come back": {agreed, agreedLease(wasGone, marked(agreed)), false,
			merged{Ends: agreed, Agreed: agreed}},
	} {
		t.Run(rule, func(t *testing.T) {
			f := facts()
			f.OwnedElsewhere = tc.owned
			f.Exempt = tc.lease.Status.Sheet.LeaseEndDate != "" // the mark has tests of its own
			out := sheet.Merge(rowWith(tc.date, ""), nil, tc.lease, f)
			if diff := cmp.Diff(tc.want, mergedOf(tc.lease, out, f)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			again := sheet.Merge(rowWith(tc.date, ""), nil, after(tc.lease, out), f)
			if again.Spec != nil || len(again.Changes) > 0 || again.Sheet.Row != 3 {
				t.Errorf("the next merge decides anew: %+v", again)
			}
		})
	}
}

func TestMergeOfALeaseWhoseSpecCannotChange(t *testing.T) {
	confirmed := func(l *v1alpha1.AccessKeyLease) {
		l.Status.Phase, l.Status.Revocation = v1alpha1.PhaseRevoked, &v1alpha1.RevocationStatus{CompletionTime: &earlyOn}
	}
	byMark := func(l *v1alpha1.AccessKeyLease) {
		l.Status.Phase, l.Status.Sheet.MarkedDeleted, l.Status.Sheet.Mark = v1alpha1.PhaseRevoked, true, "削除済み"
	}
	deleting := func(l *v1alpha1.AccessKeyLease) {
		l.Status.Phase = v1alpha1.PhaseExpired
		l.Status.Revocation = &v1alpha1.RevocationStatus{Intent: &v1alpha1.RevocationIntent{Action: "DeleteAccessKey", Time: metav1.Now()}}
	}
	deleted := func(l *v1alpha1.AccessKeyLease) {
		l.Status.Phase, l.Status.Revocation = v1alpha1.PhaseExpired, &v1alpha1.RevocationStatus{KeyDeletedTime: &earlyOn}
	}
	heldByRow := func(l *v1alpha1.AccessKeyLease) {
		l.Status.Sheet.Mark, l.Status.Sheet.Hold = mark, &v1alpha1.SheetHold{Reason: v1alpha1.ReasonExtensionRequested, EndDate: agreed}
	}
	tooLate := merged{Ends: agreed, Agreed: agreed, Told: "ExtensionRefused 2026-12-08→2026-12-08 mark;"}
	plain := merged{Ends: agreed, Agreed: agreed}
	writing := func(text string) merged { m := plain; m.WriteText = text; return m }
	held := merged{Ends: agreed, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true}
	unclear := merged{Ends: agreed, Agreed: agreed, Hold: "UnclearMark ", Holds: true}
	for rule, tc := range map[string]struct {
		date, status string
		lease        *v1alpha1.AccessKeyLease
		want         merged
	}{
		"X-confirmed: says so":                      {agreed, "削除済 要確認", agreedLease(confirmed), plain},
		"X-confirmed: written":                      {agreed, "期限切れ 要確認", agreedLease(confirmed), writing("削除済み 要確認")},
		"X-confirmed: written over a mark":          {later, mark, agreedLease(confirmed), writing("削除済み")},
		"X-confirmed: written over an unclear text": {agreed, "延長不要", agreedLease(confirmed), writing("削除済み 延長不要")},
		"X-confirmed: and found so":                 {agreed, "削除済み 延長不要", agreedLease(confirmed), plain},
		"by mark: it stays":                         {agreed, "削除済み", agreedLease(byMark), plain},
		"by mark: it goes":                          {agreed, "要確認", agreedLease(byMark), plain},
		"X-unclear: by mark":                        {agreed, "削除しないで", agreedLease(byMark), unclear},
		"X-extension: by mark":                      {agreed, mark, agreedLease(byMark), held},
		"X-moved: by mark":                          {later, "", agreedLease(byMark), held},
		"X-extension: the key is being deleted":     {agreed, mark, agreedLease(deleting), held},
		"X-late: the key is deleted":                {agreed, mark, agreedLease(deleted), tooLate},
		"X-late: it was held until that was known":  {agreed, mark, agreedLease(deleted, heldByRow), tooLate},
		"a mark that was there is not told again":   {agreed, mark, agreedLease(deleted, func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.Mark = mark }), plain},
		"X-unclear: the key is deleted":             {agreed, "削除しないで", agreedLease(deleted), unclear},
		"a spent mark stays spent": {agreed, mark, agreedLease(deleting, marked(earlier)),
			merged{Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + earlier}},
		"M-again: over a spent mark, while the key is being deleted": {agreed, mark, agreedLease(deleting, marked(earlier), read("延長")),
			merged{Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true}},
		"X-expired: the key is being deleted": {agreed, "通知済み 要確認", agreedLease(deleting), writing("期限切れ 要確認")},
		"X-late: the key is being deleted": {later, "期限切れ", agreedLease(deleting),
			merged{Ends: agreed, Agreed: agreed, Told: "ExtensionRefused 2026-12-08→2027-01-31 sheet;"}},
	} {
		t.Run(rule, func(t *testing.T) {
			out := sheet.Merge(rowWith(tc.date, tc.status), nil, tc.lease, facts())
			if diff := cmp.Diff(tc.want, mergedOf(tc.lease, out, facts())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if out.Spec != nil {
				t.Errorf("wrote the spec: %+v", out.Spec)
			}
			if again := sheet.Merge(rowWith(tc.date, tc.status), nil, after(tc.lease, out), facts()); len(again.Changes) > 0 {
				t.Errorf("told again: %+v", again.Changes)
			}
		})
	}
}

func TestAMarkPutWhileTheLeaseWasRevokedHoldsAfterwards(t *testing.T) {
	lease := agreedLease(func(l *v1alpha1.AccessKeyLease) {
		l.Status.Phase, l.Status.Sheet.MarkedDeleted = v1alpha1.PhaseRevoked, true
	})
	lease = after(lease, sheet.Merge(rowWith(agreed, mark), nil, lease, facts()))
	lease.Status.Phase = v1alpha1.PhaseExpired
	got := mergedOf(lease, sheet.Merge(rowWith(agreed, mark), nil, lease, facts()), facts())
	want := merged{Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// T-read.
func TestTheAgreedMarkIsTheCellAsItWasRead(t *testing.T) {
	for text, want := range map[string]string{"": "", "通知済み 要確認": "通知済み 要確認", "延長不要": "延長不要"} {
		if got := sheet.Merge(rowWith(agreed, text), nil, agreedLease(inPhase(v1alpha1.PhaseNotified)), facts()).Sheet.Mark; got != want {
			t.Errorf("%q is remembered as %q", text, got)
		}
	}
}
