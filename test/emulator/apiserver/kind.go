package apiserver

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/applyconfigurations"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/typed"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/config/crd"
)

// rules are what kinds differ in.
type rules interface {
	// decode turns what a client sent into what the kind's schema knows, with defaults. It may change root.
	decode(root map[string]any) error
	// setDefaults of an object that server-side apply has merged.
	setDefaults(o *object)
	// prepare what no client may decide, before an object is validated. old is nil for a new object.
	prepare(o, old *object, status bool)
	validate(ctx context.Context, o, old *object, status bool) field.ErrorList
}

// kind of objects that the server has. It does not change, and all servers of a process share it.
type kind struct {
	schema.GroupVersionKind
	resource      schema.GroupResource
	namespaced    bool
	unconditional bool // an update needs no resource version
	rules         rules
	converter     managedfields.TypeConverter
	main, status  *managedfields.FieldManager // status is nil without that subresource
}

// catalog of everything that is compiled once.
type catalog struct {
	scheme *runtime.Scheme
	kinds  map[schema.GroupVersionKind]*kind
	order  []*kind // in which they are made again
}

var theCatalog = sync.OnceValues(newCatalog)

func newCatalog() (*catalog, error) {
	c := &catalog{scheme: runtime.NewScheme(), kinds: map[schema.GroupVersionKind]*kind{}}
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(c.scheme); err != nil {
			return nil, fmt.Errorf("scheme: %w", err)
		}
	}
	core := typeConverter{applyconfigurations.NewTypeConverter(c.scheme), nil}
	secrets := core
	secrets.check = func(root map[string]any) error {
		return runtime.DefaultUnstructuredConverter.FromUnstructured(root, &corev1.Secret{})
	}
	secret := &kind{
		GroupVersionKind: corev1.SchemeGroupVersion.WithKind("Secret"), resource: schema.GroupResource{Resource: "secrets"},
		namespaced: true, unconditional: true, rules: secretRules{},
	}
	namespace := &kind{
		GroupVersionKind: corev1.SchemeGroupVersion.WithKind("Namespace"), resource: schema.GroupResource{Resource: "namespaces"},
		unconditional: true, rules: namespaceRules{},
	}
	if err := c.add(namespace, core, true); err != nil {
		return nil, err
	}
	if err := c.add(secret, secrets, false); err != nil {
		return nil, err
	}
	for _, manifest := range [][]byte{crd.AccessKeySheets, crd.AccessKeyLeases} {
		k, converter, err := customKind(manifest)
		if err != nil {
			return nil, err
		}
		if err := c.add(k, typeConverter{converter, nil}, true); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *catalog) add(k *kind, converter managedfields.TypeConverter, status bool) error {
	reset := func(fields ...string) map[fieldpath.APIVersion]*fieldpath.Set {
		set := fieldpath.NewSet()
		for _, name := range fields {
			set.Insert(fieldpath.MakePathOrDie(name))
		}
		return map[fieldpath.APIVersion]*fieldpath.Set{fieldpath.APIVersion(k.GroupVersion().String()): set}
	}
	manager := func(subresource string, reset map[fieldpath.APIVersion]*fieldpath.Set) (*managedfields.FieldManager, error) {
		return managedfields.NewDefaultCRDFieldManager(converter, unchanged{}, k, k,
			k.GroupVersionKind, k.GroupVersion(), subresource, fieldpath.NewExcludeFilterSetMap(reset))
	}
	k.converter = converter
	var err error
	if !status {
		k.main, err = manager("", nil)
	} else if k.main, err = manager("", reset("status")); err == nil {
		k.status, err = manager("status", reset("metadata", "spec"))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", k.Kind, err)
	}
	c.kinds[k.GroupVersionKind] = k
	c.order = append(c.order, k)
	return nil
}

// New implements [runtime.ObjectCreater] for the field managers.
func (k *kind) New(schema.GroupVersionKind) (runtime.Object, error) { return k.empty(), nil }

// Default implements [runtime.ObjectDefaulter] for the field managers.
func (k *kind) Default(o runtime.Object) { k.rules.setDefaults(o.(*object)) }

func (k *kind) empty() *object {
	apiVersion, name := k.ToAPIVersionAndKind()
	return &object{TypeMeta: metav1.TypeMeta{APIVersion: apiVersion, Kind: name}, fields: map[string]any{}}
}

// decode what a client sent.
func (k *kind) decode(root map[string]any) (*object, error) {
	root["apiVersion"], root["kind"] = k.ToAPIVersionAndKind()
	if err := k.rules.decode(root); err != nil {
		return nil, err
	}
	return fromRoot(root)
}

// typedFrom makes the object that clients know. Like those that clients decode, it does not say what kind it is.
func (c *catalog) typedFrom(k *kind, o *object) (client.Object, error) {
	made, err := c.scheme.New(k.GroupVersionKind)
	if err != nil {
		return nil, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.fields, made); err != nil {
		return nil, fmt.Errorf("%s %s/%s: %w", k.Kind, o.Namespace, o.Name, err)
	}
	var meta *metav1.ObjectMeta
	switch made := made.(type) {
	case *v1alpha1.AccessKeyLease:
		meta = &made.ObjectMeta
	case *v1alpha1.AccessKeySheet:
		meta = &made.ObjectMeta
	case *corev1.Secret:
		meta = &made.ObjectMeta
	case *corev1.Namespace:
		meta = &made.ObjectMeta
	}
	*meta = o.ObjectMeta // shared: neither is ever changed
	return made.(client.Object), nil
}

// typeConverter lets the field managers see [object] as the JSON that it stands for.
type typeConverter struct {
	managedfields.TypeConverter
	check func(root map[string]any) error // of what was merged, nil if the schema says everything
}

func (c typeConverter) ObjectToTyped(o runtime.Object, options ...typed.ValidationOptions) (*typed.TypedValue, error) {
	if own, ok := o.(*object); ok {
		o = &unstructured.Unstructured{Object: own.root()}
	}
	return c.TypeConverter.ObjectToTyped(o, options...)
}

func (c typeConverter) TypedToObject(v *typed.TypedValue) (runtime.Object, error) {
	root, ok := v.AsValue().Unstructured().(map[string]any)
	if !ok {
		return nil, fmt.Errorf("not an object but a %T", v.AsValue().Unstructured())
	}
	if c.check != nil {
		if err := c.check(root); err != nil {
			return nil, err
		}
	}
	return fromRoot(root)
}

// unchanged is the conversion between the versions of kinds that have only one.
type unchanged struct{}

func (unchanged) Convert(any, any, any) error { return fmt.Errorf("there is only one version") }
func (unchanged) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}
func (unchanged) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}
