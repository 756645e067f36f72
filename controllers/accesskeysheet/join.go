package accesskeysheet

import (
	"context"
	"fmt"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/internal/sheet"
)

// entry is one key of this sync: its row or the row's problem, and its lease. If both row and problem are nil, the row
// is gone.
type entry struct {
	id      string
	row     *sheet.Row
	problem *sheet.Problem
	// lease as this sync read it; nil: there is none yet.
	lease *v1alpha1.AccessKeyLease
}

// joined holds rows, problems and leases, matched by access key ID.
type joined struct {
	entries  []entry
	problems []sheet.Problem
	// refused is how many rows could be read but contradict a lease.
	refused int
	// alsoElsewhere are rows that Keylease uses although another sheet has their keys too.
	alsoElsewhere []sheet.Problem
	// foreign are the rows, by access key ID, whose keys other sheets had first. owners are those sheets.
	foreign map[string]int
	owners  map[types.NamespacedName]bool
}

func (r *Reconciler) join(ctx context.Context, d *draft, in reading, leases leaseSet) (j joined, err error) {
	seen := map[string]bool{}
	j = joined{problems: slices.Clone(in.requests.Problems), foreign: map[string]int{}, owners: map[types.NamespacedName]bool{}}
	add := func(e entry) {
		seen[e.id] = true
		e.lease = leases[e.id]
		j.entries = append(j.entries, e)
	}
	for i := range in.requests.Rows {
		row := &in.requests.Rows[i]
		problem, err := r.contradiction(ctx, d, row, leases[row.AccessKeyID], &j)
		switch {
		case err != nil:
			return j, err
		case problem == nil:
			add(entry{id: row.AccessKeyID, row: row})
			continue
		}
		j.problems = append(j.problems, *problem)
		j.refused++
		if leases[row.AccessKeyID] != nil {
			add(entry{id: row.AccessKeyID, problem: problem})
		}
	}
	for i := range in.requests.Problems {
		if p := &in.requests.Problems[i]; leases[p.AccessKeyID] != nil && !seen[p.AccessKeyID] {
			add(entry{id: p.AccessKeyID, problem: p})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(leases)) {
		if !seen[id] {
			add(entry{id: id})
		}
	}
	j.alsoElsewhere, err = r.inOtherSheets(ctx, d, leases, j.problems)
	return j, err
}

// contradiction reports a row whose key belongs to another sheet, or whose user or account differs from the lease's.
func (r *Reconciler) contradiction(ctx context.Context, d *draft, row *sheet.Row, ours *v1alpha1.AccessKeyLease, j *joined) (*sheet.Problem, error) {
	all, err := lookup.OfKey(ctx, r.Client, row.AccessKeyID)
	if err != nil {
		return nil, err
	}
	theirs := sheet.FirstOwner(d.key, ours, all)
	if theirs == nil {
		return sheet.CheckIdentity(*row, ours), nil
	}
	owner := types.NamespacedName{Namespace: theirs.Namespace, Name: theirs.Spec.SheetRef.Name}
	j.foreign[row.AccessKeyID], j.owners[owner] = row.Number, true
	what := fmt.Sprintf("AccessKeySheet %s had this key first: take it out of one of the two sheets", owner)
	if err := r.Client.Get(ctx, owner, &v1alpha1.AccessKeySheet{}); apierrors.IsNotFound(err) {
		what = fmt.Sprintf("AccessKeySheet %s, which was removed, had this key first: create it again", owner)
	}
	return &sheet.Problem{
		Row: row.Number, AccessKeyID: row.AccessKeyID, Reason: v1alpha1.RowOwnedByAnotherSheet, Value: owner.String(),
		Message: fmt.Sprintf("%s; a key that moved here gets its lease once the other is deleted (kubectl delete accesskeylease -n %s %s)",
			what, theirs.Namespace, theirs.Name),
	}, nil
}

// inOtherSheets reports our keys that another sheet has too. We use our rows as usual, but an extension in the other
// sheet has no effect.
func (r *Reconciler) inOtherSheets(ctx context.Context, d *draft, leases leaseSet, problems []sheet.Problem) ([]sheet.Problem, error) {
	list := &v1alpha1.AccessKeySheetList{}
	if err := r.Client.List(ctx, list); err != nil {
		return nil, fmt.Errorf("list AccessKeySheets: %w", err)
	}
	refused := map[string]bool{}
	for _, p := range problems {
		refused[p.AccessKeyID] = true
	}
	var found []sheet.Problem
	for i := range list.Items {
		other := client.ObjectKeyFromObject(&list.Items[i])
		if other == d.key {
			continue
		}
		rows := r.foreignRows(&list.Items[i])
		for _, id := range slices.Sorted(maps.Keys(rows)) {
			if l := leases[id]; l != nil && l.Status.Sheet != nil && !refused[id] {
				found = append(found, alsoElsewhere(l, other, rows[id]))
			}
		}
	}
	return found, nil
}

// foreignRows are the rows of another sheet, by access key ID, whose keys it leaves to others. They come from its last
// sync in this process. Before that sync they come from its status, which lists only the first of them.
func (r *Reconciler) foreignRows(other *v1alpha1.AccessKeySheet) map[string]int {
	if in := r.Known.Get(client.ObjectKeyFromObject(other)).Reading; !in.Start.IsZero() {
		return in.Foreign
	}
	rows := map[string]int{}
	for _, row := range other.Status.InvalidRows {
		if row.Reason == v1alpha1.RowOwnedByAnotherSheet {
			rows[row.AccessKeyID] = int(row.Row)
		}
	}
	return rows
}

// alsoElsewhere says what to do about our key in another sheet. If our own row is gone, the key has moved there, and
// this sheet has no row left to remove.
func alsoElsewhere(l *v1alpha1.AccessKeyLease, other types.NamespacedName, row int) sheet.Problem {
	p := sheet.Problem{
		Row: int(l.Status.Sheet.Row), AccessKeyID: l.Spec.AccessKeyID, Reason: v1alpha1.RowAlsoInAnotherSheet, Value: other.String(),
		Message: fmt.Sprintf("row %d of AccessKeySheet %s has this key too, where it is left alone: take it out of one of the two sheets", row, other),
	}
	if p.Row == 0 {
		p.Message = fmt.Sprintf("row %d of AccessKeySheet %s has this key, and this sheet has it no more; the lease from here still decides its end, and "+
			"the other sheet gets the key once that is deleted: kubectl delete accesskeylease -n %s %s", row, other, l.Namespace, l.Name)
	}
	return p
}
