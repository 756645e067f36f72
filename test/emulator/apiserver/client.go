package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/yaml"
)

// DefaultManager owns the fields that are written without the name of a manager.
const DefaultManager = "client"

// Client returns a client of the typed objects that the server has.
func (s *Server) Client() client.Client { return &apiClient{Server: s} }

type apiClient struct{ *Server }

func (c *apiClient) Scheme() *runtime.Scheme { return c.scheme }

func (c *apiClient) RESTMapper() meta.RESTMapper {
	m := meta.NewDefaultRESTMapper(nil)
	for gvk, k := range c.kinds {
		scope := meta.RESTScopeRoot
		if k.namespaced {
			scope = meta.RESTScopeNamespace
		}
		m.Add(gvk, scope)
	}
	return m
}

func (c *apiClient) GroupVersionKindFor(o runtime.Object) (schema.GroupVersionKind, error) {
	return apiutil.GVKForObject(o, c.scheme)
}

func (c *apiClient) IsObjectNamespaced(o runtime.Object) (bool, error) {
	k, err := c.kindOf(o)
	if err != nil {
		return false, err
	}
	return k.namespaced, nil
}

func (c *apiClient) kindOf(o runtime.Object) (*kind, error) {
	gvk, err := apiutil.GVKForObject(o, c.scheme)
	if err != nil {
		return nil, err
	}
	return c.kindNamed(gvk)
}

func (c *apiClient) kindNamed(gvk schema.GroupVersionKind) (*kind, error) {
	if k, ok := c.kinds[gvk]; ok {
		return k, nil
	}
	return nil, &meta.NoKindMatchError{GroupKind: gvk.GroupKind(), SearchedVersions: []string{gvk.Version}}
}

func (c *apiClient) target(o client.Object, manager string, status bool) (target, error) {
	k, err := c.kindOf(o)
	if err != nil {
		return target{}, err
	}
	if manager == "" {
		manager = DefaultManager
	}
	t := target{kind: k, NamespacedName: client.ObjectKeyFromObject(o), status: status, manager: manager}
	return t, t.checkSubresource()
}

func (t target) checkSubresource() error {
	if t.status && t.kind.status == nil {
		return apierrors.NewGenericServerResponse(http.StatusNotFound, "", schema.GroupResource{}, "", "", 0, true)
	}
	return nil
}

// Get reads one object.
func (c *apiClient) Get(ctx context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	k, err := c.kindOf(into)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.RLock()
	e := c.objects[k][key]
	c.mu.RUnlock()
	if e == nil {
		return apierrors.NewNotFound(k.resource, key.Name)
	}
	return copyInto(into, e.typed)
}

func copyInto(into client.Object, from client.Object) error {
	to, source := reflect.ValueOf(into), reflect.ValueOf(from.DeepCopyObject())
	if to.Type() != source.Type() {
		return fmt.Errorf("the server has only typed objects: %T, not %T", from, into)
	}
	to.Elem().Set(source.Elem())
	return nil
}

// Create stores a new object.
func (c *apiClient) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	options := (&client.CreateOptions{}).ApplyOptions(opts)
	return c.send(ctx, o, options.DryRun, options.FieldManager, false, func(t target, sent *object) (*entry, error) {
		return c.create(ctx, t, sent)
	})
}

// Update replaces an object.
func (c *apiClient) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	options := (&client.UpdateOptions{}).ApplyOptions(opts)
	return c.put(ctx, o, options, false)
}

func (c *apiClient) put(ctx context.Context, o client.Object, options *client.UpdateOptions, status bool) error {
	return c.send(ctx, o, options.DryRun, options.FieldManager, status, func(t target, sent *object) (*entry, error) {
		if t.Name == "" {
			return nil, errors.New("resource name may not be empty")
		}
		return c.update(ctx, t, false, sent.UID, func(live *object) (*object, error) {
			return t.fieldManager().UpdateNoErrors(live, sent, t.manager).(*object), nil
		})
	})
}

// send an object and take over what the server made of it.
func (c *apiClient) send(ctx context.Context, o client.Object, dryRun []string, manager string, status bool, do func(target, *object) (*entry, error)) error {
	t, err := c.target(o, manager, status)
	if err != nil {
		return err
	}
	if err := check(ctx, dryRun); err != nil {
		return err
	}
	body, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return err
	}
	sent, err := t.decode(body)
	if err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	if err := checkBody(sent); err != nil {
		return err
	}
	e, err := do(t, sent)
	if err != nil {
		return asStatus(err)
	}
	return copyInto(o, e.typed)
}

