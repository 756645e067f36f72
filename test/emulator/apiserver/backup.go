package apiserver

import (
	"context"
	"maps"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Backup is everything that a server had at one moment.
type Backup struct {
	objects  map[*kind]map[types.NamespacedName]*entry
	revision int64
}

// Backup takes one. It costs little.
func (s *Server) Backup() *Backup {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := &Backup{objects: map[*kind]map[types.NamespacedName]*entry{}, revision: s.revision}
	for k, all := range s.objects {
		b.objects[k] = maps.Clone(all)
	}
	return b
}

// Restore puts back everything as etcd does from its snapshot: UIDs, statuses and resource versions too. The server counts
// on from the backup's last resource version, so that resource versions which clients saw since are given again, to other
// content. New UIDs are still new. Watchers see what changed for them, as a client that lists again does: objects that were
// deleted show their last state.
func (s *Server) Restore(b *Backup) {
	defer s.deliver()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.order {
		for _, old := range sorted(s.objects[k]) {
			if now := b.objects[k][keyOf(old.object)]; now == nil || now.UID != old.UID {
				s.enqueue(Event{Type: watch.Deleted, Old: old.typed, New: old.typed})
			}
		}
		for _, e := range sorted(b.objects[k]) {
			switch old := s.objects[k][keyOf(e.object)]; {
			case old == nil || old.UID != e.UID:
				s.enqueue(Event{Type: watch.Added, New: e.typed})
			case old.typed != e.typed:
				s.enqueue(Event{Type: watch.Modified, Old: old.typed, New: e.typed})
			}
		}
		s.objects[k] = maps.Clone(b.objects[k])
	}
	s.revision = b.revision
}

// RestoreObjects makes the objects of the backup again for which want is true, as a tool such as Velero does: by a create
// of the manager, with labels and annotations, without status, owners and finalizers, and under a new UID. Objects that
// exist are left alone.
func (s *Server) RestoreObjects(ctx context.Context, b *Backup, manager string, want func(client.Object) bool) error {
	for _, k := range s.order {
		for _, e := range sorted(b.objects[k]) {
			if !want(e.typed) {
				continue
			}
			o := e.edit()
			o.ObjectMeta = metav1.ObjectMeta{Name: e.Name, Namespace: e.Namespace, Labels: e.Labels, Annotations: e.Annotations}
			delete(o.fields, "status")
			_, err := s.create(ctx, target{kind: k, NamespacedName: keyOf(o), manager: manager}, o)
			if err != nil && !apierrors.IsAlreadyExists(err) {
				return asStatus(err)
			}
		}
	}
	return nil
}
