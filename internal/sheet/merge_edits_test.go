package sheet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// reading of a row, that long after the first.
type reading struct {
	after        time.Duration
	date, status string
}

// M-together. The two cells of one edit, with readings of the sheet before, between and after.
func TestADateAndAMarkOfOneEditRunHoweverTheyAreRead(t *testing.T) {
	const m = time.Minute
	for name, tc := range map[string]struct {
		readings []reading
		hold     string
		holds    bool
		from     string // what is remembered of the move
	}{
		"in one reading":                    {[]reading{{0, later, mark}}, agreed, false, ""},
		"the date, a reading, the mark":     {[]reading{{0, later, ""}, {5 * m, later, mark}}, agreed, false, ""},
		"the mark, a reading, the date":     {[]reading{{0, agreed, mark}, {5 * m, later, mark}}, agreed, false, agreed},
		"and the mark retyped with it":      {[]reading{{0, agreed, "延長"}, {5 * m, later, "延長"}, {10 * m, later, mark}}, agreed, false, ""},
		"and the mark retyped after that":   {[]reading{{0, agreed, "延長"}, {5 * m, later, "延長"}, {7 * 24 * time.Hour, later, mark}}, later, true, ""},
		"and the mark taken and put again":  {[]reading{{0, agreed, mark}, {5 * m, later, mark}, {6 * m, later, ""}, {7 * m, later, mark}}, later, true, ""},
		"one reading failed between":        {[]reading{{0, later, ""}, {10 * m, later, mark}}, agreed, false, ""},
		"the mark came later than that":     {[]reading{{0, later, ""}, {10*m + time.Second, later, mark}}, later, true, ""},
		"a week later":                      {[]reading{{0, later, ""}, {5 * m, later, ""}, {7 * 24 * time.Hour, later, mark}}, later, true, ""},
		"an earlier date, then the mark":    {[]reading{{0, earlier, ""}, {5 * m, earlier, mark}}, earlier, true, ""},
		"a slip, put right, the mark":       {[]reading{{0, latest, ""}, {5 * m, later, ""}, {10 * m, later, mark}}, agreed, false, ""},
		"a slip, put right with the mark":   {[]reading{{0, latest, ""}, {5 * m, later, mark}}, agreed, false, ""},
		"twice later, then the mark":        {[]reading{{0, later, ""}, {9 * m, latest, ""}, {18 * m, latest, mark}}, agreed, false, ""},
		"later and back, then the mark":     {[]reading{{0, later, ""}, {m, agreed, ""}, {2 * m, agreed, mark}}, agreed, true, ""},
		"the mark again after it was taken": {[]reading{{0, later, ""}, {m, later, mark}, {2 * m, later, ""}, {3 * m, later, mark}}, later, true, ""},
		"no mark at all":                    {[]reading{{0, later, ""}, {24 * time.Hour, later, "要確認"}}, "", false, agreed},
	} {
		t.Run(name, func(t *testing.T) {
			lease, f := agreedLease(), facts()
			for _, r := range tc.readings {
				f.Now = syncTime.Add(r.after)
				lease = after(lease, sheet.Merge(rowWith(r.date, r.status), nil, lease, f))
				lease.Status.Term.EndDate = lease.Spec.EndDate
			}
			e, from := lease.Status.Sheet.ExtensionMark, lease.Status.Sheet.MovedFrom
			if got := holds(lease, false); got != tc.holds || (e != nil && e.EndDate != tc.hold) || (e == nil) != (tc.hold == "") {
				t.Errorf("holds %v: %+v, want %v at %q", got, e, tc.holds, tc.hold)
			}
			if (from == nil) != (tc.from == "") || (from != nil && from.EndDate != tc.from) {
				t.Errorf("the row moved from %+v, want %q", from, tc.from)
			}
			last := tc.readings[len(tc.readings)-1]
			f.Now = f.Now.Add(24 * time.Hour)
			if diff := cmp.Diff(lease, after(lease, sheet.Merge(rowWith(last.date, last.status), nil, lease, f))); diff != "" {
				t.Errorf("a day later, at rest (-before +after):\n%s", diff)
			}
		})
	}
}

