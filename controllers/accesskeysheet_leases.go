package controllers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/sheet"
)

const (
	// writers apply that many leases at once.
	writers = 8
	// mergeAttempts: a lease that changes under the merge is merged again with what it has become.
	mergeAttempts = 4
)

// entry is one key of this sync: its row or the row's problem, and its lease. Without row and problem the row is gone.
type entry struct {
	id      string
	row     *sheet.Row
	problem *sheet.Problem
	// lease as the sync found it; nil: none yet.
	lease *v1alpha1.AccessKeyLease
}

// mirror merges every key and applies what changed. One key's failure does not keep the others from theirs: it is in
// r.failed. An error concerns them all, and nothing was applied then.
func (r *sheetRun) mirror(ctx context.Context) error {
	entries, err := r.entries(ctx)
	if err != nil {
		return err
	}
	if err := r.foreseeConflicts(ctx, entries); err != nil {
		return err
	}
	r.pending, r.failed = map[string]sheet.Wanted{}, map[string]error{}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(writers)
	for _, e := range entries {
		group.Go(func() error {
			lease, out, err := r.mirrorOne(ctx, e)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				r.failed[e.id] = err
				return nil
			}
			r.leases[e.id] = lease
			if e.row != nil && (out.StatusText != nil || out.EndDate != "") {
				r.pending[e.id] = sheet.Wanted{
					StatusText: out.StatusText, EndDate: out.EndDate,
					BasisStatus: e.row.Status.Text, BasisEndDate: e.row.EndDate,
				}
			}
			return nil
		})
	}
	_ = group.Wait() // the functions give no error: each key's is kept above
	return nil
}

// ofLeases is one error for those of several leases: the first by name, so that it is the same at every attempt.
func (r *sheetRun) ofLeases(failures map[string]error) error {
	if len(failures) == 0 {
		return nil
	}
	first := slices.Sorted(maps.Keys(failures))[0]
	others := ""
	if more := len(failures) - 1; more > 0 {
		others = fmt.Sprintf(" and %d more", more)
	}
	return fmt.Errorf("lease %s/%s%s: %w", r.key.Namespace, strings.ToLower(first), others, failures[first])
}

// entries joins rows, problems and leases by access key ID.
func (r *sheetRun) entries(ctx context.Context) ([]entry, error) {
	var entries []entry
	var err error
	seen := map[string]bool{}
	r.problems = slices.Clone(r.requests.Problems)
	r.refused, r.foreign, r.owners = 0, map[string]int{}, map[types.NamespacedName]bool{}
	for i := range r.requests.Rows {
		row := &r.requests.Rows[i]
		e := entry{id: row.AccessKeyID, row: row}
		p, err := r.refuse(ctx, row)
		if err != nil {
			return nil, err
		}
		if p != nil {
			r.problems = append(r.problems, *p)
			r.refused++
			if r.leases[row.AccessKeyID] == nil {
				continue
			}
			e = entry{id: row.AccessKeyID, problem: p}
		}
		seen[row.AccessKeyID] = true
		entries = append(entries, e)
	}
	for i := range r.requests.Problems {
		p := &r.requests.Problems[i]
		if r.leases[p.AccessKeyID] != nil && !seen[p.AccessKeyID] {
			seen[p.AccessKeyID] = true
			entries = append(entries, entry{id: p.AccessKeyID, problem: p})
		}
	}
	for id := range r.leases {
		if !seen[id] {
			entries = append(entries, entry{id: id})
		}
	}
	for i := range entries {
		entries[i].lease = r.leases[entries[i].id]
	}
	r.alsoElsewhere, err = r.shared(ctx)
	return entries, err
}

// mirrorOne merges and applies one key. A lease that somebody changes meanwhile is read anew and merged again.
func (r *sheetRun) mirrorOne(ctx context.Context, e entry) (*v1alpha1.AccessKeyLease, sheet.Outcome, error) {
	lease := e.lease
	var changes []sheet.Change
	for attempt := 1; ; attempt++ {
		facts, fresh, err := r.facts(ctx, e, lease)
		if err != nil {
			return nil, sheet.Outcome{}, err
		}
		lease = fresh
		out := sheet.Merge(e.row, e.problem, lease, facts)
		if err := r.unforeseen(e.id, out.Changes); err != nil {
			return nil, out, err
		}
		applied, err := r.applyOutcome(ctx, e, lease, out)
		for _, c := range out.Changes {
			// What was written of an attempt is not to be seen by the next, and has still to be told.
			if applied != nil && !slices.Contains(changes, c) {
				changes = append(changes, c)
			}
		}
		switch {
		case err == nil:
			out.Changes = changes
			r.report(applied, changes)
			r.reportRow(e.lease, applied)
			return applied, out, nil
		case apierrors.IsConflict(err) && attempt < mergeAttempts:
			if lease, err = r.liveLease(ctx, e.id); err != nil {
				return nil, out, err
			}
		default:
			return nil, out, err
		}
	}
}

