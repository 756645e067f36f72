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
	// writeRounds: once to write, and again for what people moved meanwhile.
	writeRounds = 5
	// recentWrite is one behind which people had little more time than between two requests.
	recentWrite = time.Minute
)

// openWrite is a write that was not read back to its end, with all that its readings found so far; since when.
type openWrite struct {
	write *sheet.Write
	since time.Time
}

// carryOut writes cells and reads them back, until everything stands where it should; then it gives the tab as it is, and
// what people should hear. The write is recorded before each request: what a process that dies here leaves behind is found
// by the next sync.
func (w *writer) carryOut(ctx context.Context, write sheet.Write, cells []sheet.CellEdit) (after [][]any, found []warning, err error) {
	options := w.draft.options()
	for range writeRounds {
		if err := w.record(ctx, write); err != nil {
			return nil, found, err
		}
		if err := w.writeCells(ctx, cells); err != nil {
			return nil, found, err
		}
		if after, err = w.readRequests(ctx); err != nil {
			return nil, found, err
		}
		// Columns that moved would have people's own cells taken for ours.
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
		w.memory.write = &write // known from now on, though it may not get to the record
	}
	return nil, found, unverified("rows move faster than their cells can be written")
}

// done: nothing of a write has to be looked for any more. The status is written with that of this sync.
func (w *writer) done() { w.draft.status().Writing, w.memory.write = nil, nil }

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

// unread is a write that nobody read back to its end: what this process knows of it, or else the record. People are told
// where there is none.
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
	if err != nil { // too large to be kept, or of another version
		at := kept.Time.UTC().Format(time.RFC3339)
		d.event(record.Warning, v1alpha1.EventWriteUnverified, fmt.Sprintf(
			"%d cells were written at %s, and the operator stopped before it read them back; what it wrote was not kept: if rows moved at that time, look at the rows that the audit lines \"cell\" name",
			kept.Cells, at))
		d.audit("writeUnverified", "cells", kept.Cells, "time", at)
		return openWrite{}
	}
	return openWrite{write: &found, since: kept.Time.Time}
}

// finish looks for what an earlier write, which nobody read back, may have put into wrong cells, before anything of
// this reading is believed: a stray date or mark must not be taken for a person's. Whether or not the cells can be put back
// now (unfinished), the leases see the rows as they are meant to be.
func (w *writer) finish(ctx context.Context, in reading) (out reading, late []warning, unfinished error) {
	d, options := w.draft, w.draft.options()
	if sheet.CheckShape(in.rows, options) != nil {
		return in, nil, nil //nolint:nilerr // a tab of another shape is judged, and waits with what was written to it
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
