package sheet_test

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// recordedIn a status, and found there by a process that knows the same leases: they make the record shorter, and change
// nothing in what is found.
func recordedIn(t *rapid.T, w sheet.Write, leases map[string]*v1alpha1.AccessKeyLease) sheet.Write {
	record, err := w.Record(leases, options())
	if err != nil {
		t.Fatal(err)
	}
	found, err := sheet.ReadRecord(record, leases, options())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// leases of some rows, there or gone. What they know of them is what the rows say, or anything else.
func (g *grid) leases(t *rapid.T) map[string]*v1alpha1.AccessKeyLease {
	leases := map[string]*v1alpha1.AccessKeyLease{}
	for i, l := range slices.Concat(g.lines[1:], g.gone) {
		if l.key() == "" || rapid.IntRange(0, 3).Draw(t, "a lease") == 0 {
			continue
		}
		s := &v1alpha1.SheetRowStatus{Row: int32(i + 2), EndDate: dashes(l.date.was.(string)), Mark: l.status.was.(string)}
		switch rapid.IntRange(0, 5).Draw(t, "the lease knows otherwise") {
		case 0:
			s.Mark = "期限切れ"
		case 1:
			s.EndDate = "2026-12-24"
		case 2:
			s.Row = 0
		}
		leases[l.key()] = agreedLease(func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet = s })
	}
	return leases
}
