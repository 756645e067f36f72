package controllers

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/pace"
	"github.com/keylease/keylease/internal/teardown"
)

// planTimeout bounds how long a notice waits for its plan.
const planTimeout = 20 * time.Second

// planDue: a notice of expiry is about to go out for the first time, or DryRun stops what is due and should show what
// would happen. A plan that was tried in vain is not tried again: the notice has gone out without it.
func (r *leaseRun) planDue(d lifecycle.Decision) bool {
	n, s := d.Action.Notice, r.lease.Status
	if r.planned || r.sheet == nil || d.Term == nil {
		return false
	}
	if at, _ := r.waits(pace.ReadAWS); !at.IsZero() {
		return false
	}
	if d.Action.Kind == lifecycle.ActionNone {
		return d.Blocked != nil && d.Blocked.Reason == v1alpha1.ReasonDryRun && (s.Plan == nil || s.Plan.Time.Before(&d.Term.StartTime))
	}
	if d.Action.Kind != lifecycle.ActionNotify || n.Kind != v1alpha1.NoticeExpiry {
		return false
	}
	for _, record := range s.Notices {
		if record.Term == d.Term.Number && record.Kind == n.Kind && record.DaysBefore != nil && *record.DaysBefore == *n.DaysBefore {
			return false
		}
	}
	return true
}

// plan works out what the deletion would do, and reads once more when the key was last used. It is for people: where AWS
// cannot be read the notice says less, but it goes out.
func (r *leaseRun) plan(ctx context.Context) {
	r.planned = true
	r.lease.Status.Plan = nil // one that no longer holds would mislead
	ctx, cancel := context.WithTimeout(ctx, planTimeout)
	defer cancel()
	if r.in.AWS == nil {
		r.observe(ctx)
	}
	if r.in.AWS == nil {
		return
	}
	plan, err := r.preview(ctx, *r.in.AWS)
	r.slots.Answered(r.accountPlace(), r.now(), err)
	if err != nil {
		log.FromContext(ctx).Info("no plan of the deletion", "error", err.Error())
		return
	}
	r.lease.Status.Plan = &plan
}

func (r *leaseRun) preview(ctx context.Context, o lifecycle.Reading) (v1alpha1.RevocationPlan, error) {
	c, err := r.account(ctx)
	if err != nil {
		return v1alpha1.RevocationPlan{}, err
	}
	t, err := r.teardownTarget()
	if err != nil {
		return v1alpha1.RevocationPlan{}, err
	}
	return teardown.ReadPreview(ctx, c, o, t, r.lease.Status.Revocation, lifecycle.Moment(r.now()).Time)
}
