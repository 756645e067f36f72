package apiserver

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

var namespaceKind = corev1.SchemeGroupVersion.WithKind("Namespace")

func (s *Server) addNamespace(name string) error {
	k := s.kinds[namespaceKind]
	o, err := k.decode(map[string]any{"metadata": map[string]any{"name": name}})
	if err != nil {
		return err
	}
	_, err = s.create(context.Background(), target{kind: k, NamespacedName: types.NamespacedName{Name: name}, manager: "kube-apiserver"}, o)
	return err
}

// checkNamespace lets objects be made only where there is a namespace that stays.
func (s *Server) checkNamespace(t target, o *object) error {
	if !t.namespaced {
		return nil
	}
	namespace := s.objects[s.kinds[namespaceKind]][types.NamespacedName{Name: t.Namespace}]
	if namespace == nil {
		return apierrors.NewNotFound(corev1.Resource("namespaces"), t.Namespace)
	}
	if namespace.DeletionTimestamp == nil {
		return nil
	}
	err := apierrors.NewForbidden(t.resource, o.Name, fmt.Errorf("unable to create new content in namespace %s because it is being terminated", t.Namespace))
	err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, metav1.StatusCause{
		Type: corev1.NamespaceTerminatingCause, Message: fmt.Sprintf("namespace %s is being terminated", t.Namespace), Field: "metadata.namespace",
	})
	return err
}

// kept tells of an object without finalizers in its metadata that is nevertheless not to go yet.
func kept(k *kind, o *object) bool {
	if k.GroupVersionKind != namespaceKind {
		return false
	}
	spec, _ := o.fields["spec"].(map[string]any)
	finalizers, _ := spec["finalizers"].([]any)
	return len(finalizers) > 0
}
