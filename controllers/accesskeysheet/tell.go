package accesskeysheet

import (
	"context"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/delivery"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/notice"
)

// forgetAfter: a problem that returns after this time is told again.
const forgetAfter = 7 * 24 * time.Hour

// problem is one thing that the admins are told once.
type problem struct {
	id   string
	item message.Item
}

// telling is everything of one kind that the admins may have to be told.
type telling struct {
	kind string
	// detail is a sentence for operators. approval is the value of the annotation that approves it.
	detail, approval string
	problems         []problem
}

// tell sends the admins what they were not told yet. It records every message as intended before sending it.
func (r *Reconciler) tell(ctx context.Context, d *draft, o outcome) error {
	known := r.Known.Get(d.key)
	if d.policy.DryRun || known.Clients.Slack == nil || !known.SlackTrouble.None() {
		return nil
	}
	tellings, err := r.tellings(ctx, d, o, known.Accounts)
	if err != nil {
		return err
	}
	t := teller{draft: d, texts: r.Texts, slack: known.Clients.Slack, leases: o.leases}
	var failed error
	live := map[string]bool{}
	for _, what := range tellings {
		for _, p := range what.problems {
			live[what.kind+p.id] = true
		}
		if err := t.tell(ctx, what); err != nil {
			failed = err
		}
		if what.kind == v1alpha1.NoticeFoundMarks {
			if err := t.countFoundMarks(ctx, what); err != nil {
				failed = err
			}
		}
		if failure.Is(failed, failure.Credentials) {
			r.slackDown(d, t.slack, v1alpha1.ReasonSlackTokenInvalid, failed.Error())
			return failed
		}
	}
	// Only an accepted reading shows which problems are gone.
	if o.accepted() {
		d.status().Notices = notice.Forget(d.status().Notices, func(kind, id string) bool {
			return live[kind+id] || (kind == v1alpha1.NoticeUnleasedKeys && !known.Accounts.Complete)
		}, d.now(), forgetAfter)
	}
	return failed
}

// teller sends messages about one sheet.
type teller struct {
	draft  *draft
	texts  *message.Texts
	slack  state.Slack
	leases leaseSet
}

// letter is a message and its recipients.
type letter struct {
	lines []message.Item
	posts []delivery.Post
}

// tell handles one kind: first the messages that an earlier sync recorded and may have sent, then the new ones.
func (t teller) tell(ctx context.Context, what telling) error {
	letters := t.intend(what)
	if len(letters) == 0 {
		return nil
	}
	// Save the intent before sending. After a crash, Keylease searches Slack for a Pending message before sending it
	// again.
	if err := t.draft.save(ctx); err != nil {
		return err
	}
	var failed error
	for _, l := range letters {
		if err := t.deliver(ctx, what, l); err != nil {
			failed = err
		}
	}
	if err := t.draft.save(ctx); err != nil {
		return err
	}
	return failed
}

// intend records every message of the kind that is to be sent now. It skips a message whose problems are all gone.
func (t teller) intend(what telling) []letter {
	d := t.draft
	s, admins := d.status(), d.spec().Slack.Admins
	items, ids := map[string]message.Item{}, []string(nil)
	for _, p := range what.problems {
		items[p.id] = p.item
		ids = append(ids, p.id)
	}
	batches := notice.OpenBatches(s.Notices, what.kind, d.now())
	for _, together := range divide(what.kind, notice.Untold(s.Notices, what.kind, ids, admins), items) {
		batches = append(batches, notice.NewBatch(string(d.sheet.UID), what.kind, together, admins))
	}
	var letters []letter
	for _, b := range batches {
		var l letter
		for _, p := range what.problems { // in this order; a batch is ordered by hashes
			if b.Has(p.id) {
				l.lines = append(l.lines, p.item)
			}
		}
		if len(l.lines) == 0 {
			continue
		}
		for i, p := range b.Problems {
			b.Problems[i].Announced = lifecycle.Moment(items[p.Problem].DeleteAt)
		}
		s.Notices, l.posts = b.Intend(s.Notices, d.now())
		letters = append(letters, l)
	}
	return letters
}

// divide splits the problems into messages. Problems found together are told together, as far as they fit.
func divide(kind string, untold []string, items map[string]message.Item) [][]string {
	var parts [][]string
	lines := make([]message.Item, 0, len(untold))
	for _, id := range untold {
		lines = append(lines, items[id])
	}
	for _, part := range message.Split(message.SheetMessage{Kind: kind, Items: lines}) {
		if n := len(part.Items); n > 0 {
			parts, untold = append(parts, untold[:n]), untold[n:]
		}
	}
	return parts
}

func (t teller) deliver(ctx context.Context, what telling, l letter) error {
	d := t.draft
	text, err := t.render(what, l.lines)
	if err != nil {
		return &failure.Error{Class: failure.Terminal, Service: "keylease", Operation: "message", Code: v1alpha1.ReasonTemplateFailed, Message: err.Error()}
	}
	var results []notice.Result
	for res := range notice.Deliver(ctx, t.slack, l.posts, text, d.now) {
		results = append(results, res)
		d.status().Notices = delivery.Settle(d.status().Notices, res.Delivery)
		metrics.NoticeSent(d.key.Namespace, d.key.Name, what.kind, string(res.State))
		switch res.State {
		case v1alpha1.NoticeDelivered:
			d.audit("notice", "kind", what.kind, "recipient", res.Recipient, "channel", res.Channel, "messageTS", res.MessageTS, "problems", len(l.lines))
		case v1alpha1.NoticeUnreachable:
			d.audit("notice", "kind", what.kind, "recipient", res.Recipient, "unreachable", res.Reason, "problems", len(l.lines))
		}
	}
	return notice.FirstError(results)
}

func (t teller) render(what telling, lines []message.Item) (message.Message, error) {
	d, spec := t.draft, t.draft.spec()
	if what.kind == v1alpha1.NoticeDateConflict {
		return t.conflictMessage(lines[0])
	}
	texts, err := t.texts.Sheet(spec.Slack.Language, message.SheetMessage{
		Kind: what.kind, Namespace: d.key.Namespace, SheetName: d.key.Name, Tab: spec.Requests.Tab,
		SheetURL: message.SheetURL(spec.SpreadsheetID), Items: lines, Detail: what.detail, Approval: what.approval,
		MarkExtended: spec.Marks.Extended,
	})
	if err != nil {
		return message.Message{}, err
	}
	return texts[0], nil
}

// countFoundMarks records on the leases when the summary that names them was delivered.
func (t teller) countFoundMarks(ctx context.Context, what telling) error {
	failed := map[string]error{}
	for _, p := range what.problems {
		at, ok := notice.ProblemDeliveredAt(t.draft.status().Notices, what.kind, p.id)
		if !ok {
			continue
		}
		id := p.item.AccessKeyID
		lease, err := t.draft.amend(ctx, t.leases[id], func(l *v1alpha1.AccessKeyLease) {
			if l.Status.Sheet.FoundMark != nil {
				l.Status.Sheet.FoundMark.SummaryTime = lifecycle.Moment(at)
			}
		})
		if t.leases[id] = lease; err != nil {
			failed[id] = err
		}
	}
	return leaseErrors(t.draft.key, failed)
}