// D-owned, M-together: a date that was not taken is no move.
func TestARowsDateThatWasNotTakenIsNotRememberedAsAMove(t *testing.T) {
	f := facts()
	f.OwnedElsewhere = true
	if got := sheet.Merge(rowWith(later, ""), nil, agreedLease(), f).Sheet.MovedFrom; got != nil {
		t.Errorf("remembered %+v", got)
	}
}

// extendedByLease is a lease that kubectl extended from agreed to later, and its row has the date and Keylease's mark.
func extendedByLease(change ...func(*v1alpha1.AccessKeyLease)) *v1alpha1.AccessKeyLease {
	lease := agreedLease(append([]func(*v1alpha1.AccessKeyLease){ends(later)}, change...)...)
	out := sheet.Merge(rowWith(agreed, ""), nil, lease, facts())
	lease = after(lease, out)
	written := sheet.Written(*lease.Status.Sheet, out.StatusText, out.EndDate)
	lease.Status.Sheet, lease.Status.Term.EndDate = &written, later
	return lease
}

// M-extend, M-undone: nobody asked for anything by a mark that Keylease put.
func TestKeyleasesOwnMarkHoldsNoDate(t *testing.T) {
	invalid := &sheet.Problem{Row: 3, Reason: v1alpha1.RowInvalidDate, Message: "来月末"}
	back := merged{Ends: agreed, Agreed: agreed, WriteText: "-", Told: "EndDateShortened 2027-01-31→2026-12-08 sheet;"}
	remarked := back
	remarked.WriteText = "要確認"
	for name, tc := range map[string]struct {
		before func(*v1alpha1.AccessKeyLease) *v1alpha1.AccessKeyLease
		status string
		want   merged
	}{
		"the row goes back": {nil, mark, back},
		"its remark stays":  {nil, mark + " 要確認", remarked},
		"by way of a third date": {func(l *v1alpha1.AccessKeyLease) *v1alpha1.AccessKeyLease {
			return after(l, sheet.Merge(rowWith(latest, mark), nil, l, facts()))
		}, mark, merged{Ends: agreed, Agreed: agreed, WriteText: "-", Told: "EndDateShortened 2027-03-31→2026-12-08 sheet;"}},
		"by way of a row that cannot be read": {func(l *v1alpha1.AccessKeyLease) *v1alpha1.AccessKeyLease {
			return after(l, sheet.Merge(nil, invalid, l, facts()))
		}, mark, back},
		"the person took the mark away as well": {nil, "", merged{Ends: agreed, Agreed: agreed, Told: back.Told}},
	} {
		t.Run(name, func(t *testing.T) {
			lease := extendedByLease()
			if tc.before != nil {
				lease = tc.before(lease)
			}
			out := sheet.Merge(rowWith(agreed, tc.status), nil, lease, facts())
			if diff := cmp.Diff(tc.want, mergedOf(lease, out, facts())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// M-undone, R-gone.
func TestKeyleasesOwnMarkHoldsNoDateWithoutTheRowEither(t *testing.T) {
	lease := extendedByLease()
	lease = after(lease, sheet.Merge(nil, nil, lease, facts()))
	lease.Spec.EndDate = agreed
	if s := sheet.Merge(nil, nil, lease, facts()).Sheet; sheet.Holding(&s, agreed, false) != nil {
		t.Errorf("held: %+v", s)
	}
}

// M-extend: whose mark it is, once the lease was given a date.
func TestAMarkIsKeyleasesUnlessAPersonHadAsked(t *testing.T) {
	for name, tc := range map[string]struct {
		status string
		lease  *v1alpha1.AccessKeyLease
		owned  bool
		want   bool
	}{
		"no mark before":                          {"", agreedLease(ends(later)), false, true},
		"a person's, which held the date":         {mark, agreedLease(ends(later), marked(agreed)), false, false},
		"a person's, put in the same moment":      {mark, agreedLease(ends(later)), false, false},
		"a person's, spent: its wish was granted": {mark, agreedLease(ends(later), marked(earlier)), false, true},
		"another manager's flag":                  {"", agreedLease(ends(later), asked(true)), true, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := facts()
			f.FlagOwnedElsewhere = tc.owned
			out := sheet.Merge(rowWith(agreed, tc.status), nil, tc.lease, f)
			if e := out.Sheet.ExtensionMark; e == nil || e.EndDate != agreed || e.ByKeylease != tc.want {
				t.Errorf("%+v, want Keylease's %v", e, tc.want)
			}
		})
	}
}
