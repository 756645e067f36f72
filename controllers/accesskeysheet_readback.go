package controllers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/sheet"
)

const (
	// writeRounds: once to write, and again for what people moved meanwhile.
	writeRounds = 5
	// recentWrite is one behind which people had little more time than between two requests.
	recentWrite = time.Minute
)

// carryOut writes cells and reads them back, until everything stands where it should; then it gives the tab as it is. The
// write is recorded before each request: what a process that dies here leaves behind is found by the next sync.
func (r *sheetRun) carryOut(ctx context.Context, w sheet.Write, cells []sheet.CellEdit) (after [][]any, err error) {
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
			r.reportColumnsMoved(cells)
			return nil, unverified(err.Error())
		}
		found := sheet.Verify(w, after, r.options(), r.sheet.Spec.Requests.Tab)
		r.reportReadBack(found)
		if len(found.Repairs) == 0 {
			r.writeDone()
			return after, nil
		}
		w, cells = found.Next, found.Repairs
		r.mem.writing = &w // known from now on, though it may not get to the record
	}
	return nil, unverified("rows move faster than their cells can be written")
}

// writeDone: nothing of a write has to be looked for any more. The status is written with that of this sync.
func (r *sheetRun) writeDone() {
	r.sheet.Status.Writing, r.mem.writing = nil, nil
}

func unverified(message string) error {
	return &failure.Error{Class: failure.Retry, Service: "sheets", Operation: "write", Code: v1alpha1.ReasonNotVerified,
		Message: message + ": what was written is looked for again by the next sync"}
}

func (r *sheetRun) recordWrite(ctx context.Context, w sheet.Write) error {
	record, err := w.Record(r.options())
	if err != nil {
		return err
	}
	r.sheet.Status.Writing = &v1alpha1.SheetWrite{Time: *moment(r.now()), Cells: count32(len(w.Written)), Record: record}
	if err := r.saveStatus(ctx); err != nil {
		return err
	}
	r.mem.writing, r.mem.writingSince = &w, r.now()
	return nil
}

// unread is a write that nobody read back to its end: what this process knows of it, or else the record. People are told
// where there is none.
func (r *sheetRun) unread() (w *sheet.Write, since time.Time) {
	if r.mem.writing != nil {
		return r.mem.writing, r.mem.writingSince
	}
	record := r.sheet.Status.Writing
	if record == nil {
		return nil, since
	}
	found, err := sheet.ReadRecord(record.Record)
	if err != nil { // too large to be kept, or of another version
		at := record.Time.UTC().Format(time.RFC3339)
		r.sheetEvent(corev1.EventTypeWarning, v1alpha1.EventWriteUnverified, fmt.Sprintf(
			"%d cells were written at %s, and the operator stopped before it read them back; what it wrote was not kept: if rows moved at that time, look at the rows that the audit lines \"cell\" name",
			record.Cells, at))
		r.auditSheet("writeUnverified", "cells", record.Cells, "time", at)
		return nil, since
	}
	return &found, record.Time.Time
}

// finishWrite looks for what an earlier write, which nobody read back, may have put into wrong cells, before anything of
// this reading is believed: a stray date or mark must not be taken for a person's.
func (r *sheetRun) finishWrite(ctx context.Context) {
	if sheet.CheckShape(r.rows, r.options()) != nil {
		return
	}
	w, since := r.unread()
	if w == nil {
		r.writeDone()
		return
	}
	found := sheet.Recover(*w, r.rows, r.options(), r.sheet.Spec.Requests.Tab, r.now().Sub(since) < recentWrite)
	if !r.policy.DryRun {
		r.reportReadBack(found)
	}
	if len(found.Repairs) == 0 {
		r.writeDone()
		return
	}
	// Whether or not the cells can be put back now, the leases see the rows as they are meant to be.
	rows := sheet.Apply(r.rows, found.Repairs)
	if !r.policy.DryRun {
		after, err := r.carryOut(ctx, found.Next, found.Repairs)
		if err != nil {
			log.FromContext(ctx).Info("cells of other rows cannot be put back yet", "cells", len(found.Repairs), "error", err.Error())
			r.unfinished = err
		} else {
			rows = after
		}
	}
	r.rows, r.requests = rows, sheet.ParseRequests(rows, r.options())
}

// reportReadBack tells people whose rows moved under a write, and what became of it.
func (r *sheetRun) reportReadBack(found sheet.ReadBack) {
	for _, id := range found.Missed {
		r.leaseWarning(id, v1alpha1.EventRowMoved, "rowMoved",
			"the row moved while its mark was written: the wrong cell was put back and the right one is written")
	}
	for _, e := range found.Astray {
		r.leaseWarning(e.AccessKeyID, v1alpha1.EventMarkRewritten, "markRewritten", fmt.Sprintf(
			"rows moved while another row was written, and %s got its %s: it says %s again", e.Range, shownCell(e.Old), shownCell(e.New)))
	}
	for _, e := range found.Doubtful {
		r.leaseWarning(e.AccessKeyID, v1alpha1.EventMarkDoubtful, "markDoubtful", doubt(e))
	}
}

// reportColumnsMoved: a column came or went before ours, so what was written may have replaced a cell that is not ours, such
// as the user's name. What stood there is not known well enough to be written by a program.
func (r *sheetRun) reportColumnsMoved(cells []sheet.CellEdit) {
	for _, e := range cells {
		r.leaseWarning(e.AccessKeyID, v1alpha1.EventMarkDoubtful, "markDoubtful", fmt.Sprintf(
			"columns moved while %s was written to %s: it may have replaced another cell of the row; see File > Version history, and put that back",
			shownCell(e.New), e.Range))
	}
}

func doubt(e sheet.CellEdit) string {
	if e.New == e.Old {
		return fmt.Sprintf("%s says %s, which was written for another row while rows moved; a person may have written the same, so it stays: correct it if nobody did",
			e.Range, shownCell(e.Old))
	}
	return fmt.Sprintf("the row was brought back while another was written, and %s got its %s: it says %s again, as before the row went; correct it if something else was brought back",
		e.Range, shownCell(e.Old), shownCell(e.New))
}

// warning about a key's row.
type warning struct{ accessKeyID, reason, audit, message string }

func (r *sheetRun) leaseWarning(accessKeyID, reason, audit, message string) {
	l := r.leases[accessKeyID]
	if l == nil {
		r.untold = append(r.untold, warning{accessKeyID, reason, audit, message})
		return
	}
	r.leaseEvent(l, corev1.EventTypeWarning, reason, message)
	r.auditLease(l, audit, "message", message)
}

// tellLate what was found of rows before their leases were made, or made again; of a row without a lease the sheet says it.
func (r *sheetRun) tellLate() {
	untold := r.untold
	r.untold = nil
	for _, w := range untold {
		if r.leases[w.accessKeyID] != nil {
			r.leaseWarning(w.accessKeyID, w.reason, w.audit, w.message)
			continue
		}
		r.sheetEvent(corev1.EventTypeWarning, w.reason, w.message)
		r.auditSheet(w.audit, "accessKeyID", w.accessKeyID, "message", w.message)
	}
}

func shownCell(value any) string {
	if value == nil || value == "" {
		return "nothing"
	}
	return sheet.QuotedCell(value)
}
