package apiserver

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// object is any object as the server works on it. Its metadata is typed, because that is read and changed at every step.
// What is below the other fields is shared between versions of an object, and never changed.
type object struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	fields map[string]any // without apiVersion, kind and metadata

	proof proof
	sets  fieldSets
	json  map[string]any // what root returns, once the metadata changes no more
}

// DeepCopyObject implements [runtime.Object]. The copy shares the fields' values.
func (o *object) DeepCopyObject() runtime.Object {
	c := &object{TypeMeta: o.TypeMeta, fields: maps.Clone(o.fields)}
	o.ObjectMeta.DeepCopyInto(&c.ObjectMeta)
	return c
}

// edit returns a copy whose metadata and fields may be set, but not changed in depth.
func (o *object) edit() *object {
	c := *o
	c.fields, c.json = maps.Clone(o.fields), nil
	return &c
}

// root is the object as the JSON of its kind, without managed fields, which no schema knows and no rule sees.
func (o *object) root() map[string]any {
	if o.json != nil {
		return o.json
	}
	meta := o.ObjectMeta
	meta.ManagedFields = nil
	return o.with(&meta)
}

// MarshalJSON implements [json.Marshaler], managed fields included.
func (o *object) MarshalJSON() ([]byte, error) { return json.Marshal(o.with(&o.ObjectMeta)) }

func (o *object) with(meta *metav1.ObjectMeta) map[string]any {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(meta)
	if err != nil {
		panic(err) // ObjectMeta is always JSON
	}
	all := make(map[string]any, len(o.fields)+3)
	maps.Copy(all, o.fields)
	all["apiVersion"], all["kind"], all["metadata"] = o.APIVersion, o.Kind, m
	return all
}

// fromRoot takes over the values of a JSON object.
func fromRoot(root map[string]any) (*object, error) {
	o := &object{fields: make(map[string]any, len(root))}
	for name, v := range root {
		switch name {
		case "apiVersion":
			o.APIVersion, _ = v.(string)
		case "kind":
			o.Kind, _ = v.(string)
		case "metadata":
			m, ok := v.(map[string]any)
			if !ok && v != nil {
				return nil, fmt.Errorf("metadata is a %T, want an object", v)
			}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(m, &o.ObjectMeta); err != nil {
				return nil, fmt.Errorf("metadata: %w", err)
			}
		default:
			o.fields[name] = v
		}
	}
	return o, nil
}

// sameJSON tells whether two values of decoded JSON are the same. nil and empty differ, as they do in etcd.
func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if ok && reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer() {
			return true
		}
		if !ok || len(a) != len(b) || (a == nil) != (b == nil) {
			return false
		}
		for k, v := range a {
			if w, ok := b[k]; !ok || !sameJSON(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) || (a == nil) != (b == nil) {
			return false
		}
		if len(a) > 0 && &a[0] == &b[0] {
			return true
		}
		for i := range a {
			if !sameJSON(a[i], b[i]) {
				return false
			}
		}
		return true
	default:
		switch b.(type) {
		case map[string]any, []any:
			return false
		}
		return a == b
	}
}
