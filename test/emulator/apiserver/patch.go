package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// fieldManager of those that write to the target.
func (t target) fieldManager() *managedfields.FieldManager {
	if t.status {
		return t.kind.status
	}
	return t.main
}

// apply merges an apply configuration, decoded JSON, into the object, which it makes if there is none.
func (s *Server) apply(ctx context.Context, t target, body map[string]any, force bool) (*entry, error) {
	if t.manager == "" {
		return nil, apierrors.NewInvalid(schema.GroupKind{Group: "meta.k8s.io", Kind: "PatchOptions"}, "", field.ErrorList{
			field.Required(field.NewPath("fieldManager"), "is required for apply patch"),
		})
	}
	mayCreate := !t.status
	return s.update(ctx, t, mayCreate, "", func(live *object) (*object, error) {
		o, err := t.merge(live, &unstructured.Unstructured{Object: body}, force)
		if err != nil {
			return nil, err
		}
		return o, t.checkIdentity(o)
	})
}

// merge lets the library of the real server do it. The dearest part is to find what the manager applied before and does
// no more. Where that is nothing, the library need not know that the manager has applied before.
func (t target) merge(live *object, patch *unstructured.Unstructured, force bool) (*object, error) {
	if merged, ok := t.mergePeacefully(live, patch); ok {
		return merged, nil
	}
	if own := t.ownEntry(live); own >= 0 && len(live.ManagedFields) > 1 && t.keepsAll(live.ManagedFields[own], patch) {
		forgetful := *live
		forgetful.ManagedFields = slices.Delete(slices.Clone(live.ManagedFields), own, own+1)
		live = &forgetful
	}
	merged, err := t.fieldManager().Apply(live, patch, t.manager, force)
	if err != nil {
		return nil, err
	}
	return merged.(*object), nil
}

// ownEntry is the index of what the manager applied before, less than 0 if nothing.
func (t target) ownEntry(o *object) int {
	subresource := ""
	if t.status {
		subresource = "status"
	}
	own := metav1.ManagedFieldsEntry{
		Manager: t.manager, Operation: metav1.ManagedFieldsOperationApply, APIVersion: t.GroupVersion().String(), Subresource: subresource,
	}
	return slices.IndexFunc(o.ManagedFields, func(e metav1.ManagedFieldsEntry) bool { return sameManager(e, own) })
}

func (t target) keepsAll(before metav1.ManagedFieldsEntry, patch *unstructured.Unstructured) bool {
	var last fieldpath.Set
	if before.FieldsV1 == nil || last.FromJSON(before.FieldsV1.GetRawReader()) != nil {
		return false
	}
	applied, err := t.converter.ObjectToTyped(patch)
	if err != nil {
		return false
	}
	set, err := applied.ToFieldSet()
	return err == nil && last.Difference(set).Empty()
}

// patch changes an object by a JSON patch or a merge patch.
func (s *Server) patch(ctx context.Context, t target, as types.PatchType, data []byte) (*entry, error) {
	return s.update(ctx, t, false, "", func(live *object) (*object, error) {
		before, err := live.MarshalJSON()
		if err != nil {
			return nil, err
		}
		after, err := patched(before, as, data)
		if err != nil {
			return nil, err
		}
		var root map[string]any
		if err := utiljson.Unmarshal(after, &root); err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		o, err := t.decode(root)
		if err != nil {
			return nil, apierrors.NewInvalid(schema.GroupKind{}, "", field.ErrorList{
				field.Invalid(field.NewPath("patch"), string(after), err.Error()),
			})
		}
		o = t.fieldManager().UpdateNoErrors(live, o, t.manager).(*object)
		return o, t.checkIdentity(o)
	})
}

func patched(before []byte, as types.PatchType, data []byte) ([]byte, error) {
	if !json.Valid(data) {
		return nil, apierrors.NewBadRequest("invalid JSON patch")
	}
	switch as {
	case types.JSONPatchType:
		p, err := jsonpatch.DecodePatch(data)
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		after, err := p.Apply(before)
		if err != nil {
			return nil, apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "", err.Error(), 0, false)
		}
		return after, nil
	case types.MergePatchType:
		after, err := jsonpatch.MergePatch(before, data)
		if errors.Is(err, jsonpatch.ErrBadJSONPatch) {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		return after, err
	default:
		return nil, apierrors.NewGenericServerResponse(http.StatusUnsupportedMediaType, "patch", schema.GroupResource{}, "",
			fmt.Sprintf("patches of the type %q are not supported", as), 0, false)
	}
}

// checkIdentity of what a patch made: no patch moves an object.
func (t target) checkIdentity(o *object) error {
	namespace := ""
	if t.namespaced {
		namespace = t.Namespace
	}
	if err := rest.EnsureObjectNamespaceMatchesRequestNamespace(namespace, o); err != nil {
		return err
	}
	if o.Name != t.Name {
		return apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s) does not match the name on the URL (%s)", o.Name, t.Name))
	}
	return nil
}
