package controllers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// refuse a row that contradicts a lease: another sheet's key, or another identity than the one that was accepted.
func (r *sheetRun) refuse(ctx context.Context, row *sheet.Row) (*sheet.Problem, error) {
	ours := r.leases[row.AccessKeyID]
	theirs, err := r.firstOwner(ctx, row.AccessKeyID, ours)
	if err != nil {
		return nil, err
	}
	if theirs == nil {
		return sheet.CheckIdentity(*row, ours), nil
	}
	owner := types.NamespacedName{Namespace: theirs.Namespace, Name: theirs.Spec.SheetRef.Name}
	r.foreign[row.AccessKeyID], r.owners[owner] = row.Number, true
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

// firstOwner is the lease by which another AccessKeySheet, of whatever namespace, owns the key; nil: no other does. A key
// that had two leases would be deleted by the earlier of two dates, whatever the other sheet says. Two sheets that meet a
// key at the same moment can both have made one: the older stands.
func (r *sheetRun) firstOwner(ctx context.Context, accessKeyID string, ours *v1alpha1.AccessKeyLease) (*v1alpha1.AccessKeyLease, error) {
	list := &v1alpha1.AccessKeyLeaseList{}
	if err := r.Client.List(ctx, list, client.MatchingFields{indexKey: accessKeyID}); err != nil {
		return nil, fmt.Errorf("leases of key %s: %w", accessKeyID, err)
	}
	first := ours
	for i := range list.Items {
		l := &list.Items[i]
		switch {
		case l.Namespace == r.key.Namespace && l.Spec.SheetRef.Name == r.key.Name:
		case ours == nil && l.Namespace == r.key.Namespace && l.Name == strings.ToLower(accessKeyID):
			return l, nil // whoever made it: there is no second lease of that name
		case l.Status.Sheet == nil:
			// Made with kubectl alone. It must not keep a sheet from its key: nothing would ever end that.
		case first == nil || first.Status.Sheet == nil || olderLease(l, first):
			first = l
		}
	}
	if first == ours {
		return nil, nil //nolint:nilnil // nobody else is an answer
	}
	return first, nil
}

func olderLease(a, b *v1alpha1.AccessKeyLease) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Namespace+"/"+a.Name < b.Namespace+"/"+b.Name
}

// shared are keys of ours that stand in another sheet too. Ours are used as usual, but whoever extends a key in the other
// sheet waits in vain.
func (r *sheetRun) shared(ctx context.Context) ([]sheet.Problem, error) {
	list := &v1alpha1.AccessKeySheetList{}
	if err := r.Client.List(ctx, list); err != nil {
		return nil, fmt.Errorf("list AccessKeySheets: %w", err)
	}
	refused := map[string]bool{}
	for _, p := range r.problems {
		refused[p.AccessKeyID] = true
	}
	var found []sheet.Problem
	for i := range list.Items {
		other := client.ObjectKeyFromObject(&list.Items[i])
		if other == r.key {
			continue
		}
		rows := r.foreignRows(&list.Items[i])
		for _, id := range slices.Sorted(maps.Keys(rows)) {
			if l := r.leases[id]; l != nil && l.Status.Sheet != nil && !refused[id] {
				found = append(found, alsoElsewhere(l, other, rows[id]))
			}
		}
	}
	return found, nil
}

// foreignRows are the rows of another sheet, by access key ID, whose keys it leaves to others: as its last sync saw them,
// or, as long as this process has made none, as its status says, which lists the first of them.
func (r *sheetRun) foreignRows(other *v1alpha1.AccessKeySheet) map[string]int {
	if v, _ := r.views.get(client.ObjectKeyFromObject(other)); !v.readStart.IsZero() {
		return v.foreign
	}
	rows := map[string]int{}
	for _, row := range other.Status.InvalidRows {
		if row.Reason == v1alpha1.RowOwnedByAnotherSheet {
			rows[row.AccessKeyID] = int(row.Row)
		}
	}
	return rows
}

// alsoElsewhere says what to do about a key of ours in another sheet. Where our own row is gone it has moved there, and
// there is nothing to take out of this sheet any more.
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

// wakeOwners lets the sheets that had keys first hear of it when what was refused here changed.
func (r *sheetRun) wakeOwners() {
	if !r.foreignNews {
		return
	}
	for owner := range r.owners {
		r.sheetWake(owner)
	}
}
