package controllers

import (
	"context"
	"fmt"
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
	if r.owners == nil {
		r.owners = map[types.NamespacedName]bool{}
	}
	r.owners[owner] = true
	what := fmt.Sprintf("AccessKeySheet %s had this key first: take it out of one of the two sheets", owner)
	if err := r.Client.Get(ctx, owner, &v1alpha1.AccessKeySheet{}); apierrors.IsNotFound(err) {
		what = fmt.Sprintf("AccessKeySheet %s, which was removed, had this key first: make it again", owner)
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

// shared are rows of ours whose keys stand in another sheet too, as that sheet's status says. Ours are used as usual, but
// whoever extends a key in the other sheet waits in vain.
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
	for _, other := range list.Items {
		key := client.ObjectKeyFromObject(&other)
		for _, row := range other.Status.InvalidRows {
			l := r.leases[row.AccessKeyID]
			if row.Reason != v1alpha1.RowOwnedByAnotherSheet || key == r.key || l == nil || l.Status.Sheet == nil || refused[row.AccessKeyID] {
				continue
			}
			found = append(found, sheet.Problem{
				Row: int(l.Status.Sheet.Row), AccessKeyID: row.AccessKeyID, Reason: v1alpha1.RowAlsoInAnotherSheet, Value: key.String(),
				Message: fmt.Sprintf("row %d of AccessKeySheet %s has this key too, where it is left alone: take it out of one of the two sheets", row.Row, key),
			})
		}
	}
	return found, nil
}

// wakeOwners lets the sheets that had keys first hear of it when what was refused here changed.
func (r *sheetRun) wakeOwners() {
	if len(r.owners) == 0 || sameRefused(r.invalidBefore, r.sheet.Status.InvalidRows) {
		return
	}
	for owner := range r.owners {
		r.sheetWake(owner)
	}
}

func sameRefused(a, b []v1alpha1.InvalidRow) bool {
	ids := func(rows []v1alpha1.InvalidRow) map[string]bool {
		out := map[string]bool{}
		for _, row := range rows {
			if row.Reason == v1alpha1.RowOwnedByAnotherSheet {
				out[row.AccessKeyID] = true
			}
		}
		return out
	}
	before, now := ids(a), ids(b)
	for id := range now {
		if !before[id] {
			return false
		}
	}
	return len(before) == len(now)
}
