package controlplane_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/keylease/keylease/test/controlplane"
)

var plane *controlplane.ControlPlane

func TestMain(m *testing.M) {
	os.Exit(controlplane.Main(m, controlplane.Options{
		APIServerArgs: map[string][]string{"event-ttl": {"2h"}},
	}, &plane))
}

func TestTheServerReportsAReleasedVersion(t *testing.T) {
	t.Parallel()
	version, err := plane.Version()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(version, "v1.37.") {
		t.Errorf("version %q: clients that compare versions need the real one, want v1.37.x", version)
	}
}

func TestEveryTestGetsANamespaceOfItsOwn(t *testing.T) {
	t.Parallel()
	first, second := plane.Namespace(t), plane.Namespace(t)
	if first == second {
		t.Fatalf("both are %q", first)
	}
	if _, err := clientFor(t, plane.Config()).CoreV1().Namespaces().Get(t.Context(), first, metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}

func TestTheKubeconfigFileReachesTheServerAndIsPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := plane.WriteKubeConfig(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %o, want 600: the file holds a client key", mode)
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := clientFor(t, config).CoreV1().Namespaces().Get(t.Context(), "default", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}

func TestAUserHasNoRightsButThoseGiven(t *testing.T) {
	t.Parallel()
	config, err := plane.User("hanako", "staff")
	if err != nil {
		t.Fatal(err)
	}
	_, err = clientFor(t, config).CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("listing Secrets as a plain user: %v, want Forbidden", err)
	}
}

func TestAMissingCRDFolderIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	started, err := controlplane.Start(t.Context(), controlplane.Options{CRDDirs: []string{"config/no-such-folder"}})
	if err == nil {
		t.Fatal(errors.Join(errors.New("started without its CRDs"), started.Stop()))
	}
	if !strings.Contains(err.Error(), "config/no-such-folder") {
		t.Errorf("error %q does not name the folder", err)
	}
}

func TestAServerThatDoesNotStartSaysWhy(t *testing.T) {
	t.Parallel()
	started, err := controlplane.Start(t.Context(), controlplane.Options{
		APIServerArgs: map[string][]string{"no-such-flag": {"1"}},
	})
	if err == nil {
		t.Fatal(errors.Join(errors.New("started with an unknown flag"), started.Stop()))
	}
	if !strings.Contains(err.Error(), "unknown flag: --no-such-flag") {
		t.Errorf("error %q does not hold the server's own words", err)
	}
}

func TestStoppingTwiceIsHarmless(t *testing.T) {
	t.Parallel()
	second, err := controlplane.Start(context.Background(), controlplane.Options{})
	if err != nil {
		t.Fatal(err)
	}
	config := second.Config()
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := second.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	if _, err := clientFor(t, config).Discovery().ServerVersion(); err == nil {
		t.Error("the server still answers after Stop")
	}
}

func clientFor(t *testing.T, config *rest.Config) *kubernetes.Clientset {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
