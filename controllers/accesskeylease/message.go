package accesskeylease

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
)

// message gathers what a notice says.
func (n notifier) message(d lifecycle.Decision, audience message.Audience) message.Notice {
	l, spec, kind := n.draft.lease, n.about.sheet.Spec, d.Action.Notice.Kind
	out := message.Notice{
		Kind: kind, Audience: audience,
		Lease: l, Plan: l.Status.Plan, Owner: n.owner(d),
		Today: n.policy.Today(n.draft.now()), DeleteAt: d.DeleteAt, Zone: n.policy.Location,
		SheetURL: message.SheetURL(spec.SpreadsheetID), MarkExtended: spec.Marks.Extended,
	}
	if c := meta.FindStatusCondition(l.Status.Conditions, lifecycle.NoticeSpeaksOf(kind)); c != nil {
		out.Reason, out.Detail = c.Reason, c.Message
	}
	if kind == v1alpha1.NoticeExpiry && n.policy.GracePeriod > 0 {
		out.DeactivateAt = out.DeleteAt.Add(-n.policy.GracePeriod)
	}
	return out
}

func (n notifier) owner(d lifecycle.Decision) message.Owner {
	s := n.draft.lease.Status
	o := message.Owner{SlackUserID: lifecycle.OwnerID(n.draft.lease)}
	if s.Owner != nil {
		o.Candidates = s.Owner.Candidates
	}
	if r := lifecycle.Record(s.Notices, d.TermNumber(), d.Action.Notice, o.SlackUserID); r != nil && r.State != v1alpha1.NoticeDelivered {
		o.Unreachable, o.NotYet = r.Reason, r.State == v1alpha1.NoticePending
	}
	return o
}

// deleteAt is the deletion time that a message names. For the first notice of a term it counts from now.
func (n notifier) deleteAt(d lifecycle.Decision) time.Time {
	p := n.policy
	if !d.DeleteAt.IsZero() {
		return d.DeleteAt.In(p.Location)
	}
	at := p.Due(n.draft.lease.Spec.EndDate, 1)
	if earliest := n.draft.now().Add(p.MinimumNotice); earliest.After(at) {
		at = earliest
	}
	return at.Add(p.GracePeriod).In(p.Location)
}
