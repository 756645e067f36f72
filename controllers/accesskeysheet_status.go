package controllers

import (
	"context"
	"fmt"
	"slices"
	"sort"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/sheet"
)

const mostInvalidRows = 50

// summarize a sync in the sheet's status, in memory.
func (r *sheetRun) summarize(err error) {
	s := &r.sheet.Status
	s.ObservedGeneration = r.sheet.Generation
	if r.leases != nil {
		metrics.Overdue(r.key.Namespace, r.key.Name, lifecycle.OverdueReasons(r.sorted(), r.policy, r.now()))
	}
	if v, _ := r.views.get(r.key); v.readStart.Equal(r.start) && !r.start.IsZero() {
		r.count()
		if s.LastSyncTime == nil || r.changed() || r.start.Sub(s.LastSyncTime.Time) >= heartbeat {
			s.LastSyncTime = moment(r.start)
		}
	}
	for _, kind := range []string{v1alpha1.ConditionSheetReadable, v1alpha1.ConditionSheetAccepted, v1alpha1.ConditionSlackReady, v1alpha1.ConditionAWSReady} {
		if c := meta.FindStatusCondition(s.Conditions, kind); c != nil && c.Status == metav1.ConditionFalse {
			r.notReady(*c, err)
			return
		}
	}
	if err != nil {
		r.sheetCondition(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonRetrying, err.Error())
		r.sheetCondition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonRetrying, err.Error())
		return
	}
	meta.RemoveStatusCondition(&s.Conditions, v1alpha1.ConditionStalled)
	if r.claiming {
		c := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionReconciling)
		r.sheetCondition(v1alpha1.ConditionReady, metav1.ConditionFalse, c.Reason, c.Message)
		return
	}
	meta.RemoveStatusCondition(&s.Conditions, v1alpha1.ConditionReconciling)
	r.sheetCondition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "sheet and leases agree")
}

// notReady: what passes by itself is Reconciling, what people must mend is Stalled.
func (r *sheetRun) notReady(c metav1.Condition, err error) {
	s := &r.sheet.Status
	if lifecycle.SheetReason(c.Reason).Passes || failure.Is(err, failure.Retry, failure.Uncertain) {
		meta.RemoveStatusCondition(&s.Conditions, v1alpha1.ConditionStalled)
		r.sheetCondition(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonRetrying, c.Message)
		r.sheetCondition(v1alpha1.ConditionReady, metav1.ConditionFalse, c.Reason, c.Message)
		return
	}
	r.stall(c.Reason, c.Message)
}

func (r *sheetRun) stall(reason, message string) {
	meta.RemoveStatusCondition(&r.sheet.Status.Conditions, v1alpha1.ConditionReconciling)
	r.sheetCondition(v1alpha1.ConditionStalled, metav1.ConditionTrue, reason, message)
	r.sheetCondition(v1alpha1.ConditionReady, metav1.ConditionFalse, reason, message)
}

func (r *sheetRun) sheetCondition(kind string, s metav1.ConditionStatus, reason, message string) {
	setCondition(&r.sheet.Status.Conditions, r.now(), r.sheet.Generation, kind, s, reason, message)
}

// changed tells whether the status differs in anything but the time of the sync.
func (r *sheetRun) changed() bool {
	a, b := *r.before.Status.DeepCopy(), *r.sheet.Status.DeepCopy()
	a.LastSyncTime, b.LastSyncTime = nil, nil
	return !equality.Semantic.DeepEqual(a, b)
}

// saveStatus writes the status if anything differs.
func (r *sheetRun) saveStatus(ctx context.Context) error {
	if equality.Semantic.DeepEqual(r.before.Status, r.sheet.Status) {
		return nil
	}
	before := r.before.Status
	if err := applySheetStatus(ctx, r.Client, r.sheet); err != nil {
		return err
	}
	r.before = r.sheet.DeepCopy()
	r.announceSheet(before)
	return nil
}

