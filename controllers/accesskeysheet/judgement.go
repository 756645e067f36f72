package accesskeysheet

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/sheet"
)

// changeStep: accepted changes within this time are counted as one, because status keeps at most 1,000 entries.
const changeStep = 5 * time.Minute

// refusal of a reading: the condition's reason, what Keylease saw, and what to do about it.
type refusal struct{ reason, seen, todo string }

// none: the reading is not refused.
var none refusal

func (n refusal) message() string {
	if n.todo == "" {
		return n.seen
	}
	return n.seen + ": " + n.todo
}

// judgement of a reading as a whole.
type judgement struct {
	refusal refusal
	// changes is how many changes people made since the last accepted reading.
	changes int
	// approved: an annotation approves this reading. needed is why Keylease would have refused it without; empty: it
	// would not have.
	approved bool
	needed   string
}

func (j judgement) refused() bool { return j.refusal != none }

// judge accepts or refuses the reading as a whole, before anything of it is applied.
func judge(d *draft, in reading, leases leaseSet, c claim) judgement {
	s, hash := d.status(), sheet.GuardedHash(in.requests)
	s.ObservedHash = hash
	if c.refusal != none {
		d.refuse(c.refusal)
		return judgement{refusal: c.refusal}
	}
	verdict := guard(d, in, leases)
	reason, message := verdict.Reason, verdict.Message
	var shape *sheet.ShapeError
	if err := sheet.CheckShape(in.rows, d.options()); errors.As(err, &shape) && !shapeIsKnown(s, verdict, shape) {
		reason, message, verdict.Accepted = shape.Reason, shape.Message, false
	}
	asked := d.sheet.Annotations[v1alpha1.AnnotationApproveChange]
	approved := asked == hash && s.ApprovedHash != hash
	switch {
	case approved && verdict.Accepted:
		return judgement{approved: true}
	case approved:
		return judgement{approved: true, needed: reason}
	case verdict.Accepted:
		return judgement{changes: verdict.Changes}
	}
	if asked != s.ApprovedHash {
		s.ApprovedHash = "" // the annotation is gone: setting it again is a new approval
	}
	no := refusal{reason: reason, seen: message + "; nothing was applied", todo: howToApprove(d, hash)}
	d.refuse(no)
	return judgement{refusal: no}
}

func guard(d *draft, in reading, leases leaseSet) sheet.Verdict {
	return sheet.Guard(leases.sorted(), in.requests, d.status().RecentChanges, d.spec().Limits, in.start)
}

// refuse sets the condition to what Keylease saw and what to do about it.
func (d *draft) refuse(n refusal) {
	d.condition(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, n.reason, n.message())
	metrics.SheetFailed(d.key.Namespace, d.key.Name, n.reason)
}

// shapeIsKnown tells whether people approved this shape of the tab before, and it changes no lease any more. An empty
// tab is suspicious only if it had rows before, which the guard knows.
func shapeIsKnown(s *v1alpha1.AccessKeySheetStatus, v sheet.Verdict, shape *sheet.ShapeError) bool {
	return v.Accepted && v.Changes == 0 && (shape.Reason == v1alpha1.ReasonEmptySheet || s.ApprovedHash == s.ObservedHash)
}

// howToApprove gives the command. An approval that was used up stays in the annotation until someone removes it. Only
// then can the same content be approved again.
func howToApprove(d *draft, hash string) string {
	annotate := fmt.Sprintf("kubectl annotate accesskeysheet -n %s %s %s", d.key.Namespace, d.key.Name, v1alpha1.AnnotationApproveChange)
	if d.status().ApprovedHash == hash {
		return annotate + "- takes the approval away that was used up by the same content before; then it can be approved again"
	}
	return fmt.Sprintf("%s=%s --overwrite approves exactly this", annotate, hash)
}

// accept notes that the reading counts. If that took an approval, Keylease forgets the changes counted before.
func (r *Reconciler) accept(ctx context.Context, d *draft, mem *memory, j judgement) {
	hash := d.status().ObservedHash
	if j.needed != "" {
		d.status().RecentChanges = nil
	}
	if j.needed != "" && mem.approved != hash {
		mem.approved = hash
		d.event(record.Normal, v1alpha1.EventSheetApproved, "the change was approved by annotation")
		d.audit("approved", "hash", hash, "reason", j.needed, "by", r.Record.AnnotatedBy(ctx, d.sheet, v1alpha1.AnnotationApproveChange))
	}
	d.condition(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted, "the sheet is as it was, or the changes are within the limits")
}

// useUp ends the approval once everything it approved is applied. Until then it holds, even after a restart.
func useUp(d *draft, mem *memory, o outcome) {
	if o.judged.approved && len(o.merged.failed) == 0 {
		d.status().ApprovedHash, mem.approved = d.status().ObservedHash, ""
	}
}

// countChanges keeps the accepted changes of the last 24 hours; the guard adds them to those of the next reading. A
// change that could not be applied appears again in every reading and is not counted yet. Otherwise one lease that
// cannot be written would trip the guard within an hour.
func countChanges(d *draft, o outcome) {
	s, start := d.status(), o.reading.start
	kept := s.RecentChanges[:0:0]
	for _, c := range s.RecentChanges {
		if start.Sub(c.Time.Time) < sheet.GuardWindow {
			kept = append(kept, c)
		}
	}
	changes := o.judged.changes
	if changes > 0 {
		changes -= guard(d, o.reading, o.leases).Changes
	}
	switch n := len(kept); {
	case changes <= 0:
	case n > 0 && start.Sub(kept[n-1].Time.Time) < changeStep:
		kept[n-1].Rows += count32(changes)
	default:
		kept = append(kept, v1alpha1.SheetChange{Time: *lifecycle.Moment(start), Rows: count32(changes)})
	}
	s.RecentChanges = kept
}

// resume starts every term again after more than seven days without an accepted sync, because no notice is recent
// enough then. It saves that before the reading is published, so that no lease can act on the reading first.
func (r *Reconciler) resume(ctx context.Context, d *draft, mem *memory, o outcome) error {
	start, last := o.reading.start, lastSync(d, o.leases)
	if last.IsZero() || start.Sub(last) <= awayAfter {
		return nil
	}
	d.status().ResumedTime = lifecycle.Moment(start)
	d.status().LastSyncTime = lifecycle.Moment(start)
	mem.woken.all = true
	d.audit("resumed", "lastSyncTime", last)
	return d.save(ctx)
}

// lastSync is when a sync was last accepted; zero: never. An AccessKeySheet that was deleted and created again does not
// know. Its leases show when Keylease last did something for them, and the last sync was at least that recent.
func lastSync(d *draft, leases leaseSet) time.Time {
	if t := d.status().LastSyncTime; t != nil {
		return t.Time
	}
	var last time.Time
	see := func(t *metav1.Time) {
		if t != nil && t.After(last) {
			last = t.Time
		}
	}
	for _, l := range leases {
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
