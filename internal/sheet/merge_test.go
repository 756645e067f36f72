package sheet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// The dates of these tests: agreed, and what the sheet and the lease were changed to.
const (
	agreed  = "2026-12-08"
	earlier = "2026-11-20"
	later   = "2027-01-31"
	latest  = "2027-03-31"
)

var (
	syncTime = time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)
	earlyOn  = metav1.NewTime(time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC))
)

func facts() sheet.Facts {
	return sheet.Facts{Now: syncTime, Marks: defaultMarks, FirstNoticeDue: func(end string) bool { return end <= "2026-11-08" }}
}

func rowWith(date, status string) *sheet.Row {
	return &sheet.Row{Number: 3, AccessKeyID: "AKIAKEYLEASE00000002", UserName: "svc-report", AccountID: "123456789012",
		FullName: "鈴木 花子", Purpose: "月次レポート", Resource: "S3", StartDate: "2026-06-03", EndDate: date, EndDateCell: date,
		Status: sheet.ParseStatus(status, defaultMarks)}
}

// agreedLease is a lease whose row said the same when it was last read.
func agreedLease(change ...func(*v1alpha1.AccessKeyLease)) *v1alpha1.AccessKeyLease {
	l := &v1alpha1.AccessKeyLease{}
	l.Spec = v1alpha1.AccessKeyLeaseSpec{SheetRef: v1alpha1.SheetReference{Name: "key-requests"}, AccessKeyID: "AKIAKEYLEASE00000002",
		UserName: "svc-report", AccountID: "123456789012", Owner: v1alpha1.LeaseOwner{FullName: "鈴木 花子"}, Purpose: "月次レポート",
		Resource: "S3", StartDate: "2026-06-03", EndDate: agreed}
	l.Status.Phase = v1alpha1.PhaseActive
	l.Status.Term = &v1alpha1.Term{Number: 1, EndDate: agreed}
	l.Status.Sheet = &v1alpha1.SheetRowStatus{Row: 3, EndDate: agreed}
	for _, c := range change {
		c(l)
	}
	return l
}

// marked: the row carried the extension mark, put against that date.
func marked(date string) func(*v1alpha1.AccessKeyLease) {
	return func(l *v1alpha1.AccessKeyLease) {
		l.Spec.ExtensionRequested = true
		l.Status.Sheet.Mark = "延長申請済み"
		l.Status.Sheet.ExtensionMark = &v1alpha1.ExtensionMark{Row: true, Lease: true, EndDate: date}
	}
}

// waiting: the row had row and was to be given date, which the lease has.
func waiting(row, date string) func(*v1alpha1.AccessKeyLease) {
	return func(l *v1alpha1.AccessKeyLease) {
		if row != agreed {
			l.Status.Sheet.RowEndDate = row
		}
		l.Status.Sheet.LeaseEndDate = date
	}
}

func ends(date string) func(*v1alpha1.AccessKeyLease) {
	return func(l *v1alpha1.AccessKeyLease) { l.Spec.EndDate = date }
}

func asked(flag bool) func(*v1alpha1.AccessKeyLease) {
	return func(l *v1alpha1.AccessKeyLease) { l.Spec.ExtensionRequested = flag }
}

func inPhase(p v1alpha1.Phase) func(*v1alpha1.AccessKeyLease) {
	return func(l *v1alpha1.AccessKeyLease) { l.Status.Phase = p }
}

// merged is what matters of an outcome, in a form that reads well in a table.
type merged struct {
	Ends      string // the lease's end date from here on
	Asked     bool   // its flag
	Agreed    string
	Hold      string // reason and date
	Holds     bool
	WriteDate string
	WriteText string // "-" for an empty cell
	Told      string // reason old→new via
}

func mergedOf(lease *v1alpha1.AccessKeyLease, out sheet.Outcome, f sheet.Facts) merged {
	spec := v1alpha1.AccessKeyLeaseSpec{}
	if lease != nil {
		spec = lease.Spec
	}
	if out.Spec != nil {
		spec = *out.Spec
	}
	m := merged{Ends: spec.EndDate, Asked: spec.ExtensionRequested, Agreed: out.Sheet.EndDate, WriteDate: out.EndDate,
		Holds: sheet.Holding(&out.Sheet, spec.EndDate, f.Exempt) != nil}
	if h, e := out.Sheet.Hold, out.Sheet.ExtensionMark; h != nil {
		m.Hold = h.Reason + " " + h.EndDate
	} else if e != nil && e.Lease { // whether it holds or is spent
		m.Hold = v1alpha1.ReasonExtensionRequested + " " + e.EndDate
	}
	if out.StatusText != nil {
		if m.WriteText = *out.StatusText; m.WriteText == "" {
			m.WriteText = "-"
		}
	}
	for _, c := range out.Changes {
		m.Told += c.Reason + " " + c.Old + "→" + c.New + " " + c.Via + ";"
	}
	return m
}

