package accesskeysheet

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/internal/sheet"
)

// mergeAttempts is how often one lease is merged in a sync if it keeps changing meanwhile.
const mergeAttempts = 4

// merged holds the result for every key.
type merged struct {
	joined
	leases leaseSet
	// failed are the access key IDs to which this reading could not be applied, and why.
	failed map[string]error
	// pending are the cells to write, by access key ID.
	pending map[string]sheet.Wanted
	// conflicts of end dates that this sync decided.
	conflicts []dateConflict
}

// mirror merges every key and applies what changed. If one key fails, the others are still merged. An error concerns
// all of them: then nothing was applied. If the write-back failed, mirror runs once more to say so on the leases, with
// the conflicts of the first run.
func (r *Reconciler) mirror(ctx context.Context, d *draft, in reading, leases leaseSet, decided []dateConflict, writeError error) (merged, error) {
	j, err := r.join(ctx, d, in, leases)
	if err != nil {
		return merged{}, err
	}
	p := &pass{draft: d, reading: in, conflicts: decided, writeError: writeError}
	if err := p.recordConflicts(ctx, j.entries); err != nil {
		return merged{}, err
	}
	m := merged{joined: j, leases: maps.Clone(leases), failed: map[string]error{}, pending: map[string]sheet.Wanted{}, conflicts: p.conflicts}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(r.Writers)
	for _, e := range j.entries {
		group.Go(func() error {
			lease, out, err := p.merge(ctx, e)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				m.failed[e.id] = err
				return nil
			}
			m.leases[e.id] = lease
			if e.row != nil && (out.StatusText != nil || out.EndDate != "") {
				m.pending[e.id] = sheet.Wanted{
					StatusText: out.StatusText, EndDate: out.EndDate,
					BasisStatus: e.row.Status.Text, BasisEndDate: e.row.EndDate,
				}
			}
			return nil
		})
	}
	_ = group.Wait() // no error: each key's is in m.failed
	return m, nil
}

// pass is one run over all keys: what each of them is merged with.
type pass struct {
	draft   *draft
	reading reading
	// conflicts that are recorded in status. Only these may be decided.
	conflicts []dateConflict
	// writeError is why this sync's write-back failed; nil: it did not.
	writeError error
}

// merge merges and applies one key. If the lease changes meanwhile, it is read and merged again.
func (p *pass) merge(ctx context.Context, e entry) (*v1alpha1.AccessKeyLease, sheet.Outcome, error) {
	lease := e.lease
	var changes []sheet.Change
	for attempt := 1; ; attempt++ {
		facts, fresh, err := p.facts(ctx, e, lease)
		if err != nil {
			return nil, sheet.Outcome{}, err
		}
		lease = fresh
		out := sheet.Merge(e.row, e.problem, lease, facts)
		if err := p.unrecordedConflict(e.id, out.Changes); err != nil {
			return nil, out, err
		}
		applied, err := p.apply(ctx, e, lease, out)
		for _, c := range out.Changes {
			// A failed attempt may have written the spec. The next attempt cannot see that change, but people must
			// still learn of it.
			if applied != nil && !slices.Contains(changes, c) {
				changes = append(changes, c)
			}
		}
		switch {
		case err == nil:
			out.Changes = changes
			tellChanges(p.draft.rec, applied, changes)
			tellRow(p.draft.rec, e.lease, applied)
			return applied, out, nil
		case apierrors.IsConflict(err) && attempt < mergeAttempts:
			if lease, err = p.draft.liveLease(ctx, e.id); err != nil {
				return nil, out, err
			}
		default:
			return nil, out, err
		}
	}
}

// liveLease reads the lease of a key from the API server; nil: there is none.
func (d *draft) liveLease(ctx context.Context, accessKeyID string) (*v1alpha1.AccessKeyLease, error) {
	l := &v1alpha1.AccessKeyLease{}
	err := d.rec.Live.Get(ctx, types.NamespacedName{Namespace: d.key.Namespace, Name: strings.ToLower(accessKeyID)}, l)
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // no lease is an answer: the row creates it
	}
	return l, err
}

// facts for a merge. The live lease is read for its field owners only if row and lease differ.
func (p *pass) facts(ctx context.Context, e entry, lease *v1alpha1.AccessKeyLease) (sheet.Facts, *v1alpha1.AccessKeyLease, error) {
	f := p.plainFacts()
	if lease == nil || lease.Status.Phase == v1alpha1.PhaseRevoked || !differs(lease, e) {
		return f, lease, nil
	}
	live, err := p.draft.liveLease(ctx, e.id)
	if err != nil || live == nil {
		return f, live, err
	}
	f.OwnedElsewhere = record.AppliedElsewhere(live.ManagedFields, "endDate")
	f.FlagOwnedElsewhere = record.AppliedElsewhere(live.ManagedFields, "extensionRequested")
	f.TextsOwnedElsewhere = record.WrittenElsewhere(live.ManagedFields, "owner", "purpose", "resource", "startDate")
	live.ManagedFields = nil
	return f, live, nil
}

// plainFacts are the facts that are the same for every lease.
func (p *pass) plainFacts() sheet.Facts {
	policy, start := p.draft.policy, p.reading.start
	return sheet.Facts{
		Now: start, Exempt: policy.Exempt, DryRun: policy.DryRun, Marks: p.draft.spec().Marks,
		FirstNoticeDue: func(end string) bool { return !policy.FirstNotice(end).After(start) },
	}
}

// differs tells whether spec and row differ or, if the row is gone, whether the spec differs from what both agreed on.
// It is also true for a spent mark that the phase's own mark may replace.
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
