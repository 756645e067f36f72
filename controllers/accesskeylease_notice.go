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

// notify delivers one notice: to the owner first, because the admins' copies say whether the owner was told.
func (r *leaseRun) notify(ctx context.Context, d lifecycle.Decision) error {
	if r.view.slack == nil {
		return &failure.Error{Class: failure.Retry, Service: "slack", Operation: "connect", Code: "NotConnected", Message: "the sheet was not synced yet"}
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
	if n.Owner && owner != "" && slices.Contains(todo, owner) {
		if err := r.deliver(ctx, d, message.ToOwner, []string{owner}, pendingSince); err != nil {
			return err
		}
		todo = slices.DeleteFunc(todo, func(to string) bool { return to == owner })
	}
	if len(todo) == 0 {
		return nil
	}
	return r.deliver(ctx, d, message.ToAdmin, todo, pendingSince)
}

// deliver sends what was recorded as intended, and records what became of it.
func (r *leaseRun) deliver(ctx context.Context, d lifecycle.Decision, audience message.Audience, recipients []string, pendingSince map[string]time.Time) error {
	text, err := r.Texts.Notice(r.sheet.Spec.Slack.Language, r.messageNotice(d, audience))
	if err != nil {
		return &failure.Error{Class: failure.Terminal, Service: "keylease", Operation: "message", Code: "TemplateFailed", Message: err.Error()}
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
	if err := r.save(ctx); err != nil {
		return err
	}
	return worst(errs)
}

func (r *leaseRun) noticeKey(d lifecycle.Decision, to string) string {
	return notice.Key(string(r.lease.UID), d.TermNumber(), d.Action.Notice.Kind, d.Action.Notice.DaysBefore, to)
}

// delivered records one result.
func (r *leaseRun) delivered(d lifecycle.Decision, res notice.Result) error {
	n, s := d.Action.Notice, r.lease.Spec
	r.lease.Status.Notices = lifecycle.Settle(r.lease.Status.Notices, v1alpha1.NoticeStatus{
		Term: d.TermNumber(), Kind: n.Kind, DaysBefore: n.DaysBefore, Recipient: res.Recipient,
		State: res.State, Reason: res.Reason, Time: metav1.NewTime(res.Time), Channel: res.Receipt.Channel, MessageTS: res.Receipt.TS,
	})
	switch res.State {
	case v1alpha1.NoticeDelivered:
		r.audit("notice", "kind", n.Kind, "recipient", res.Recipient, "channel", res.Receipt.Channel, "messageTS", res.Receipt.TS, "endDate", s.EndDate)
		r.event(corev1.EventTypeNormal, v1alpha1.EventNoticeDelivered, n.Kind+" notice delivered to "+res.Recipient)
	case v1alpha1.NoticeUnreachable:
		r.audit("notice", "kind", n.Kind, "recipient", res.Recipient, "unreachable", res.Reason)
		r.event(corev1.EventTypeWarning, v1alpha1.EventNoticeFailed, n.Kind+" notice cannot reach "+res.Recipient+": "+res.Reason)
	}
	metrics.NoticeSent(r.lease.Namespace, s.SheetRef.Name, n.Kind, string(res.State))
	if failure.Is(res.Err, failure.Credentials) && r.views.setSlackError(r.sheetKey(), res.Err.Error()) {
		r.sheetWake(r.sheetKey())
	}
	return res.Err
}

// worst of several errors: what concerns the token, then what asks for the longest wait.
func worst(errs []error) error {
	var out error
	for _, e := range errs {
		switch f := failure.Of(e); {
		case e == nil:
		case out == nil || failure.Is(e, failure.Credentials):
			out = e
		case f != nil && failure.Of(out) != nil && f.RetryAfter > failure.Of(out).RetryAfter && !failure.Is(out, failure.Credentials):
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
		Lease: message.Lease{
			Namespace: l.Namespace, Name: l.Name, AccessKeyID: l.Spec.AccessKeyID, UserName: l.Spec.UserName, AccountID: l.Spec.AccountID,
			OwnerName: l.Spec.Owner.FullName, Purpose: l.Spec.Purpose, Resource: l.Spec.Resource,
			StartDate: l.Spec.StartDate, EndDate: l.Spec.EndDate,
		},
		Owner: r.messageOwner(d),
		Today: p.Today(r.now()), DeleteAt: r.deleteAt(d),
		Revocation: l.Status.Revocation, Plan: l.Status.Plan,
		Zone:         p.Location,
		SheetURL:     sheetURL(r.sheet.Spec.SpreadsheetID),
		MarkExtended: r.sheet.Spec.Marks.Extended,
	}
	if k := l.Status.Key; k != nil {
		n.Lease.LastUsed, n.Lease.LastUsedKnown = k.LastUsed, k.Status != ""
		if rev := l.Status.Revocation; rev != nil && rev.StartTime != nil && k.LastUsed != nil {
			n.UsedWithin24h = rev.StartTime.Sub(k.LastUsed.Date.Time).Hours() < 24
		}
	}
	if l.Status.Sheet != nil {
		n.Lease.Row = int(l.Status.Sheet.Row)
	}
	n.Reason, n.Detail = r.detail(d)
	return n
}

// detail is the reason and the operator's own sentence for the kinds that have one.
func (r *leaseRun) detail(d lifecycle.Decision) (reason, sentence string) {
	kinds := map[string]string{
		v1alpha1.NoticeKeyStillExists: v1alpha1.ConditionKeyVerified,
		v1alpha1.NoticeStalled:        v1alpha1.ConditionStalled,
	}
	if d.Hold != nil {
		return d.Hold.Reason, d.Hold.Message
	}
	if c := meta.FindStatusCondition(r.lease.Status.Conditions, kinds[d.Action.Notice.Kind]); c != nil {
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
	if rec != nil && rec.State == v1alpha1.NoticeUnreachable {
		o.Unreachable = rec.Reason
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
