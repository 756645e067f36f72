package manifests_test

import (
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// earlier is a group whose CRD lacked the rule that a lease is named after its key, and gets it then.
const earlier = "earlier.example.org"

func leaseOfEarlier(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": earlier + "/v1alpha1", "kind": "AccessKeyLease",
		"metadata": map[string]any{"name": name, "namespace": "default"},
		"spec": map[string]any{
			"sheetRef": map[string]any{"name": "key-requests"}, "accessKeyID": "AKIAKEYLEASE00000002",
			"userName": "svc-report", "endDate": "2026-12-08",
		},
	}}
}

func TestALeaseFromBeforeItsNameMatteredIsWrittenAllTheSame(t *testing.T) {
	all, err := objects(file(t, "config", "crd", "bases", "iam.keylease.dev_accesskeyleases.yaml"))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d objects, %v", len(all), err)
	}
	crd := typed[apiextensionsv1.CustomResourceDefinition](t, all[0])
	crd.Name, crd.Spec.Group = crd.Spec.Names.Plural+"."+earlier, earlier
	root := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	rules := slices.Clone(root.XValidations)
	root.XValidations = slices.DeleteFunc(root.XValidations, func(r apiextensionsv1.ValidationRule) bool { return strings.Contains(r.Rule, "metadata.name") })
	if len(root.XValidations) != len(rules)-1 {
		t.Fatalf("%d of %d rules are of the name, want one", len(rules)-len(root.XValidations), len(rules))
	}
	scheme := runtime.NewScheme()
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(plane.Config(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	installed, err := envtest.InstallCRDs(plane.Config(), envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{crd}})
	if err != nil {
		t.Fatal(err)
	}
	misnamed := leaseOfEarlier("foo")
	if err := c.Create(t.Context(), misnamed); err != nil {
		t.Fatal(err)
	}
	now := installed[0].DeepCopy()
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(now), now); err != nil {
		t.Fatal(err)
	}
	now.Spec.Versions[0].Schema.OpenAPIV3Schema.XValidations = rules
	if err := c.Update(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	for { // the API server takes a rule up some time after it was given it
		if err = c.Create(t.Context(), leaseOfEarlier("bar"), client.DryRunAll); err != nil {
			break
		}
	}
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "name the lease after its key") {
		t.Fatalf("another lease is refused with %v", err)
	}
	for field, patch := range map[string]string{"spec": `{"spec":{"endDate":"2027-01-31"}}`, "metadata": `{"metadata":{"labels":{"a":"b"}}}`} {
		if err := c.Patch(t.Context(), misnamed, client.RawPatch("application/merge-patch+json", []byte(patch))); err != nil {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := c.Status().Patch(t.Context(), misnamed, client.RawPatch("application/merge-patch+json", []byte(`{"status":{"phase":"Active"}}`))); err != nil {
		t.Errorf("status: %v", err)
	}
}
