package accesskeysheet

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/sheet"
)

const mostInvalidRows = 50

// summarize writes the result of a sync into the sheet's status, in memory.
func summarize(d *draft, o outcome, err error) {
	s := d.status()
	s.ObservedGeneration = d.sheet.Generation
	if o.leases != nil {
		metrics.Overdue(d.key.Namespace, d.key.Name, lifecycle.OverdueReasons(o.leases.sorted(), d.policy, d.now()))
	}
	if o.published {
		count(d, o)
		if start := o.reading.start; s.LastSyncTime == nil || d.changed() || start.Sub(s.LastSyncTime.Time) >= heartbeat {
			s.LastSyncTime = lifecycle.Moment(start)
		}
	}
	for _, kind := range []string{v1alpha1.ConditionSheetReadable, v1alpha1.ConditionSheetAccepted, v1alpha1.ConditionSlackReady, v1alpha1.ConditionAWSReady} {
		if c := d.find(kind); c != nil && c.Status == metav1.ConditionFalse {
			d.notReady(*c, err)
			return
		}
	}
	if err != nil {
		d.condition(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonRetrying, err.Error())
		d.condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonRetrying, err.Error())
		return
	}
	meta.RemoveStatusCondition(&s.Conditions, v1alpha1.ConditionStalled)
	if o.claiming {
		c := d.find(v1alpha1.ConditionReconciling)
		d.condition(v1alpha1.ConditionReady, metav1.ConditionFalse, c.Reason, c.Message)
		return
	}
	meta.RemoveStatusCondition(&s.Conditions, v1alpha1.ConditionReconciling)
	d.condition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "sheet and leases agree")
}

// notReady sets Reconciling for a problem that passes by itself, and Stalled for one that people must fix.
func (d *draft) notReady(c metav1.Condition, err error) {
	if !lifecycle.SheetReason(c.Reason).Passes && !failure.Is(err, failure.Retry, failure.Uncertain) {
		d.stall(c.Reason, c.Message)
		return
	}
	meta.RemoveStatusCondition(&d.status().Conditions, v1alpha1.ConditionStalled)
	d.condition(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonRetrying, c.Message)
	d.condition(v1alpha1.ConditionReady, metav1.ConditionFalse, c.Reason, c.Message)
}

// count counts rows and phases.
func count(d *draft, o outcome) {
	s, requests := d.status(), o.reading.requests
	s.Rows = v1alpha1.RowCounts{
		Total: count32(requests.Total), Leases: count32(len(requests.Rows) - o.merged.refused),
		Pending: count32(requests.Pending), Invalid: count32(len(o.merged.problems)),
	}
	s.Phases = v1alpha1.PhaseCounts{}
	for _, l := range o.leases {
		countPhase(&s.Phases, l)
	}
	s.InvalidRows = invalidRows(slices.Concat(o.merged.problems, o.merged.alsoElsewhere))
	metrics.SheetRows(d.key.Namespace, d.key.Name, s.Rows)
	metrics.SheetPhases(d.key.Namespace, d.key.Name, s.Phases)
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

func invalidRows(problems []sheet.Problem) []v1alpha1.InvalidRow {
	slices.SortStableFunc(problems, func(a, b sheet.Problem) int { return a.Row - b.Row })
	var out []v1alpha1.InvalidRow
	for _, p := range problems[:min(len(problems), mostInvalidRows)] {
		out = append(out, v1alpha1.InvalidRow{
			Row: count32(p.Row), AccessKeyID: lifecycle.Cut(p.AccessKeyID, 128), Reason: p.Reason, Message: lifecycle.Cut(p.Message, 1024),
		})
	}
	return out
}

func count32(n int) int32 { return int32(n) } //nolint:gosec // rows of a sheet: at most 10 million cells

// announce writes Events and audit lines about what a save changed.
func (d *draft) announce(before v1alpha1.AccessKeySheetStatus) {
	d.announceRows(before.InvalidRows)
	for _, c := range d.status().Conditions {
		old := meta.FindStatusCondition(before.Conditions, c.Type)
		if c.Type == v1alpha1.ConditionReady || c.Type == v1alpha1.ConditionStalled || c.Type == v1alpha1.ConditionReconciling {
			continue
		}
		kind, reason := record.Normal, c.Reason
		switch {
		case c.Status == metav1.ConditionFalse && (old == nil || old.Status != c.Status || old.Reason != c.Reason):
			kind = record.Warning
			if c.Type == v1alpha1.ConditionSheetAccepted {
				reason = v1alpha1.EventSheetRejected
			}
		case c.Status == metav1.ConditionTrue && old != nil && old.Status == metav1.ConditionFalse:
		default:
			continue
		}
		d.event(kind, reason, c.Message)
		d.audit("condition", "type", c.Type, "status", c.Status, "reason", c.Reason)
	}
}

// mostEvents is how many Events about invalid rows one sync writes. Status lists more of them.
const mostEvents = 10

// announceRows writes Events about rows that have become invalid.
func (d *draft) announceRows(before []v1alpha1.InvalidRow) {
	type id struct{ key, reason, message string }
	known := map[id]bool{}
	for _, row := range before {
		known[id{row.AccessKeyID, row.Reason, row.Message}] = true
	}
	told := 0
	for _, row := range d.status().InvalidRows {
		if known[id{row.AccessKeyID, row.Reason, row.Message}] || told == mostEvents {
			continue
		}
		told++
		// Each row has its own action, because the API server's clients join Events with the same reason and action.
		d.rec.Event(d.sheet, record.Warning, v1alpha1.EventInvalidRow, fmt.Sprintf("ReadRow%d", row.Row),
			fmt.Sprintf("tab %s, row %d: %s: %s", d.spec().Requests.Tab, row.Row, row.Reason, row.Message))
	}
}
