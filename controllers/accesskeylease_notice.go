package controllers

import (
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/notice"
)

// ownerFirst is how long the admins' copy waits for an owner whom Slack does not take a message for now: it says whether
// the owner was told. Longer it does not wait, because somebody must hear of the key.
const ownerFirst = 10 * time.Minute

// notify delivers one notice: to the owner first, because the admins' copies say whether the owner was told. What came of
// the last message is for the caller to save.
func (r *leaseRun) notify(ctx context.Context, d lifecycle.Decision) error {
	if r.view.slack == nil {
		return &failure.Error{Class: failure.Retry, Service: "slack", Operation: "connect", Code: v1alpha1.ReasonNotConnected, Message: "the sheet was not synced yet"}
	}
	n, owner, term := d.Action.Notice, lifecycle.OwnerID(r.lease), d.TermNumber()
	todo := lifecycle.Outstanding(r.lease.Status.Notices, term, n, owner, r.in.Policy.Admins, r.now())
	// The intent for all of them, before anything is sent. Who was Pending before may have the message already.
	pendingSince := map[string]time.Time{}
	for _, to := range todo {
		if old := lifecycle.Record(r.lease.Status.Notices, term, n, to); old != nil && old.State == v1alpha1.NoticePending {
			pendingSince[to] = old.Time.Time
		}
	}
	r.lease.Status.Notices = lifecycle.Pend(r.lease.Status.Notices, term, n, todo, r.now())
	if err := r.save(ctx); err != nil {
		return err
	}
	var failed error
	if n.Owner && owner != "" && slices.Contains(todo, owner) {
		failed = r.deliver(ctx, d, message.ToOwner, []string{owner}, pendingSince)
		if failed != nil && !r.ownerWaitedFor(d, owner, failed) {
			return failed
		}
		if err := r.save(ctx); err != nil {
			return err
		}
		todo = slices.DeleteFunc(todo, func(to string) bool { return to == owner })
	}
	if len(todo) > 0 {
		failed = soonest([]error{failed, r.deliver(ctx, d, message.ToAdmin, todo, pendingSince)})
	}
	if failed == nil {
		r.backoff.succeeded(r.key, serviceSlack)
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
func (r *leaseRun) deliver(ctx context.Context, d lifecycle.Decision, audience message.Audience, recipients []string, pendingSince map[string]time.Time) error {
	text, err := r.Texts.Notice(r.sheet.Spec.Slack.Language, r.messageNotice(d, audience))
	if err != nil {
		return &failure.Error{Class: failure.Terminal, Service: "keylease", Operation: "message", Code: v1alpha1.ReasonTemplateFailed, Message: err.Error()}
	}
	targets := make([]notice.Target, 0, len(recipients))
	for _, to := range recipients {
		targets = append(targets, notice.Target{Recipient: to, Message: text, Key: r.noticeKey(d, to), PendingSince: pendingSince[to]})
	}
	results := notice.Deliver(ctx, r.view.slack, targets, r.now)
	errs := make([]error, 0, len(results))
	for _, res := range results {
		errs = append(errs, r.delivered(d, res))
	}
	return soonest(errs)
}

func (r *leaseRun) noticeKey(d lifecycle.Decision, to string) string {
	return notice.Key(string(r.lease.UID), d.TermNumber(), d.Action.Notice.Kind, d.Action.Notice.DaysBefore, to)
}

// delivered records one result.
func (r *leaseRun) delivered(d lifecycle.Decision, res notice.Result) error {
	n, s := d.Action.Notice, r.lease.Spec
	record := v1alpha1.NoticeStatus{
		Term: d.TermNumber(), Kind: n.Kind, DaysBefore: n.DaysBefore, Recipient: res.Recipient,
		State: res.State, Reason: res.Reason, Time: metav1.NewTime(res.Time), Channel: res.Receipt.Channel, MessageTS: res.Receipt.TS,
	}
	r.lease.Status.Notices = lifecycle.Settle(r.lease.Status.Notices, record)
	switch res.State {
	case v1alpha1.NoticeDelivered:
		r.auditNotice(record, "channel", res.Receipt.Channel, "messageTS", res.Receipt.TS, "endDate", s.EndDate)
		r.event(corev1.EventTypeNormal, v1alpha1.EventNoticeDelivered, n.Kind+" notice delivered to "+res.Recipient)
	case v1alpha1.NoticeUnreachable:
		r.auditNotice(record, "unreachable", res.Reason, "endDate", s.EndDate)
		r.event(corev1.EventTypeWarning, v1alpha1.EventNoticeFailed, n.Kind+" notice cannot reach "+res.Recipient+": "+res.Reason)
	}
	metrics.NoticeSent(r.lease.Namespace, s.SheetRef.Name, n.Kind, string(res.State))
	if failure.Is(res.Err, failure.Credentials) && r.views.setSlackError(r.sheetKey(), res.Err.Error()) {
		r.sheetWake(r.sheetKey())
	}
	return res.Err
}

func (r *leaseRun) auditNotice(n v1alpha1.NoticeStatus, kv ...any) {
	what := []any{"kind", n.Kind, "term", n.Term, "recipient", n.Recipient}
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

// messageLease is what every message about one key says of it.
func messageLease(l *v1alpha1.AccessKeyLease) message.Lease {
	m := message.Lease{
		Namespace: l.Namespace, Name: l.Name, AccessKeyID: l.Spec.AccessKeyID, UserName: l.Spec.UserName, AccountID: l.Spec.AccountID,
		OwnerName: l.Spec.Owner.FullName, Purpose: l.Spec.Purpose, Resource: l.Spec.Resource,
		StartDate: l.Spec.StartDate, EndDate: l.Spec.EndDate,
	}
	if k := l.Status.Key; k != nil {
		m.LastUsed, m.LastUsedKnown = k.LastUsed, k.Status != "" && !k.LastUseUnknown
	}
	if l.Status.Sheet != nil {
		m.Row = int(l.Status.Sheet.Row)
	}
	return m
}

// messageNotice gathers what a message says.
func (r *leaseRun) messageNotice(d lifecycle.Decision, audience message.Audience) message.Notice {
	l, p := r.lease, r.in.Policy
	n := message.Notice{
		Kind: d.Action.Notice.Kind, Audience: audience,
		Lease: messageLease(l),
		Owner: r.messageOwner(d),
		Today: p.Today(r.now()), DeleteAt: r.deleteAt(d),
		Revocation: l.Status.Revocation, Plan: l.Status.Plan,
		Zone:         p.Location,
		SheetURL:     sheetURL(r.sheet.Spec.SpreadsheetID),
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
	kind := lifecycle.NoticeSpeaksOf(d.Action.Notice.Kind)
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

func sheetURL(spreadsheetID string) string {
	if strings.ContainsAny(spreadsheetID, "<>|& \t\n") {
		return ""
	}
	return "https://docs.google.com/spreadsheets/d/" + spreadsheetID + "/edit"
}
