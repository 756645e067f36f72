package accesskeylease

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/pace"
	"github.com/keylease/keylease/internal/teardown"
)

// planTimeout is how long a notice waits for its plan.
const planTimeout = 20 * time.Second

// planDue tells whether to work out a plan: before the first notice of expiry, or when DryRun stops a due deletion and
// should show what would happen. A failed plan is not retried, because the notice was sent without it.
func (r *reconciling) planDue(d lifecycle.Decision) bool {
	n, s := d.Action.Notice, r.draft.lease.Status
	if r.planned || r.about.sheet == nil || d.Term == nil {
		return false
	}
	if at, _ := r.use.until(pace.ReadAWS); !at.IsZero() {
		return false
	}
	if d.Action.Kind == lifecycle.ActionNone {
		return d.Blocked != nil && d.Blocked.Reason == v1alpha1.ReasonDryRun && (s.Plan == nil || s.Plan.Time.Before(&d.Term.StartTime))
	}
	return d.Action.Kind == lifecycle.ActionNotify && n.Kind == v1alpha1.NoticeExpiry && !n.Begun(s.Notices, d.Term.Number)
}

// plan works out what the deletion would do, and reads again when the key was last used. If AWS cannot be read, the
// notice says less, but it is sent.
func (a acts) plan(ctx context.Context, in lifecycle.Input) lifecycle.Input {
	l := a.draft.lease
	l.Status.Plan = nil // an old plan would mislead
	ctx, cancel := context.WithTimeout(ctx, planTimeout)
	defer cancel()
	if in.AWS == nil {
		in = a.observe(ctx, in)
	}
	if in.AWS == nil {
		return in
	}
	plan, err := a.preview(ctx, *in.AWS)
	a.use.answered(a.use.account, err)
	if err != nil {
		log.FromContext(ctx).Info("no plan of the deletion", "error", err.Error())
		return in
	}
	l.Status.Plan = &plan
	return in
}

func (a acts) preview(ctx context.Context, o lifecycle.Reading) (v1alpha1.RevocationPlan, error) {
	c, t, err := a.connect(ctx)
	if err != nil {
		return v1alpha1.RevocationPlan{}, err
	}
	return teardown.ReadPreview(ctx, c, o, t, a.draft.lease.Status.Revocation, lifecycle.Moment(a.draft.now()).Time)
}
