package accesskeysheet

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
	"github.com/keylease/keylease/internal/sheet"
)

// tellings gathers everything that could be told. A later step leaves out what was told before.
func (r *Reconciler) tellings(ctx context.Context, d *draft, o outcome, accounts state.Accounts) ([]telling, error) {
	if foreignClaim(d.sheet) {
		return []telling{notAccepted(d, o)}, nil // the other cluster tells everything else
	}
	out := []telling{weekly(d, o)}
	if !o.accepted() {
		out = append(out, notAccepted(d, o))
	} else {
		unleased, err := r.unleasedKeys(ctx, d, o, accounts)
		if err != nil {
			return nil, err
		}
		out = append(out, rowProblems(v1alpha1.NoticeInvalidRows, o.merged.problems), rowProblems(v1alpha1.NoticeSharedKeys, o.merged.alsoElsewhere),
			unclearMarks(o), foundMarks(d, o.leases), dateConflicts(d, o), unleased, checkFailed(accounts.Trouble))
		out = append(out, dailyLimits(d, o)...)
	}
	if c := d.find(v1alpha1.ConditionAWSReady); c != nil && c.Status == metav1.ConditionFalse {
		out = append(out, once(v1alpha1.NoticeWrongAccount, c.Message, c.Reason, c.Message))
	}
	return out, nil
}

// once is a telling of one thing, identified by its parts.
func once(kind, detail, reason string, parts ...string) telling {
	id := notice.ProblemID(append([]string{reason}, parts...)...)
	return telling{kind: kind, detail: detail, problems: []problem{{id: id, item: message.Item{Reason: reason}}}}
}

// notAccepted tells why this sync's reading does not count.
func notAccepted(d *draft, o outcome) telling {
	if o.unreadable != nil {
		return unreadableSheet(d, o)
	}
	return rejectedSheet(d, o.judged.refusal)
}

// rejectedSheet is told once for each time that the sheet is refused, even if the sheet changes meanwhile.
func rejectedSheet(d *draft, n refusal) telling {
	s, c := d.status(), d.find(v1alpha1.ConditionSheetAccepted)
	kind, approval := v1alpha1.NoticeSheetGuard, s.ObservedHash
	if n.reason == v1alpha1.ReasonForeignClaim {
		kind, approval = v1alpha1.NoticeForeignClaim, s.Claim
	}
	t := once(kind, n.seen, n.reason, c.LastTransitionTime.UTC().Format(time.RFC3339))
	t.approval = approval
	if kind == v1alpha1.NoticeSheetGuard && s.ApprovedHash == approval {
		// The approve command would change nothing yet. The condition says what to do before it.
		t.detail, t.approval = c.Message, ""
	}
	return t
}

// unreadableSheet is told once for each time that the sheet cannot be read and people must fix something.
func unreadableSheet(d *draft, o outcome) telling {
	c := d.find(v1alpha1.ConditionSheetReadable)
	if c == nil || c.Status != metav1.ConditionFalse || !failure.NeedsFix(o.unreadable) {
		return telling{kind: v1alpha1.NoticeUnreadable}
	}
	return once(v1alpha1.NoticeUnreadable, c.Message, c.Reason, c.LastTransitionTime.UTC().Format(time.RFC3339))
}

// rowProblems lists problems in the order of their rows. Rows with the same problem, such as the same key ID, count as
// one.
func rowProblems(kind string, rows []sheet.Problem) telling {
	t := telling{kind: kind}
	known := map[string]int{}
	for _, p := range slices.SortedStableFunc(slices.Values(rows), func(a, b sheet.Problem) int { return a.Row - b.Row }) {
		id := notice.ProblemID(p.AccessKeyID, p.Reason, p.Value)
		if i, ok := known[id]; ok {
			t.problems[i].item.AlsoRows = append(t.problems[i].item.AlsoRows, p.Row)
			continue
		}
		known[id] = len(t.problems)
		t.problems = append(t.problems, problem{id: id,
			item: message.Item{Row: p.Row, AccessKeyID: p.AccessKeyID, Reason: p.Reason, Value: p.Value, Detail: p.Message}})
	}
	return t
}

