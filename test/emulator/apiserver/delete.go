package apiserver

import (
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// delete an object, or mark it as deleted while it has finalizers. It returns the last state.
func (s *Server) delete(t target, only *metav1.Preconditions) (*entry, error) {
	defer s.deliver()
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.objects[t.kind][t.NamespacedName]
	if old == nil {
		return nil, apierrors.NewNotFound(t.resource, t.Name)
	}
	if err := s.checkPreconditions(t, old, only); err != nil {
		return nil, err
	}
	if len(old.Finalizers) == 0 && !kept(t.kind, old.object) {
		return s.remove(t.kind, old, old.edit())
	}
	if old.DeletionTimestamp != nil {
		return old, nil
	}
	o := old.edit()
	o.DeletionTimestamp, o.DeletionGracePeriodSeconds = ptr.To(s.now()), ptr.To[int64](0)
	if o.Generation > 0 {
		o.Generation++
	}
	if kept(t.kind, o) {
		o.DeletionGracePeriodSeconds = nil
		o.fields["status"] = map[string]any{"phase": "Terminating"}
	}
	return s.commit(t.kind, old, o)
}

func (s *Server) checkPreconditions(t target, old *entry, only *metav1.Preconditions) error {
	if only == nil {
		return nil
	}
	if only.UID != nil && *only.UID != old.UID {
		return apierrors.NewConflict(t.resourceAs(t.Kind), t.Name, fmt.Errorf(
			"the UID in the precondition (%s) does not match the UID in record (%s). The object might have been deleted and then recreated",
			*only.UID, old.UID))
	}
	if only.ResourceVersion != nil && *only.ResourceVersion != old.ResourceVersion {
		return apierrors.NewConflict(t.resourceAs(t.Kind), t.Name, fmt.Errorf(
			"the ResourceVersion in the precondition (%s) does not match the ResourceVersion in record (%s). The object might have been modified",
			*only.ResourceVersion, old.ResourceVersion))
	}
	return nil
}
