package accesskeylease

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/internal/lifecycle"
)

// saveAttempts is how many conflicts in a row a save accepts before the reconcile decides again.
const saveAttempts = 4

// draft is the lease of one reconcile. Steps change its status in memory, and only save writes it.
type draft struct {
	rec     *record.Recorder
	live    client.Reader
	clock   clock.PassiveClock
	written *ownWrites
	looks   *looks
	lease   *v1alpha1.AccessKeyLease
	// saved is the status as the API server has it.
	saved v1alpha1.AccessKeyLeaseStatus
}

func (d *draft) now() time.Time { return d.clock.Now() }

func (d *draft) event(kind, reason, message string) { d.rec.LeaseEvent(d.lease, kind, reason, message) }

func (d *draft) audit(what string, kv ...any) { d.rec.AuditLease(d.lease, what, kv...) }

// save writes the status and announces what changed. It writes on the version that was decided on, or on a newer one if
// that would lead to the same decision.
func (d *draft) save(ctx context.Context) error {
	d.lease.Status.ObservedGeneration = d.lease.Generation
	err := d.rec.LeaseStatus(ctx, d.lease, record.OwnerLease)
	for attempt := 1; apierrors.IsConflict(err) && attempt < saveAttempts; attempt++ {
		live := &v1alpha1.AccessKeyLease{}
		if getErr := d.live.Get(ctx, client.ObjectKeyFromObject(d.lease), live); getErr != nil {
			return getErr
		}
		if !d.decidesTheSame(live) {
			return err
		}
		d.lease.ResourceVersion = live.ResourceVersion
		err = d.rec.LeaseStatus(ctx, d.lease, record.OwnerLease)
	}
	if err != nil {
		return err
	}
	d.written.note(d.lease)
	d.looks.forget(client.ObjectKeyFromObject(d.lease))
	before := d.saved
	d.saved = *d.lease.Status.DeepCopy()
	d.announce(ctx, before)
	return nil
}

// decidesTheSame tells whether a newer version differs only in what no decision uses, such as the row's number.
// Otherwise, in a sheet that people sort all day, every step would meet a conflict, and no key would ever be deleted.
func (d *draft) decidesTheSame(live *v1alpha1.AccessKeyLease) bool {
	l := d.lease
	return live.UID == l.UID && live.Generation == l.Generation && live.DeletionTimestamp.IsZero() &&
		maps.Equal(live.Annotations, l.Annotations) &&
		// No other replica acted meanwhile.
		equality.Semantic.DeepEqual(record.LeasePart(live.Status), record.LeasePart(d.saved)) &&
		equality.Semantic.DeepEqual(rowFacts(live.Status), rowFacts(d.saved))
}

// rowFacts is what decisions use of the sheet's part of the status.
func rowFacts(s v1alpha1.AccessKeyLeaseStatus) v1alpha1.AccessKeyLeaseStatus {
	part := record.SheetPart(s)
	s = *part.DeepCopy()
	if s.Sheet != nil {
		s.Sheet.Row, s.Sheet.Mark = 0, ""
	}
	s.Conditions = slices.DeleteFunc(s.Conditions, func(c metav1.Condition) bool { return c.Type == v1alpha1.ConditionSheetSynced })
	return s
}

// announce writes Events and audit lines about what a save changed.
func (d *draft) announce(ctx context.Context, before v1alpha1.AccessKeyLeaseStatus) {
	l := d.lease
	find := func(kind string) (was, now *metav1.Condition) {
		return meta.FindStatusCondition(before.Conditions, kind), meta.FindStatusCondition(l.Status.Conditions, kind)
	}
	if before.Phase != l.Status.Phase {
		d.event(record.Normal, v1alpha1.EventPhaseChanged, fmt.Sprintf("phase %s → %s", cmp.Or(before.Phase, "(new)"), l.Status.Phase))
		d.audit("phase", "from", before.Phase, "to", l.Status.Phase)
	}
	if t := l.Status.Term; t != nil && (before.Term == nil || before.Term.Number != t.Number) {
		d.audit("term", "number", t.Number, "endDate", t.EndDate, "reason", t.Reason)
	}
	if k := l.Status.Key; k != nil && k.UserID != "" && k.CreateDate != nil && (before.Key == nil || before.Key.UserID != k.UserID) {
		d.audit("pinned", "userID", k.UserID, "createDate", k.CreateDate.UTC())
	}
	if was, now := find(v1alpha1.ConditionKeyVerified); now != nil && (was == nil || was.Reason != now.Reason) {
		d.audit("verified", "matches", now.Status == metav1.ConditionTrue, "reason", now.Reason, "message", now.Message)
	}
	was, held := find(v1alpha1.ConditionHeld)
	switch {
	case held != nil && (was == nil || was.Reason != held.Reason):
		d.event(record.Warning, v1alpha1.EventHeld, held.Reason+": "+held.Message)
		d.audit("held", "reason", held.Reason, "message", held.Message)
	case held == nil && was != nil:
		d.event(record.Normal, v1alpha1.EventReleased, "no longer held ("+was.Reason+")")
		d.audit("released", "reason", was.Reason)
	}
	if was, ready := find(v1alpha1.ConditionReady); held == nil {
		d.announceBlocked(was, ready)
	}
	if wish := l.Status.LastHandledRetry; wish != before.LastHandledRetry {
		d.audit("asked", "annotation", v1alpha1.AnnotationRetry, "value", l.Annotations[v1alpha1.AnnotationRetry],
			"by", d.rec.AnnotatedBy(ctx, l, v1alpha1.AnnotationRetry))
	}
}

func (d *draft) announceBlocked(was, ready *metav1.Condition) {
	if ready == nil || ready.Status == metav1.ConditionTrue || (was != nil && was.Reason == ready.Reason && was.Status == ready.Status) {
		return
	}
	if facts := lifecycle.LeaseReason(ready.Reason); !facts.Quiet {
		d.event(record.Warning, cmp.Or(facts.Event, v1alpha1.EventBlocked), ready.Message)
		d.audit("blocked", "reason", ready.Reason, "message", ready.Message)
	}
}
