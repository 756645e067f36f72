package controllers

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
	"github.com/keylease/keylease/internal/sheet"
	"github.com/keylease/keylease/internal/teardown"
)

// forgetAfter: a problem that went away is told anew when it comes back after that time.
const forgetAfter = 7 * 24 * time.Hour

// problem is one thing the admins are told once.
type problem struct {
	id   string
	item message.Item
}

// telling is what is to be told of one kind.
type telling struct {
	kind string
	// detail is a sentence of the operator, approval what an annotation must say to let it through.
	detail, approval string
	problems         []problem
}

// tellSheet tells the admins what they have not heard yet. Every message is recorded as intended before it is sent.
func (r *sheetRun) tellSheet(ctx context.Context) error {
	v, _ := r.views.get(r.key)
	if r.policy.DryRun || v.slack == nil || v.slackError != "" {
		return nil
	}
	tellings, err := r.tellings(ctx)
	if err != nil {
		return err
	}
	var failed error
	live := map[string]bool{}
	for _, t := range tellings {
		for _, p := range t.problems {
			live[t.kind+p.id] = true
		}
		if err := r.tell(ctx, v.slack, t); err != nil {
			failed = err
		}
		if failure.Is(failed, failure.Credentials) {
			r.views.setSlackError(r.key, failed.Error())
			r.slackDown(v1alpha1.ReasonSlackTokenInvalid, failed.Error())
			return failed
		}
	}
	// Only a reading that was accepted shows which problems are gone.
	if r.readable && r.rejected == "" {
		r.sheet.Status.Notices = notice.Forget(r.sheet.Status.Notices, func(kind, id string) bool {
			return live[kind+id] || (kind == v1alpha1.NoticeUnleasedKeys && !v.keysComplete)
		}, r.now(), forgetAfter)
	}
	return failed
}

// tellings gathers everything that could be told; what was told before is left out later.
func (r *sheetRun) tellings(ctx context.Context) ([]telling, error) {
	if foreignClaim(r.sheet) {
		// Whose sheet it is now tells of everything else.
		if !r.readable {
			return []telling{r.unreadableSheet()}, nil
		}
		return []telling{r.rejectedSheet()}, nil
	}
	out := []telling{r.weekly()}
	switch {
	case !r.readable:
		out = append(out, r.unreadableSheet())
	case r.rejected != "":
		out = append(out, r.rejectedSheet())
	default:
		unleased, err := r.unleasedKeys(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, rowProblems(v1alpha1.NoticeInvalidRows, r.problems), rowProblems(v1alpha1.NoticeSharedKeys, r.alsoElsewhere),
			r.unclearMarks(), r.foundMarks(), r.dateConflicts(), unleased, r.checkFailed())
		out = append(out, r.limits()...)
	}
	if c := meta.FindStatusCondition(r.sheet.Status.Conditions, v1alpha1.ConditionAWSReady); c != nil && c.Status == metav1.ConditionFalse {
		out = append(out, once(v1alpha1.NoticeWrongAccount, c.Message, c.Reason, c.Message))
	}
	return out, nil
}

// once is a telling of one thing, known by its parts.
func once(kind, detail, reason string, parts ...string) telling {
	id := notice.ProblemID(append([]string{reason}, parts...)...)
	return telling{kind: kind, detail: detail, problems: []problem{{id: id, item: message.Item{Reason: reason}}}}
}

// rejectedSheet is told once for each time that the sheet is refused, however it changes meanwhile.
func (r *sheetRun) rejectedSheet() telling {
	c := meta.FindStatusCondition(r.sheet.Status.Conditions, v1alpha1.ConditionSheetAccepted)
	kind, approval := v1alpha1.NoticeSheetGuard, r.sheet.Status.ObservedHash
	if r.rejected == v1alpha1.ReasonForeignClaim {
		kind, approval = v1alpha1.NoticeForeignClaim, r.sheet.Status.Claim
	}
	t := once(kind, r.rejection, r.rejected, c.LastTransitionTime.UTC().Format(time.RFC3339))
	t.approval = approval
	if kind == v1alpha1.NoticeSheetGuard && r.sheet.Status.ApprovedHash == approval {
		// The command that approves would change nothing yet: the condition says what comes before it.
		t.detail, t.approval = c.Message, ""
	}
	return t
}

// unreadableSheet is told once for each time that the sheet cannot be read and people must mend something.
func (r *sheetRun) unreadableSheet() telling {
	c := meta.FindStatusCondition(r.sheet.Status.Conditions, v1alpha1.ConditionSheetReadable)
	if c == nil || c.Status != metav1.ConditionFalse || !r.mustBeMended {
		return telling{kind: v1alpha1.NoticeUnreadable}
	}
	return once(v1alpha1.NoticeUnreadable, c.Message, c.Reason, c.LastTransitionTime.UTC().Format(time.RFC3339))
}

// rowProblems in the order of their rows. Rows with the very same problem, such as the same key ID, are one.
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

