package play

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers"
	"github.com/keylease/keylease/test/emulator/apiserver"
)

// cache of one process: leases and sheets, as its informers have received them.
type cache struct {
	process *process
	leases  map[types.NamespacedName]*v1alpha1.AccessKeyLease
	sheets  map[types.NamespacedName]*v1alpha1.AccessKeySheet
	// indexes of leases by field.
	indexes map[string]client.IndexerFunc
	// news that was not received yet. It is not received before staleUntil.
	news       []apiserver.Event
	staleUntil time.Time
}

func newCache(p *process) *cache {
	return &cache{process: p, leases: map[types.NamespacedName]*v1alpha1.AccessKeyLease{},
		sheets: map[types.NamespacedName]*v1alpha1.AccessKeySheet{}, indexes: map[string]client.IndexerFunc{}}
}

// IndexField keeps an index. Only leases have any.
func (c *cache) IndexField(_ context.Context, _ client.Object, field string, f client.IndexerFunc) error {
	c.indexes[field] = f
	return nil
}

// fill the cache with all that there is, as at the start of a process.
func (c *cache) fill(ctx context.Context, from client.Reader, namespace string) error {
	sheets, leases := &v1alpha1.AccessKeySheetList{}, &v1alpha1.AccessKeyLeaseList{}
	if err := errors.Join(from.List(ctx, sheets, client.InNamespace(namespace)), from.List(ctx, leases, client.InNamespace(namespace))); err != nil {
		return err
	}
	for i := range sheets.Items {
		c.receive(apiserver.Event{Type: watch.Added, New: &sheets.Items[i]})
	}
	for i := range leases.Items {
		c.receive(apiserver.Event{Type: watch.Added, New: &leases.Items[i]})
	}
	return nil
}

// deliver what was not received yet.
func (c *cache) deliver(now time.Time) {
	if now.Before(c.staleUntil) {
		return
	}
	news := c.news
	c.news = nil
	for _, e := range news {
		c.receive(e)
	}
}

// receive one change, and hand it to the controllers by the production's own rules.
func (c *cache) receive(e apiserver.Event) {
	key := client.ObjectKeyFromObject(e.New)
	switch o := e.New.(type) {
	case *v1alpha1.AccessKeyLease:
		before, known := c.leases[key]
		if e.Type == watch.Deleted {
			delete(c.leases, key)
			if known {
				controllers.SoonToSheet().Delete(context.Background(), event.DeleteEvent{Object: before}, c.process.sheets)
				c.process.leases.wake(key)
			}
			return
		}
		stripped := *o
		stripped.ManagedFields = nil
		c.leases[key] = &stripped
		c.leaseChanged(key, before, &stripped)
	case *v1alpha1.AccessKeySheet:
		before, known := c.sheets[key]
		if e.Type == watch.Deleted {
			delete(c.sheets, key)
			c.process.sheets.wake(key)
			c.process.accounts.wake(key)
			return
		}
		stripped := *o
		stripped.ManagedFields = nil
		c.sheets[key] = &stripped
		update := event.UpdateEvent{ObjectOld: before, ObjectNew: &stripped}
		if !known || controllers.SheetConcernsItself().Update(update) {
			c.process.sheets.wake(key)
		}
		if !known || controllers.SheetConcernsAccounts().Update(update) {
			c.process.accounts.wake(key)
		}
	}
}

func (c *cache) leaseChanged(key types.NamespacedName, before, after *v1alpha1.AccessKeyLease) {
	if before == nil {
		c.process.leases.wake(key)
		return
	}
	update := event.UpdateEvent{ObjectOld: before, ObjectNew: after}
	if controllers.LeaseConcernsItself().Update(update) {
		c.process.leases.wake(key)
	}
	if controllers.LeaseConcernsSheet().Update(update) {
		controllers.SoonToSheet().Update(context.Background(), update, c.process.sheets)
	}
}

func (c *cache) get(key types.NamespacedName, into client.Object) error {
	switch into := into.(type) {
	case *v1alpha1.AccessKeyLease:
		if o, ok := c.leases[key]; ok {
			o.DeepCopyInto(into)
			return nil
		}
		return notFound("accesskeyleases", key)
	case *v1alpha1.AccessKeySheet:
		if o, ok := c.sheets[key]; ok {
			o.DeepCopyInto(into)
			return nil
		}
		return notFound("accesskeysheets", key)
	}
	return fmt.Errorf("simulation: the cache has no %T", into)
}

func notFound(resource string, key types.NamespacedName) error {
	return apierrors.NewNotFound(schema.GroupResource{Group: v1alpha1.GroupVersion.Group, Resource: resource}, key.Name)
}

func (c *cache) list(into client.ObjectList, options ...client.ListOption) error {
	o := (&client.ListOptions{}).ApplyOptions(options)
	switch into := into.(type) {
	case *v1alpha1.AccessKeyLeaseList:
		into.Items = nil
		for _, key := range sortedKeys(c.leases) {
			if l := c.leases[key]; c.selected(l, o) {
				into.Items = append(into.Items, *l.DeepCopy())
			}
		}
		return nil
	case *v1alpha1.AccessKeySheetList:
		into.Items = nil
		for _, key := range sortedKeys(c.sheets) {
			if s := c.sheets[key]; c.selected(s, o) {
				into.Items = append(into.Items, *s.DeepCopy())
			}
		}
		return nil
	}
	return fmt.Errorf("simulation: the cache has no %T", into)
}

// selected by namespace and one indexed field.
func (c *cache) selected(o client.Object, by *client.ListOptions) bool {
	if by.Namespace != "" && o.GetNamespace() != by.Namespace {
		return false
	}
	if by.FieldSelector == nil {
		return true
	}
	for _, r := range by.FieldSelector.Requirements() {
		if !slices.Contains(c.indexes[r.Field](o), r.Value) {
			return false
		}
	}
	return true
}

func sortedKeys[O any](m map[types.NamespacedName]O) []types.NamespacedName {
	return slices.SortedFunc(maps.Keys(m), func(a, b types.NamespacedName) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}
