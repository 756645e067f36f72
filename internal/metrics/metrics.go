// Package metrics holds every metric of Keylease. Names start with keylease_ and are in base units; each metric of a
// sheet carries the labels namespace and sheet, and none carries a key, a user or a person: those would make a series
// each, and would tell whoever may read metrics more than they need to know.
package metrics

import (
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keylease/keylease/api/v1alpha1"
)

var (
	lastSync = gauge("keylease_sheet_last_sync_timestamp_seconds",
		"Start of the last sync that read the sheet and was accepted, in seconds since 1970. An old value means that nothing is deleted: a sheet must be fresh for that.")
	rows = gauge("keylease_sheet_rows",
		"Rows of the requests tab that are not blank, by state: leased, pending (no access key ID yet) or invalid.", "state")
	leases = gauge("keylease_leases",
		"Leases of the sheet, by phase.", "phase")
	held = gauge("keylease_held_leases",
		"Leases of the sheet that are held out of processing, in whatever phase.")
	overdue = gauge("keylease_overdue_keys",
		"Keys past their agreed end and not confirmed gone, and holds older than 30 days, by what keeps the key alive.", "reason")
	syncFailures = counter("keylease_sheet_sync_failures_total",
		"Syncs that could not be completed, by the reason in the sheet's conditions.", "reason")
	cellsWritten = counter("keylease_sheet_cells_written_total",
		"Cells that were written into the sheet.")
	actionFailures = counter("keylease_action_failures_total",
		"Actions for a lease that failed and are tried again, by action.", "action")
	notices = counter("keylease_notices_total",
		"Slack messages by kind and by what became of them.", "kind", "state")
	awsSteps = counter("keylease_aws_steps_total",
		"Changing calls made to AWS, also failed ones, by IAM action.", "action")
)

// perSheet are all of them: what has to be registered, and to be forgotten with a sheet.
var perSheet = []interface {
	prometheus.Collector
	DeletePartialMatch(prometheus.Labels) int
}{lastSync, rows, leases, held, overdue, syncFailures, cellsWritten, actionFailures, notices, awsSteps}

// Register the metrics. Registering them again with the same registry changes nothing.
func Register(reg prometheus.Registerer) error {
	for _, m := range perSheet {
		err := reg.Register(m)
		if already := (prometheus.AlreadyRegisteredError{}); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}

// SheetSynced notes an accepted sync, by the moment when its reading began.
func SheetSynced(namespace, sheet string, readStart time.Time) {
	lastSync.WithLabelValues(namespace, sheet).Set(float64(readStart.UnixMilli()) / 1000)
}

// SheetRows sets what the requests tab holds.
func SheetRows(namespace, sheet string, n v1alpha1.RowCounts) {
	rows.WithLabelValues(namespace, sheet, "leased").Set(float64(n.Leases))
	rows.WithLabelValues(namespace, sheet, "pending").Set(float64(n.Pending))
	rows.WithLabelValues(namespace, sheet, "invalid").Set(float64(n.Invalid))
}

// SheetPhases sets how many leases are in each phase.
func SheetPhases(namespace, sheet string, p v1alpha1.PhaseCounts) {
	for phase, n := range map[v1alpha1.Phase]int32{
		v1alpha1.PhaseActive: p.Active, v1alpha1.PhaseNotified: p.Notified,
		v1alpha1.PhaseExpired: p.Expired, v1alpha1.PhaseRevoked: p.Revoked,
	} {
		leases.WithLabelValues(namespace, sheet, string(phase)).Set(float64(n))
	}
	held.WithLabelValues(namespace, sheet).Set(float64(p.Held))
}

// SheetFailed counts a sync that could not be completed.
func SheetFailed(namespace, sheet, reason string) {
	syncFailures.WithLabelValues(namespace, sheet, reason).Inc()
}

// CellsWritten counts cells written into the sheet.
func CellsWritten(namespace, sheet string, n int) {
	cellsWritten.WithLabelValues(namespace, sheet).Add(float64(n))
}

// ActionFailed counts an action of a lease that failed; action is one of lifecycle's.
func ActionFailed(namespace, sheet, action string) {
	actionFailures.WithLabelValues(namespace, sheet, action).Inc()
}

// NoticeSent counts what became of one message to one recipient; kind and state are as in the status.
func NoticeSent(namespace, sheet, kind, state string) {
	notices.WithLabelValues(namespace, sheet, kind, state).Inc()
}

// AWSStep counts one changing call to AWS, failed or not; action is IAM's own name for it.
func AWSStep(namespace, sheet, action string) {
	awsSteps.WithLabelValues(namespace, sheet, action).Inc()
}

// reasons that each sheet's overdue keys have now, so that one that ended can be taken away without taking away, for
// the moment of a scrape, the others that alerts stand on.
var reasons = struct {
	sync.Mutex
	of map[[2]string]map[string]int
}{of: map[[2]string]map[string]int{}}

// Overdue sets the overdue keys of a sheet by reason. A reason that is no longer among them is gone.
func Overdue(namespace, sheet string, byReason map[string]int) {
	reasons.Lock()
	defer reasons.Unlock()
	key := [2]string{namespace, sheet}
	now := make(map[string]int, len(byReason))
	for reason, n := range byReason {
		now[reason] = n
		overdue.WithLabelValues(namespace, sheet, reason).Set(float64(n))
	}
	for reason := range reasons.of[key] {
		if _, still := now[reason]; !still {
			overdue.DeleteLabelValues(namespace, sheet, reason)
		}
	}
	reasons.of[key] = now
}

// ForgetSheet ends every series of a sheet that was removed.
func ForgetSheet(namespace, sheet string) {
	reasons.Lock()
	defer reasons.Unlock()
	delete(reasons.of, [2]string{namespace, sheet})
	for _, m := range perSheet {
		m.DeletePartialMatch(prometheus.Labels{"namespace": namespace, "sheet": sheet})
	}
}

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, append([]string{"namespace", "sheet"}, labels...))
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append([]string{"namespace", "sheet"}, labels...))
}
