package apiserver

import (
	"bytes"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// stamp gives the managed fields that a request set the server's time, where the library took the machine's. What the
// library did not touch has the very time that it has in old. Then they are put in order, which goes by time.
func stamp(old, o *object, now metav1.Time) {
	managed := slices.Clone(o.ManagedFields)
	for i := range managed {
		if old == nil || !slices.ContainsFunc(old.ManagedFields, func(e metav1.ManagedFieldsEntry) bool {
			return sameManager(e, managed[i]) && e.Time.Equal(managed[i].Time)
		}) {
			managed[i].Time = &now
		}
	}
	slices.SortFunc(managed, byTime)
	o.ManagedFields = managed
	// A write that changes nothing but these times is not one.
	if old == nil || len(managed) != len(old.ManagedFields) || slices.EqualFunc(managed, old.ManagedFields, sameEntry) {
		return
	}
	keep := slices.Clone(managed)
	for i := range keep {
		before := slices.IndexFunc(old.ManagedFields, func(e metav1.ManagedFieldsEntry) bool { return sameManager(e, keep[i]) })
		if before < 0 || !sameFields(keep[i], old.ManagedFields[before]) {
			return
		}
		keep[i].Time = old.ManagedFields[before].Time
	}
	unchanged := *o
	slices.SortFunc(keep, byTime)
	unchanged.ManagedFields = keep
	if sameObject(old, &unchanged) {
		o.ManagedFields = keep
	}
}

func sameManager(a, b metav1.ManagedFieldsEntry) bool {
	return a.Manager == b.Manager && a.Operation == b.Operation && a.APIVersion == b.APIVersion && a.Subresource == b.Subresource
}

func sameFields(a, b metav1.ManagedFieldsEntry) bool {
	if a.FieldsV1 == nil || b.FieldsV1 == nil {
		return a.FieldsV1 == b.FieldsV1
	}
	return bytes.Equal(a.FieldsV1.GetRawBytes(), b.FieldsV1.GetRawBytes())
}

func sameEntry(a, b metav1.ManagedFieldsEntry) bool {
	return sameManager(a, b) && a.Time.Equal(b.Time) && sameFields(a, b)
}

func byTime(a, b metav1.ManagedFieldsEntry) int {
	if c := strings.Compare(string(a.Operation), string(b.Operation)); c != 0 {
		return c
	}
	if c := int(unix(a.Time) - unix(b.Time)); c != 0 {
		return c
	}
	for _, c := range []int{
		strings.Compare(a.Manager, b.Manager), strings.Compare(a.APIVersion, b.APIVersion), strings.Compare(a.Subresource, b.Subresource),
	} {
		if c != 0 {
			return c
		}
	}
	return 0
}

func unix(t *metav1.Time) int64 {
	if t == nil {
		return 0
	}
	return t.Unix()
}

// sameObject tells whether etcd would hold the same bytes for both.
func sameObject(a, b *object) bool {
	if !slices.EqualFunc(a.ManagedFields, b.ManagedFields, sameEntry) || !sameJSON(a.fields, b.fields) {
		return false
	}
	m, n := a.ObjectMeta, b.ObjectMeta
	m.ManagedFields, n.ManagedFields = nil, nil
	return equality.Semantic.DeepEqual(m, n)
}
