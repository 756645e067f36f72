package controllers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/sheet"
)

// changeStep joins accepted changes that follow one another closely: status keeps at most 1,000 of them.
const changeStep = 5 * time.Minute

// judgement of a reading as a whole.
type judgement struct {
	// changes that people made since the last accepted reading.
	changes int
	// approved: an approval stands that names it. needed is why it would not have been accepted without; empty: it would.
	approved bool
	needed   string
}

// judge the reading as a whole, before anything of it is applied.
func (r *sheetRun) judge() judgement {
	hash := sheet.GuardedHash(r.requests)
	r.sheet.Status.ObservedHash = hash
	if r.rejected != "" {
		return judgement{}
	}
	verdict := r.verdict()
	reason, message := verdict.Reason, verdict.Message
	var shape *sheet.ShapeError
	if err := sheet.CheckShape(r.rows, r.options()); errors.As(err, &shape) && !r.shapeIsKnown(verdict, shape) {
		reason, message, verdict.Accepted = shape.Reason, shape.Message, false
	}
	approved := r.sheet.Annotations[v1alpha1.AnnotationApproveChange] == hash && r.sheet.Status.ApprovedHash != hash
	switch {
	case approved && verdict.Accepted:
		return judgement{approved: true}
	case approved:
		return judgement{approved: true, needed: reason}
	case verdict.Accepted:
		return judgement{changes: verdict.Changes}
	}
	if r.sheet.Annotations[v1alpha1.AnnotationApproveChange] != r.sheet.Status.ApprovedHash {
		r.sheet.Status.ApprovedHash = "" // no longer asked for: who asks for the same again does so anew
	}
	r.reject(reason, message+"; nothing was applied", r.howToApprove(hash))
	return judgement{}
}

// shapeIsKnown: the tab looks as people approved it, and the leases have long lost what they lose by it. An empty tab is only
// suspicious where there was something in it, which the guard knows.
func (r *sheetRun) shapeIsKnown(v sheet.Verdict, shape *sheet.ShapeError) bool {
	return v.Accepted && v.Changes == 0 && (shape.Reason == v1alpha1.ReasonEmptySheet || r.sheet.Status.ApprovedHash == r.sheet.Status.ObservedHash)
}

// howToApprove this content. An approval that was used up stands in the annotation until it is taken away: then the same
// content can be approved again.
func (r *sheetRun) howToApprove(hash string) string {
	annotate := fmt.Sprintf("kubectl annotate accesskeysheet -n %s %s %s", r.key.Namespace, r.key.Name, v1alpha1.AnnotationApproveChange)
	if r.sheet.Status.ApprovedHash == hash {
		return annotate + "- takes the approval away that was used up by the same content before; then it can be approved again"
	}
	return fmt.Sprintf("%s=%s --overwrite approves exactly this", annotate, hash)
}

func (r *sheetRun) verdict() sheet.Verdict {
	return sheet.Guard(r.sorted(), r.requests, r.sheet.Status.RecentChanges, r.sheet.Spec.Limits, r.start)
}

// sorted are the sheet's leases in the order of their keys.
func (r *sheetRun) sorted() []v1alpha1.AccessKeyLease {
	leases := make([]v1alpha1.AccessKeyLease, 0, len(r.leases))
	for _, id := range slices.Sorted(maps.Keys(r.leases)) {
		leases = append(leases, *r.leases[id])
	}
	return leases
}

// accept the reading. Where that took an approval, the changes before it count no more.
func (r *sheetRun) accept(ctx context.Context, j judgement) {
	hash := r.sheet.Status.ObservedHash
	if j.needed != "" {
		r.sheet.Status.RecentChanges = nil
	}
	if j.needed != "" && r.mem.approved != hash {
		r.mem.approved = hash
		r.sheetEvent(corev1.EventTypeNormal, v1alpha1.EventSheetApproved, "the change was approved by annotation")
		r.auditSheet("approved", "hash", hash, "reason", j.needed,
			"by", annotatedBy(ctx, r.Live, r.sheet, v1alpha1.AnnotationApproveChange))
	}
	r.sheetCondition(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted, "the sheet is as it was, or the changes are within the limits")
}

// useUp the approval, once all that it approved is applied: until then it holds, also for a process that starts anew.
func (r *sheetRun) useUp(j judgement) {
	if j.approved && len(r.failed) == 0 {
		r.sheet.Status.ApprovedHash, r.mem.approved = r.sheet.Status.ObservedHash, ""
	}
}

// reject the reading: the condition says what was seen and what to do about it.
func (r *sheetRun) reject(reason, seen, todo string) {
	message := seen
	if todo != "" {
		message += ": " + todo
	}
	r.sheetCondition(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, reason, message)
	r.rejected, r.rejection = reason, seen
	metrics.SheetFailed(r.key.Namespace, r.key.Name, reason)
}

// countChanges keeps the accepted changes of the last 24 hours, which the guard adds to what it sees next. What could not
// be applied this time is seen again, and must not count at every attempt: one lease that cannot be written would trip
// the guard in an hour.
func (r *sheetRun) countChanges(j judgement) {
	kept := r.sheet.Status.RecentChanges[:0:0]
	for _, c := range r.sheet.Status.RecentChanges {
		if r.start.Sub(c.Time.Time) < sheet.GuardWindow {
			kept = append(kept, c)
		}
	}
	if j.changes > 0 {
		j.changes -= r.verdict().Changes
	}
	switch n := len(kept); {
	case j.changes <= 0:
	case n > 0 && r.start.Sub(kept[n-1].Time.Time) < changeStep:
		kept[n-1].Rows += count32(j.changes)
	default:
		kept = append(kept, v1alpha1.SheetChange{Time: *moment(r.start), Rows: count32(j.changes)})
	}
	r.sheet.Status.RecentChanges = kept
}

// resume starts every term anew after more than seven days without an accepted sync: nobody's notice is that old.
// It is persisted before the reading is published, so that no lease can act on it first.
func (r *sheetRun) resume(ctx context.Context) error {
	last := r.lastSync()
	if last.IsZero() || r.start.Sub(last) <= awayAfter {
		return nil
	}
	r.sheet.Status.ResumedTime = moment(r.start)
	r.sheet.Status.LastSyncTime = moment(r.start)
	r.mem.wakeAll = true
	r.auditSheet("resumed", "lastSyncTime", last)
	return r.saveStatus(ctx)
}

// lastSync that was accepted. An AccessKeySheet that was removed and made again does not know it, but its leases show when
// something was last done for them: it was not later than that. Zero: there was none.
func (r *sheetRun) lastSync() time.Time {
	if t := r.sheet.Status.LastSyncTime; t != nil {
		return t.Time
	}
	var last time.Time
	see := func(t *metav1.Time) {
		if t != nil && t.After(last) {
			last = t.Time
		}
	}
	for _, l := range r.leases {
		if t := l.Status.Term; t != nil {
			see(&t.StartTime)
		}
		if k := l.Status.Key; k != nil {
			see(k.ObservedTime)
		}
		for i := range l.Status.Notices {
			see(&l.Status.Notices[i].Time)
		}
	}
	return last
}
