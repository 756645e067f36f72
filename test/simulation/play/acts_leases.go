package play

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	applyv1alpha1 "github.com/keylease/keylease/api/v1alpha1/applyconfiguration/api/v1alpha1"
)

var _ = register(map[string]func(*World, []string) error{
	"patch-end":    patchEnd,
	"patch-mark":   patchMark,
	"gitops":       gitops,
	"apply-lease":  applyLease,
	"retry":        retry,
	"give-up":      giveUp,
	"delete-lease": deleteLease,
	"orphan-lease": orphanLease,
	"finalizer":    finalizer,
})

// gitopsEvery is how often GitOps applies what it has.
const gitopsEvery = 6 * time.Hour

// lease of a key.
func (w *World) lease(n int) (*v1alpha1.AccessKeyLease, error) {
	l := &v1alpha1.AccessKeyLease{}
	return l, w.Cluster().Get(w.context, client.ObjectKey{Namespace: w.Namespace, Name: strings.ToLower(Key(n))}, l)
}

// withLease N …: an act on the lease of a key.
func withLease(more int, do func(w *World, l *v1alpha1.AccessKeyLease, args []string) error) func(*World, []string) error {
	return func(w *World, args []string) error {
		var n int
		if err := numbers(args, &n); err != nil {
			return err
		}
		if len(args) < 1+more {
			return fmt.Errorf("want %d more arguments", more)
		}
		l, err := w.lease(n)
		if err != nil {
			return err
		}
		return do(w, l, args[1:])
	}
}

// patchLease with a merge patch of its spec.
func (w *World) patchSpec(l *v1alpha1.AccessKeyLease, field string, value any) error {
	return w.patch(l.DeepCopy(), map[string]any{"spec": map[string]any{field: value}})
}

// patchEnd N 2026-12-08: kubectl patch of the end date.
func patchEnd(w *World, args []string) error {
	return withLease(1, func(w *World, l *v1alpha1.AccessKeyLease, args []string) error {
		return w.patchSpec(l, "endDate", args[0])
	})(w, args)
}

// patchMark N true|false: kubectl patch of the extension mark.
func patchMark(w *World, args []string) error {
	return withLease(1, func(w *World, l *v1alpha1.AccessKeyLease, args []string) error {
		return w.patchSpec(l, "extensionRequested", args[0] == "true")
	})(w, args)
}

// gitops N 2026-12-08 SECONDS: another program applies an end date again and again. When it has ended, someone moves the
// date by a day with kubectl patch, which takes the field from that program.
func gitops(w *World, args []string) error {
	return withLease(2, func(w *World, l *v1alpha1.AccessKeyLease, args []string) error {
		open := true
		apply := func() error {
			spec := applyv1alpha1.AccessKeyLeaseSpec().WithEndDate(args[0])
			return w.Cluster().Apply(w.context, applyv1alpha1.AccessKeyLease(l.Name, w.Namespace).WithSpec(spec), client.FieldOwner("argocd"), client.ForceOwnership)
		}
		if err := apply(); err != nil {
			return err
		}
		var again func()
		again = func() {
			if open {
				w.by = ""
				_ = apply() // a lease that is gone is no business of GitOps
				w.after(gitopsEvery, again)
			}
		}
		w.after(gitopsEvery, again)
		return w.mended(args[1], "gitops "+l.Name, func() error {
			open = false
			end, err := time.Parse(time.DateOnly, args[0])
			if err != nil {
				return err
			}
			return w.patchSpec(l, "endDate", end.AddDate(0, 0, 1).Format(time.DateOnly))
		})
	})(w, args)
}

// applyLease N: kubectl apply --server-side of the whole lease, as someone saved it.
func applyLease(w *World, args []string) error {
	return withLease(0, func(w *World, l *v1alpha1.AccessKeyLease, _ []string) error {
		spec := applyv1alpha1.AccessKeyLeaseSpec().
			WithSheetRef(applyv1alpha1.SheetReference().WithName(l.Spec.SheetRef.Name)).WithAccessKeyID(l.Spec.AccessKeyID).
			WithUserName(l.Spec.UserName).WithAccountID(l.Spec.AccountID).WithEndDate(l.Spec.EndDate).WithExtensionRequested(l.Spec.ExtensionRequested)
		return w.Cluster().Apply(w.context, applyv1alpha1.AccessKeyLease(l.Name, w.Namespace).WithSpec(spec), client.FieldOwner("kubectl"), client.ForceOwnership)
	})(w, args)
}

func (w *World) annotateLease(l *v1alpha1.AccessKeyLease, name string, value any) error {
	return w.patch(l.DeepCopy(), map[string]any{"metadata": map[string]any{"annotations": map[string]any{name: value}}})
}

// retry N: someone wants a stalled lease tried again.
func retry(w *World, args []string) error {
	return withLease(0, func(w *World, l *v1alpha1.AccessKeyLease, _ []string) error {
		return w.annotateLease(l, v1alpha1.AnnotationRetry, fmt.Sprint(w.Clock.Now().Unix()))
	})(w, args)
}

// giveUp N SECONDS: the annotation that holds a lease.
func giveUp(w *World, args []string) error {
	return withLease(1, func(w *World, l *v1alpha1.AccessKeyLease, args []string) error {
		if err := w.annotateLease(l, v1alpha1.AnnotationGiveUp, "true"); err != nil {
			return err
		}
		return w.mended(args[0], "give-up "+l.Name, func() error { return w.annotateLease(l, v1alpha1.AnnotationGiveUp, nil) })
	})(w, args)
}

// deleteLease N: kubectl delete.
func deleteLease(w *World, args []string) error {
	return withLease(0, func(w *World, l *v1alpha1.AccessKeyLease, _ []string) error { return w.Cluster().Delete(w.context, l) })(w, args)
}

// orphanLease N: someone who may not delete a lease gives it an owner that does not exist. The garbage collector deletes
// it a minute later.
func orphanLease(w *World, args []string) error {
	return withLease(0, func(w *World, l *v1alpha1.AccessKeyLease, _ []string) error {
		owner := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "none", UID: "00000000-0000-0000-0000-000000000001"}
		err := w.patch(l.DeepCopy(), map[string]any{"metadata": map[string]any{"ownerReferences": []any{owner}}})
		if err != nil {
			return err
		}
		return w.mended("60", "orphan-lease "+l.Name, func() error { return client.IgnoreNotFound(w.Cluster().Delete(w.context, l)) })
	})(w, args)
}

// finalizer N SECONDS: a lease gets a finalizer and is deleted: it is there, and on its way out, until that goes.
func finalizer(w *World, args []string) error {
	return withLease(1, func(w *World, l *v1alpha1.AccessKeyLease, args []string) error {
		set := func(to any) error {
			return client.IgnoreNotFound(w.patch(l.DeepCopy(), map[string]any{"metadata": map[string]any{"finalizers": to}}))
		}
		if len(l.Finalizers) > 0 {
			return fmt.Errorf("it has finalizers")
		}
		if err := set([]string{"example.com/never"}); err != nil {
			return err
		}
		if err := w.Cluster().Delete(w.context, l.DeepCopy()); err != nil {
			return err
		}
		return w.mended(args[0], "finalizer "+l.Name, func() error { return set(nil) })
	})(w, args)
}
