package controllers

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/pace"
)

// decided puts a decision into the lease's status, in memory.
func (r *leaseRun) decided(d lifecycle.Decision) {
	in := r.in
	in.Lease, in.Now = r.lease, r.now()
	r.lease.Status = lifecycle.NextStatus(in, d, r.failures())
}

func (r *leaseRun) failures() lifecycle.Attempts {
	a := lifecycle.Attempts{Exhausted: r.exhausted(), Awaited: r.retries(pace.ChangeAWS)}
	if r.failed != nil {
		a.Failure = &lifecycle.Failure{Message: r.failed.Error(), NeedsFix: failure.NeedsFix(r.failed)}
		if f := failure.Of(r.failed); f != nil {
			a.Failure.Code = f.Code
		}
	}
	return a
}

// exhausted: a service failed for so long that it is no passing matter any more.
func (r *leaseRun) exhausted() bool {
	return r.attempts.Exhausted(r.key, pace.ChangeAWS, pace.ReadAWS, pace.Slack)
}

// retries: the service failed for the lease, and it is not yet time to try again.
func (r *leaseRun) retries(s pace.Service) bool {
	_, why := r.nextAttempt(s)
	return why != nil
}

// announce tells Events and the audit log what changed with a save.
func (r *leaseRun) announce(before v1alpha1.AccessKeyLeaseStatus) {
	l := r.lease
	find := func(kind string) (was, now *metav1.Condition) {
		return meta.FindStatusCondition(before.Conditions, kind), meta.FindStatusCondition(l.Status.Conditions, kind)
	}
	if before.Phase != l.Status.Phase {
		r.event(corev1.EventTypeNormal, v1alpha1.EventPhaseChanged, fmt.Sprintf("phase %s → %s", orNone(string(before.Phase)), l.Status.Phase))
		r.audit("phase", "from", before.Phase, "to", l.Status.Phase)
	}
	if t := l.Status.Term; t != nil && (before.Term == nil || before.Term.Number != t.Number) {
		r.audit("term", "number", t.Number, "endDate", t.EndDate, "reason", t.Reason)
	}
	if k := l.Status.Key; k != nil && k.UserID != "" && k.CreateDate != nil && (before.Key == nil || before.Key.UserID != k.UserID) {
		r.audit("pinned", "userID", k.UserID, "createDate", k.CreateDate.UTC())
	}
	if was, now := find(v1alpha1.ConditionKeyVerified); now != nil && (was == nil || was.Reason != now.Reason) {
		r.audit("verified", "matches", now.Status == metav1.ConditionTrue, "reason", now.Reason, "message", now.Message)
	}
	was, held := find(v1alpha1.ConditionHeld)
	switch {
	case held != nil && (was == nil || was.Reason != held.Reason):
		r.event(corev1.EventTypeWarning, v1alpha1.EventHeld, held.Reason+": "+held.Message)
		r.audit("held", "reason", held.Reason, "message", held.Message)
	case held == nil && was != nil:
		r.event(corev1.EventTypeNormal, v1alpha1.EventReleased, "no longer held ("+was.Reason+")")
		r.audit("released", "reason", was.Reason)
	}
	old, now := find(v1alpha1.ConditionReady)
	if now == nil || now.Status == metav1.ConditionTrue || held != nil || (old != nil && old.Reason == now.Reason && old.Status == now.Status) {
		return
	}
	reason := v1alpha1.EventBlocked
	switch now.Reason {
	case v1alpha1.ReasonWaiting, v1alpha1.ReasonInProgress, v1alpha1.ReasonNeverOnSheet:
		// A lease just made stands on no row until its row is noted a moment later. The sheet's controller tells of one
		// that does not.
		return
	case v1alpha1.ReasonStalled:
		reason = v1alpha1.EventStalled
	case v1alpha1.ReasonDryRun:
		reason = v1alpha1.EventDryRun
	}
	r.event(corev1.EventTypeWarning, reason, now.Message)
	r.audit("blocked", "reason", now.Reason, "message", now.Message)
}

func orNone(s string) string {
	if s == "" {
		return "(new)"
	}
	return s
}

func (r *leaseRun) event(kind, reason, message string) {
	r.rec.LeaseEvent(r.lease, kind, reason, message)
}
