package manifests_test

import (
	"context"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
)

const (
	viewerRole   = "keylease-accesskeylease-viewer"
	extenderRole = "keylease-accesskeylease-extender"
	adminRole    = "keylease-accesskeylease-admin"
)

// deed is something that a user tries; always as a dry run, so that tests do not see each other's.
type deed struct {
	name string
	do   func(context.Context, client.Client) error
}

// deeds on a lease and a sheet that exist.
func deeds(l *v1alpha1.AccessKeyLease, s *v1alpha1.AccessKeySheet) []deed {
	patch := func(object client.Object, json string) func(context.Context, client.Client) error {
		return func(ctx context.Context, c client.Client) error {
			return c.Patch(ctx, object.DeepCopyObject().(client.Object), client.RawPatch("application/merge-patch+json", []byte(json)), client.DryRunAll)
		}
	}
	status := func(object client.Object, json string) func(context.Context, client.Client) error {
		return func(ctx context.Context, c client.Client) error {
			return c.Status().Patch(ctx, object.DeepCopyObject().(client.Object),
				client.RawPatch("application/merge-patch+json", []byte(json)), client.DryRunAll)
		}
	}
	return []deed{
		{"list leases", func(ctx context.Context, c client.Client) error {
			return c.List(ctx, &v1alpha1.AccessKeyLeaseList{}, client.InNamespace(namespace))
		}},
		{"list sheets", func(ctx context.Context, c client.Client) error {
			return c.List(ctx, &v1alpha1.AccessKeySheetList{}, client.InNamespace(namespace))
		}},
		{"extend a lease", patch(l, `{"spec":{"endDate":"2027-03-31"}}`)},
		{"retry a lease", patch(l, `{"metadata":{"annotations":{"`+v1alpha1.AnnotationRetry+`":"1"}}}`)},
		{"give a lease up", patch(l, `{"metadata":{"annotations":{"`+v1alpha1.AnnotationGiveUp+`":"true"}}}`)},
		{"create a lease", func(ctx context.Context, c client.Client) error {
			return c.Create(ctx, lease(l.Name+"0"), client.DryRunAll)
		}},
		{"delete a lease", func(ctx context.Context, c client.Client) error {
			return c.Delete(ctx, l.DeepCopy(), client.DryRunAll)
		}},
		{"write a lease's status", status(l, `{"status":{"phase":"Notified"}}`)},
		{"edit a sheet", patch(s, `{"spec":{"mode":"DryRun"}}`)},
		{"sync a sheet", patch(s, `{"metadata":{"annotations":{"`+v1alpha1.AnnotationSync+`":"1"}}}`)},
		{"approve a change", patch(s, `{"metadata":{"annotations":{"`+v1alpha1.AnnotationApproveChange+`":"x"}}}`)},
		{"raise the day's revocations", patch(s, `{"metadata":{"annotations":{"`+v1alpha1.AnnotationAllowRevocations+`":"2026-12-09=40"}}}`)},
		{"take a claim", patch(s, `{"metadata":{"annotations":{"`+v1alpha1.AnnotationTakeClaim+`":"x"}}}`)},
		{"create a sheet", func(ctx context.Context, c client.Client) error {
			return c.Create(ctx, sheet(s.Name+"0"), client.DryRunAll)
		}},
		{"create a sheet that is approved beforehand", func(ctx context.Context, c client.Client) error {
			approved := sheet(s.Name + "1")
			approved.Annotations = map[string]string{v1alpha1.AnnotationApproveChange: "x"}
			return c.Create(ctx, approved, client.DryRunAll)
		}},
		{"delete a sheet", func(ctx context.Context, c client.Client) error {
			return c.Delete(ctx, s.DeepCopy(), client.DryRunAll)
		}},
		{"write a sheet's status", status(s, `{"status":{"observedHash":"x"}}`)},
		{"read a Secret", func(ctx context.Context, c client.Client) error {
			return c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "slack"}, &corev1.Secret{})
		}},
	}
}

func TestTheViewerSeesAndChangesNothing(t *testing.T) {
	expectDeeds(t, "viewer", viewerRole, "list leases", "list sheets")
}

func TestTheExtenderMovesEndDatesAndNothingElse(t *testing.T) {
	expectDeeds(t, "extender", extenderRole, "list leases", "list sheets", "extend a lease", "retry a lease")
}

func TestTheAdminConnectsSheetsAndApproves(t *testing.T) {
	expectDeeds(t, "admin", adminRole,
		"list leases", "list sheets", "extend a lease", "retry a lease", "give a lease up", "create a lease", "delete a lease",
		"edit a sheet", "sync a sheet", "approve a change", "raise the day's revocations", "take a claim",
		"create a sheet", "create a sheet that is approved beforehand", "delete a sheet")
}

func TestTheEditorOfSheetsApprovesNothing(t *testing.T) {
	expectDeeds(t, editor, editorRole,
		"list leases", "list sheets", "extend a lease", "retry a lease", "create a lease", "delete a lease",
		"edit a sheet", "sync a sheet", "create a sheet", "delete a sheet")
}

// expectDeeds tries every deed as a user with the role, and expects these to be allowed and no other.
func expectDeeds(t *testing.T, user, role string, allowed ...string) {
	t.Helper()
	need(t, everything)
	l := mustCreate(t, lease(newName()))
	s := mustCreate(t, sheet(newName()))
	if user != editor {
		if err := bind(t.Context(), clientFor(t, ""), user, role); err != nil {
			t.Fatal(err)
		}
	}
	as := clientFor(t, user)
	waitForRole(t, as)
	may := map[string]bool{}
	for _, name := range allowed {
		may[name] = true
	}
	for _, d := range deeds(l, s) {
		switch err := d.do(t.Context(), as); {
		case may[d.name] && err != nil:
			t.Errorf("%s: %v, want it allowed", d.name, err)
		case !may[d.name] && !refusedByPolicy(err) && !refusedByRBAC(err):
			t.Errorf("%s: %v, want it refused", d.name, err)
		}
		delete(may, d.name)
	}
	for name := range may {
		t.Errorf("no deed is called %q", name)
	}
}

func TestTheReplicasAgreeByTheirLease(t *testing.T) {
	need(t, everything)
	as := clientFor(t, operator)
	lock := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: newName(), Namespace: namespace}}
	if err := as.Create(t.Context(), lock); err != nil {
		t.Fatalf("taking it: %v", err)
	}
	lock.Spec.HolderIdentity = ptr.To("a replica")
	if err := as.Update(t.Context(), lock); err != nil {
		t.Errorf("renewing it: %v", err)
	}
	if err := as.Delete(t.Context(), lock); !refusedByRBAC(err) {
		t.Errorf("deleting it: %v, want it refused", err)
	}
}
