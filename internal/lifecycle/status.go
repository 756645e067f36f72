package lifecycle

import (
	"fmt"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Attempts is what is known of failed attempts.
type Attempts struct {
	// Failure of this reconcile; nil: nothing failed in it.
	Failure *Failure
	// Exhausted: a service failed so often in a row that it will not pass by itself.
	Exhausted bool
	// Awaited: AWS refused a change, and the backoff has not ended.
	Awaited bool
}

// Failure of an attempt.
type Failure struct {
	// Code of the service. It becomes the condition's reason, if Kubernetes accepts it as one.
	Code, Message string
	// NeedsFix: the same call fails until people fix something.
	NeedsFix bool
}

// reasonPattern is what Kubernetes accepts as a condition's reason.
var reasonPattern = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`)

// NextStatus is the lease's status with a decision in it: everything except what the acts write there themselves.
func NextStatus(in Input, d Decision, a Attempts) v1alpha1.AccessKeyLeaseStatus {
	w := statusWriter{in: in, s: in.Lease.Status}
	w.s.Conditions = slices.Clone(w.s.Conditions)
	w.s.Phase, w.s.Term, w.s.NextTransitionTime = d.Phase, d.Term, Moment(d.Next)
	if d.TermBegan {
		w.s.Notices = RecentNotices(w.s.Notices, d.Term.Number)
	}
	if v := d.Verified; v != nil {
		w.set(v1alpha1.ConditionKeyVerified, Truth(v.True), v.Reason, v.Message)
	}
	if d.Hold != nil {
		w.set(v1alpha1.ConditionHeld, metav1.ConditionTrue, d.Hold.Reason, d.Hold.Message)
	} else {
		w.remove(v1alpha1.ConditionHeld)
	}
	w.readiness(d, a)
	return w.s
}

// statusWriter changes its own copy of a status.
type statusWriter struct {
	in Input
	s  v1alpha1.AccessKeyLeaseStatus
}

// readiness sets Ready, Reconciling and Stalled by the rules of kstatus: the latter two are present only while true.
func (w *statusWriter) readiness(d Decision, a Attempts) {
	b := d.Blocked
	var facts ReasonFacts
	if b != nil {
		facts = LeaseReason(b.Reason)
	}
	switch {
	case a.Failure != nil:
		w.failed(*a.Failure, a.Exhausted)
	case d.Hold != nil:
		w.settled(metav1.ConditionFalse, v1alpha1.ReasonHeld, d.Hold.Message)
	case d.Action.Kind != ActionNone:
		// Keylease is about to act and tells the result afterwards. Only a successful act ends a stall.
	case facts.Stalls || (facts.Passes && a.Exhausted):
		w.stalled(b.Reason, b.Message)
	case b != nil && b.Reason == v1alpha1.ReasonWaiting && a.Awaited:
		// Show why AWS refused the change until it is retried. That matters more to people than waiting for a reading.
	case b != nil:
		w.settled(metav1.ConditionFalse, b.Reason, b.Message)
	case d.Phase == v1alpha1.PhaseRevoked:
		w.settled(metav1.ConditionTrue, v1alpha1.ReasonRevoked, w.revoked())
	default:
		w.settled(metav1.ConditionTrue, v1alpha1.ReasonWaiting, w.waits(d))
	}
}

func (w *statusWriter) settled(ready metav1.ConditionStatus, reason, message string) {
	w.remove(v1alpha1.ConditionStalled)
	w.remove(v1alpha1.ConditionReconciling)
	if rev := w.s.Revocation; rev != nil && rev.KeyDeletedTime != nil && rev.CompletionTime == nil {
		w.set(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonInProgress, "the key is deleted; what hangs on it follows")
	}
	w.set(v1alpha1.ConditionReady, ready, reason, message)
}

func (w *statusWriter) stalled(reason, message string) {
	w.remove(v1alpha1.ConditionReconciling)
	w.set(v1alpha1.ConditionStalled, metav1.ConditionTrue, reason, message)
	w.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonStalled, message)
}

func (w *statusWriter) failed(f Failure, exhausted bool) {
	reason := v1alpha1.ReasonRetrying
	if reasonPattern.MatchString(f.Code) {
		reason = f.Code
	}
	if f.NeedsFix || exhausted {
		w.stalled(reason, f.Message)
		return
	}
	w.remove(v1alpha1.ConditionStalled)
	w.set(v1alpha1.ConditionReconciling, metav1.ConditionTrue, reason, f.Message)
	w.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonRetrying, f.Message)
}

func (w *statusWriter) set(kind string, s metav1.ConditionStatus, reason, message string) {
	SetCondition(&w.s.Conditions, w.in.Now, w.in.Lease.Generation, kind, s, reason, message)
}

func (w *statusWriter) remove(kind string) { meta.RemoveStatusCondition(&w.s.Conditions, kind) }

func (w *statusWriter) revoked() string {
	rev := w.s.Revocation
	switch {
	case rev == nil || rev.CompletionTime == nil:
		return "marked as deleted in the sheet; Keylease changed nothing in AWS"
	case stillExists(w.s.Conditions):
		return "AWS was to have no such key any more, and lists it: see KeyVerified"
	case rev.Reason == v1alpha1.ReasonKeyAlreadyGone:
		return "KeyAlreadyGone: AWS has no such key any more"
	case len(rev.Retained) > 0:
		return fmt.Sprintf("the key is gone; kept: %s (%s)", rev.Retained[0].Target, rev.Retained[0].Reason)
	}
	return "the key is gone, and AWS confirmed it"
}

func (w *statusWriter) waits(d Decision) string {
	zone := w.in.Policy.Location
	if d.Next.IsZero() || zone == nil {
		return "nothing to do"
	}
	at := d.Next.In(zone).Format("2006-01-02 15:04 MST")
	switch {
	case d.Phase == v1alpha1.PhaseExpired && w.s.Revocation != nil && w.s.Revocation.DeactivatedTime != nil:
		return "deactivated; deletion on " + at
	case d.Phase == v1alpha1.PhaseExpired:
		return "deletion on " + at
	case d.Phase == v1alpha1.PhaseNotified:
		return "notice given; next step on " + at
	}
	return "notice on " + at
}