func (r *sheetRun) unclearMarks() telling {
	t := telling{kind: v1alpha1.NoticeUnclearMarks}
	for _, row := range r.requests.Rows {
		l := r.leases[row.AccessKeyID]
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

// foundMarks are keys whose rows said "notified" before this cluster knew them: the admins get one summary, and
// minimumNotice counts from it. A key whose row has gone since is among them: its lease goes on, and waits for it.
func (r *sheetRun) foundMarks() telling {
	t := telling{kind: v1alpha1.NoticeFoundMarks}
	for _, l := range r.leases {
		s := l.Status.Sheet
		if s == nil || s.FoundMark == nil || s.FoundMark.SummaryTime != nil ||
			s.FoundMark.EndDate != l.Spec.EndDate || l.Status.Phase == v1alpha1.PhaseRevoked {
			continue
		}
		at := r.now().Add(r.policy.MinimumNotice)
		if due := r.policy.Due(l.Spec.EndDate, 1); due.After(at) {
			at = due
		}
		t.problems = append(t.problems, problem{
			id: foundMarkID(l),
			item: message.Item{
				Row: int(s.Row), AccessKeyID: l.Spec.AccessKeyID, UserName: l.Spec.UserName, OwnerName: l.Spec.Owner.FullName,
				EndDate: l.Spec.EndDate, Value: s.Mark, DeleteAt: at.Add(r.policy.GracePeriod).In(r.policy.Location),
			},
		})
	}
	slices.SortFunc(t.problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.item.Row, b.item.Row), cmp.Compare(a.item.AccessKeyID, b.item.AccessKeyID))
	})
	return t
}

// foundMarkID names a lease by its UID: one that was deleted and made again has its notice to be counted anew.
func foundMarkID(l *v1alpha1.AccessKeyLease) string {
	return notice.ProblemID(string(l.UID), v1alpha1.NoticeFoundMarks, l.Status.Sheet.FoundMark.EndDate)
}

// limits are the accounts whose day's revocations are taken, each told once a day.
func (r *sheetRun) limits() []telling {
	waiting := map[string]telling{}
	today := r.policy.Today(r.start)
	for _, l := range r.leases {
		c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionReady)
		if c == nil || c.Reason != v1alpha1.ReasonBreakerOpen {
			continue
		}
		t := once(v1alpha1.NoticeBreaker, c.Message, v1alpha1.ReasonBreakerOpen, l.Spec.AccountID, today)
		t.approval = lifecycle.DailyLimitOf(r.sheet, r.policy, r.start).Proposal()
		waiting[l.Spec.AccountID] = t
	}
	var out []telling
	for _, account := range slices.Sorted(maps.Keys(waiting)) {
		out = append(out, waiting[account])
	}
	return out
}

// checkFailed is told once of an account whose keys cannot be listed until people mend something.
func (r *sheetRun) checkFailed() telling {
	v, _ := r.views.get(r.key)
	if v.keysTrouble == (trouble{}) {
		return telling{kind: v1alpha1.NoticeCheckFailed}
	}
	return once(v1alpha1.NoticeCheckFailed, v.keysTrouble.message, v.keysTrouble.reason, v.keysTrouble.message)
}

// unleasedKeys are keys of the accounts that stand in no row of this sheet and have no lease of any.
func (r *sheetRun) unleasedKeys(ctx context.Context) (telling, error) {
	t := telling{kind: v1alpha1.NoticeUnleasedKeys}
	v, _ := r.views.get(r.key)
	if v.keysTime.IsZero() {
		return t, nil
	}
	if last := r.sheet.Status.UnleasedCheckTime; v.keysComplete && (last == nil || last.Time.Before(v.keysTime.Truncate(time.Second))) {
		r.sheet.Status.UnleasedCheckTime = moment(v.keysTime)
	}
	r.wakeSurvivors(v)
	rows := map[string]bool{}
	for _, row := range r.requests.Rows {
		rows[row.AccessKeyID] = true
	}
	for _, p := range r.problems {
		rows[p.AccessKeyID] = true
	}
	for _, k := range v.keys {
		if rows[k.AccessKeyID] || r.leases[k.AccessKeyID] != nil {
			continue
		}
		others := &v1alpha1.AccessKeyLeaseList{}
		if err := r.Client.List(ctx, others, client.MatchingFields{indexKey: k.AccessKeyID}); err != nil {
			return t, fmt.Errorf("leases of key %s: %w", k.AccessKeyID, err)
		}
		if len(others.Items) > 0 {
			continue
		}
		item := message.Item{AccessKeyID: k.AccessKeyID, UserName: k.UserName}
		if k.Status != v1alpha1.KeyActive {
			item.Value = string(k.Status)
		}
		t.problems = append(t.problems, problem{id: notice.ProblemID(k.AccessKeyID, t.kind), item: item})
	}
	return t, nil
}

// wakeSurvivors has the leases that are over look at what the daily check found of their keys, where that is news.
func (r *sheetRun) wakeSurvivors(v view) {
	for id, l := range r.leases {
		found := lifecycle.Survived(l, v.listed(id), teardown.SettleTime)
		if c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionKeyVerified); found != nil && (c == nil || c.Message != found.Message) {
			r.leaseWake(client.ObjectKeyFromObject(l))
		}
	}
}
