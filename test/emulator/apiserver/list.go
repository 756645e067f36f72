package apiserver

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var errNoFieldSelectors = errors.New("the server in memory has no field selectors, so no MatchingFields either: read from a cache")

// List reads the objects of a kind in the order of their keys.
func (c *apiClient) List(ctx context.Context, into client.ObjectList, opts ...client.ListOption) error {
	options := (&client.ListOptions{}).ApplyOptions(opts)
	if options.FieldSelector != nil {
		return errNoFieldSelectors
	}
	if options.Limit != 0 || options.Continue != "" {
		return errors.New("the server in memory has no pages")
	}
	gvk, err := c.GroupVersionKindFor(into)
	if err != nil {
		return err
	}
	gvk.Kind = strings.TrimSuffix(gvk.Kind, "List")
	k, err := c.kindNamed(gvk)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	found, revision := c.list(k, options.Namespace, options.LabelSelector)
	items := make([]runtime.Object, len(found))
	for i, e := range found {
		items[i] = e.typed.DeepCopyObject()
	}
	if err := meta.SetList(into, items); err != nil {
		return err
	}
	into.SetResourceVersion(strconv.FormatInt(revision, 10))
	return nil
}

func (s *Server) list(k *kind, namespace string, selector labels.Selector) ([]*entry, int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []*entry
	for key, e := range s.objects[k] {
		if (namespace == "" || key.Namespace == namespace) && (selector == nil || selector.Matches(labels.Set(e.Labels))) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, byKey)
	return found, s.revision
}

func keyOf(o *object) types.NamespacedName {
	return types.NamespacedName{Namespace: o.Namespace, Name: o.Name}
}

func sorted(all map[types.NamespacedName]*entry) []*entry {
	return slices.SortedFunc(maps.Values(all), byKey)
}

// byKey is etcd's order: of namespace/name as one string.
func byKey(a, b *entry) int {
	return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
}
