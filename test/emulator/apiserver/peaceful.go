package apiserver

import (
	"bytes"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

// fieldSets are what managed fields mean, so that each entry is decoded once. It is never changed.
type fieldSets map[*metav1.FieldsV1]*fieldpath.Set

func (known fieldSets) of(e metav1.ManagedFieldsEntry) *fieldpath.Set {
	if set := known[e.FieldsV1]; set != nil || e.FieldsV1 == nil {
		return set
	}
	set := &fieldpath.Set{}
	if set.FromJSON(e.FieldsV1.GetRawReader()) != nil {
		return nil
	}
	return set
}

// statusOnly are the parts of an object that a write of its status can change.
func (t target) statusOnly(status any, options ...typed.ValidationOptions) (*typed.TypedValue, error) {
	apiVersion, kind := t.ToAPIVersionAndKind()
	root := map[string]any{"apiVersion": apiVersion, "kind": kind}
	if status != nil {
		root["status"] = status
	}
	return t.converter.ObjectToTyped(&unstructured.Unstructured{Object: root}, options...)
}

var typeFields = fieldpath.NewSet(fieldpath.MakePathOrDie("apiVersion"), fieldpath.MakePathOrDie("kind"))

// mergePeacefully is the short way of merging a status, for the case that nobody loses a field by it: the manager applies
// all that it applied before, and nobody else manages any of it. It does what the library does then. False: it is not the case,
// or something is wrong.
func (t target) mergePeacefully(live *object, patch *unstructured.Unstructured) (*object, bool) {
	if !t.status || t.manager == "kubectl" || len(live.ManagedFields) == 0 || live.fields["status"] == nil {
		return nil, false
	}
	merged := live.edit()
	if holdsEmpty(patch.Object["status"]) || holdsEmpty(live.fields["status"]) || !identify(merged, patch) {
		return nil, false
	}
	config, err := t.statusOnly(patch.Object["status"])
	if err != nil {
		return nil, false
	}
	set, err := config.ToFieldSet()
	if err != nil {
		return nil, false
	}
	if set = set.Difference(typeFields); set.Empty() {
		return nil, false
	}
	if merged.ManagedFields, merged.sets = t.managedInPeace(live, set); merged.sets == nil {
		return nil, false
	}
	before, err := t.statusOnly(live.fields["status"], typed.AllowDuplicates)
	if err != nil {
		return nil, false
	}
	after, err := before.Merge(config)
	if err != nil {
		return nil, false
	}
	root, ok := after.AsValue().Unstructured().(map[string]any)
	if !ok {
		return nil, false
	}
	setField(merged, "status", root["status"])
	t.rules.setDefaults(merged)
	return merged, true
}

// holdsEmpty tells whether there is an empty list or object, or none: the library has rules of its own about those.
func holdsEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		for _, field := range v {
			if holdsEmpty(field) {
				return true
			}
		}
		return len(v) == 0
	case []any:
		return len(v) == 0 || slices.ContainsFunc(v, holdsEmpty)
	}
	return false
}

// identify takes over the metadata of a patch; false if it has any that a status does not usually come with.
func identify(o *object, patch *unstructured.Unstructured) bool {
	meta, ok := patch.Object["metadata"].(map[string]any)
	if !ok || len(patch.Object) != 4 {
		return false
	}
	for name := range meta {
		if !slices.Contains([]string{"name", "namespace", "resourceVersion", "uid"}, name) {
			return false
		}
	}
	if patch.GetName() != o.Name || patch.GetNamespace() != o.Namespace {
		return false
	}
	if version := patch.GetResourceVersion(); version != "" {
		o.ResourceVersion = version
	}
	if uid := patch.GetUID(); uid != "" {
		o.UID = uid
	}
	return true
}

var statusField = fieldpath.PathElement{FieldName: new("status")}

// mayLose tells whether the manager of an entry may lose a field when another applies a set. Those who do not apply own
// whole objects too, which are not in the set.
func mayLose(e metav1.ManagedFieldsEntry, owned, applied *fieldpath.Set) bool {
	if e.Operation != metav1.ManagedFieldsOperationApply {
		return owned.Members.Has(statusField) || !owned.WithPrefix(statusField).Empty()
	}
	return !owned.Intersection(applied).Empty()
}

// managedInPeace are the managed fields when the manager has applied a set; nil if anybody loses a field by it.
func (t target) managedInPeace(live *object, applied *fieldpath.Set) ([]metav1.ManagedFieldsEntry, fieldSets) {
	own, version := t.ownEntry(live), t.GroupVersion().String()
	managed, sets := slices.Clone(live.ManagedFields), fieldSets{}
	for i, e := range managed {
		set := live.sets.of(e)
		if set == nil || e.APIVersion != version || i != own && mayLose(e, set, applied) {
			return nil, nil
		}
		sets[e.FieldsV1] = set
	}
	entry := metav1.ManagedFieldsEntry{
		Manager: t.manager, Operation: metav1.ManagedFieldsOperationApply, APIVersion: version, FieldsType: "FieldsV1", Subresource: "status",
	}
	if own >= 0 {
		if entry = managed[own]; !sets[entry.FieldsV1].Difference(applied).Empty() {
			return nil, nil
		}
	} else {
		managed, own = append(managed, entry), len(managed)
	}
	entry.Time = &metav1.Time{Time: time.Now().UTC()} // as the library does
	if set := sets[entry.FieldsV1]; set == nil || !set.Equals(applied) {
		var b bytes.Buffer
		if applied.ToJSONStream(&b) != nil {
			return nil, nil
		}
		entry.FieldsV1 = &metav1.FieldsV1{}
		entry.FieldsV1.SetRawBytes(b.Bytes())
		sets[entry.FieldsV1] = applied
	}
	managed[own] = entry
	return managed, sets
}
