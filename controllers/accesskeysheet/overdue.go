package accesskeysheet

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
)

// longHold is how long a hold may last before people are reminded of it.
const longHold = 30 * 24 * time.Hour

// overdueReasons counts the overdue keys by what keeps them alive.
func overdueReasons(leases []v1alpha1.AccessKeyLease, p lifecycle.Policy, now time.Time) map[string]int {
	reasons := map[string]int{}
	for i := range leases {
		if l := &leases[i]; overdue(l, p.Today(now), now) {
			reasons[overdueReason(l)]++
		}
	}
	return reasons
}

// overdue: a key past its agreed end and not confirmed gone, whatever keeps it alive; or a hold older than 30 days. A day
// past the end is past it, also before dailyAt; a mark that a person wrote confirms nothing, nor does our own record once AWS
// shows the key again.
func overdue(l *v1alpha1.AccessKeyLease, today string, now time.Time) bool {
	if l.Status.Sheet == nil {
		return false // made with kubectl alone: nobody agreed on its end, and nobody is to hear of it
	}
	if l.Completed() {
		return lifecycle.StillExists(l)
	}
	held := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionHeld)
	return l.Spec.EndDate < today || (held != nil && now.Sub(held.LastTransitionTime.Time) >= longHold)
}

// overdueReason is what keeps a key alive, in one word.
func overdueReason(l *v1alpha1.AccessKeyLease) string {
	find := func(kind string) string {
		if c := meta.FindStatusCondition(l.Status.Conditions, kind); c != nil {
			return c.Reason
		}
		return ""
	}
	marked := ""
	if l.Status.Phase == v1alpha1.PhaseRevoked {
		// By mark alone: Ready says so, KeyVerified why that is not the end of it.
		marked = cmp.Or(find(v1alpha1.ConditionKeyVerified), v1alpha1.ReasonMarkedDeleted)
	}
	return cmp.Or(find(v1alpha1.ConditionHeld), marked, find(v1alpha1.ConditionReady), "New")
}

// weekly is the admins' summary of what is overdue: of each ISO week one, due on its Monday at dailyAt, with what was
// overdue at that moment and still is. Its records in status.notices are what makes it one, over restarts too.
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
			continue // next week's
		}
		if overdue(l, d.policy.Today(start), start) && overdue(l, d.policy.Today(due), due) && knownAt(l, due) {
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
	item.Reason = overdueReason(l)
	if c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionStalled); c != nil && item.Reason == v1alpha1.ReasonStalled {
		item.Reason, item.Detail = c.Reason, c.Message // what people can fix
	}
	return item
}

// knownAt tells whether the lease was there at a moment, by the operator's own clock.
func knownAt(l *v1alpha1.AccessKeyLease, at time.Time) bool {
	if t := l.Status.Term; t != nil && !t.StartTime.After(at) {
		return true
	}
	for _, c := range l.Status.Conditions {
		if !c.LastTransitionTime.After(at) {
			return true
		}
	}
	return false
}
