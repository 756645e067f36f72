package main

import (
	"context"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/cmd/internal/kube"
)

// fieldManager under which changes of this program are recorded.
const fieldManager = client.FieldOwner("kubectl-keylease")

// cluster that the flags name.
type cluster struct {
	kube.Flags
	clock clock.PassiveClock
}

// connect gives a client and the namespace to work in.
func (c *cluster) connect() (client.Client, string, error) {
	return c.Connect("kubectl-keylease/" + version)
}

// annotate an object, whatever else is changed in it meanwhile.
func annotate(ctx context.Context, cl client.Client, o client.Object, key, value string) error {
	before := o.DeepCopyObject().(client.Object) //nolint:forcetypeassert // a copy is of the same type
	all := o.GetAnnotations()
	if all == nil {
		all = map[string]string{}
	}
	all[key] = value
	o.SetAnnotations(all)
	return cl.Patch(ctx, o, client.MergeFrom(before), fieldManager)
}

// now as a value that differs from every earlier one.
func (c *cluster) now() string { return c.clock.Now().UTC().Format(time.RFC3339Nano) }
