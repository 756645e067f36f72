package notice

import (
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
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

// Forget drops the records of problems that are gone (live says which are not) and were last told longer than keep ago.
// A problem that returns within keep is not told again, because people type, undo and retype.
func Forget(
	records []v1alpha1.SheetNotice, live func(kind, problem string) bool, now time.Time, keep time.Duration,
) []v1alpha1.SheetNotice {
	return delivery.Forget(records, func(r *v1alpha1.SheetNotice) bool {
		return now.Sub(r.Time.Time) > keep && !live(r.Kind, r.Problem)
	})
}

// repeated names the records that repeat another one. Of each problem that everyone was told of, only the first
// delivery is needed: Untold and ProblemDeliveredAt read nothing else.
func repeated(records []v1alpha1.SheetNotice) func(*v1alpha1.SheetNotice) bool {
	type problem struct{ kind, id string }
	open, first := map[problem]bool{}, map[problem]v1alpha1.SheetNotice{}
	for _, r := range records {
		p := problem{r.Kind, r.Problem}
		open[p] = open[p] || r.State == v1alpha1.NoticePending
		if f, ok := first[p]; r.State == v1alpha1.NoticeDelivered && (!ok || r.Time.Before(&f.Time)) {
			first[p] = r
		}
	}
	return func(r *v1alpha1.SheetNotice) bool {
		p := problem{r.Kind, r.Problem}
		f, told := first[p]
		return told && !open[p] && r.Recipient != f.Recipient
	}
}
