package metrics_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/metrics"
)

// series gives the current value of every series of a sheet, as name{label=value,…}, its own two labels left out.
func series(t *testing.T, sheet string) map[string]float64 {
	t.Helper()
	reg := prometheus.NewRegistry()
	if err := metrics.Register(reg); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			mine := false
			for _, l := range m.GetLabel() {
				switch l.GetName() {
				case "namespace":
				case "sheet":
					mine = l.GetValue() == sheet
				default:
					labels = append(labels, l.GetName()+"="+l.GetValue())
				}
			}
			if mine {
				got[fmt.Sprintf("%s{%s}", f.GetName(), strings.Join(labels, ","))] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return got
}

func TestRegisteringTwiceIsNoError(t *testing.T) {
	reg := prometheus.NewRegistry()
	for range 2 {
		if err := metrics.Register(reg); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatASheetReportsIsInItsSeries(t *testing.T) {
	const ns, sheet = "keylease", "whole"
	t.Cleanup(func() { metrics.ForgetSheet(ns, sheet) })
	metrics.SheetSynced(ns, sheet, time.UnixMilli(1_764_572_400_500))
	metrics.SheetRows(ns, sheet, v1alpha1.RowCounts{Total: 9, Leases: 6, Pending: 2, Invalid: 1})
	metrics.SheetPhases(ns, sheet, v1alpha1.PhaseCounts{Active: 3, Notified: 2, Expired: 1, Held: 1})
	metrics.SheetFailed(ns, sheet, "Forbidden")
	metrics.CellsWritten(ns, sheet, 3)
	metrics.ActionFailed(ns, sheet, "Revoke")
	metrics.NoticeSent(ns, sheet, "Expiry", "Delivered")
	metrics.AWSStep(ns, sheet, "DeleteAccessKey")
	metrics.AWSStep(ns, sheet, "DeleteAccessKey")
	want := map[string]float64{
		"keylease_sheet_last_sync_timestamp_seconds{}":         1_764_572_400.5,
		"keylease_sheet_rows{state=leased}":                    6,
		"keylease_sheet_rows{state=pending}":                   2,
		"keylease_sheet_rows{state=invalid}":                   1,
		"keylease_leases{phase=Active}":                        3,
		"keylease_leases{phase=Notified}":                      2,
		"keylease_leases{phase=Expired}":                       1,
		"keylease_leases{phase=Revoked}":                       0,
		"keylease_held_leases{}":                               1,
		"keylease_sheet_sync_failures_total{reason=Forbidden}": 1,
		"keylease_sheet_cells_written_total{}":                 3,
		"keylease_action_failures_total{action=Revoke}":        1,
		"keylease_notices_total{kind=Expiry,state=Delivered}":  1,
		"keylease_aws_steps_total{action=DeleteAccessKey}":     2,
	}
	if diff := cmp.Diff(want, series(t, sheet)); diff != "" {
		t.Error(diff)
	}
}

func TestAnOverdueReasonThatEndedIsGone(t *testing.T) {
	const ns, sheet = "keylease", "overdue"
	t.Cleanup(func() { metrics.ForgetSheet(ns, sheet) })
	metrics.Overdue(ns, sheet, map[string]int{"Stalled": 2, "Held": 1})
	metrics.Overdue(ns, sheet, map[string]int{"Held": 3})
	want := map[string]float64{"keylease_overdue_keys{reason=Held}": 3}
	if diff := cmp.Diff(want, series(t, sheet)); diff != "" {
		t.Error(diff)
	}
}

func TestARemovedSheetLeavesNoSeries(t *testing.T) {
	const ns, sheet, other = "keylease", "removed", "stays"
	t.Cleanup(func() { metrics.ForgetSheet(ns, other) })
	for _, s := range []string{sheet, other} {
		metrics.SheetFailed(ns, s, "Forbidden")
		metrics.Overdue(ns, s, map[string]int{"Held": 1})
	}
	metrics.ForgetSheet(ns, sheet)
	if diff := cmp.Diff(map[string]float64{}, series(t, sheet)); diff != "" {
		t.Error(diff)
	}
	if got := len(series(t, other)); got != 2 {
		t.Errorf("the other sheet has %d series, want its 2", got)
	}
}
