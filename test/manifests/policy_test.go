package manifests_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
)

// As the controllers write it: server-side apply, with the resource version checked.
func TestTheOperatorWritesStatus(t *testing.T) {
	need(t, everything)
	as := clientFor(t, operator)
	for kind, c := range map[string]struct {
		object client.Object
		status map[string]any
	}{
		"AccessKeyLease": {mustCreate(t, lease(newName())), map[string]any{"phase": "Active"}},
		"AccessKeySheet": {mustCreate(t, sheet(newName())), map[string]any{"observedHash": "x"}},
	} {
		body := &unstructured.Unstructured{Object: map[string]any{"status": c.status}}
		body.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
		body.SetNamespace(namespace)
		body.SetName(c.object.GetName())
		body.SetResourceVersion(c.object.GetResourceVersion())
		if err := as.Status().Apply(t.Context(), client.ApplyConfigurationFromUnstructured(body), fieldTest, client.ForceOwnership); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestNobodyElseWritesStatusNotEvenAnAdministrator(t *testing.T) {
	need(t, everything)
	l, s := mustCreate(t, lease(newName())), mustCreate(t, sheet(newName()))
	admin := clientFor(t, "")
	l.Status.Phase = v1alpha1.PhaseNotified
	s.Status.ObservedHash = "x"
	for kind, object := range map[string]client.Object{"lease": l, "sheet": s} {
		err := admin.Status().Update(t.Context(), object)
		if !refusedByPolicy(err) || !strings.Contains(err.Error(), operator) {
			t.Errorf("%s: %v, want a refusal that names who may", kind, err)
		}
	}
}

func TestAStatusGivenAtCreationIsDropped(t *testing.T) {
	need(t, everything)
	l := lease(newName())
	l.Status.Phase = v1alpha1.PhaseNotified
	mustCreate(t, l)
	found := &v1alpha1.AccessKeyLease{}
	if err := clientFor(t, "").Get(t.Context(), client.ObjectKeyFromObject(l), found); err != nil {
		t.Fatal(err)
	}
	if found.Status.Phase != "" {
		t.Errorf("phase %s: whoever creates a lease forged it", found.Status.Phase)
	}
}

func TestARefusedApprovalSaysWhatIsMissing(t *testing.T) {
	need(t, everything)
	s := mustCreate(t, sheet(newName()))
	s.Annotations = map[string]string{v1alpha1.AnnotationAllowRevocations: "2026-12-09=40"}
	err := clientFor(t, editor).Update(t.Context(), s, client.DryRunAll)
	if !refusedByPolicy(err) {
		t.Fatalf("got %v, want a refusal", err)
	}
	for _, want := range []string{v1alpha1.AnnotationAllowRevocations, "verb approve", adminRole, namespace} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestWhoMayNotApproveMayEditAroundAnApproval(t *testing.T) {
	need(t, everything)
	s := sheet(newName())
	s.Annotations = map[string]string{v1alpha1.AnnotationApproveChange: "x"}
	mustCreate(t, s)
	as := clientFor(t, editor)

	s.Spec.Slack.Language = "en"
	if err := as.Update(t.Context(), s, client.DryRunAll); err != nil {
		t.Errorf("an edit that leaves the approval as it is: %v", err)
	}
	s.Annotations[v1alpha1.AnnotationApproveChange] = "y"
	if err := as.Update(t.Context(), s, client.DryRunAll); !refusedByPolicy(err) {
		t.Errorf("an approval of something else: %v, want it refused", err)
	}
	s.Annotations = nil
	if err := as.Update(t.Context(), s, client.DryRunAll); err != nil {
		t.Errorf("taking an approval away: %v", err)
	}
}

func TestTheOperatorAppliesALeaseThatWasGivenUp(t *testing.T) {
	need(t, everything)
	l := lease(newName())
	l.Annotations = map[string]string{v1alpha1.AnnotationGiveUp: "true"}
	mustCreate(t, l)
	before := l.DeepCopy()
	l.Spec.Purpose = "changed in the sheet"
	if err := clientFor(t, operator).Patch(t.Context(), l, client.MergeFrom(before), client.DryRunAll); err != nil {
		t.Error(err)
	}
}

func TestTheOperatorItselfApprovesNothing(t *testing.T) {
	need(t, everything)
	s, l := mustCreate(t, sheet(newName())), mustCreate(t, lease(newName()))
	as := clientFor(t, operator)
	s.Annotations = map[string]string{v1alpha1.AnnotationApproveChange: "x"}
	if err := as.Update(t.Context(), s, client.DryRunAll); !refusedByRBAC(err) {
		t.Errorf("approve-change: %v, want a refusal: it may not write sheets at all", err)
	}
	before := l.DeepCopy()
	l.Annotations = map[string]string{v1alpha1.AnnotationGiveUp: "true"}
	if err := as.Patch(t.Context(), l, client.MergeFrom(before), client.DryRunAll); !refusedByPolicy(err) {
		t.Errorf("give-up: %v, want a refusal", err)
	}
}

// waitForRole waits until a role that was just bound counts: the authorizer learns of it by watching.
func waitForRole(t *testing.T, as client.Client) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		return as.List(ctx, &v1alpha1.AccessKeyLeaseList{}, client.InNamespace(namespace)) == nil, nil
	})
	if err != nil {
		t.Fatalf("the role never counted: %v", err)
	}
}
