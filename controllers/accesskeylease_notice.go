package controllers

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/notice"
	"github.com/keylease/keylease/internal/pace"
)

// ownerFirst is how long the admins' copy waits for an owner whom Slack does not take a message for now: it says whether
// the owner was told. Longer it does not wait, because somebody must hear of the key.
const ownerFirst = 10 * time.Minute

// notify delivers one notice: to the owner first, because the admins' copies say whether the owner was told. What came of
// the last message is for the caller to save.
func (r *leaseRun) notify(ctx context.Context, d lifecycle.Decision) error {
	if r.view.Clients.Slack == nil {
		return &failure.Error{Class: failure.Retry, Service: "slack", Operation: "connect", Code: "NotConnected", Message: "the sheet was not synced yet"}
	}
	n, owner := d.Action.Notice, lifecycle.OwnerID(r.lease)
	todo := lifecycle.Outstanding(r.lease.Status.Notices, d.TermNumber(), n, owner, r.in.Policy.Admins, r.now())
	// The intent for all of them, before anything is sent. It keeps the time of deletion that the messages name.
	d.DeleteAt = r.deleteAt(d)
	var announced *metav1.Time
	if message.NamesDeletion(n.Kind) {
		announced = lifecycle.Moment(d.DeleteAt)
	}
	records, posts := lifecycle.Intend(r.lease, d, todo, announced, r.now())
	r.lease.Status.Notices = records
	if err := r.save(ctx); err != nil {
		return err
	}
	var failed error
	if n.Owner && len(posts) > 0 && posts[0].Recipient == owner {
		failed = r.deliver(ctx, d, message.ToOwner, posts[:1])
		if failed != nil && !r.ownerWaitedFor(d, owner, failed) {
			return failed
		}
		if err := r.save(ctx); err != nil {
			return err
		}
		posts = posts[1:]
	}
	if len(posts) > 0 {
		failed = soonest([]error{failed, r.deliver(ctx, d, message.ToAdmin, posts)})
	}
	if failed == nil {
		r.attempts.Succeeded(r.key, pace.Slack)
	}
	return failed
}

// ownerWaitedFor: Slack fails for the owner alone, and has done so for long enough.
func (r *leaseRun) ownerWaitedFor(d lifecycle.Decision, owner string, err error) bool {
	if !failure.Is(err, failure.Retry, failure.Uncertain) {
		return false
	}
	record := lifecycle.Record(r.lease.Status.Notices, d.TermNumber(), d.Action.Notice, owner)
	return record != nil && r.now().Sub(record.Time.Time) >= ownerFirst
}

// deliver sends what was recorded as intended, and notes what became of it.
func (r *leaseRun) deliver(ctx context.Context, d lifecycle.Decision, audience message.Audience, posts []delivery.Post) error {
	text, err := r.Texts.Notice(r.sheet.Spec.Slack.Language, r.messageNotice(d, audience))
	if err != nil {
		return &failure.Error{Class: failure.Terminal, Service: "keylease", Operation: "message", Code: "TemplateFailed", Message: err.Error()}
	}
	targets := make([]notice.Target, 0, len(posts))
	for _, p := range posts {
		targets = append(targets, notice.Target{Post: p, Message: text})
	}
	results := notice.Deliver(ctx, r.view.Clients.Slack, targets, r.now)
	errs := make([]error, 0, len(results))
	for _, res := range results {
		errs = append(errs, r.delivered(d, res))
	}
	return soonest(errs)
}

// delivered records one result.
func (r *leaseRun) delivered(d lifecycle.Decision, res notice.Result) error {
	n, s := d.Action.Notice, r.lease.Spec
	r.lease.Status.Notices = delivery.Settle(r.lease.Status.Notices, res.Delivery)
	switch res.State {
	case v1alpha1.NoticeDelivered:
		r.auditNotice(d, res, "channel", res.Channel, "messageTS", res.MessageTS, "endDate", s.EndDate)
		r.event(corev1.EventTypeNormal, v1alpha1.EventNoticeDelivered, n.Kind+" notice delivered to "+res.Recipient)
	case v1alpha1.NoticeUnreachable:
		r.auditNotice(d, res, "unreachable", res.Reason, "endDate", s.EndDate)
		r.event(corev1.EventTypeWarning, v1alpha1.EventNoticeFailed, n.Kind+" notice cannot reach "+res.Recipient+": "+res.Reason)
	}
	metrics.NoticeSent(r.lease.Namespace, s.SheetRef.Name, n.Kind, string(res.State))
	if failure.Is(res.Err, failure.Credentials) && r.known.TokenRefused(r.sheetKey(), res.Err.Error()) {
		r.sheetWake(r.sheetKey())
	}
	return res.Err
}