// count rows and phases.
func (r *sheetRun) count() {
	s := &r.sheet.Status
	s.Rows = v1alpha1.RowCounts{
		Total: count32(r.requests.Total), Leases: count32(len(r.requests.Rows) - r.refused),
		Pending: count32(r.requests.Pending), Invalid: count32(len(r.problems)),
	}
	s.Phases = v1alpha1.PhaseCounts{}
	for _, l := range r.leases {
		countPhase(&s.Phases, l)
	}
	s.InvalidRows = invalidRows(slices.Concat(r.problems, r.alsoElsewhere))
	metrics.SheetRows(r.key.Namespace, r.key.Name, s.Rows)
	metrics.SheetPhases(r.key.Namespace, r.key.Name, s.Phases)
}

func countPhase(p *v1alpha1.PhaseCounts, l *v1alpha1.AccessKeyLease) {
	switch l.Status.Phase {
	case v1alpha1.PhaseNotified:
		p.Notified++
	case v1alpha1.PhaseExpired:
		p.Expired++
	case v1alpha1.PhaseRevoked:
		p.Revoked++
	default:
		p.Active++
	}
	if meta.IsStatusConditionTrue(l.Status.Conditions, v1alpha1.ConditionHeld) {
		p.Held++
	}
}

// mostEvents about invalid rows in one sync: whoever needs all of them reads status.
const mostEvents = 10

// announceRows tells Events of rows that have become invalid.
func (r *sheetRun) announceRows(before []v1alpha1.InvalidRow) {
	type id struct{ key, reason, message string }
	known := map[id]bool{}
	for _, row := range before {
		known[id{row.AccessKeyID, row.Reason, row.Message}] = true
	}
	told := 0
	for _, row := range r.sheet.Status.InvalidRows {
		if known[id{row.AccessKeyID, row.Reason, row.Message}] || told == mostEvents {
			continue
		}
		told++
		// An action of its own: the API server's clients join Events of one reason and action, and keep the text of one.
		r.tellEvent(r.sheet, corev1.EventTypeWarning, v1alpha1.EventInvalidRow, fmt.Sprintf("ReadRow%d", row.Row),
			fmt.Sprintf("tab %s, row %d: %s: %s", r.sheet.Spec.Requests.Tab, row.Row, row.Reason, row.Message))
	}
}

func invalidRows(problems []sheet.Problem) []v1alpha1.InvalidRow {
	sort.SliceStable(problems, func(i, j int) bool { return problems[i].Row < problems[j].Row })
	out := make([]v1alpha1.InvalidRow, 0, min(len(problems), mostInvalidRows))
	for _, p := range problems[:min(len(problems), mostInvalidRows)] {
		out = append(out, v1alpha1.InvalidRow{
			Row: count32(p.Row), AccessKeyID: cut(p.AccessKeyID, 128), Reason: p.Reason, Message: cut(p.Message, 1024),
		})
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func count32(n int) int32 { return int32(n) } //nolint:gosec // rows of a sheet: at most 10 million cells

// announceSheet tells Events and the audit log what changed.
func (r *sheetRun) announceSheet(before v1alpha1.AccessKeySheetStatus) {
	r.announceRows(before.InvalidRows)
	for _, c := range r.sheet.Status.Conditions {
		old := meta.FindStatusCondition(before.Conditions, c.Type)
		if c.Type == v1alpha1.ConditionReady || c.Type == v1alpha1.ConditionStalled || c.Type == v1alpha1.ConditionReconciling {
			continue
		}
		switch {
		case c.Status == metav1.ConditionFalse && (old == nil || old.Status != c.Status || old.Reason != c.Reason):
			reason := c.Reason
			if c.Type == v1alpha1.ConditionSheetAccepted {
				reason = v1alpha1.EventSheetRejected
			}
			r.sheetEvent(corev1.EventTypeWarning, reason, c.Message)
			r.auditSheet("condition", "type", c.Type, "status", c.Status, "reason", c.Reason)
		case c.Status == metav1.ConditionTrue && old != nil && old.Status == metav1.ConditionFalse:
			r.sheetEvent(corev1.EventTypeNormal, c.Reason, c.Message)
			r.auditSheet("condition", "type", c.Type, "status", c.Status, "reason", c.Reason)
		}
	}
}

func (r *sheetRun) sheetEvent(kind, reason, message string) {
	r.tellEvent(r.sheet, kind, reason, reason, message)
}

func (r *sheetRun) auditSheet(what string, kv ...any) {
	r.Audit.Info(what, append([]any{"namespace", r.key.Namespace, "sheet", r.key.Name}, kv...)...)
}
