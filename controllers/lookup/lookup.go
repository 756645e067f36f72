// Package lookup finds leases in the cache by their sheet, account and key.
package lookup

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
)

const (
	indexSheet   = "spec.sheetRef.name"
	indexAccount = "spec.accountID"
	indexKey     = "spec.accessKeyID"
)

// Register the indexes that the lookups use.
func Register(ctx context.Context, indexer client.FieldIndexer) error {
	for field, of := range map[string]func(*v1alpha1.AccessKeyLease) string{
		indexSheet:   func(l *v1alpha1.AccessKeyLease) string { return l.Spec.SheetRef.Name },
		indexAccount: func(l *v1alpha1.AccessKeyLease) string { return l.Spec.AccountID },
		indexKey:     func(l *v1alpha1.AccessKeyLease) string { return l.Spec.AccessKeyID },
	} {
		index := func(o client.Object) []string { return []string{of(o.(*v1alpha1.AccessKeyLease))} } //nolint:forcetypeassert // the indexer is registered for leases
		if err := indexer.IndexField(ctx, &v1alpha1.AccessKeyLease{}, field, index); err != nil {
			return fmt.Errorf("index %s: %w", field, err)
		}
	}
	return nil
}

// OfSheet gives the leases of a sheet.
func OfSheet(ctx context.Context, c client.Reader, sheet types.NamespacedName) ([]v1alpha1.AccessKeyLease, error) {
	list := &v1alpha1.AccessKeyLeaseList{}
	err := c.List(ctx, list, client.InNamespace(sheet.Namespace), client.MatchingFields{indexSheet: sheet.Name})
	return list.Items, err
}

// OfSheetLive reads them from the API server, which does not have our indexes.
func OfSheetLive(ctx context.Context, live client.Reader, sheet types.NamespacedName) ([]v1alpha1.AccessKeyLease, error) {
	list := &v1alpha1.AccessKeyLeaseList{}
	err := live.List(ctx, list, client.InNamespace(sheet.Namespace))
	for i := range list.Items {
		list.Items[i].ManagedFields = nil // as in the cache
	}
	return slices.DeleteFunc(list.Items, func(l v1alpha1.AccessKeyLease) bool { return l.Spec.SheetRef.Name != sheet.Name }), err
}

// OfAccount gives the leases of an AWS account, of all sheets. They are the cache's own objects: do not change them.
// Copying them would cost too much, because many due leases each look at all of them.
func OfAccount(ctx context.Context, c client.Reader, accountID string) ([]v1alpha1.AccessKeyLease, error) {
	list := &v1alpha1.AccessKeyLeaseList{}
	err := c.List(ctx, list, client.MatchingFields{indexAccount: accountID}, client.UnsafeDisableDeepCopy)
	return list.Items, err
}

// OfKey gives the leases of an access key, in all namespaces.
func OfKey(ctx context.Context, c client.Reader, accessKeyID string) ([]v1alpha1.AccessKeyLease, error) {
	list := &v1alpha1.AccessKeyLeaseList{}
	if err := c.List(ctx, list, client.MatchingFields{indexKey: accessKeyID}); err != nil {
		return nil, fmt.Errorf("leases of key %s: %w", accessKeyID, err)
	}
	return list.Items, nil
}
