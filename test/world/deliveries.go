package world

import (
	"context"
	"maps"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
)

// deliveries knows which versions of leases and sheets one operator's controllers have received. What follows from
// those is in their queues. The cache does not show that, because the controllers get news a little later.
type deliveries struct {
	clock *Clock

	mu       sync.Mutex
	handlers []*delivery
}

// delivery is one controller's handler for one resource, and the versions that it has handled.
type delivery struct {
	toolscache.ResourceEventHandler
	of       *deliveries
	resource string
	// known is guarded by of.mu.
	known map[object]string
}

// cache is manager.Options.NewCache.
func (d *deliveries) cache(config *rest.Config, options cache.Options) (cache.Cache, error) {
	c, err := cache.New(config, options)
	return &heardCache{c, d}, err
}

// behind tells whether a controller has not yet received all these versions or newer ones.
func (d *deliveries) behind(versions map[object]string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for o, version := range versions {
		for _, h := range d.handlers {
			if h.resource == o.resource && older(h.known[o], version) {
				return true
			}
		}
	}
	return false
}

// same tells whether every controller has received exactly these objects of a resource, in these versions.
func (d *deliveries) same(resource string, versions map[object]string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, h := range d.handlers {
		if h.resource == resource && !maps.Equal(h.known, versions) {
			return false
		}
	}
	return true
}

func (h *delivery) OnAdd(o any, initially bool) {
	h.ResourceEventHandler.OnAdd(o, initially)
	h.note(o, true)
}

func (h *delivery) OnUpdate(before, after any) {
	h.ResourceEventHandler.OnUpdate(before, after)
	h.note(after, true)
}

func (h *delivery) OnDelete(o any) {
	h.ResourceEventHandler.OnDelete(o)
	if lost, ok := o.(toolscache.DeletedFinalStateUnknown); ok {
		o = lost.Obj
	}
	h.note(o, false)
}

func (h *delivery) note(o any, exists bool) {
	is, err := meta.Accessor(o)
	if err != nil {
		return // not one of our objects
	}
	name := object{is.GetNamespace(), h.resource, is.GetName()}
	h.of.mu.Lock()
	if exists {
		h.known[name] = is.GetResourceVersion()
	} else {
		delete(h.known, name)
	}
	h.of.mu.Unlock()
	h.of.clock.happened()
}

// heardCache records what its informers tell the controllers.
type heardCache struct {
	cache.Cache
	by *deliveries
}

func (c *heardCache) GetInformer(ctx context.Context, of client.Object, options ...cache.InformerGetOption) (cache.Informer, error) {
	informer, err := c.Cache.GetInformer(ctx, of, options...)
	if err != nil {
		return nil, err
	}
	switch of.(type) {
	case *v1alpha1.AccessKeyLease:
		return &heardInformer{informer, c.by, leaseResource}, nil
	case *v1alpha1.AccessKeySheet:
		return &heardInformer{informer, c.by, sheetResource}, nil
	}
	return informer, nil
}

type heardInformer struct {
	cache.Informer
	by       *deliveries
	resource string
}

func (i *heardInformer) AddEventHandlerWithOptions(next toolscache.ResourceEventHandler, options toolscache.HandlerOptions) (toolscache.ResourceEventHandlerRegistration, error) {
	h := &delivery{ResourceEventHandler: next, of: i.by, resource: i.resource, known: map[object]string{}}
	i.by.mu.Lock()
	i.by.handlers = append(i.by.handlers, h)
	i.by.mu.Unlock()
	return i.Informer.AddEventHandlerWithOptions(h, options)
}
