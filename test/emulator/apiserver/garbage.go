package apiserver

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// CollectGarbage deletes the objects all of whose owners are gone, and the objects of terminating namespaces, until there
// are no more. It returns how many it deleted or marked as deleted.
func (s *Server) CollectGarbage(ctx context.Context) (int, error) {
	total := 0
	for {
		n := 0
		for _, k := range s.order {
			found, _ := s.list(k, "", nil)
			for _, e := range found {
				if e.DeletionTimestamp != nil || !s.garbage(k, e) {
					continue
				}
				t := target{kind: k, NamespacedName: keyOf(e.object)}
				if _, err := s.delete(t, &metav1.Preconditions{UID: ptr.To(e.UID)}); err != nil {
					return total, asStatus(err)
				}
				n++
			}
		}
		total += n
		if n == 0 {
			return total, s.endNamespaces(ctx)
		}
	}
}

func (s *Server) garbage(k *kind, e *entry) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if k.namespaced {
		namespace := s.objects[s.kinds[namespaceKind]][types.NamespacedName{Name: e.Namespace}]
		if namespace == nil || namespace.DeletionTimestamp != nil {
			return true
		}
	}
	for _, owner := range e.OwnerReferences {
		if s.exists(owner, e.Namespace) {
			return false
		}
	}
	return len(e.OwnerReferences) > 0
}

// exists tells of an owner. The real collector never takes one of an unknown kind for gone.
func (s *Server) exists(owner metav1.OwnerReference, namespace string) bool {
	k := s.kinds[schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind)]
	if k == nil {
		return true
	}
	key := types.NamespacedName{Namespace: namespace, Name: owner.Name}
	if !k.namespaced {
		key.Namespace = ""
	}
	found := s.objects[k][key]
	return found != nil && found.UID == owner.UID
}

// endNamespaces that are terminating and empty.
func (s *Server) endNamespaces(ctx context.Context) error {
	k := s.kinds[namespaceKind]
	namespaces, _ := s.list(k, "", nil)
	for _, n := range namespaces {
		if n.DeletionTimestamp == nil || s.holds(n.Name) {
			continue
		}
		t := target{kind: k, NamespacedName: keyOf(n.object), manager: "kube-controller-manager"}
		_, err := s.update(ctx, t, false, n.UID, func(live *object) (*object, error) {
			empty := live.edit()
			empty.fields["spec"] = map[string]any{}
			return empty, nil
		})
		if err != nil {
			return asStatus(err)
		}
	}
	return nil
}

func (s *Server) holds(namespace string) bool {
	for _, k := range s.order {
		if found, _ := s.list(k, namespace, nil); k.namespaced && len(found) > 0 {
			return true
		}
	}
	return false
}
