package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/sheet"
)

// writeRounds: once to write, and again for what people moved meanwhile.
const writeRounds = 3

// writeBack gives the sheet what it does not say yet: looked up immediately before, written in one request, read back
// after. The backlog is the difference between cluster and sheet; there is no queue to lose.
func (r *sheetRun) writeBack(ctx context.Context) error {
	if r.policy.DryRun || len(r.pending) == 0 {
		return nil
	}
	before, err := r.readRequests(ctx)
	if err != nil {
		return r.writeFailed(ctx, err)
	}
	edits := sheet.PlanEdits(before, r.options(), r.sheet.Spec.Requests.Tab, r.pending)
	if len(edits) == 0 {
		return nil
	}
	after := before
	for round := 0; len(edits) > 0 && round < writeRounds; round++ {
		if err := r.writeCells(ctx, edits); err != nil {
			return r.writeFailed(ctx, err)
		}
		if after, err = r.readRequests(ctx); err != nil {
			return r.writeFailed(ctx, err)
		}
		repairs, moved := sheet.Verify(before, after, r.options(), r.sheet.Spec.Requests.Tab, edits)
		r.reportMoved(moved)
		before, edits = after, repairs
	}
	// What was written is what both sides agree on now.
	r.rows = after
	r.requests = sheet.ParseRequests(after, r.options())
	return r.mirror(ctx)
}

func (r *sheetRun) readRequests(ctx context.Context) ([][]any, error) {
	spec := r.sheet.Spec
	tabs, err := r.google.Read(ctx, spec.SpreadsheetID, sheet.ReadRanges(spec.Requests, spec.Users, "")[:1])
	if err != nil {
		return nil, err
	}
	return tabs[0], nil
}

func (r *sheetRun) writeCells(ctx context.Context, edits []sheet.CellEdit) error {
	cells := make([]sheet.CellWrite, 0, len(edits))
	for _, e := range edits {
		cells = append(cells, sheet.CellWrite{Range: e.Range, Value: e.New})
	}
	if err := r.google.Write(ctx, r.sheet.Spec.SpreadsheetID, cells); err != nil {
		return err
	}
	metrics.CellsWritten(r.key.Namespace, r.key.Name, len(cells))
	for _, e := range edits {
		r.auditSheet("cell", "accessKeyID", e.AccessKeyID, "range", e.Range, "old", fmt.Sprint(e.Old), "new", fmt.Sprint(e.New))
	}
	return nil
}

// writeFailed says so on the leases concerned. They are not blocked by it; the cells are written when it is possible.
func (r *sheetRun) writeFailed(ctx context.Context, err error) error {
	r.writeError = err
	if mirrorErr := r.mirror(ctx); mirrorErr != nil {
		return mirrorErr
	}
	return err
}

func (r *sheetRun) reportMoved(moved []string) {
	for _, id := range moved {
		l := r.leases[id]
		if l == nil {
			continue
		}
		r.leaseEvent(l, corev1.EventTypeWarning, v1alpha1.EventRowMoved,
			"the row moved while its mark was written: the wrong cell was put back and the right one is written")
		r.auditLease(l, "rowMoved")
	}
}
