// Package controlplane runs a real kube-apiserver and etcd on loopback for tests and
// for the laboratory. Server-side apply, CEL rules, selectable fields, conflicts and
// watches are the API server's own here, never a fake client's idea of them.
//
// One control plane serves all the tests of a package; each test works in a namespace
// of its own, so that tests need no order and may run side by side:
//
//	var plane *controlplane.ControlPlane
//
//	func TestMain(m *testing.M) {
//		os.Exit(controlplane.Main(m, controlplane.Options{CRDDirs: []string{controlplane.CRDs}}, &plane))
//	}
//
//	func TestALeaseWithoutAnOwnerIsRefused(t *testing.T) {
//		namespace := plane.Namespace(t)
//		…
//	}
//
// No controller of Kubernetes runs beside the API server: nothing is garbage
// collected, a deleted namespace stays Terminating, and a Deployment starts no Pod.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// CRDs is the folder of the project's generated CustomResourceDefinitions, for
// [Options.CRDDirs].
const CRDs = "config/crd/bases"

const (
	// startTimeout is for each of etcd and kube-apiserver. envtest's own 20 s are too
	// few where several packages' tests start at once on two busy cores.
	startTimeout = 2 * time.Minute
	stopTimeout  = time.Minute
)

// Options says what the control plane is started with. The zero value is a plain
// kube-apiserver without any CustomResourceDefinition.
type Options struct {
	// CRDDirs are folders of CustomResourceDefinitions to install. A relative one is
	// seen from the repository's root, whatever the working directory. A folder that
	// does not exist is an error.
	CRDDirs []string

	// APIServerArgs are flags of kube-apiserver without the leading dashes, each with
	// its values; they replace envtest's defaults for the same flag.
	APIServerArgs map[string][]string

	// Progress receives what hack/controlplane.sh has to say while it gets the
	// programs, which takes minutes on a new machine. nil means os.Stderr.
	Progress io.Writer
}

// ControlPlane is a running kube-apiserver with its etcd. It is safe for concurrent
// use until Stop.
type ControlPlane struct {
	env  *envtest.Environment
	once sync.Once
}

// running holds every control plane of this process, for Main to stop when the tests
// are interrupted: their programs run in process groups of their own and would
// otherwise stay for ever. starting is read-locked while one starts, because what is
// stopped halfway starts itself again.
var (
	running  sync.Map
	starting sync.RWMutex
)

// Start gets the programs if need be (see [Assets]), starts them on free loopback
// ports, installs the CustomResourceDefinitions and returns when the API server is
// ready. The caller calls Stop; the context limits only the start.
func Start(ctx context.Context, options Options) (*ControlPlane, error) {
	assets, err := Assets(ctx, options.Progress)
	if err != nil {
		return nil, err
	}
	crds, err := resolve(options.CRDDirs)
	if err != nil {
		return nil, err
	}

	env := &envtest.Environment{
		// Never a developer's own cluster, even where USE_EXISTING_CLUSTER is set.
		UseExistingCluster:       ptr.To(false),
		ControlPlaneStartTimeout: startTimeout,
		ControlPlaneStopTimeout:  stopTimeout,
		CRDInstallOptions:        envtest.CRDInstallOptions{Paths: crds, ErrorIfPathMissing: true},
	}
	said := &tail{}
	server := env.ControlPlane.GetAPIServer()
	server.Path, server.Err = filepath.Join(assets, apiServerProgram), said
	env.ControlPlane.Etcd = &envtest.Etcd{Path: filepath.Join(assets, etcdProgram)}
	for flag, values := range options.APIServerArgs {
		server.Configure().Set(flag, values...)
	}

	collectLess()
	plane := &ControlPlane{env: env}
	starting.RLock()
	defer starting.RUnlock()
	running.Store(plane, nil)
	if _, err := env.Start(); err != nil {
		err = fmt.Errorf("control plane: %w\nkube-apiserver's last words:\n%s", err, said)
		return nil, errors.Join(err, plane.Stop(), os.RemoveAll(server.CertDir)) // envtest leaves it
	}
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("control plane: interrupted while starting: %w", err), plane.Stop())
	}
	return plane, nil
}

// collectLess garbage in this process and in the programs that it starts: their heaps are small, and collecting them took a
// fifth of the tests' time. GOGC, where it is set, counts.
func collectLess() {
	const percent = 400
	if os.Getenv("GOGC") != "" {
		return
	}
	if err := os.Setenv("GOGC", strconv.Itoa(percent)); err == nil {
		debug.SetGCPercent(percent)
	}
}

// Config returns a new configuration of a cluster administrator (group
// system:masters) without client-side rate limits, which callers may change.
func (p *ControlPlane) Config() *rest.Config {
	return rest.CopyConfig(p.env.Config)
}

// User returns a configuration that authenticates as the named user in the groups
// given, for tests of what RBAC and admission policies let somebody do. The user has
// no rights but those that the test binds.
func (p *ControlPlane) User(name string, groups ...string) (*rest.Config, error) {
	user, err := p.env.AddUser(envtest.User{Name: name, Groups: groups}, nil)
	if err != nil {
		return nil, fmt.Errorf("control plane: user %q: %w", name, err)
	}
	return user.Config(), nil
}

// KubeConfig returns the administrator's kubeconfig file, for programs that are run
// against the control plane (kubectl, the operator as a black box).
func (p *ControlPlane) KubeConfig() []byte {
	return append([]byte(nil), p.env.KubeConfig...)
}

// WriteKubeConfig writes the administrator's kubeconfig to path, readable by the
// owner only: it holds a client key.
func (p *ControlPlane) WriteKubeConfig(path string) error {
	if err := os.WriteFile(path, p.env.KubeConfig, 0o600); err != nil {
		return fmt.Errorf("control plane: kubeconfig: %w", err)
	}
	return nil
}

// Version returns the API server's version, such as "v1.37.2".
func (p *ControlPlane) Version() (string, error) {
	client, err := discovery.NewDiscoveryClientForConfig(p.env.Config)
	if err != nil {
		return "", fmt.Errorf("control plane: %w", err)
	}
	info, err := client.ServerVersion()
	if err != nil {
		return "", fmt.Errorf("control plane: asking for the version: %w", err)
	}
	return info.GitVersion, nil
}

// Stop ends both programs, API server first, and removes their data. Calling it
// again does nothing.
func (p *ControlPlane) Stop() (err error) {
	if p == nil {
		return nil
	}
	p.once.Do(func() {
		running.Delete(p)
		if stop := p.env.Stop(); stop != nil {
			err = fmt.Errorf("control plane: stopping: %w", stop)
		}
	})
	return err
}
