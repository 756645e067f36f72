package controllers

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/sheet"
)

// writeBack gives the sheet what it does not say yet: looked up immediately before, written in one request, read back
// after. The backlog is the difference between cluster and sheet; there is no queue to lose.
func (r *sheetRun) writeBack(ctx context.Context) error {
	if r.policy.DryRun || (len(r.pending) == 0 && r.unfinished == nil) {
		return nil
	}
	if r.unfinished != nil {
		return r.writeFailed(ctx, r.unfinished)
	}
	before, err := r.readRequests(ctx)
	if err != nil {
		return r.writeFailed(ctx, err)
	}
	edits := sheet.PlanEdits(before, r.options(), r.sheet.Spec.Requests.Tab, r.pending)
	after := before
	if len(edits) > 0 {
		w := sheet.NewWrite(before, edits)
		w.Remember(r.leases, r.options())
		if after, err = r.carryOut(ctx, w, edits); err != nil {
			return r.writeFailed(ctx, err)
		}
	}
	return r.confirm(ctx, after)
}

// confirm tells the leases that their rows say what was written. A row that says anything else was changed by a person
// meanwhile: the next sync decides on that, as on every reading, once the guard has seen it.
func (r *sheetRun) confirm(ctx context.Context, after [][]any) error {
	rows := map[string]sheet.Row{}
	for _, row := range sheet.ParseRequests(after, r.options()).Rows {
		rows[row.AccessKeyID] = row
	}
	failed := map[string]error{}
	for id, w := range r.pending {
		row, ok := rows[id]
		if !ok || (w.StatusText != nil && row.Status.Text != *w.StatusText) || (w.EndDate != "" && row.EndDate != w.EndDate) {
			continue
		}
		if err := r.amend(ctx, id, func(l *v1alpha1.AccessKeyLease) {
			written := sheet.Written(*l.Status.Sheet, w.StatusText, w.EndDate)
			l.Status.Sheet = &written
			setCondition(&l.Status.Conditions, r.now(), l.Generation, v1alpha1.ConditionSheetSynced, status(true), v1alpha1.ReasonSynced, rowAgrees)
		}); err != nil {
			failed[id] = err
		}
	}
	return r.ofLeases(failed)
}

// amend what the sheet says of a lease in its status. A conflict is no reason to decide anew: the lease's own controller
// wrote meanwhile, and what the sheet owns of the status nobody else changes.
func (r *sheetRun) amend(ctx context.Context, id string, change func(*v1alpha1.AccessKeyLease)) error {
	lease := r.leases[id]
	for attempt := 1; lease != nil && lease.Status.Sheet != nil && lease.UID == r.leases[id].UID; attempt++ {
		next := lease.DeepCopy()
		next.ManagedFields = nil
		change(next)
		if equality.Semantic.DeepEqual(lease.Status, next.Status) {
			return nil
		}
		err := applyLeaseStatus(ctx, r.Client, next, ownerSheet)
		if err == nil {
			r.leases[id] = next
			return nil
		}
		if !apierrors.IsConflict(err) || attempt == mergeAttempts {
			return err
		}
		if lease, err = r.liveLease(ctx, id); err != nil {
			return err
		}
	}
	return nil // deleted, or made anew: the next sync sees it
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
	if apierrors.IsConflict(err) {
		return err // the AccessKeySheet changed: what it says now is read first
	}
	r.writeError = err
	if mirrorErr := r.mirror(ctx); mirrorErr != nil {
		return mirrorErr
	}
	return err
}
