package accesskeysheet

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/sheet"
)

// writeBack writes the cells that differ. It looks up the rows immediately before, writes in one request, and reads the
// cells back. There is no queue to lose: the backlog is the difference between cluster and sheet.
//
// If that fails, the leases say so. The failure does not block them, and the next sync tries again. unfinished is why
// an earlier write could not be repaired; no other write begins before that.
func (r *Reconciler) writeBack(ctx context.Context, w *writer, o outcome, unfinished error) (outcome, error) {
	if w.draft.policy.DryRun || (len(o.merged.pending) == 0 && unfinished == nil) {
		return o, nil
	}
	w.leases = o.leases
	after, err := [][]any(nil), unfinished
	if err == nil {
		after, err = w.write(ctx, o.merged.pending)
	}
	if err == nil {
		o.leases, err = confirm(ctx, w.draft, o, after)
		return o, err
	}
	if apierrors.IsConflict(err) {
		return o, err // the AccessKeySheet changed: the next sync reads it first
	}
	again, mirrorErr := r.mirror(ctx, w.draft, o.reading, o.leases, o.merged.conflicts, err)
	if mirrorErr != nil {
		return o, mirrorErr
	}
	o.merged, o.leases = again, again.leases
	return o, err
}

// confirm records on the leases that their rows now say what was written. If a row says something else, a person
// changed it meanwhile. The next sync decides about that, after the guard has seen it.
func confirm(ctx context.Context, d *draft, o outcome, after [][]any) (leaseSet, error) {
	rows := map[string]sheet.Row{}
	for _, row := range sheet.ParseRequests(after, d.options()).Rows {
		rows[row.AccessKeyID] = row
	}
	leases, failed := maps.Clone(o.leases), map[string]error{}
	for _, id := range slices.Sorted(maps.Keys(o.merged.pending)) {
		want := o.merged.pending[id]
		row, ok := rows[id]
		if !ok || (want.StatusText != nil && row.Status.Text != *want.StatusText) || (want.EndDate != "" && row.EndDate != want.EndDate) {
			continue
		}
		lease, err := d.amend(ctx, leases[id], func(l *v1alpha1.AccessKeyLease) {
			written := sheet.Written(*l.Status.Sheet, want.StatusText, want.EndDate)
			l.Status.Sheet = &written
			d.leaseCondition(l, metav1.Condition{Type: v1alpha1.ConditionSheetSynced, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSynced, Message: rowAgrees})
		})
		if leases[id] = lease; err != nil {
			failed[id] = err
		}
	}
	return leases, leaseErrors(d.key, failed)
}

// amend changes the sheet's part of a lease's status. On a conflict it retries without a new merge: only the lease's
// own controller can have written, and it does not touch the sheet's part. A lease that was deleted or created again is
// left to the next sync.
func (d *draft) amend(ctx context.Context, lease *v1alpha1.AccessKeyLease, change func(*v1alpha1.AccessKeyLease)) (*v1alpha1.AccessKeyLease, error) {
	now := lease
	for attempt := 1; now != nil && now.Status.Sheet != nil && now.UID == lease.UID; attempt++ {
		next := now.DeepCopy()
		next.ManagedFields = nil
		change(next)
		if equality.Semantic.DeepEqual(now.Status, next.Status) {
			return lease, nil
		}
		err := d.rec.LeaseStatus(ctx, next, record.OwnerSheet)
		if err == nil {
			return next, nil
		}
		if !apierrors.IsConflict(err) || attempt == mergeAttempts {
			return lease, err
		}
		if now, err = d.liveLease(ctx, lease.Spec.AccessKeyID); err != nil {
			return lease, err
		}
	}
	return lease, nil
}

// writer writes cells of the requests tab, and reads them back.
type writer struct {
	draft  *draft
	google state.Spreadsheets
	memory *openWrite
	leases leaseSet
}

// write writes the pending cells that differ, and returns the tab as it is afterwards.
func (w *writer) write(ctx context.Context, pending map[string]sheet.Wanted) ([][]any, error) {
	before, err := w.readRequests(ctx)
	if err != nil {
		return nil, err
	}
	edits := sheet.PlanEdits(before, w.draft.options(), w.tab(), pending)
	if len(edits) == 0 {
		return before, nil
	}
	write := sheet.NewWrite(before, edits)
	write.Remember(w.leases, w.draft.options())
	after, late, err := w.carryOut(ctx, write, edits)
	w.draft.tellLate(w.leases, late)
	return after, err
}

func (w *writer) tab() string { return w.draft.spec().Requests.Tab }

func (w *writer) readRequests(ctx context.Context) ([][]any, error) {
	spec := w.draft.spec()
	tabs, err := w.google.Read(ctx, spec.SpreadsheetID, sheet.ReadRanges(spec.Requests, spec.Users, "")[:1])
	if err != nil {
		return nil, err
	}
	return tabs[0], nil
}

func (w *writer) writeCells(ctx context.Context, edits []sheet.CellEdit) error {
	d := w.draft
	cells := make([]sheet.CellWrite, 0, len(edits))
	for _, e := range edits {
		cells = append(cells, sheet.CellWrite{Range: e.Range, Value: e.New})
	}
	if err := w.google.Write(ctx, d.spec().SpreadsheetID, cells); err != nil {
		return err
	}
	metrics.CellsWritten(d.key.Namespace, d.key.Name, len(cells))
	for _, e := range edits {
		d.audit("cell", "accessKeyID", e.AccessKeyID, "range", e.Range, "old", fmt.Sprint(e.Old), "new", fmt.Sprint(e.New))
	}
	return nil
}
