package sheet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// Each side's last value is kept until the two agree again.

// keyBeingDeleted: the spec cannot change any more.
func keyBeingDeleted(l *v1alpha1.AccessKeyLease) {
	l.Status.Phase = v1alpha1.PhaseExpired
	l.Status.Revocation = &v1alpha1.RevocationStatus{Intent: &v1alpha1.RevocationIntent{Action: "DeleteAccessKey", Time: earlyOn}}
}

// step is one reading of the row, and the lease may have changed before it.
type step struct {
	lease        func(*v1alpha1.AccessKeyLease)
	date, status string
	want         merged
}

func run(t *testing.T, lease *v1alpha1.AccessKeyLease, f sheet.Facts, steps ...step) *v1alpha1.AccessKeyLease {
	t.Helper()
	for i, s := range steps {
		if s.lease != nil {
			s.lease(lease)
		}
		out := sheet.Merge(rowWith(s.date, s.status), nil, lease, f)
		if diff := cmp.Diff(s.want, mergedOf(lease, out, f)); diff != "" {
			t.Fatalf("reading %d (-want +got):\n%s", i+1, diff)
		}
		lease = after(lease, out)
	}
	return lease
}

// M-retract: the date that the mark belongs to is withdrawn, and the mark too unless someone asked by it.
func TestAWishOfTheLeasesStaysWhenItsDateIsTakenBack(t *testing.T) {
	run(t, agreedLease(marked(agreed), unwritten, waiting(agreed, later)), facts(),
		step{nil, agreed, "", merged{Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true,
			WriteText: mark, Told: "EndDateShortened 2027-01-31→2026-12-08 lease;"}})
}

// D-owned, D-waiting.
func TestADateThatWaitsIsNotForgottenWhileAnotherDateIsRefused(t *testing.T) {
	f := facts()
	f.OwnedElsewhere = true
	refused := step{nil, latest, "", merged{Ends: later, Agreed: agreed, Hold: "FieldOwnedElsewhere ", Holds: true,
		Told: "FieldOwnedElsewhere 2027-01-31→2027-03-31 sheet;"}}
	for name, then := range map[string]step{
		"the row goes back: written again, told no more": {nil, agreed, "", merged{Ends: later, Agreed: agreed, WriteDate: later}},
		"both go back: told, as the lease's date was": {ends(agreed), agreed, "",
			merged{Ends: agreed, Agreed: agreed, Told: "EndDateShortened 2027-01-31→2026-12-08 lease;"}},
		"the lease follows: told from the date that it had": {ends(latest), latest, "",
			merged{Ends: latest, Agreed: latest, Told: "EndDateExtended 2027-01-31→2027-03-31 lease;"}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, agreedLease(ends(later), waiting(agreed, later)), f, refused, then)
		})
	}
}

// X-late, D-waiting.
func TestADateThatWaitsIsNotForgottenWhileTheKeyIsBeingDeleted(t *testing.T) {
	f := facts()
	f.Exempt = true // the mark has tests of its own
	still := merged{Ends: later, Agreed: agreed, WriteText: "期限切れ"}
	tooLate := still
	tooLate.Told = "ExtensionRefused 2027-01-31→2027-03-31 sheet;"
	alive := func(l *v1alpha1.AccessKeyLease) { l.Status.Revocation, l.Status.Phase = nil, "" }
	run(t, agreedLease(ends(later), waiting(agreed, later), keyBeingDeleted), f,
		step{nil, agreed, "", still}, step{nil, latest, "", tooLate}, step{nil, agreed, "", still},
		step{alive, agreed, "", merged{Ends: later, Agreed: agreed, WriteDate: later}})
}

// X-late.
func TestOnlyADateThatTheRowWasMovedToIsTooLate(t *testing.T) {
	quiet := merged{Ends: agreed, Agreed: agreed}
	tooLate := quiet
	tooLate.Told = "ExtensionRefused 2026-12-08→2027-01-31 sheet;"
	lease := run(t, agreedLease(keyBeingDeleted), facts(),
		step{nil, later, "期限切れ", tooLate}, step{nil, later, "期限切れ", quiet}, // once
		step{nil, agreed, "期限切れ", quiet}, step{nil, later, "期限切れ", tooLate}, // another edit
		step{nil, agreed, "期限切れ", quiet})
	if got := lease.Status.Sheet.RefusedEndDate; got != "" {
		t.Errorf("the row is as it was, and %s is remembered as refused", got)
	}
	// The lease's date moved before its key went, and no merge saw it: nobody asked for anything in the sheet.
	run(t, agreedLease(ends(later), keyBeingDeleted), facts(), step{nil, agreed, "期限切れ", merged{Ends: later, Agreed: agreed}})
}

// X-moved: the mark that Keylease put has nothing to do with it.
func TestAMovedDateHoldsALeaseThatCarriedKeyleasesMark(t *testing.T) {
	byMark := func(l *v1alpha1.AccessKeyLease) { l.Status.Phase = v1alpha1.PhaseRevoked }
	run(t, agreedLease(marked(agreed), byKeylease, byMark), facts(),
		step{nil, later, "", merged{Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true}})
}

// R-gone, M-sheet: a mark that the row never had cannot be taken out of it.
func TestAMarkThatComesBackWithTheRowHolds(t *testing.T) {
	lease := agreedLease(asked(true))
	lease = after(lease, sheet.Merge(rowWith(agreed, ""), nil, lease, facts())) // wanted in the cell, not written
	lease.Spec.ExtensionRequested = false
	lease = after(lease, sheet.Merge(nil, nil, lease, facts()))
	run(t, lease, facts(),
		step{nil, agreed, mark, merged{Ends: agreed, Asked: true, Agreed: agreed, Hold: "ExtensionRequested " + agreed, Holds: true}})
}

// If row and lease agree, only the agreed values are kept.
func TestALeaseThatAgreesWithItsRowKeepsNothingExtra(t *testing.T) {
	want := v1alpha1.SheetRowStatus{Row: 3, EndDate: agreed, Mark: "要確認"}
	if diff := cmp.Diff(want, sheet.Merge(rowWith(agreed, "要確認"), nil, agreedLease(), facts()).Sheet); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