func unclearMarks(o outcome) telling {
	t := telling{kind: v1alpha1.NoticeUnclearMarks}
	for _, row := range o.reading.requests.Rows {
		l := o.leases[row.AccessKeyID]
		if row.Status.Mark != sheet.MarkUnclear || l == nil || l.Status.Phase == v1alpha1.PhaseRevoked {
			continue
		}
		t.problems = append(t.problems, problem{
			id: notice.ProblemID(row.AccessKeyID, v1alpha1.ReasonUnclearMark, row.Status.Text),
			item: message.Item{
				Row: row.Number, AccessKeyID: row.AccessKeyID, UserName: row.UserName, OwnerName: row.FullName,
				EndDate: row.EndDate, Reason: v1alpha1.ReasonUnclearMark, Value: row.Status.Text,
			},
		})
	}
	return t
}

// foundMarks are keys whose rows said "notified" before this cluster knew them. The admins get one summary, and
// minimumNotice counts from it. A key whose row has disappeared since is included, because its lease waits for the
// summary.
func foundMarks(d *draft, leases leaseSet) telling {
	t := telling{kind: v1alpha1.NoticeFoundMarks}
	for _, l := range leases {
		s := l.Status.Sheet
		if s == nil || s.FoundMark == nil || s.FoundMark.SummaryTime != nil ||
			s.FoundMark.EndDate != l.Spec.EndDate || l.Status.Phase == v1alpha1.PhaseRevoked {
			continue
		}
		at := d.now().Add(d.policy.MinimumNotice)
		if due := d.policy.Due(l.Spec.EndDate, 1); due.After(at) {
			at = due
		}
		item := leaseItem(l)
		item.Value, item.DeleteAt = s.Mark, at.Add(d.policy.GracePeriod).In(d.policy.Location)
		// The UID is part of the ID: a lease that was deleted and created again needs a new summary.
		t.problems = append(t.problems, problem{id: notice.ProblemID(string(l.UID), t.kind, s.FoundMark.EndDate), item: item})
	}
	slices.SortFunc(t.problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.item.Row, b.item.Row), cmp.Compare(a.item.AccessKeyID, b.item.AccessKeyID))
	})
	return t
}

// leaseItem has the facts that every line about a lease shows.
func leaseItem(l *v1alpha1.AccessKeyLease) message.Item {
	item := message.Item{AccessKeyID: l.Spec.AccessKeyID, UserName: l.Spec.UserName, OwnerName: l.Spec.Owner.FullName, EndDate: l.Spec.EndDate}
	if l.Status.Sheet != nil {
		item.Row = int(l.Status.Sheet.Row)
	}
	return item
}

// dateConflicts lists the conflicts decided now, and earlier ones that some admin was not told of yet.
func dateConflicts(d *draft, o outcome) telling {
	t := telling{kind: v1alpha1.NoticeDateConflict}
	seen := map[string]bool{}
	add := func(id, accessKeyID, detail string) {
		// A conflict that could not be applied is decided again, perhaps for another date.
		if !seen[id] && o.leases[accessKeyID] != nil && o.merged.failed[accessKeyID] == nil {
			seen[id] = true
			t.problems = append(t.problems, problem{id: id, item: message.Item{AccessKeyID: accessKeyID, Detail: detail}})
		}
	}
	for _, c := range o.merged.conflicts {
		add(c.id(), c.accessKeyID, c.message)
	}
	for _, n := range d.status().Notices {
		if n.Kind == t.kind && n.State != v1alpha1.NoticeDelivered {
			accessKeyID, _, _ := strings.Cut(n.Problem, "/")
			add(n.Problem, accessKeyID, "")
		}
	}
	return t
}

func stoppedByLimit(l *v1alpha1.AccessKeyLease) bool {
	c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionReady)
	return c != nil && c.Reason == v1alpha1.ReasonBreakerOpen
}

// dailyLimits lists the accounts that have reached their daily limit of deletions, each told once a day.
func dailyLimits(d *draft, o outcome) []telling {
	waiting := map[string]telling{}
	today := d.policy.Today(o.reading.start)
	for _, l := range o.leases.where(stoppedByLimit) {
		c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionReady)
		t := once(v1alpha1.NoticeBreaker, c.Message, v1alpha1.ReasonBreakerOpen, l.Spec.AccountID, today)
		t.approval = lifecycle.DailyLimitOf(d.sheet, d.policy, o.reading.start).Proposal()
		waiting[l.Spec.AccountID] = t
	}
	var out []telling
	for _, account := range slices.Sorted(maps.Keys(waiting)) {
		out = append(out, waiting[account])
	}
	return out
}
