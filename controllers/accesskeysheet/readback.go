package accesskeysheet

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/sheet"
)

const (
	// writeRounds is how often cells are written: once, and then again for rows that people moved meanwhile.
	writeRounds = 5
	// recentWrite: within this time of a write, people had little time to edit the sheet.
	recentWrite = time.Minute
)

// openWrite is a write that was not fully read back, with everything its readings found so far. It began at since.
type openWrite struct {
	write *sheet.Write
	since time.Time
}

// carryOut writes cells and reads them back until all of them are in their rows. It returns the tab as it is then, and
// warnings for people. The write is recorded before each request, so the next sync finds what a crashed process left.
func (w *writer) carryOut(ctx context.Context, write sheet.Write, cells []sheet.CellEdit) (after [][]any, found []warning, err error) {
	options, first := w.draft.options(), w.nothingOpen()
	for range writeRounds {
		if err := w.record(ctx, write); err != nil {
			return nil, found, err
		}
		if err := w.writeCells(ctx, cells); err != nil {
			if first && refused(err) {
				w.done() // else what people type there now would be taken for what was never written
			}
			return nil, found, err
		}
		first = false
		if after, err = w.readRequests(ctx); err != nil {
			return nil, found, err
		}
		// If columns moved, Keylease would take people's own cells for its own.
		if err := sheet.CheckShape(after, options); err != nil {
			return nil, append(found, columnsMoved(cells)...), unverified(err.Error())
		}
		seen := sheet.Verify(write, after, options, w.tab())
		found = append(found, warnings(seen)...)
		if len(seen.Repairs) == 0 {
			w.done()
			return after, found, nil
		}
		write, cells = seen.Next, seen.Repairs
		w.memory.write = &write // remembered even if recording it fails
	}
	return nil, found, unverified("rows move faster than their cells can be written")
}

// done forgets the write: everything is in place. The sync's own save writes the status.
func (w *writer) done() { w.draft.status().Writing, w.memory.write = nil, nil }

func (w *writer) nothingOpen() bool { return w.memory.write == nil && w.draft.status().Writing == nil }

// refused tells whether no cell was written: a batch is all or nothing (spreadsheets.values.batchUpdate).
func refused(err error) bool { return failure.Of(err) != nil && !failure.Is(err, failure.Uncertain) }

func unverified(message string) error {
	return &failure.Error{Class: failure.Retry, Service: "sheets", Operation: "write", Code: v1alpha1.ReasonNotVerified,
		Message: message + ": what was written is looked for again by the next sync"}
}

func (w *writer) record(ctx context.Context, write sheet.Write) error {
	d := w.draft
	data, err := write.Record(w.leases, d.options())
	if err != nil {
		return err
	}
	d.status().Writing = &v1alpha1.SheetWrite{Time: *lifecycle.Moment(d.now()), Cells: count32(len(write.Written)), Record: data}
	if err := d.save(ctx); err != nil {
		return err
	}
	*w.memory = openWrite{write: &write, since: d.now()}
	return nil
}

// unread is the write that was not fully read back: from memory, or else from the record in status. If the record was
// not kept, it warns people.
func (w *writer) unread() openWrite {
	if w.memory.write != nil {
		return *w.memory
	}
	d := w.draft
	kept := d.status().Writing
	if kept == nil {
		return openWrite{}
	}
	found, err := sheet.ReadRecord(kept.Record, w.leases, d.options())
	if err != nil { // it was too large to keep, or another version wrote it
		at := kept.Time.UTC().Format(time.RFC3339)
		d.event(record.Warning, v1alpha1.EventWriteUnverified, fmt.Sprintf(
			"%d cells were written at %s, and the operator stopped before it read them back; what it wrote was not kept: if rows moved at that time, look at the rows that the audit lines \"cell\" name",
			kept.Cells, at))
		d.audit("writeUnverified", "cells", kept.Cells, "time", at)
		return openWrite{}
	}
	return openWrite{write: &found, since: kept.Time.Time}
}

// finish looks for cells that an earlier, unread write may have put into wrong rows. It does so before the reading is
// judged, because a stray date or mark must not be taken for a person's. The returned reading has those cells repaired,
// even if they cannot be written now (unfinished).
func (w *writer) finish(ctx context.Context, in reading) (out reading, late []warning, unfinished error) {
	d, options := w.draft, w.draft.options()
	if sheet.CheckShape(in.rows, options) != nil {
		return in, nil, nil //nolint:nilerr // judge refuses a tab of another shape; the write stays open
	}
	open := w.unread()
	if open.write == nil {
		w.done()
		return in, nil, nil
	}
	seen := sheet.Recover(*open.write, in.rows, options, w.tab(), d.now().Sub(open.since) < recentWrite)
	if !d.policy.DryRun {
		late = d.tell(w.leases, warnings(seen))
	}
	if len(seen.Repairs) == 0 {
		w.done()
		return in, late, nil
	}
	in.rows = sheet.Apply(in.rows, seen.Repairs)
	if !d.policy.DryRun {
		after, found, err := w.carryOut(ctx, seen.Next, seen.Repairs)
		late = append(late, d.tell(w.leases, found)...)
		if err != nil {
			log.FromContext(ctx).Info("cells of other rows cannot be put back yet", "cells", len(seen.Repairs), "error", err.Error())
			unfinished = err
		} else {
			in.rows = after
		}
	}
	in.requests = sheet.ParseRequests(in.rows, options)
	return in, late, unfinished
}