func (r *leaseRun) auditNotice(d lifecycle.Decision, res notice.Result, kv ...any) {
	n := d.Action.Notice
	what := []any{"kind", n.Kind, "term", d.TermNumber(), "recipient", res.Recipient}
	if n.DaysBefore != nil {
		what = append(what, "daysBefore", *n.DaysBefore)
	}
	r.audit("notice", append(what, kv...)...)
}

// soonest of several errors: what concerns the token or the API server, else what can be tried again first. Slack's client
// remembers by itself which channel has to wait for longer.
func soonest(errs []error) error {
	var out error
	for _, e := range errs {
		f, best := failure.Of(e), failure.Of(out)
		switch {
		case e == nil:
		case out == nil, f == nil, f.Class == failure.Credentials:
			out = e
		case best != nil && best.Class != failure.Credentials && f.RetryAfter < best.RetryAfter:
			out = e
		}
	}
	return out
}

// messageNotice gathers what a message says.
func (r *leaseRun) messageNotice(d lifecycle.Decision, audience message.Audience) message.Notice {
	l, p := r.lease, r.in.Policy
	n := message.Notice{
		Kind: d.Action.Notice.Kind, Audience: audience,
		Lease: message.LeaseOf(l),
		Owner: r.messageOwner(d),
		Today: p.Today(r.now()), DeleteAt: d.DeleteAt,
		Revocation: l.Status.Revocation, Plan: l.Status.Plan,
		Zone:         p.Location,
		SheetURL:     message.SheetURL(r.sheet.Spec.SpreadsheetID),
		MarkExtended: r.sheet.Spec.Marks.Extended,
	}
	if k, rev := l.Status.Key, l.Status.Revocation; k != nil && k.LastUsed != nil && rev != nil {
		usedBefore := func(t *metav1.Time) bool { return t != nil && t.Sub(k.LastUsed.Date.Time) < 24*time.Hour }
		n.UsedWithin24h, n.UsedBeforeDeactivation = usedBefore(rev.KeyDeletedTime), usedBefore(rev.DeactivatedTime)
	}
	n.Reason, n.Detail = r.detail(d)
	if n.Kind == v1alpha1.NoticeExpiry && p.GracePeriod > 0 {
		n.DeactivateAt = n.DeleteAt.Add(-p.GracePeriod)
	}
	return n
}

// detail is the reason and the operator's own sentence for the kinds that have one.
func (r *leaseRun) detail(d lifecycle.Decision) (reason, sentence string) {
	kind := ""
	switch d.Action.Notice.Kind {
	case v1alpha1.NoticeProtected, v1alpha1.NoticeRecentlyUsed, v1alpha1.NoticeLastUseUnknown, v1alpha1.NoticeFieldOwned:
		kind = v1alpha1.ConditionHeld
	case v1alpha1.NoticeKeyStillExists:
		kind = v1alpha1.ConditionKeyVerified
	case v1alpha1.NoticeStalled:
		kind = v1alpha1.ConditionStalled
	}
	if c := meta.FindStatusCondition(r.lease.Status.Conditions, kind); c != nil {
		return c.Reason, c.Message
	}
	return "", ""
}

func (r *leaseRun) messageOwner(d lifecycle.Decision) message.Owner {
	o := message.Owner{SlackUserID: lifecycle.OwnerID(r.lease)}
	if r.lease.Status.Owner != nil {
		o.Candidates = r.lease.Status.Owner.Candidates
	}
	rec := lifecycle.Record(r.lease.Status.Notices, d.TermNumber(), d.Action.Notice, o.SlackUserID)
	if rec != nil && rec.State != v1alpha1.NoticeDelivered {
		o.Unreachable, o.NotYet = rec.Reason, rec.State == v1alpha1.NoticePending
	}
	return o
}

// deleteAt, for a message that is about to be the term's notice, counts from now.
func (r *leaseRun) deleteAt(d lifecycle.Decision) time.Time {
	p := r.in.Policy
	if !d.DeleteAt.IsZero() {
		return d.DeleteAt.In(p.Location)
	}
	at := p.Due(r.lease.Spec.EndDate, 1)
	if earliest := r.now().Add(p.MinimumNotice); earliest.After(at) {
		at = earliest
	}
	return at.Add(p.GracePeriod).In(p.Location)
}
