package apiserver

import (
	"context"
	"encoding/base64"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// typedOnly keeps only what the Go type of a kind knows, as the real server does for its own kinds.
func typedOnly(root map[string]any, into any) error {
	delete(root, "status")
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(root, into); err != nil {
		return err
	}
	kept, err := runtime.DefaultUnstructuredConverter.ToUnstructured(into)
	if err != nil {
		return err
	}
	clear(root)
	for name, v := range kept {
		root[name] = v
	}
	return nil
}

type secretRules struct{}

func (secretRules) decode(root map[string]any) error {
	if err := typedOnly(root, &corev1.Secret{}); err != nil {
		return err
	}
	defaultSecret(root)
	return nil
}

func (secretRules) setDefaults(o *object) { defaultSecret(o.fields) }

// defaultSecret also moves stringData to where it is kept.
func defaultSecret(fields map[string]any) {
	if kind, _ := fields["type"].(string); kind == "" {
		fields["type"] = string(corev1.SecretTypeOpaque)
	}
	plain, _ := fields["stringData"].(map[string]any)
	delete(fields, "stringData")
	if len(plain) == 0 {
		return
	}
	data := map[string]any{}
	if had, ok := fields["data"].(map[string]any); ok {
		for name, v := range had {
			data[name] = v
		}
	}
	for name, v := range plain {
		data[name] = base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(v)))
	}
	fields["data"] = data
}

func (secretRules) prepare(o, old *object, _ bool) {
	if old != nil && o.fields["type"] == "" {
		o.fields["type"] = old.fields["type"]
	}
}

func (secretRules) validate(_ context.Context, o, old *object, _ bool) field.ErrorList {
	errs := validateMeta(o, old, true, validation.NameIsDNSSubdomain)
	var s corev1.Secret
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.fields, &s); err != nil {
		return append(errs, field.Invalid(field.NewPath("data"), nil, err.Error()))
	}
	total := 0
	for name, v := range s.Data {
		total += len(v)
		for _, m := range utilvalidation.IsConfigMapKey(name) {
			errs = append(errs, field.Invalid(field.NewPath("data").Key(name), name, m))
		}
	}
	if total > corev1.MaxSecretSize {
		errs = append(errs, field.TooLong(field.NewPath("data"), "", corev1.MaxSecretSize))
	}
	if old == nil {
		return errs
	}
	errs = append(errs, validation.ValidateImmutableField(o.fields["type"], old.fields["type"], field.NewPath("type"))...)
	if old.fields["immutable"] == true && (o.fields["immutable"] != true || !sameJSON(o.fields["data"], old.fields["data"])) {
		errs = append(errs, field.Forbidden(field.NewPath("data"), "field is immutable when `immutable` is set"))
	}
	return errs
}

type namespaceRules struct{}

func (namespaceRules) decode(root map[string]any) error {
	status := root["status"]
	if err := typedOnly(root, &corev1.Namespace{}); err != nil {
		return err
	}
	for name, v := range map[string]any{"spec": root["spec"], "status": status} {
		if m, _ := v.(map[string]any); len(m) == 0 {
			delete(root, name) // Go's zero value is none
		} else {
			root[name] = v
		}
	}
	labelNamespace(root)
	return nil
}

func labelNamespace(root map[string]any) {
	meta, _ := root["metadata"].(map[string]any)
	if meta == nil || meta["name"] == nil {
		return
	}
	labels, _ := meta["labels"].(map[string]any)
	if labels == nil {
		labels = map[string]any{}
		meta["labels"] = labels
	}
	labels[corev1.LabelMetadataName] = meta["name"]
}

func (namespaceRules) setDefaults(o *object) {
	if o.Labels[corev1.LabelMetadataName] == o.Name {
		return
	}
	labels := map[string]string{corev1.LabelMetadataName: o.Name}
	for name, v := range o.Labels {
		labels[name] = v
	}
	labels[corev1.LabelMetadataName] = o.Name
	o.Labels = labels
}

func (namespaceRules) prepare(o, old *object, status bool) {
	switch {
	case old == nil:
		o.fields["spec"] = map[string]any{"finalizers": []any{string(corev1.FinalizerKubernetes)}}
		o.fields["status"] = map[string]any{"phase": string(corev1.NamespaceActive)}
	case status:
		o.fields["spec"] = old.fields["spec"]
	default:
		if o.DeletionTimestamp == nil { // else the namespace controller ends it
			setField(o, "spec", old.fields["spec"])
		}
		setField(o, "status", old.fields["status"])
	}
}

func (namespaceRules) validate(_ context.Context, o, old *object, _ bool) field.ErrorList {
	return validateMeta(o, old, false, validation.ValidateNamespaceName)
}

func validateMeta(o, old *object, namespaced bool, name validation.ValidateNameFunc) field.ErrorList {
	path := field.NewPath("metadata")
	errs := validation.ValidateObjectMeta(&o.ObjectMeta, namespaced, name, path)
	if old != nil {
		errs = append(errs, validation.ValidateObjectMetaUpdate(&o.ObjectMeta, &old.ObjectMeta, path)...)
	}
	return errs
}
