// Package manifests tests what config/ puts onto a cluster, on a real API server: that every object is taken, that each
// role and policy does what its comment says, and that the files for AWS, Slack and the reader name what the code has.
package manifests_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/controlplane"
)

const (
	namespace = "keylease"
	operator  = "system:serviceaccount:keylease:keylease-manager"
	fieldTest = client.FieldOwner("manifests-test")
)

var plane *controlplane.ControlPlane

func TestMain(m *testing.M) {
	os.Exit(controlplane.Main(m, controlplane.Options{}, &plane))
}

// file reads a file of the repository.
func file(t *testing.T, path ...string) []byte {
	t.Helper()
	root, err := controlplane.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// built gives what the pinned kustomize makes of a folder, in its order.
func built(folder string) ([]*unstructured.Unstructured, error) {
	root, err := controlplane.Root()
	if err != nil {
		return nil, err
	}
	kustomize, err := exec.Command(filepath.Join(root, "hack", "tool.sh"), "kustomize").Output()
	if err != nil {
		return nil, err
	}
	var said bytes.Buffer
	build := exec.Command(strings.TrimSpace(string(kustomize)), "build", filepath.Join(root, folder))
	build.Stderr = &said
	out, err := build.Output()
	if err != nil {
		return nil, errors.Join(err, errors.New(said.String()))
	}
	return objects(out)
}

func mustBuild(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	all, err := built(folder)
	if err != nil {
		t.Fatalf("kustomize build %s: %v", folder, err)
	}
	return all
}

// objects of a stream of YAML documents.
func objects(text []byte) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	stream := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		object := &unstructured.Unstructured{}
		switch err := stream.Decode(object); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		case len(object.Object) > 0:
			all = append(all, object)
		}
	}
}

// typed turns an object of a manifest into its type, and refuses fields that the type does not have.
func typed[T any](t *testing.T, object *unstructured.Unstructured) *T {
	t.Helper()
	into := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, into, true); err != nil {
		t.Fatalf("%s %s: %v", object.GetKind(), object.GetName(), err)
	}
	return into
}

// clientFor gives a client that acts as a user with the groups that every authenticated user has; "" is the
// administrator.
func clientFor(t *testing.T, user string) client.Client {
	t.Helper()
	config := plane.Config()
	if user != "" {
		config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	}
	c, err := newClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newClient(config *rest.Config) (client.Client, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return client.New(config, client.Options{Scheme: scheme})
}

func apply(ctx context.Context, c client.Client, object *unstructured.Unstructured, options ...client.ApplyOption) error {
	return c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object.DeepCopy()), append(options, fieldTest, client.ForceOwnership)...)
}

// refusedByPolicy tells a refusal by config/policy from one by RBAC.
func refusedByPolicy(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'keylease-")
}

// refusedByRBAC tells a refusal by RBAC from one by a policy.
func refusedByRBAC(err error) bool {
	return apierrors.IsForbidden(err) && !strings.Contains(err.Error(), "ValidatingAdmissionPolicy")
}

func lease(name string) *v1alpha1.AccessKeyLease {
	return &v1alpha1.AccessKeyLease{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: v1alpha1.AccessKeyLeaseSpec{
			SheetRef: v1alpha1.SheetReference{Name: "key-requests"}, AccessKeyID: strings.ToUpper(name),
			UserName: "svc-report", AccountID: "123456789012", EndDate: "2026-12-08",
		},
	}
}

func sheet(name string) *v1alpha1.AccessKeySheet {
	return &v1alpha1.AccessKeySheet{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: v1alpha1.AccessKeySheetSpec{
			SpreadsheetID: "1duJexample",
			Slack: v1alpha1.SlackAccess{
				TokenSecretRef: v1alpha1.SecretKeyReference{Name: "slack", Key: "token"}, Admins: []string{"C0SECURITY"},
			},
			AWS: v1alpha1.AWSAccess{AccountID: "123456789012"},
		},
	}
}

var names atomic.Int64

// newName makes a name that no object has, also when tests run several times: a key ID in lower case.
func newName() string { return fmt.Sprintf("akiatest%012d", names.Add(1)) }

// mustCreate makes an object as the administrator, for a test that changes it as somebody else.
func mustCreate[T client.Object](t *testing.T, object T) T {
	t.Helper()
	if err := clientFor(t, "").Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	return object
}

func need(t *testing.T, installed func() error) {
	t.Helper()
	if err := installed(); err != nil {
		t.Fatal(err)
	}
}