func (r *sheetRun) liveLease(ctx context.Context, id string) (*v1alpha1.AccessKeyLease, error) {
	l := &v1alpha1.AccessKeyLease{}
	err := r.Live.Get(ctx, types.NamespacedName{Namespace: r.key.Namespace, Name: strings.ToLower(id)}, l)
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // no lease is an answer: it is made from the row
	}
	return l, err
}

// facts for a merge. Only where the two sides differ is the live lease read, for its field owners.
func (r *sheetRun) facts(ctx context.Context, e entry, lease *v1alpha1.AccessKeyLease) (sheet.Facts, *v1alpha1.AccessKeyLease, error) {
	f := r.plainFacts()
	if lease == nil || lease.Status.Phase == v1alpha1.PhaseRevoked || !differs(lease, e) {
		return f, lease, nil
	}
	live, err := r.liveLease(ctx, e.id)
	if err != nil || live == nil {
		return f, live, err
	}
	f.OwnedElsewhere = ownedElsewhere(live.ManagedFields, true, "endDate")
	f.FlagOwnedElsewhere = ownedElsewhere(live.ManagedFields, true, "extensionRequested")
	f.TextsOwnedElsewhere = ownedElsewhere(live.ManagedFields, false, "owner", "purpose", "resource", "startDate")
	live.ManagedFields = nil
	return f, live, nil
}

// plainFacts are those that are the same for every lease.
func (r *sheetRun) plainFacts() sheet.Facts {
	return sheet.Facts{
		Now: r.start, Exempt: r.policy.Exempt, DryRun: r.policy.DryRun, Marks: r.sheet.Spec.Marks,
		FirstNoticeDue: func(end string) bool { return !r.policy.FirstNotice(end).After(r.start) },
	}
}

// differs tells whether the spec says anything else than the row, or than was agreed where the row is gone, or carries a
// spent mark that the phase's own may replace.
func differs(lease *v1alpha1.AccessKeyLease, e entry) bool {
	row := e.row
	if row == nil {
		return e.problem == nil && sheet.GoneOtherwise(lease)
	}
	spec, marked := lease.Spec, row.Status.Mark == sheet.MarkExtension
	held := sheet.Holding(lease.Status.Sheet, spec.EndDate, false) != nil
	spent := marked && !held && lease.Status.Phase != v1alpha1.PhaseActive
	return spent || spec.EndDate != row.EndDate || spec.ExtensionRequested != marked ||
		spec.Owner.FullName != row.FullName || spec.Purpose != row.Purpose || spec.Resource != row.Resource || spec.StartDate != row.StartDate
}

// ownedElsewhere tells whether another manager owns one of the fields of the spec: by server-side apply, as a GitOps tool
// does, or in any way, as kubectl edit does.
func ownedElsewhere(fields []metav1.ManagedFieldsEntry, byApply bool, names ...string) bool {
	for _, m := range fields {
		if m.Manager == string(ownerSheet) || m.Subresource != "" || m.FieldsV1 == nil || (byApply && m.Operation != metav1.ManagedFieldsOperationApply) {
			continue
		}
		for _, name := range names {
			if strings.Contains(string(m.FieldsV1.GetRawBytes()), `"f:`+name+`"`) {
				return true
			}
		}
	}
	return false
}

