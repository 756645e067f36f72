package manifests_test

import (
	"context"
	"slices"
	"sync"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
)

// editor may write leases and sheets, and approves nothing: whom the policies on approvals are made for.
const (
	editor     = "editor"
	editorRole = "test-editor"
)

// foundation installs what the rest stands on, once: the namespaces and the kinds.
var foundation = sync.OnceValue(func() error { return install("Namespace", "CustomResourceDefinition") })

// everything installs config/default, once, and waits until its policies are in force.
var everything = sync.OnceValue(func() error {
	if err := foundation(); err != nil {
		return err
	}
	if err := install(); err != nil {
		return err
	}
	return policiesInForce()
})

// install applies config/default for real; no kinds: all of them.
func install(kinds ...string) error {
	all, err := built("config/default")
	if err != nil {
		return err
	}
	c, err := newClient(plane.Config())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, object := range all {
		if len(kinds) > 0 && !slices.Contains(kinds, object.GetKind()) {
			continue
		}
		if err := apply(ctx, c, object); err != nil {
			return err
		}
	}
	return kindsServed(ctx, c)
}

// kindsServed waits until the API server serves both kinds: it takes a moment after their definitions were taken.
func kindsServed(ctx context.Context, c client.Client) error {
	return wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		for _, list := range []client.ObjectList{&v1alpha1.AccessKeyLeaseList{}, &v1alpha1.AccessKeySheetList{}} {
			if err := c.List(ctx, list); err != nil {
				return false, nil //nolint:nilerr // not yet
			}
		}
		return true, nil
	})
}

// policiesInForce waits until the API server enforces each policy: it learns of them by watching, some time after it
// took them. Every attempt is one that has to be refused in the end, as a dry run.
func policiesInForce() error {
	admin, err := newClient(plane.Config())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	probe := lease("akiaprobe00000000000")
	if err := admin.Create(ctx, probe); err != nil {
		return err
	}
	// The administrator may do everything, and so passes the policies on approvals: only somebody who may edit and not
	// approve sees them.
	if err := bind(ctx, admin, editor, editorRole); err != nil {
		return err
	}
	config := plane.Config()
	config.Impersonate = rest.ImpersonationConfig{UserName: editor}
	asEditor, err := newClient(config)
	if err != nil {
		return err
	}
	return wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		forged := probe.DeepCopy()
		forged.Status.Phase = v1alpha1.PhaseNotified
		approved := sheet("probe")
		approved.Annotations = map[string]string{v1alpha1.AnnotationApproveChange: "x"}
		givenUp := lease("akiaprobe00000000001")
		givenUp.Annotations = map[string]string{v1alpha1.AnnotationGiveUp: "true"}
		for _, err := range []error{
			admin.Status().Update(ctx, forged, client.DryRunAll),
			asEditor.Create(ctx, approved, client.DryRunAll),
			asEditor.Create(ctx, givenUp, client.DryRunAll),
		} {
			if !refusedByPolicy(err) {
				return false, nil
			}
		}
		return true, nil
	})
}

// bind gives a user a ClusterRole in the namespace; the editor's role is made here, the others come from config/rbac.
func bind(ctx context.Context, c client.Client, user, role string) error {
	if role == editorRole {
		err := c.Create(ctx, &rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: role},
			Rules: []rbacv1.PolicyRule{{
				APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"*"},
				Verbs: []string{"get", "list", "watch", "create", "update", "patch", "delete"},
			}},
		})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return c.Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Namespace: namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	})
}
