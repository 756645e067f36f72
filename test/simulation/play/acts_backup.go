package play

import (
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
)

var _ = register(map[string]func(*World, []string) error{
	"backup":  backUp,
	"restore": restore,
})

// backup of what the first cluster had.
type backup struct {
	leases []v1alpha1.AccessKeyLease
	sheets []v1alpha1.AccessKeySheet
}

// backUp: what the cluster has now is kept.
func backUp(w *World, _ []string) error {
	leases, sheets := &v1alpha1.AccessKeyLeaseList{}, &v1alpha1.AccessKeySheetList{}
	if err := w.Cluster().List(w.context, leases); err != nil {
		return err
	}
	if err := w.Cluster().List(w.context, sheets); err != nil {
		return err
	}
	w.backup = backup{leases.Items, sheets.Items}
	return nil
}

// restore state|bare: what was kept comes back. state: objects are as they were, with their status, as after a restore of
// etcd. bare: leases are deleted and made anew without their status, as backup programs do it.
func restore(w *World, args []string) error {
	if len(args) < 1 || (args[0] != "state" && args[0] != "bare") {
		return fmt.Errorf("want state or bare")
	}
	if w.backup.leases == nil {
		return fmt.Errorf("there is no backup with a lease")
	}
	for i := range w.backup.leases {
		l := w.backup.leases[i].DeepCopy()
		managed := l.GetManagedFields()
		if args[0] == "bare" {
			managed, l.Status = nil, v1alpha1.AccessKeyLeaseStatus{}
			if err := client.IgnoreNotFound(w.Cluster().Delete(w.context, l.DeepCopy())); err != nil {
				return err
			}
		}
		now := &v1alpha1.AccessKeyLease{}
		if err := w.putBackup(l, now); err != nil {
			return err
		}
		now.Status = l.Status
		if err := w.putState(now, managed); err != nil {
			return err
		}
	}
	if args[0] == "bare" {
		return nil
	}
	for i := range w.backup.sheets {
		s, now := w.backup.sheets[i].DeepCopy(), &v1alpha1.AccessKeySheet{}
		managed := s.GetManagedFields()
		if err := w.putBackup(s, now); err != nil {
			return err
		}
		now.Status = s.Status
		if err := w.putState(now, managed); err != nil {
			return err
		}
	}
	return nil
}

// putState writes a status, and who manages which field. Otherwise the writer of the backup would have a share in every
// field of the status, and the operator could never take one away again. etcd knows no such writer.
func (w *World) putState(now client.Object, managed []metav1.ManagedFieldsEntry) error {
	if err := w.Cluster().Status().Update(w.context, now); err != nil || managed == nil {
		return err
	}
	now.SetManagedFields(managed)
	return w.Cluster().Update(w.context, now)
}

// putBackup writes an object of the backup over the one that is there, or makes it. now gets the version that was written.
func (w *World) putBackup(kept, now client.Object) error {
	err := w.Cluster().Get(w.context, client.ObjectKeyFromObject(kept), now)
	kept.SetUID(now.GetUID())
	kept.SetResourceVersion(now.GetResourceVersion())
	switch {
	case apierrors.IsNotFound(err):
		kept.SetCreationTimestamp(metav1.Time{})
		kept.SetUID("")
		kept.SetManagedFields(nil)
		if err = w.Cluster().Create(w.context, kept.DeepCopyObject().(client.Object)); err != nil {
			return err
		}
	case err == nil:
		if err = w.Cluster().Update(w.context, kept.DeepCopyObject().(client.Object)); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return w.Cluster().Get(w.context, client.ObjectKeyFromObject(kept), now)
}
