package controllers

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/sheet"
)

// writeRounds: once to write, and again for what people moved meanwhile.
const writeRounds = 5

// verifier finds what of a write stands in the wrong cells: sheet.Verify or sheet.Recover.
type verifier func(w sheet.Write, after [][]any, o sheet.Options, tab string) (next sheet.Write, repairs []sheet.CellEdit, moved []string)

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
	after := before
	if len(edits) > 0 {
		if after, err = r.carryOut(ctx, sheet.NewWrite(before, edits), edits, sheet.Verify); err != nil {
			return r.writeFailed(ctx, err)
		}
	}
	return r.confirm(ctx, after)
}

// carryOut writes cells and reads them back, until everything stands where it should; then it gives the tab as it is. The
// write is recorded before each request: what a process that dies here leaves behind is found by the next sync.
func (r *sheetRun) carryOut(ctx context.Context, w sheet.Write, cells []sheet.CellEdit, verify verifier) (after [][]any, err error) {
	for range writeRounds {
		if err := r.recordWrite(ctx, w); err != nil {
			return nil, err
		}
		if err := r.writeCells(ctx, cells); err != nil {
			return nil, err
		}
		if after, err = r.readRequests(ctx); err != nil {
			return nil, err
		}
		// Columns that moved would have people's own cells taken for ours.
		if err := sheet.CheckShape(after, r.options()); err != nil {
			return nil, unverified(err.Error())
		}
		var moved []string
		w, cells, moved = verify(w, after, r.options(), r.sheet.Spec.Requests.Tab)
		r.reportMoved(moved)
		if len(cells) == 0 {
			r.sheet.Status.Writing = nil // written with the status of this sync
			return after, nil
		}
	}
	return nil, unverified("rows move faster than their cells can be written")
}

func unverified(message string) error {
	return &failure.Error{Class: failure.Retry, Service: "sheets", Operation: "write", Code: "NotVerified",
		Message: message + ": what was written is looked for again by the next sync"}
}

func (r *sheetRun) recordWrite(ctx context.Context, w sheet.Write) error {
	record, err := w.Record(r.options())
	if err != nil {
		return err
	}
	r.sheet.Status.Writing = &v1alpha1.SheetWrite{Time: *moment(r.now()), Cells: count32(len(w.Written)), Record: record}
	return r.saveStatus(ctx)
}

// finishWrite looks for what an earlier write, which nobody read back, may have put into wrong cells, before anything of
// this reading is believed: a stray date or mark must not be taken for a person's.
func (r *sheetRun) finishWrite(ctx context.Context) {
	if r.sheet.Status.Writing == nil || sheet.CheckShape(r.rows, r.options()) != nil {
		return
	}
	w, err := sheet.ReadRecord(r.sheet.Status.Writing.Record)
	if err != nil {
		r.sheet.Status.Writing = nil // too large to be kept, or of another version: nothing can be told of it
		return
	}
	next, repairs, moved := sheet.Recover(w, r.rows, r.options(), r.sheet.Spec.Requests.Tab)
	if len(repairs) == 0 {
		r.sheet.Status.Writing = nil
		return
	}
	// Whether or not the cells can be put back now, the leases see the rows as they are meant to be.
	rows := sheet.Apply(r.rows, repairs)
	if !r.policy.DryRun {
		r.reportMoved(moved)
		after, err := r.carryOut(ctx, next, repairs, sheet.Recover)
		if err != nil {
			log.FromContext(ctx).Info("cells of other rows cannot be put back yet", "cells", len(repairs), "error", err.Error())
		} else {
			rows = after
		}
	}
	r.rows, r.requests = rows, sheet.ParseRequests(rows, r.options())
}

// confirm tells the leases that their rows say what was written. A row that says anything else was changed by a person
// meanwhile: the next sync decides on that, as on every reading, once the guard has seen it.
func (r *sheetRun) confirm(ctx context.Context, after [][]any) error {
	rows := map[string]sheet.Row{}
	for _, row := range sheet.ParseRequests(after, r.options()).Rows {
		rows[row.AccessKeyID] = row
	}
	for id, w := range r.pending {
		row, ok := rows[id]
		if !ok || (w.StatusText != nil && row.Status.Text != *w.StatusText) || (w.EndDate != "" && row.EndDate != w.EndDate) {
			continue
		}
		if err := r.confirmOne(ctx, id, w); err != nil {
			return fmt.Errorf("lease %s/%s: %w", r.key.Namespace, strings.ToLower(id), err)
		}
	}
	return nil
}

func (r *sheetRun) confirmOne(ctx context.Context, id string, w sheet.Wanted) error {
	lease := r.leases[id]
	for attempt := 1; lease != nil && lease.Status.Sheet != nil; attempt++ {
		next := lease.DeepCopy()
		next.ManagedFields = nil
		written := sheet.Written(*lease.Status.Sheet, w.StatusText, w.EndDate)
		next.Status.Sheet = &written
		setCondition(&next.Status.Conditions, r.now(), next.Generation, v1alpha1.ConditionSheetSynced, status(true), v1alpha1.ReasonSynced, "the row says what the lease says")
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
		// The lease's own controller wrote meanwhile. What the sheet owns of the status nobody else changes.
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
