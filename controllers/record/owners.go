package record

import (
	"bytes"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Field owners. The sheet's controller owns what comes from the sheet. The lease's controller owns what it decides and
// does.
const (
	OwnerSheet = client.FieldOwner("keylease-sheet")
	OwnerLease = client.FieldOwner("keylease-lease")
)

// AppliedElsewhere tells whether another manager than the sheet's controller owns one of these spec fields by
// server-side apply, as a GitOps tool does.
func AppliedElsewhere(fields []metav1.ManagedFieldsEntry, names ...string) bool {
	applied := slices.DeleteFunc(slices.Clone(fields), func(m metav1.ManagedFieldsEntry) bool { return m.Operation != metav1.ManagedFieldsOperationApply })
	return WrittenElsewhere(applied, names...)
}

// WrittenElsewhere tells whether another manager owns one of them in any way, such as by kubectl edit.
func WrittenElsewhere(fields []metav1.ManagedFieldsEntry, names ...string) bool {
	return slices.ContainsFunc(fields, func(m metav1.ManagedFieldsEntry) bool {
		return m.Manager != string(OwnerSheet) && m.Subresource == "" &&
			slices.ContainsFunc(names, func(name string) bool { return owns(m, "spec", name) })
	})
}

// owns tells whether a manager owns a field, or anything in it. An unreadable entry owns nothing.
func owns(m metav1.ManagedFieldsEntry, path ...string) bool {
	var set fieldpath.Set
	if m.FieldsV1 == nil || set.FromJSON(bytes.NewReader(m.FieldsV1.GetRawBytes())) != nil {
		return false
	}
	at := &set
	for _, name := range path[:len(path)-1] {
		at = at.WithPrefix(fieldpath.PathElement{FieldName: &name})
	}
	last := fieldpath.PathElement{FieldName: &path[len(path)-1]}
	return at.Members.Has(last) || !at.WithPrefix(last).Empty()
}