// holds tells whether the row keeps the lease out of processing.
func holds(lease *v1alpha1.AccessKeyLease, exempt bool) bool {
	return sheet.Holding(lease.Status.Sheet, lease.Spec.EndDate, exempt) != nil
}

// after applies an outcome to the lease, as the sync does.
func after(lease *v1alpha1.AccessKeyLease, out sheet.Outcome) *v1alpha1.AccessKeyLease {
	next := &v1alpha1.AccessKeyLease{}
	if lease != nil {
		next = lease.DeepCopy()
	}
	if out.Spec != nil {
		next.Spec = *out.Spec
		next.Spec.SheetRef.Name = "key-requests"
	}
	s := out.Sheet
	next.Status.Sheet = s.DeepCopy()
	return next
}

func TestMergeOfEndDates(t *testing.T) {
	for rule, tc := range map[string]struct {
		row     string
		lease   string
		owned   bool
		refused string
		want    merged
	}{
		"D-same: unchanged on both sides": {row: agreed, lease: agreed, want: merged{Ends: agreed, Agreed: agreed}},
		"D-same: changed to the same on both sides": {row: later, lease: later,
			want: merged{Ends: later, Agreed: later, Told: "EndDateExtended 2026-12-08→2027-01-31 sheet;"}},
		"D-sheet: later in the sheet": {row: later, lease: agreed,
			want: merged{Ends: later, Agreed: later, Told: "EndDateExtended 2026-12-08→2027-01-31 sheet;"}},
		"D-sheet: earlier in the sheet": {row: earlier, lease: agreed,
			want: merged{Ends: earlier, Agreed: earlier, Told: "EndDateShortened 2026-12-08→2026-11-20 sheet;"}},
		"D-lease: later in the lease": {row: agreed, lease: later, want: merged{Ends: later, Asked: true, Agreed: agreed,
			Hold: "ExtensionRequested " + agreed, WriteDate: later, WriteText: "延長申請済み", Told: "EndDateExtended 2026-12-08→2027-01-31 lease;"}},
		"D-lease: earlier in the lease": {row: agreed, lease: earlier, want: merged{Ends: earlier, Asked: true, Agreed: agreed,
			Hold: "ExtensionRequested " + agreed, WriteDate: earlier, WriteText: "延長申請済み", Told: "EndDateShortened 2026-12-08→2026-11-20 lease;"}},
		"D-lease: another manager's own date wins like any": {row: agreed, lease: later, owned: true, want: merged{Ends: later, Asked: true, Agreed: agreed,
			Hold: "ExtensionRequested " + agreed, WriteDate: later, WriteText: "延長申請済み", Told: "EndDateExtended 2026-12-08→2027-01-31 lease;"}},
		"D-conflict: the sheet's is later": {row: latest, lease: later,
			want: merged{Ends: latest, Agreed: latest, Told: "EndDateConflict 2026-12-08→2027-03-31 sheet;"}},
		"D-conflict: the lease's is later": {row: earlier, lease: later, want: merged{Ends: later, Asked: true, Agreed: agreed,
			Hold: "ExtensionRequested " + earlier, WriteDate: later, WriteText: "延長申請済み", Told: "EndDateConflict 2026-12-08→2027-01-31 lease;"}},
		"D-owned: the sheet is later": {row: later, lease: agreed, owned: true, want: merged{Ends: agreed, Agreed: agreed,
			Hold: "FieldOwnedElsewhere ", Holds: true, Told: "FieldOwnedElsewhere 2026-12-08→2027-01-31 sheet;"}},
		"D-owned: the sheet is earlier": {row: earlier, lease: agreed, owned: true, want: merged{Ends: agreed, Agreed: agreed,
			Hold: "FieldOwnedElsewhere ", Holds: true, Told: "FieldOwnedElsewhere 2026-12-08→2026-11-20 sheet;"}},
		"D-owned: a conflict with the later date in the sheet": {row: latest, lease: later, owned: true, want: merged{Ends: later, Agreed: agreed,
			Hold: "FieldOwnedElsewhere ", Holds: true, Told: "FieldOwnedElsewhere 2027-01-31→2027-03-31 sheet;"}},
		"D-owned: told once": {row: later, lease: agreed, owned: true, refused: later,
			want: merged{Ends: agreed, Agreed: agreed, Hold: "FieldOwnedElsewhere ", Holds: true}},
		"D-owned: over when the other manager follows": {row: later, lease: later, owned: true, refused: later,
			want: merged{Ends: later, Agreed: later, Told: "EndDateExtended 2026-12-08→2027-01-31 sheet;"}},
		"D-owned: over when the owner lets go": {row: later, lease: agreed, refused: later,
			want: merged{Ends: later, Agreed: later, Told: "EndDateExtended 2026-12-08→2027-01-31 sheet;"}},
	} {
		t.Run(rule, func(t *testing.T) {
			f := facts()
			f.OwnedElsewhere = tc.owned
			lease := agreedLease(ends(tc.lease))
			lease.Status.Sheet.RefusedEndDate = tc.refused
			got := mergedOf(lease, sheet.Merge(rowWith(tc.row, ""), nil, lease, f), f)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMergeOfAPendingEndDate(t *testing.T) {
	for rule, tc := range map[string]struct {
		row   string
		lease string
		want  merged
	}{
		"D-waiting: written again, told no more": {row: agreed, lease: later,
			want: merged{Ends: later, Agreed: agreed, WriteDate: later}},
		"D-arrived: the write was done": {row: later, lease: later, want: merged{Ends: later, Agreed: later}},
		"D-arrived: and the lease moved on": {row: later, lease: latest, want: merged{Ends: latest, Agreed: later,
			WriteDate: latest, Told: "EndDateExtended 2027-01-31→2027-03-31 lease;"}},
		"D-lease: the lease moved on before": {row: agreed, lease: latest, want: merged{Ends: latest, Agreed: agreed,
			WriteDate: latest, Told: "EndDateExtended 2027-01-31→2027-03-31 lease;"}},
		"D-same: the lease took it back before": {row: agreed, lease: agreed,
			want: merged{Ends: agreed, Agreed: agreed, Told: "EndDateShortened 2027-01-31→2026-12-08 lease;"}},
		"D-conflict: a person moved the row later still": {row: latest, lease: later,
			want: merged{Ends: latest, Agreed: latest, Told: "EndDateConflict 2026-12-08→2027-03-31 sheet;"}},
		"D-conflict: a person moved the row, not as late": {row: earlier, lease: later, want: merged{Ends: later, Agreed: agreed,
			WriteDate: later, Told: "EndDateConflict 2026-12-08→2027-01-31 lease;"}},
	} {
		t.Run(rule, func(t *testing.T) {
			f := facts()
			f.Exempt = true // the mark has tests of its own
			lease := agreedLease(ends(tc.lease), waiting(agreed, later))
			got := mergedOf(lease, sheet.Merge(rowWith(tc.row, ""), nil, lease, f), f)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestARowThatGoesBackWhileAnotherManagersDateIsPendingStaysHeld(t *testing.T) {
	f := facts()
	f.OwnedElsewhere = true
	lease := agreedLease(ends(earlier), waiting("2026-11-10", earlier))
	want := merged{Ends: earlier, Agreed: agreed, Hold: "FieldOwnedElsewhere ", Holds: true, Told: "FieldOwnedElsewhere 2026-11-20→2026-12-08 sheet;"}
	for range 2 {
		out := sheet.Merge(rowWith(agreed, ""), nil, lease, f)
		if diff := cmp.Diff(want, mergedOf(lease, out, f)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		lease, want.Told = after(lease, out), ""
	}
}

func TestWrittenMakesALaterEditOfTheRowAnEditAndNoConflict(t *testing.T) {
	lease := agreedLease(ends(latest))
	out := sheet.Merge(rowWith(agreed, "要確認"), nil, lease, facts())
	lease = after(lease, out)
	written := sheet.Written(*lease.Status.Sheet, out.StatusText, out.EndDate)
	lease.Status.Sheet = &written
	got := mergedOf(lease, sheet.Merge(rowWith(later, "延長申請済み 要確認"), nil, lease, facts()), facts())
	want := merged{Ends: later, Asked: true, Agreed: later, Hold: "ExtensionRequested " + agreed, Told: "EndDateShortened 2027-03-31→2027-01-31 sheet;"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMergeKeepsTheTimeSinceWhenARowHolds(t *testing.T) {
	lease := agreedLease(func(l *v1alpha1.AccessKeyLease) {
		l.Status.Sheet.Hold = &v1alpha1.SheetHold{Reason: v1alpha1.ReasonUnclearMark, Time: earlyOn}
	})
	out := sheet.Merge(rowWith(agreed, "延長不要"), nil, lease, facts())
	if out.Spec != nil || !out.Sheet.Hold.Time.Equal(&earlyOn) {
		t.Errorf("spec %v, held since %v, want none and %v", out.Spec, out.Sheet.Hold.Time, earlyOn)
	}
}

// S-row.
func TestMergeTakesPeoplesTextsFromTheRow(t *testing.T) {
	row := rowWith(agreed, "")
	row.Purpose, row.FullName, row.Resource = "四半期レポート", "鈴木 太郎", "Athena"
	lease := agreedLease()
	want := lease.Spec
	want.Purpose, want.Owner.FullName, want.Resource = "四半期レポート", "鈴木 太郎", "Athena"
	if diff := cmp.Diff(&want, sheet.Merge(row, nil, lease, facts()).Spec); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// S-back.
func TestMergePutsBackWhatSomebodyChangedInTheLease(t *testing.T) {
	edit := func(l *v1alpha1.AccessKeyLease) { l.Spec.Purpose, l.Spec.StartDate = "別の目的", "" }
	for name, tc := range map[string]struct {
		lease *v1alpha1.AccessKeyLease
		owned bool
		want  string
	}{
		"changed in the lease":               {agreedLease(edit), true, "SpecReverted 別の目的→月次レポート lease;SpecReverted →2026-06-03 lease;"},
		"changed in the row":                 {agreedLease(edit), false, ""},
		"written by another manager, alike":  {agreedLease(), true, ""},
		"a lease made by hand on a row":      {agreedLease(neverAgreed, edit), true, "SpecReverted 別の目的→月次レポート lease;SpecReverted →2026-06-03 lease;"},
		"a date of the lease's is none such": {agreedLease(ends(later)), true, "EndDateExtended 2026-12-08→2027-01-31 lease;"},
	} {
		f := facts()
		f.TextsOwnedElsewhere = tc.owned
		out := sheet.Merge(rowWith(agreed, ""), nil, tc.lease, f)
		if got := mergedOf(tc.lease, out, f).Told; got != tc.want {
			t.Errorf("%s: told %q, want %q", name, got, tc.want)
		}
		if spec := after(tc.lease, out).Spec; spec.Purpose != "月次レポート" || spec.StartDate != "2026-06-03" {
			t.Errorf("%s: %+v", name, spec)
		}
	}
}

// S-back: where another manager owns one of the texts, nothing tells an edit of the lease from one of the row.
func TestWhatIsToldOfATextIsTrueWhicheverSideChanged(t *testing.T) {
	f := facts()
	f.TextsOwnedElsewhere = true
	row := rowWith(agreed, "")
	row.Purpose = "年次レポート"
	out := sheet.Merge(row, nil, agreedLease(), f)
	const want = `purpose "月次レポート" of the lease gives way to "年次レポート", which row 3 of the sheet says: it is changed there, not in the lease`
	if len(out.Changes) != 1 || out.Changes[0].Message != want {
		t.Errorf("told %+v, want %q", out.Changes, want)
	}
}

// S-row.
func TestMergeLeavesAStartOutThatTheAPIWouldRefuse(t *testing.T) {
	row := rowWith(agreed, "")
	row.StartDate = "2026-12-01"
	if got := sheet.Merge(row, nil, agreedLease(ends(earlier)), facts()).Spec.StartDate; got != "" {
		t.Errorf("start date %s with end date %s", got, earlier)
	}
}

// W-dry-run.
func TestMergeInDryRunRemembersWhatItWouldWrite(t *testing.T) {
	f := facts()
	f.DryRun = true
	lease := agreedLease(ends(later))
	out := sheet.Merge(rowWith(agreed, ""), nil, lease, f)
	if out.StatusText != nil || out.EndDate != "" || out.Sheet.EndDate != agreed {
		t.Fatalf("wrote in DryRun: %+v", out)
	}
	lease = after(lease, out)
	got := mergedOf(lease, sheet.Merge(rowWith(agreed, ""), nil, lease, facts()), facts())
	want := merged{Ends: later, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, WriteDate: later, WriteText: "延長申請済み"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("then in Enforce (-want +got):\n%s", diff)
	}
}
