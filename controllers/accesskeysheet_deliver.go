package controllers

import (
	"context"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/notice"
)

// letter is a batch's message, and whom to send it to.
type letter struct {
	lines []message.Item
	posts []delivery.Post
}

// tell one kind: first what an earlier sync intended and may have sent, then what is new.
func (r *sheetRun) tell(ctx context.Context, slack Slack, t telling) error {
	letters := r.intend(t)
	if len(letters) == 0 {
		return r.countFoundMarks(ctx, t)
	}
	// Intended before sent: who is found Pending after a crash is looked for in Slack first.
	if err := r.saveStatus(ctx); err != nil {
		return err
	}
	var failed error
	for _, l := range letters {
		if err := r.deliverLetter(ctx, slack, t, l); err != nil {
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

// intend records every message of the kind that is to be sent now. One whose problems are all gone need not be sent.
func (r *sheetRun) intend(t telling) []letter {
	items := map[string]message.Item{}
	var ids []string
	for _, p := range t.problems {
		items[p.id] = p.item
		ids = append(ids, p.id)
	}
	s := &r.sheet.Status
	batches := notice.OpenBatches(s.Notices, t.kind, r.now())
	for _, together := range r.divide(t, notice.Untold(s.Notices, t.kind, ids, r.sheet.Spec.Slack.Admins), items) {
		batches = append(batches, notice.NewBatch(string(r.sheet.UID), t.kind, together, r.sheet.Spec.Slack.Admins))
	}
	var letters []letter
	for _, b := range batches {
		var l letter
		for _, p := range t.problems { // in their order: that of a batch is one of hashes
			if b.Has(p.id) {
				l.lines = append(l.lines, p.item)
			}
		}
		if len(l.lines) == 0 {
			continue
		}
		for i, p := range b.Problems {
			b.Problems[i].Announced = moment(items[p.Problem].DeleteAt)
		}
		s.Notices, l.posts = b.Intend(s.Notices, r.now())
		letters = append(letters, l)
	}
	return letters
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

func (r *sheetRun) deliverLetter(ctx context.Context, slack Slack, t telling, l letter) error {
	texts, err := r.render(t, l.lines)
	if err != nil {
		return &failure.Error{Class: failure.Terminal, Service: "keylease", Operation: "message", Code: "TemplateFailed", Message: err.Error()}
	}
	targets := make([]notice.Target, 0, len(l.posts))
	for _, p := range l.posts {
		targets = append(targets, notice.Target{Post: p, Message: texts[0]})
	}
	results := notice.Deliver(ctx, slack, targets, r.now)
	for _, res := range results {
		r.sheet.Status.Notices = delivery.Settle(r.sheet.Status.Notices, res.Delivery)
		metrics.NoticeSent(r.key.Namespace, r.key.Name, t.kind, string(res.State))
		switch res.State {
		case v1alpha1.NoticeDelivered:
			r.auditSheet("notice", "kind", t.kind, "recipient", res.Recipient, "channel", res.Channel, "messageTS", res.MessageTS, "problems", len(l.lines))
		case v1alpha1.NoticeUnreachable:
			r.auditSheet("notice", "kind", t.kind, "recipient", res.Recipient, "unreachable", res.Reason, "problems", len(l.lines))
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
