package apiserver

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// strategy is how the real server's own code asks for a kind's rules.
type strategy struct {
	*kind
	status bool
}

func (s strategy) ObjectKinds(runtime.Object) ([]schema.GroupVersionKind, bool, error) {
	return []schema.GroupVersionKind{s.GroupVersionKind}, false, nil
}
func (s strategy) Recognizes(gvk schema.GroupVersionKind) bool { return gvk == s.GroupVersionKind }
func (s strategy) GenerateName(base string) string             { return base }
func (s strategy) NamespaceScoped() bool                       { return s.namespaced }
func (s strategy) AllowCreateOnUpdate(context.Context) bool    { return false }
func (s strategy) AllowUnconditionalUpdate(context.Context) bool {
	return s.unconditional
}
func (s strategy) Canonicalize(runtime.Object) {}

func (s strategy) PrepareForCreate(_ context.Context, o runtime.Object) {
	s.rules.prepare(o.(*object), nil, s.status)
}

func (s strategy) PrepareForUpdate(_ context.Context, o, old runtime.Object) {
	s.rules.prepare(o.(*object), old.(*object), s.status)
}

func (s strategy) Validate(ctx context.Context, o runtime.Object) field.ErrorList {
	return s.rules.validate(ctx, o.(*object), nil, s.status)
}

func (s strategy) ValidateUpdate(ctx context.Context, o, old runtime.Object) field.ErrorList {
	return s.rules.validate(ctx, o.(*object), old.(*object), s.status)
}

func (strategy) WarningsOnCreate(context.Context, runtime.Object) []string { return nil }
func (strategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}
