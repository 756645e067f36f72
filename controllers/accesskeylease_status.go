package controllers

import (
	"fmt"
	"regexp"
	"time"

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
	s := &r.lease.Status
	s.Phase, s.Term = d.Phase, d.Term
	s.NextTransitionTime = moment(d.Next)
	if d.TermBegan {
		s.Notices = lifecycle.RecentNotices(s.Notices, d.Term.Number)
	}
	if d.Verified != nil {
		r.condition(v1alpha1.ConditionKeyVerified, status(d.Verified.True), d.Verified.Reason, d.Verified.Message)
	}
	if d.Hold != nil {
		r.condition(v1alpha1.ConditionHeld, metav1.ConditionTrue, d.Hold.Reason, d.Hold.Message)
	} else {
		meta.RemoveStatusCondition(&s.Conditions, v1alpha1.ConditionHeld)
	}
	r.readiness(d)
}

// readiness sets Ready, Reconciling and Stalled by kstatus' rules: the latter two stand only while they are true.
func (r *leaseRun) readiness(d lifecycle.Decision) {
	switch {
	case r.failed != nil:
		r.failure(r.failed)
	case d.Hold != nil:
		r.settled(metav1.ConditionFalse, v1alpha1.ReasonHeld, d.Hold.Message)
	case d.Action.Kind != lifecycle.ActionNone:
		// About to act: what it comes to is told afterwards. A stall is over only when the act succeeded.
	case d.Blocked != nil && (stalls(d.Blocked.Reason) || d.Blocked.Reason == v1alpha1.ReasonAWSUnavailable && r.exhausted()):
		r.stall(d.Blocked.Reason, d.Blocked.Message)
	case d.Blocked != nil && d.Blocked.Reason == v1alpha1.ReasonWaiting && r.retries(pace.ChangeAWS):
		// What AWS refused is what people should read until it is tried again, not that a reading of the sheet is awaited too.
	case d.Blocked != nil:
		r.settled(metav1.ConditionFalse, d.Blocked.Reason, d.Blocked.Message)
	case d.Phase == v1alpha1.PhaseRevoked:
		r.settled(metav1.ConditionTrue, v1alpha1.ReasonRevoked, revokedMessage(r.lease))
	default:
		r.settled(metav1.ConditionTrue, v1alpha1.ReasonWaiting, r.waitMessage(d))
	}
}

func (r *leaseRun) settled(ready metav1.ConditionStatus, reason, message string) {
	meta.RemoveStatusCondition(&r.lease.Status.Conditions, v1alpha1.ConditionStalled)
	meta.RemoveStatusCondition(&r.lease.Status.Conditions, v1alpha1.ConditionReconciling)
	if rev := r.lease.Status.Revocation; rev != nil && rev.KeyDeletedTime != nil && rev.CompletionTime == nil {
		r.condition(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonInProgress, "the key is deleted; what hangs on it follows")
	}
	r.condition(v1alpha1.ConditionReady, ready, reason, message)
}

func (r *leaseRun) stall(reason, message string) {
	meta.RemoveStatusCondition(&r.lease.Status.Conditions, v1alpha1.ConditionReconciling)
	r.condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, reason, message)
	r.condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonStalled, message)
}

func (r *leaseRun) failure(err error) {
	reason := v1alpha1.ReasonRetrying
	if f := failure.Of(err); f != nil && reasonPattern.MatchString(f.Code) {
		reason = f.Code
	}
	if failure.NeedsFix(err) || r.exhausted() {
		r.stall(reason, err.Error())
		return
	}
	meta.RemoveStatusCondition(&r.lease.Status.Conditions, v1alpha1.ConditionStalled)
	r.condition(v1alpha1.ConditionReconciling, metav1.ConditionTrue, reason, err.Error())
	r.condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonRetrying, err.Error())
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

// reasonPattern is what Kubernetes accepts as a condition's reason.
var reasonPattern = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`)

// stalls: people must mend something before this guard lets go.
func stalls(reason string) bool {
	switch reason {
	case v1alpha1.ReasonWrongAccount, v1alpha1.ReasonEmptyAccount, v1alpha1.ReasonOtherUser,
		v1alpha1.ReasonUserRecreated, v1alpha1.ReasonKeyRecreated, v1alpha1.ReasonAWSForbidden,
		v1alpha1.ReasonIdentityNotPinned:
		return true
	}
	return false
}

func (r *leaseRun) condition(kind string, s metav1.ConditionStatus, reason, message string) {
	setCondition(&r.lease.Status.Conditions, r.now(), r.lease.Generation, kind, s, reason, message)
}

// setCondition with the injected clock's time; conditions that say the same stay as they are.
func setCondition(all *[]metav1.Condition, now time.Time, generation int64, kind string, s metav1.ConditionStatus, reason, message string) {
	c := metav1.Condition{Type: kind, Status: s, Reason: reason, Message: cut(message, longestCondition), ObservedGeneration: generation}
	if old := meta.FindStatusCondition(*all, kind); old == nil || old.Status != s {
		c.LastTransitionTime = metav1.NewTime(now.Truncate(time.Second))
	}
	meta.SetStatusCondition(all, c)
}

func status(ok bool) metav1.ConditionStatus {
	if ok {
		return metav1.ConditionTrue
	}
	return metav1.ConditionFalse
}

// moment as the API can hold it; nil for never and for years that RFC 3339 cannot write.
func moment(t time.Time) *metav1.Time {
	if t.IsZero() || t.Year() > 9998 {
		return nil
	}
	// In UTC and to the second, as it comes back from the API: otherwise it would differ at every reconcile.
	m := metav1.NewTime(t.UTC().Truncate(time.Second))
	return &m
}

func revokedMessage(l *v1alpha1.AccessKeyLease) string {
	rev := l.Status.Revocation
	switch {
	case rev == nil || rev.CompletionTime == nil:
		return "marked as deleted in the sheet; Keylease changed nothing in AWS"
	case lifecycle.StillExists(l):
		return "AWS was to have no such key any more, and lists it: see KeyVerified"
	case rev.Reason == v1alpha1.ReasonKeyAlreadyGone:
		return "KeyAlreadyGone: AWS has no such key any more"
	case len(rev.Retained) > 0:
		return fmt.Sprintf("the key is gone; kept: %s (%s)", rev.Retained[0].Target, rev.Retained[0].Reason)
	}
	return "the key is gone, and AWS confirmed it"
}

func (r *leaseRun) waitMessage(d lifecycle.Decision) string {
	p := r.in.Policy
	if d.Next.IsZero() || p.Location == nil {
		return "nothing to do"
	}
	at := d.Next.In(p.Location).Format("2006-01-02 15:04 MST")
	switch {
	case d.Phase == v1alpha1.PhaseExpired && r.lease.Status.Revocation != nil && r.lease.Status.Revocation.DeactivatedTime != nil:
		return "deactivated; deletion on " + at
	case d.Phase == v1alpha1.PhaseExpired:
		return "deletion on " + at
	case d.Phase == v1alpha1.PhaseNotified:
		return "notice given; next step on " + at
	}
	return "notice on " + at
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
	r.tellEvent(r.lease, kind, reason, reason, message)
}
