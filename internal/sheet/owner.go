package sheet

import (
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
)

// FirstOwner is the lease by which another AccessKeySheet, in any namespace, owns a key; nil: none does. all are the
// leases of the key; ours is that of this sheet, or nil.
//
// With two leases, the key would be deleted on the earlier of two dates, whatever the other sheet says. Two sheets that
// meet a key at the same moment may both have created one: then the older one counts.
func FirstOwner(us types.NamespacedName, ours *v1alpha1.AccessKeyLease, all []v1alpha1.AccessKeyLease) *v1alpha1.AccessKeyLease {
	first := ours
	for i := range all {
		l := &all[i]
		switch {
		case l.Namespace == us.Namespace && l.Spec.SheetRef.Name == us.Name:
		case ours == nil && l.Namespace == us.Namespace && l.Name == strings.ToLower(l.Spec.AccessKeyID):
			return l // the name of our lease is taken
		case l.Status.Sheet == nil:
			// Created with kubectl. It must not keep a sheet from its key, because nothing would ever end that.
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
