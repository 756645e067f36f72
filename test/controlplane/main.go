package controlplane

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Runner is the part of *testing.M that Main needs; the interface keeps package
// testing out of the laboratory, which imports this package too.
type Runner interface {
	Run() int
}

// TB is the part of testing.TB that Namespace needs.
type TB interface {
	Helper()
	Name() string
	Context() context.Context
	Fatalf(format string, args ...any)
}

// Main is the body of a package's TestMain: it starts one control plane, hands it to
// the tests through plane, runs them, and stops it. Interrupted, it stops also those
// that tests have started for themselves. It returns the exit code.
func Main(m Runner, options Options, plane **ControlPlane) int {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()

	started, err := Start(ctx, options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	*plane = started

	done := make(chan int, 1)
	go func() { done <- m.Run() }()
	select {
	case code := <-done:
		if err := started.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	case <-ctx.Done():
		fmt.Fprintln(os.Stderr, "control plane: interrupted, stopping")
		stopAll()
		return 1
	}
}

// stopAll lets what is starting start, and nothing else after it: the lock is kept
// until the process ends.
func stopAll() {
	starting.Lock()
	running.Range(func(plane, _ any) bool {
		if err := plane.(*ControlPlane).Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		return true
	})
}

// Namespace creates a namespace for the test and returns its name. It is never
// deleted: without Kubernetes' controllers it could not go, and it ends with the
// control plane.
func (p *ControlPlane) Namespace(t TB) string {
	t.Helper()
	client, err := kubernetes.NewForConfig(p.Config())
	if err != nil {
		t.Fatalf("control plane: %v", err)
	}
	namespace, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: "test-",
			Annotations:  map[string]string{"keylease.dev/test": t.Name()},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("control plane: namespace for %s: %v", t.Name(), err)
	}
	return namespace.Name
}