func check(ctx context.Context, dryRun []string) error {
	if len(dryRun) > 0 {
		return errors.New("the server in memory has no dry runs")
	}
	return ctx.Err()
}

// Patch changes an object by a JSON patch, a merge patch or an apply patch.
func (c *apiClient) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.PatchOption) error {
	return c.patchObject(ctx, o, p, (&client.PatchOptions{}).ApplyOptions(opts), false)
}

func (c *apiClient) patchObject(ctx context.Context, o client.Object, p client.Patch, options *client.PatchOptions, status bool) error {
	t, err := c.target(o, options.FieldManager, status)
	if err != nil {
		return err
	}
	if err := check(ctx, options.DryRun); err != nil {
		return err
	}
	data, err := p.Data(o)
	if err != nil {
		return err
	}
	if len(data) > bodyBytes {
		return errBodyTooLarge
	}
	var e *entry
	if p.Type() == types.ApplyPatchType {
		t.manager = options.FieldManager // there is no default
		var body map[string]any
		if err := yaml.Unmarshal(data, &body); err != nil {
			return apierrors.NewBadRequest(fmt.Sprintf("error decoding patch: %v", err))
		}
		e, err = c.apply(ctx, t, body, ptr.Deref(options.Force, false))
	} else {
		e, err = c.Server.patch(ctx, t, p.Type(), data)
	}
	if err != nil {
		return asStatus(err)
	}
	return copyInto(o, e.typed)
}

// Apply merges an apply configuration into an object, and leaves the whole object in it.
func (c *apiClient) Apply(ctx context.Context, ac runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	return c.applyConfiguration(ctx, ac, (&client.ApplyOptions{}).ApplyOptions(opts), false)
}

func (c *apiClient) applyConfiguration(ctx context.Context, ac runtime.ApplyConfiguration, options *client.ApplyOptions, status bool) error {
	if err := check(ctx, options.DryRun); err != nil {
		return err
	}
	body, err := runtime.DefaultUnstructuredConverter.ToUnstructured(ac)
	if err != nil {
		return err
	}
	u := unstructured.Unstructured{Object: body}
	k, err := c.kindNamed(u.GroupVersionKind())
	if err != nil {
		return err
	}
	if roughSize(body) > bodyBytes {
		return errBodyTooLarge
	}
	t := target{
		kind: k, NamespacedName: types.NamespacedName{Namespace: u.GetNamespace(), Name: u.GetName()},
		status: status, manager: options.FieldManager,
	}
	if err := t.checkSubresource(); err != nil {
		return err
	}
	e, err := c.Server.apply(ctx, t, body, ptr.Deref(options.Force, false))
	if err != nil {
		return asStatus(err)
	}
	return fill(ac, e)
}

// fill an apply configuration with the object as it is now, apart from the managed fields, which none has.
func fill(ac runtime.ApplyConfiguration, e *entry) error {
	v := reflect.ValueOf(ac).Elem()
	v.Set(reflect.Zero(v.Type()))
	return runtime.DefaultUnstructuredConverter.FromUnstructured(e.root(), ac)
}

// Delete removes an object, or marks it as deleted while it has finalizers.
func (c *apiClient) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	options := (&client.DeleteOptions{}).ApplyOptions(opts)
	t, err := c.target(o, "", false)
	if err != nil {
		return err
	}
	if err := check(ctx, options.DryRun); err != nil {
		return err
	}
	if p := options.PropagationPolicy; p != nil && *p != metav1.DeletePropagationBackground {
		return fmt.Errorf("the server in memory has no propagation policy %s", *p)
	}
	_, err = c.Server.delete(t, options.Preconditions)
	return asStatus(err)
}

// DeleteAllOf deletes the objects that a list with the same options shows.
func (c *apiClient) DeleteAllOf(ctx context.Context, o client.Object, opts ...client.DeleteAllOfOption) error {
	options := (&client.DeleteAllOfOptions{}).ApplyOptions(opts)
	k, err := c.kindOf(o)
	if err != nil {
		return err
	}
	if options.FieldSelector != nil {
		return errNoFieldSelectors
	}
	found, _ := c.list(k, options.Namespace, options.LabelSelector)
	for _, e := range found {
		if err := c.Delete(ctx, e.typed, &options.DeleteOptions); client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	return nil
}

// asStatus is how any error reaches a client.
func asStatus(err error) error {
	if err == nil {
		return nil
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return err
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: err.Error(),
	}}
}
