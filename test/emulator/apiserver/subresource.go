package apiserver

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Status writes only the status.
func (c *apiClient) Status() client.SubResourceWriter { return subresource{c, "status"} }

// SubResource is of use only for the status.
func (c *apiClient) SubResource(name string) client.SubResourceClient { return subresource{c, name} }

type subresource struct {
	*apiClient
	name string
}

func (s subresource) check(body client.Object) error {
	if s.name != "status" || body != nil {
		return fmt.Errorf("the server in memory has no subresource %s with a body of its own", s.name)
	}
	return nil
}

func (s subresource) Get(context.Context, client.Object, client.Object, ...client.SubResourceGetOption) error {
	return fmt.Errorf("the server in memory reads no subresource")
}

func (s subresource) Create(context.Context, client.Object, client.Object, ...client.SubResourceCreateOption) error {
	return fmt.Errorf("the server in memory creates no subresource")
}

func (s subresource) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	options := (&client.SubResourceUpdateOptions{}).ApplyOptions(opts)
	if err := s.check(options.SubResourceBody); err != nil {
		return err
	}
	return s.put(ctx, o, &options.UpdateOptions, true)
}

func (s subresource) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
	options := (&client.SubResourcePatchOptions{}).ApplyOptions(opts)
	if err := s.check(options.SubResourceBody); err != nil {
		return err
	}
	return s.patchObject(ctx, o, p, &options.PatchOptions, true)
}

func (s subresource) Apply(ctx context.Context, ac runtime.ApplyConfiguration, opts ...client.SubResourceApplyOption) error {
	options := (&client.SubResourceApplyOptions{}).ApplyOpts(opts)
	if err := s.check(nil); err != nil {
		return err
	}
	return s.applyConfiguration(ctx, ac, &options.ApplyOptions, true)
}
