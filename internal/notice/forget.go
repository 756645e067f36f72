package notice

import (
	"slices"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// ProblemDeliveredAt is when the first admin was told of a problem of the kind. minimumNotice counts from it for keys
// that were found marked as notified.
func ProblemDeliveredAt(records []v1alpha1.SheetNotice, kind, problem string) (at time.Time, ok bool) {
	for _, r := range records {
		if r.Kind == kind && r.Problem == problem && r.State == v1alpha1.NoticeDelivered && (!ok || r.Time.Time.Before(at)) {
			at, ok = r.Time.Time, true
		}
	}
	return at, ok
}

// Forget drops the records of problems that are gone (live says which are not) and were last told more than keep ago.
// A problem that goes and comes back within keep is not told again: people type, undo and retype.
func Forget(
	records []v1alpha1.SheetNotice, live func(kind, problem string) bool, now time.Time, keep time.Duration,
) []v1alpha1.SheetNotice {
	return slices.DeleteFunc(slices.Clone(records), func(r v1alpha1.SheetNotice) bool {
		return now.Sub(r.Time.Time) > keep && !live(r.Kind, r.Problem)
	})
}

// limit keeps the records within the CRD's limit without forgetting a problem as long as that is possible.
func limit(records []v1alpha1.SheetNotice) []v1alpha1.SheetNotice {
	if len(records) <= maxSheetRecords {
		return records
	}
	records = compact(records)
	if over := len(records) - maxSheetRecords; over > 0 {
		slices.SortStableFunc(records, func(a, b v1alpha1.SheetNotice) int { return a.Time.Compare(b.Time.Time) })
		records = records[over:]
	}
	return records
}

// compact keeps one record of each problem that nobody has still to be told of: that of its first delivery. It is all
// that Untold and ProblemDeliveredAt ask for.
func compact(records []v1alpha1.SheetNotice) []v1alpha1.SheetNotice {
	type problem struct{ kind, batch, id string }
	of := func(r v1alpha1.SheetNotice) problem { return problem{r.Kind, r.Batch, r.Problem} }
	open := map[problem]bool{}
	first := map[problem]time.Time{}
	for _, r := range records {
		switch at, ok := first[of(r)]; {
		case r.State != v1alpha1.NoticeDelivered:
			open[of(r)] = open[of(r)] || r.State == v1alpha1.NoticePending
		case !ok || r.Time.Time.Before(at):
			first[of(r)] = r.Time.Time
		}
	}
	kept := map[problem]bool{}
	return slices.DeleteFunc(records, func(r v1alpha1.SheetNotice) bool {
		p := of(r)
		at, told := first[p]
		if open[p] || !told {
			return false
		}
		if kept[p] || r.State != v1alpha1.NoticeDelivered || !r.Time.Time.Equal(at) {
			return true
		}
		kept[p] = true
		return false
	})
}
