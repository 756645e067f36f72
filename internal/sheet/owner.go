package sheet

import (
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
)

// FirstOwner is the lease by which another AccessKeySheet, of whatever namespace, owns a key; nil: no other does. all are the
// leases of the key, ours is that of this sheet, nil where it has none. A key that had two leases would be deleted by the
// earlier of two dates, whatever the other sheet says. Two sheets that meet a key at the same moment can both have made one:
// the older stands.
func FirstOwner(us types.NamespacedName, ours *v1alpha1.AccessKeyLease, all []v1alpha1.AccessKeyLease) *v1alpha1.AccessKeyLease {
	first := ours
	for i := range all {
		l := &all[i]
		switch {
		case l.Namespace == us.Namespace && l.Spec.SheetRef.Name == us.Name:
		case ours == nil && l.Namespace == us.Namespace && l.Name == strings.ToLower(l.Spec.AccessKeyID):
			return l // whoever made it: there is no second lease of that name
		case l.Status.Sheet == nil:
			// Made with kubectl alone. It must not keep a sheet from its key: nothing would ever end that.
		case first == nil || first.Status.Sheet == nil || older(l, first):
			first = l
		}
	}
	if first == ours {
		return nil
	}
	return first
}

func older(a, b *v1alpha1.AccessKeyLease) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Namespace+"/"+a.Name < b.Namespace+"/"+b.Name
}
