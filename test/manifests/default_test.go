package manifests_test

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestEveryObjectOfTheDefaultIsTaken(t *testing.T) {
	need(t, foundation)
	c := clientFor(t, "")
	for _, object := range mustBuild(t, "config/default") {
		if err := apply(t.Context(), c, object, client.DryRunAll); err != nil {
			t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
		}
	}
}

func TestTheSamplesAreTaken(t *testing.T) {
	need(t, foundation)
	c := clientFor(t, "")
	samples := mustBuild(t, "config/samples")
	if len(samples) == 0 {
		t.Fatal("config/samples is empty")
	}
	for _, object := range samples {
		// A field that no type has is a misspelling: the API server would drop it and say nothing.
		err := c.Create(t.Context(), object, client.DryRunAll, client.FieldValidation("Strict"))
		if err != nil {
			t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
		}
	}
}

func TestAMisspelledSampleWouldBeRefused(t *testing.T) {
	need(t, foundation)
	object := mustBuild(t, "config/samples")[0]
	if err := unstructured.SetNestedField(object.Object, "x", "spec", "spreadsheetId"); err != nil {
		t.Fatal(err)
	}
	err := clientFor(t, "").Create(t.Context(), object, client.DryRunAll, client.FieldValidation("Strict"))
	if err == nil || !strings.Contains(err.Error(), "spreadsheetId") {
		t.Errorf("got %v, want the unknown field named", err)
	}
}

func TestThePodMeetsTheNamespacesStrictestSecurity(t *testing.T) {
	need(t, foundation)
	if err := clientFor(t, "").Create(t.Context(), managerPod(t), client.DryRunAll); err != nil {
		t.Error(err)
	}
}

func TestTheNamespaceRefusesAPodThatAsksForMore(t *testing.T) {
	need(t, foundation)
	pod := managerPod(t)
	pod.Spec.Containers[0].SecurityContext.Capabilities = nil
	err := clientFor(t, "").Create(t.Context(), pod, client.DryRunAll)
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "restricted") {
		t.Errorf("got %v, want a refusal by pod security restricted", err)
	}
}

func TestTheSelectorsFindTheManager(t *testing.T) {
	deployment := one[appsv1.Deployment](t, "Deployment")
	service := one[corev1.Service](t, "Service")
	labels := deployment.Spec.Template.Labels
	for key, value := range service.Spec.Selector {
		if labels[key] != value {
			t.Errorf("the Service asks for %s=%s, the Pod has %q", key, value, labels[key])
		}
	}
	for _, port := range service.Spec.Ports {
		if !slices.ContainsFunc(deployment.Spec.Template.Spec.Containers[0].Ports, func(p corev1.ContainerPort) bool {
			return p.Name == port.TargetPort.StrVal
		}) {
			t.Errorf("the Service leads to port %s, which the container does not name", port.TargetPort.StrVal)
		}
	}
	if account := one[corev1.ServiceAccount](t, "ServiceAccount"); deployment.Spec.Template.Spec.ServiceAccountName != account.Name {
		t.Errorf("the Deployment runs as %s, the service account is %s", deployment.Spec.Template.Spec.ServiceAccountName, account.Name)
	}
}

func TestNoRuleHoldsAWildcardOrListsSecrets(t *testing.T) {
	for _, object := range mustBuild(t, "config/default") {
		if kind := object.GetKind(); kind != "ClusterRole" && kind != "Role" {
			continue
		}
		// The fields of both kinds that matter here are the same.
		for _, rule := range typed[rbacv1.ClusterRole](t, object).Rules {
			if strings.Contains(strings.Join(slices.Concat(rule.APIGroups, rule.Resources, rule.Verbs, rule.NonResourceURLs), " "), "*") {
				t.Errorf("%s has a wildcard: %v", object.GetName(), rule)
			}
			if !slices.Contains(rule.Resources, "secrets") {
				continue
			}
			for _, verb := range []string{"list", "watch", "update", "delete", "deletecollection"} {
				if slices.Contains(rule.Verbs, verb) {
					t.Errorf("%s may %s Secrets: they are read by name, and only snapshots are written", object.GetName(), verb)
				}
			}
		}
	}
}

func TestInAnotherNamespaceThePolicyKnowsTheOperator(t *testing.T) {
	for _, object := range mustBuild(t, "config/samples/other-namespace") {
		if object.GetNamespace() != "" && object.GetNamespace() != "access-keys" {
			t.Errorf("%s %s stays in %s", object.GetKind(), object.GetName(), object.GetNamespace())
		}
		if object.GetKind() != "ValidatingAdmissionPolicy" || object.GetName() != "keylease-status" {
			continue
		}
		variables, _, err := unstructured.NestedSlice(object.Object, "spec", "variables")
		if err != nil {
			t.Fatal(err)
		}
		if got := variables[0].(map[string]any)["expression"]; got != "'system:serviceaccount:access-keys:keylease-manager'" {
			t.Errorf("the operator is %v", got)
		}
	}
}

// managerPod is the Pod that the Deployment would start.
func managerPod(t *testing.T) *corev1.Pod {
	t.Helper()
	template := one[appsv1.Deployment](t, "Deployment").Spec.Template
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "manager", Namespace: namespace, Labels: template.Labels},
		Spec:       template.Spec,
	}
}

// one gives the only object of a kind in config/default.
func one[T any](t *testing.T, kind string) *T {
	t.Helper()
	var found []*unstructured.Unstructured
	for _, object := range mustBuild(t, "config/default") {
		if object.GetKind() == kind {
			found = append(found, object)
		}
	}
	if len(found) != 1 {
		t.Fatalf("config/default has %d of kind %s, want 1", len(found), kind)
	}
	return typed[T](t, found[0])
}
