package real

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/apiserver"
	"github.com/keylease/keylease/test/simulation/play"
)

// realAPI makes the real control plane the API server of a world. Its client reads each object that it wrote, and tells
// of the change at once, so that a world on it is as repeatable as one in memory.
func realAPI(c client.Client) func(clock.PassiveClock) (play.API, error) {
	return func(clock.PassiveClock) (play.API, error) {
		r := &told{Client: c, last: map[objectKey]client.Object{}}
		return play.API{Client: r, Watch: r.watch}, nil
	}
}

type objectKey struct {
	kind string
	types.NamespacedName
}

// told is a client that tells of what it changes.
type told struct {
	client.Client
	watchers []func(apiserver.Event)
	last     map[objectKey]client.Object
}

func (t *told) watch(f func(apiserver.Event)) { t.watchers = append(t.watchers, f) }

// tell what became of an object, if it is one of ours.
func (t *told) tell(ctx context.Context, kind string, key types.NamespacedName) error {
	var now client.Object
	switch kind {
	case "AccessKeyLease":
		now = &v1alpha1.AccessKeyLease{}
	case "AccessKeySheet":
		now = &v1alpha1.AccessKeySheet{}
	default:
		return nil
	}
	err := t.Client.Get(ctx, key, now)
	if client.IgnoreNotFound(err) != nil {
		return err
	}
	k := objectKey{kind, key}
	before := t.last[k]
	e := apiserver.Event{Type: watch.Modified, Old: before, New: now}
	switch {
	case err != nil && before == nil:
		return nil
	case err != nil:
		e.Type, e.New = watch.Deleted, before
		delete(t.last, k)
	case before == nil:
		e.Type, t.last[k] = watch.Added, now
	case before.GetResourceVersion() == now.GetResourceVersion():
		return nil
	default:
		t.last[k] = now
	}
	for _, f := range t.watchers {
		f(e)
	}
	return nil
}

func (t *told) after(ctx context.Context, err error, kind string, key types.NamespacedName) error {
	if err != nil {
		return err
	}
	return t.tell(ctx, kind, key)
}

func kindAndKey(o client.Object) (string, types.NamespacedName) {
	key := client.ObjectKeyFromObject(o)
	switch o.(type) {
	case *v1alpha1.AccessKeyLease:
		return "AccessKeyLease", key
	case *v1alpha1.AccessKeySheet:
		return "AccessKeySheet", key
	}
	return "", key
}

// applied is an apply configuration of the project's.
type applied interface {
	GetName() *string
	GetNamespace() *string
	GetKind() *string
}

func ofConfiguration(o runtime.ApplyConfiguration) (string, types.NamespacedName) {
	a, ok := o.(applied)
	if !ok || a.GetKind() == nil || a.GetName() == nil || a.GetNamespace() == nil {
		return "", types.NamespacedName{}
	}
	return *a.GetKind(), types.NamespacedName{Namespace: *a.GetNamespace(), Name: *a.GetName()}
}

func (t *told) Create(ctx context.Context, o client.Object, options ...client.CreateOption) error {
	err := t.Client.Create(ctx, o, options...)
	kind, key := kindAndKey(o)
	return t.after(ctx, err, kind, key)
}

func (t *told) Update(ctx context.Context, o client.Object, options ...client.UpdateOption) error {
	err := t.Client.Update(ctx, o, options...)
	kind, key := kindAndKey(o)
	return t.after(ctx, err, kind, key)
}

func (t *told) Patch(ctx context.Context, o client.Object, p client.Patch, options ...client.PatchOption) error {
	err := t.Client.Patch(ctx, o, p, options...)
	kind, key := kindAndKey(o)
	return t.after(ctx, err, kind, key)
}

func (t *told) Delete(ctx context.Context, o client.Object, options ...client.DeleteOption) error {
	kind, key := kindAndKey(o)
	return t.after(ctx, t.Client.Delete(ctx, o, options...), kind, key)
}

func (t *told) Apply(ctx context.Context, o runtime.ApplyConfiguration, options ...client.ApplyOption) error {
	kind, key := ofConfiguration(o)
	return t.after(ctx, t.Client.Apply(ctx, o, options...), kind, key)
}

func (t *told) Status() client.SubResourceWriter { return toldStatus{t.Client.Status(), t} }

type toldStatus struct {
	client.SubResourceWriter
	of *told
}

func (t toldStatus) Apply(ctx context.Context, o runtime.ApplyConfiguration, options ...client.SubResourceApplyOption) error {
	kind, key := ofConfiguration(o)
	return t.of.after(ctx, t.SubResourceWriter.Apply(ctx, o, options...), kind, key)
}
