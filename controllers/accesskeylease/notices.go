package accesskeylease

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/delivery"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/notice"
	"github.com/keylease/keylease/internal/pace"
)

// ownerFirst is how long the admins' copy waits while Slack cannot deliver to the owner, because the copy says whether
// the owner was told. After that the admins get it anyway: someone must know about the key.
const ownerFirst = 10 * time.Minute

// notifier sends the notices about one lease.
type notifier struct {
	draft  *draft
	about  loaded
	use    *services
	policy lifecycle.Policy
	texts  *message.Texts
	// known and wakeSheet report a token that Slack refuses, because it concerns the whole sheet.
	known     *state.Sheets
	wakeSheet func(types.NamespacedName)
}

// notify delivers one notice. The owner comes first, because the admins' copies say whether the owner was told. The
// caller saves the outcome of the last message.
func (n notifier) notify(ctx context.Context, d lifecycle.Decision) error {
	if n.about.known.Clients.Slack == nil {
		return &failure.Error{Class: failure.Retry, Service: "slack", Operation: "connect", Code: v1alpha1.ReasonNotConnected, Message: "the sheet was not synced yet"}
	}
	l, what, owner, now := n.draft.lease, d.Action.Notice, lifecycle.OwnerID(n.draft.lease), n.draft.now()
	todo := lifecycle.Outstanding(l.Status.Notices, d.TermNumber(), what, owner, n.policy.Admins, now)
	// Record the intent for all messages before sending any. It keeps the deletion time that the messages name.
	d.DeleteAt = n.deleteAt(d)
	var announced *metav1.Time
	if message.NamesDeletion(what.Kind) {
		announced = lifecycle.Moment(d.DeleteAt)
	}
	records, posts := lifecycle.Intend(l, d, todo, announced, now)
	l.Status.Notices = records
	if err := n.draft.save(ctx); err != nil {
		return err
	}
	var failed error
	if what.Owner && len(posts) > 0 && posts[0].Recipient == owner {
		failed = n.deliver(ctx, d, message.ToOwner, posts[:1])
		if failed != nil && !n.ownerWaitedFor(d, owner, failed) {
			return failed
		}
		if err := n.draft.save(ctx); err != nil {
			return err
		}
		posts = posts[1:]
	}
	if len(posts) > 0 {
		failed = soonest(failed, n.deliver(ctx, d, message.ToAdmin, posts))
	}
	if failed == nil {
		n.use.succeeded(pace.Slack)
	}
	return failed
}

// ownerWaitedFor tells whether Slack fails for the owner alone, and the admins' copy has waited long enough.
func (n notifier) ownerWaitedFor(d lifecycle.Decision, owner string, err error) bool {
	if !failure.Is(err, failure.Retry, failure.Uncertain) {
		return false
	}
	intended := lifecycle.Record(n.draft.lease.Status.Notices, d.TermNumber(), d.Action.Notice, owner)
	return intended != nil && n.draft.now().Sub(intended.Time.Time) >= ownerFirst
}

// deliver sends what was recorded as intended, and notes each outcome.
func (n notifier) deliver(ctx context.Context, d lifecycle.Decision, audience message.Audience, posts []delivery.Post) error {
	text, err := n.texts.Notice(n.about.sheet.Spec.Slack.Language, n.message(d, audience))
	if err != nil {
		return &failure.Error{Class: failure.Terminal, Service: "keylease", Operation: "message", Code: v1alpha1.ReasonTemplateFailed, Message: err.Error()}
	}
	var failed error
	for res := range notice.Deliver(ctx, n.about.known.Clients.Slack, posts, text, n.draft.now) {
		n.settle(d, res)
		failed = soonest(failed, res.Err)
	}
	return failed
}

// settle records one result.
func (n notifier) settle(d lifecycle.Decision, res notice.Result) {
	l, kind := n.draft.lease, d.Action.Notice.Kind
	l.Status.Notices = delivery.Settle(l.Status.Notices, res.Delivery)
	switch res.State {
	case v1alpha1.NoticeDelivered:
		n.audit(d, res, "channel", res.Channel, "messageTS", res.MessageTS, "endDate", l.Spec.EndDate)
		n.draft.event(record.Normal, v1alpha1.EventNoticeDelivered, kind+" notice delivered to "+res.Recipient)
	case v1alpha1.NoticeUnreachable:
		n.audit(d, res, "unreachable", res.Reason, "endDate", l.Spec.EndDate)
		n.draft.event(record.Warning, v1alpha1.EventNoticeFailed, kind+" notice cannot reach "+res.Recipient+": "+res.Reason)
	}
	metrics.NoticeSent(l.Namespace, l.Spec.SheetRef.Name, kind, string(res.State))
	if failure.Is(res.Err, failure.Credentials) && n.known.TokenRefused(n.about.sheetKey, res.Err.Error()) {
		n.wakeSheet(n.about.sheetKey)
	}
}

func (n notifier) audit(d lifecycle.Decision, res notice.Result, kv ...any) {
	what := []any{"kind", d.Action.Notice.Kind, "term", d.TermNumber(), "recipient", res.Recipient}
	if days := d.Action.Notice.DaysBefore; days != nil {
		what = append(what, "daysBefore", *days)
	}
	n.draft.audit("notice", append(what, kv...)...)
}

// soonest picks one of two errors: one about the token or the API server, or else the one that can be retried first.
// Slack's client itself remembers which channels must wait longer.
func soonest(out, e error) error {
	f, best := failure.Of(e), failure.Of(out)
	switch {
	case e == nil:
	case out == nil, f == nil, f.Class == failure.Credentials:
		return e
	case best != nil && best.Class != failure.Credentials && f.RetryAfter < best.RetryAfter:
		return e
	}
	return out
}
