package controllers

import (
	"context"
	"slices"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/notice"
)

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
	for _, together := range r.divide(t, untold, items) {
		b := notice.NewBatch(t.kind, together)
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
		if err := r.deliverBatch(ctx, slack, t, b, fresh); err != nil {
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

// divide what is to be told into messages: what was found together is told together, as far as it fits.
func (r *sheetRun) divide(t telling, untold []string, items map[string]message.Item) [][]string {
	var parts [][]string
	lines := make([]message.Item, 0, len(untold))
	for _, id := range untold {
		lines = append(lines, items[id])
	}
	for _, part := range message.Split(message.SheetMessage{Kind: t.kind, Items: lines}) {
		if n := len(part.Items); n > 0 {
			parts, untold = append(parts, untold[:n]), untold[n:]
		}
	}
	return parts
}

func (r *sheetRun) render(t telling, lines []message.Item) ([]message.Message, error) {
	if t.kind == v1alpha1.NoticeDateConflict {
		return r.conflictMessage(lines[0])
	}
	return r.Texts.Sheet(r.sheet.Spec.Slack.Language, message.SheetMessage{
		Kind: t.kind, Namespace: r.key.Namespace, SheetName: r.key.Name, Tab: r.sheet.Spec.Requests.Tab,
		SheetURL: sheetURL(r.sheet.Spec.SpreadsheetID), Items: lines, Detail: t.detail, Approval: t.approval,
		MarkExtended: r.sheet.Spec.Marks.Extended,
	})
}

func (r *sheetRun) deliverBatch(ctx context.Context, slack Slack, t telling, b notice.OpenBatch, fresh map[string]bool) error {
	var lines []message.Item
	for _, p := range t.problems { // in their order: that of a batch is one of hashes
		if slices.Contains(b.Problems, p.id) {
			lines = append(lines, p.item)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	texts, err := r.render(t, lines)
	if err != nil {
		return &failure.Error{Class: failure.Terminal, Service: "keylease", Operation: "message", Code: v1alpha1.ReasonTemplateFailed, Message: err.Error()}
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
		switch res.State {
		case v1alpha1.NoticeDelivered:
			r.auditSheet("notice", "kind", t.kind, "recipient", res.Recipient, "channel", res.Receipt.Channel, "messageTS", res.Receipt.TS, "problems", len(lines))
		case v1alpha1.NoticeUnreachable:
			r.auditSheet("notice", "kind", t.kind, "recipient", res.Recipient, "unreachable", res.Reason, "problems", len(lines))
		}
	}
	return notice.FirstError(results)
}

// countFoundMarks writes into the leases when the summary that names them was delivered.
func (r *sheetRun) countFoundMarks(ctx context.Context, t telling) error {
	if t.kind != v1alpha1.NoticeFoundMarks {
		return nil
	}
	failed := map[string]error{}
	for _, p := range t.problems {
		at, ok := notice.ProblemDeliveredAt(r.sheet.Status.Notices, t.kind, p.id)
		if !ok {
			continue
		}
		id := p.item.AccessKeyID
		if err := r.amend(ctx, id, func(l *v1alpha1.AccessKeyLease) {
			if l.Status.Sheet.FoundMark != nil {
				l.Status.Sheet.FoundMark.SummaryTime = moment(at)
			}
		}); err != nil {
			failed[id] = err
		}
	}
	return r.ofLeases(failed)
}
