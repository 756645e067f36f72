package controllers

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/notice"
	"github.com/keylease/keylease/internal/sheet"
)

// forgetAfter: a problem that went away is told anew when it comes back after that time.
const forgetAfter = 7 * 24 * time.Hour

// perMessage is how many problems stand in one message: what was found together is told together.
const perMessage = 20

// problem is one thing the admins are told once.
type problem struct {
	id   string
	item message.Item
}

// telling is what is to be told of one kind.
type telling struct {
	kind     string
	detail   string
	problems []problem
}

// tellSheet tells the admins what they have not heard yet. Every message is recorded as intended before it is sent.
func (r *sheetRun) tellSheet(ctx context.Context) error {
	v, _ := r.views.get(r.key)
	if r.policy.DryRun || v.slack == nil || v.slackError != "" {
		return nil
	}
	var failed error
	live := map[string]bool{}
	for _, t := range r.tellings() {
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
	r.sheet.Status.Notices = notice.Forget(r.sheet.Status.Notices, func(kind, id string) bool { return live[kind+id] }, r.now(), forgetAfter)
	return failed
}

// tellings gathers everything that could be told; what was told before is left out later.
func (r *sheetRun) tellings() []telling {
	if r.rejected != "" {
		c := meta.FindStatusCondition(r.sheet.Status.Conditions, v1alpha1.ConditionSheetAccepted)
		kind := v1alpha1.NoticeSheetGuard
		if r.rejected == v1alpha1.ReasonForeignClaim {
			kind = v1alpha1.NoticeForeignClaim
		}
		// Once for each time that the sheet is refused, however it changes meanwhile.
		id := notice.ProblemID(r.rejected, c.LastTransitionTime.UTC().Format(time.RFC3339))
		return []telling{{kind: kind, detail: c.Message, problems: []problem{{id: id, item: message.Item{Reason: r.rejected}}}}}
	}
	out := []telling{r.invalidRowProblems(), r.unclearMarks(), r.foundMarks(), r.breakerProblems()}
	if c := meta.FindStatusCondition(r.sheet.Status.Conditions, v1alpha1.ConditionAWSReady); c != nil && c.Status == metav1.ConditionFalse {
		id := notice.ProblemID(c.Reason, c.Message)
		out = append(out, telling{kind: v1alpha1.NoticeWrongAccount, detail: c.Message, problems: []problem{{id: id, item: message.Item{Reason: c.Reason}}}})
	}
	return out
}

func (r *sheetRun) invalidRowProblems() telling {
	t := telling{kind: v1alpha1.NoticeInvalidRows}
	for _, p := range r.problems {
		t.problems = append(t.problems, problem{
			id:   notice.ProblemID(p.AccessKeyID, p.Reason, p.Value),
			item: message.Item{Row: p.Row, AccessKeyID: p.AccessKeyID, Reason: p.Reason, Value: p.Value, Detail: p.Message},
		})
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
// minimumNotice counts from it.
func (r *sheetRun) foundMarks() telling {
	t := telling{kind: v1alpha1.NoticeFoundMarks}
	for _, row := range r.requests.Rows {
		l := r.leases[row.AccessKeyID]
		if l == nil || l.Status.Sheet == nil || l.Status.Sheet.FoundMark == nil || l.Status.Sheet.FoundMark.SummaryTime != nil {
			continue
		}
		at := r.now().Add(r.policy.MinimumNotice)
		if due := r.policy.Due(row.EndDate, 1); due.After(at) {
			at = due
		}
		t.problems = append(t.problems, problem{
			id: foundMarkID(l),
			item: message.Item{
				Row: row.Number, AccessKeyID: row.AccessKeyID, UserName: row.UserName, OwnerName: row.FullName, EndDate: row.EndDate,
				Value: row.Status.Text, DeleteAt: at.Add(r.policy.GracePeriod).In(r.policy.Location),
			},
		})
	}
	return t
}

// foundMarkID names a lease by its UID: one that was deleted and made again has its notice to be counted anew.
func foundMarkID(l *v1alpha1.AccessKeyLease) string {
	return notice.ProblemID(string(l.UID), v1alpha1.NoticeFoundMarks, l.Status.Sheet.FoundMark.EndDate)
}

func (r *sheetRun) breakerProblems() telling {
	t := telling{kind: v1alpha1.NoticeBreaker}
	today := r.policy.Today(r.start)
	for _, l := range r.leases {
		c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionReady)
		if c == nil || c.Reason != v1alpha1.ReasonBreakerOpen {
			continue
		}
		t.detail = c.Message
		t.problems = []problem{{id: notice.ProblemID(l.Spec.AccountID, today), item: message.Item{Reason: v1alpha1.ReasonBreakerOpen}}}
	}
	return t
}

// tell one kind: first what an earlier sync intended and may have sent, then what is new.
func (r *sheetRun) tell(ctx context.Context, slack Slack, t telling) error {
	admins := r.sheet.Spec.Slack.Admins
	items := map[string]message.Item{}
	var ids []string
	for _, p := range t.problems {
		items[p.id] = p.item
		ids = append(ids, p.id)
	}
	untold := notice.Untold(r.sheet.Status.Notices, t.kind, ids, admins)
	for chunk := range slices.Chunk(untold, perMessage) {
		b := notice.NewBatch(t.kind, chunk)
		r.sheet.Status.Notices = notice.PendBatch(r.sheet.Status.Notices, b, admins, r.now())
	}
	open := notice.OpenBatches(r.sheet.Status.Notices, t.kind, r.now())
	if len(open) == 0 {
		return r.countFoundMarks(ctx, t)
	}
	// Intended before sent: who is found Pending after a crash is looked for in Slack first.
	fresh := map[string]bool{}
	for _, id := range untold {
		fresh[id] = true
	}
	if err := r.saveStatus(ctx); err != nil {
		return err
	}
	var failed error
	for _, b := range open {
		if err := r.deliverBatch(ctx, slack, t, b, items, fresh); err != nil {
			failed = err
		}
	}
	if err := r.saveStatus(ctx); err != nil {
		return err
	}
	if err := r.countFoundMarks(ctx, t); err != nil {
		return err
	}
	return failed
}

func (r *sheetRun) deliverBatch(ctx context.Context, slack Slack, t telling, b notice.OpenBatch, items map[string]message.Item, fresh map[string]bool) error {
	var lines []message.Item
	for _, id := range b.Problems {
		if item, ok := items[id]; ok {
			lines = append(lines, item)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	texts, err := r.Texts.Sheet(r.sheet.Spec.Slack.Language, message.SheetMessage{
		Kind: t.kind, Namespace: r.key.Namespace, SheetName: r.key.Name, Tab: r.sheet.Spec.Requests.Tab,
		SheetURL: sheetURL(r.sheet.Spec.SpreadsheetID), Items: lines, Detail: t.detail,
	})
	if err != nil {
		return &failure.Error{Class: failure.Terminal, Service: "keylease", Operation: "message", Code: "TemplateFailed", Message: err.Error()}
	}
	targets := make([]notice.Target, 0, len(b.Due))
	for _, d := range b.Due {
		target := notice.Target{Recipient: d.Recipient, Message: texts[0], Key: b.Key(string(r.sheet.UID), d.Recipient), PendingSince: d.PendingSince}
		if fresh[b.Problems[0]] {
			// Intended a moment ago by this very sync: it cannot have been sent yet.
			target.PendingSince = time.Time{}
		}
		targets = append(targets, target)
	}
	results := notice.Deliver(ctx, slack, targets, r.now)
	r.sheet.Status.Notices = notice.MergeBatch(r.sheet.Status.Notices, b.Batch, results)
	for _, res := range results {
		metrics.NoticeSent(r.key.Namespace, r.key.Name, t.kind, string(res.State))
		if res.State == v1alpha1.NoticeDelivered {
			r.auditSheet("notice", "kind", t.kind, "recipient", res.Recipient, "channel", res.Receipt.Channel, "messageTS", res.Receipt.TS, "problems", len(lines))
		}
	}
	return notice.FirstError(results)
}

// countFoundMarks writes into the leases when the summary that names them was delivered.
func (r *sheetRun) countFoundMarks(ctx context.Context, t telling) error {
	if t.kind != v1alpha1.NoticeFoundMarks {
		return nil
	}
	for _, p := range t.problems {
		at, ok := notice.ProblemDeliveredAt(r.sheet.Status.Notices, t.kind, p.id)
		l := r.leases[p.item.AccessKeyID]
		if !ok || l == nil {
			continue
		}
		next := l.DeepCopy()
		next.Status.Sheet.FoundMark.SummaryTime = moment(at)
		err := applyLeaseStatus(ctx, r.Client, next, ownerSheet)
		if apierrors.IsConflict(err) {
			// The lease's own controller wrote meanwhile. What the sheet owns of the status nobody else changes.
			if next, err = r.liveLease(ctx, p.item.AccessKeyID); err == nil && next != nil && next.Status.Sheet != nil && next.Status.Sheet.FoundMark != nil {
				next.ManagedFields = nil
				next.Status.Sheet.FoundMark.SummaryTime = moment(at)
				err = applyLeaseStatus(ctx, r.Client, next, ownerSheet)
			}
		}
		if err != nil {
			return fmt.Errorf("lease %s: %w", l.Name, err)
		}
		if next != nil {
			r.leases[p.item.AccessKeyID] = next
		}
	}
	return nil
}
