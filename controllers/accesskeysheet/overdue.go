package accesskeysheet

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
)

// weekly is the admins' summary of overdue keys: one for each ISO week, due on Monday at dailyAt. It lists the keys
// that were overdue then and still are. The records in status.notices keep it from being sent twice, also after a
// restart.
func weekly(d *draft, o outcome) telling {
	start := o.reading.start
	t := telling{kind: v1alpha1.NoticeWeeklySummary}
	monday := -(int(start.In(d.policy.Location).Weekday()) + 6) % 7
	due := d.policy.Due(d.policy.Today(start), monday)
	if start.Before(due) {
		return t
	}
	year, week := due.ISOWeek()
	begun, told := false, map[string]bool{}
	for _, n := range d.status().Notices {
		if n.Kind == t.kind && !n.Time.Time.Before(due) {
			begun, told[n.Problem] = true, true
		}
	}
	for _, l := range o.leases {
		id := notice.ProblemID(fmt.Sprintf("%d-W%02d", year, week), l.Spec.AccessKeyID)
		if begun && !told[id] {
			continue // it became overdue later: next week's summary
		}
		if lifecycle.Overdue(l, d.policy, start) && lifecycle.Overdue(l, d.policy, due) && lifecycle.KnownAt(l, due) {
			t.problems = append(t.problems, problem{id: id, item: overdueItem(l)})
		}
	}
	slices.SortFunc(t.problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.item.EndDate, b.item.EndDate), cmp.Compare(a.item.AccessKeyID, b.item.AccessKeyID))
	})
	return t
}

func overdueItem(l *v1alpha1.AccessKeyLease) message.Item {
	item := leaseItem(l)
	item.Reason = lifecycle.OverdueReason(l)
	if c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionStalled); c != nil && item.Reason == v1alpha1.ReasonStalled {
		item.Reason, item.Detail = c.Reason, c.Message // say what people can fix
	}
	return item
}