// applyOutcome writes spec and status where they differ. With an error, a lease says that its spec was written.
func (r *sheetRun) applyOutcome(ctx context.Context, e entry, lease *v1alpha1.AccessKeyLease, out sheet.Outcome) (*v1alpha1.AccessKeyLease, error) {
	next := &v1alpha1.AccessKeyLease{}
	if lease != nil {
		next = lease.DeepCopy()
	}
	created := lease == nil
	if created {
		next.Name, next.Namespace = strings.ToLower(e.id), r.key.Namespace
	}
	if out.Spec != nil {
		out.Spec.SheetRef.Name = r.key.Name
		if created || !equality.Semantic.DeepEqual(next.Spec, *out.Spec) {
			next.Spec = *out.Spec
			status := next.Status
			if err := applyLeaseSpec(ctx, r.Client, next); err != nil {
				return nil, r.specError(e, lease, err)
			}
			if created {
				status = next.Status
				r.auditLease(next, "created", "endDate", next.Spec.EndDate)
				r.leaseEvent(next, corev1.EventTypeNormal, v1alpha1.EventLeaseCreated, fmt.Sprintf("row %d of tab %s", e.row.Number, r.sheet.Spec.Requests.Tab))
			}
			next.Status = status
		}
	}
	r.fromSheet(next, e, out)
	if lease == nil || !equality.Semantic.DeepEqual(sheetStatus(lease.Status), sheetStatus(next.Status)) {
		if err := applyLeaseStatus(ctx, r.Client, next, ownerSheet); err != nil {
			if out.Spec == nil {
				return nil, err
			}
			return next, err
		}
	}
	return next, nil
}

// reportRow tells that a row went or came back.
func (r *sheetRun) reportRow(before, after *v1alpha1.AccessKeyLease) {
	if before == nil {
		return
	}
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionRowPresent)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionRowPresent)
	switch {
	case is != nil && is.Reason == v1alpha1.ReasonNeverOnSheet && (was == nil || was.Reason != is.Reason):
		r.leaseEvent(after, corev1.EventTypeWarning, v1alpha1.EventBlocked, is.Message)
		r.auditLease(after, "blocked", "reason", is.Reason, "message", is.Message)
	case was == nil || is == nil || was.Status == is.Status:
	case is.Reason == v1alpha1.ReasonRowGone:
		r.leaseEvent(after, corev1.EventTypeWarning, v1alpha1.EventRowGone, is.Message)
		r.auditLease(after, "rowGone", "row", before.Status.Sheet.Row)
	case is.Status == metav1.ConditionTrue:
		r.leaseEvent(after, corev1.EventTypeNormal, v1alpha1.EventRowBack, fmt.Sprintf("%s, row %d", is.Message, after.Status.Sheet.Row))
		r.auditLease(after, "rowBack", "row", after.Status.Sheet.Row)
	}
}

// specError: a conflict is merged again; a refusal at admission is told to people, and is final.
func (r *sheetRun) specError(e entry, lease *v1alpha1.AccessKeyLease, err error) error {
	if apierrors.IsConflict(err) && lease == nil {
		// Not in the cache yet, but there, and with other values: the next sync sees it.
		return &failure.Error{Class: failure.Retry, Service: "kubernetes", Operation: "apply lease", Code: "Conflict",
			Message: fmt.Sprintf("lease %s exists already with other values", strings.ToLower(e.id))}
	}
	if apierrors.IsInvalid(err) && lease != nil {
		r.leaseEvent(lease, corev1.EventTypeWarning, v1alpha1.EventExtensionRefused, err.Error())
	}
	return err
}

// report what a merge changed: an audit line each, and an Event for each reason, because the API server's clients join
// Events of one reason and keep the text of the first.
func (r *sheetRun) report(l *v1alpha1.AccessKeyLease, changes []sheet.Change) {
	texts, reasons := map[string][]string{}, []string(nil)
	for _, c := range changes {
		text := c.Message
		if text == "" {
			text = fmt.Sprintf("%s → %s, by the %s", c.Old, c.New, c.Via)
		}
		if texts[c.Reason] == nil {
			reasons = append(reasons, c.Reason)
		}
		texts[c.Reason] = append(texts[c.Reason], text)
		r.auditLease(l, "change", "reason", c.Reason, "old", c.Old, "new", c.New, "via", c.Via)
	}
	for _, reason := range reasons {
		kind := corev1.EventTypeNormal
		if reason == v1alpha1.EventEndDateConflict || reason == v1alpha1.EventExtensionRefused {
			kind = corev1.EventTypeWarning
		}
		r.leaseEvent(l, kind, reason, strings.Join(texts[reason], "; "))
	}
}

func (r *sheetRun) leaseEvent(l *v1alpha1.AccessKeyLease, kind, reason, message string) {
	r.tellEvent(l, kind, reason, reason, message)
}

func (r *sheetRun) auditLease(l *v1alpha1.AccessKeyLease, what string, kv ...any) {
	r.Audit.Info(what, append([]any{
		"namespace", r.key.Namespace, "sheet", r.key.Name, "lease", l.Name, "accessKeyID", l.Spec.AccessKeyID, "userName", l.Spec.UserName,
		"accountID", l.Spec.AccountID,
	}, kv...)...)
}
