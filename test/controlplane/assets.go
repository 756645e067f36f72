package controlplane

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

const (
	apiServerProgram = "kube-apiserver"
	etcdProgram      = "etcd"

	// modulePath tells the repository's own go.mod from those of its tools.
	modulePath = "github.com/keylease/keylease"
)

// Assets returns a folder that holds kube-apiserver and etcd: KUBEBUILDER_ASSETS
// where that holds them, otherwise what hack/controlplane.sh finds in its cache,
// downloads or builds. The script's progress goes to the writer, os.Stderr if nil.
func Assets(ctx context.Context, progress io.Writer) (string, error) {
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" && holds(dir, apiServerProgram, etcdProgram) {
		return dir, nil
	}
	return script(ctx, progress)
}

func script(ctx context.Context, progress io.Writer) (string, error) {
	root, err := Root()
	if err != nil {
		return "", fmt.Errorf("control plane: no KUBEBUILDER_ASSETS, and %w", err)
	}
	if progress == nil {
		progress = os.Stderr
	}
	path := filepath.Join(root, "hack", "controlplane.sh")
	command := exec.CommandContext(ctx, path)
	command.Stderr = progress
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("control plane: %s: %w (or set KUBEBUILDER_ASSETS to a folder with kube-apiserver and etcd)", path, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Root returns the repository's root folder, found by walking up from the working
// directory to the module's go.mod; an error outside of a checkout.
func Root() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module "+modulePath+"\n")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside a checkout of %s", start, modulePath)
		}
	}
}

// resolve makes folders absolute, as seen from the repository's root, and refuses
// those that aren't there before anything is started.
func resolve(dirs []string) ([]string, error) {
	var out []string
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) {
			root, err := Root()
			if err != nil {
				return nil, fmt.Errorf("control plane: CRD folder %q: %w", dir, err)
			}
			dir = filepath.Join(root, dir)
		}
		if _, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("control plane: CRD folder (make manifests writes the project's own): %w", err)
		}
		out = append(out, dir)
	}
	return out, nil
}

func holds(dir string, programs ...string) bool {
	for _, program := range programs {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return false
		}
	}
	return true
}

// tail keeps the end of what a program says, for the error when it does not start:
// envtest reports only that it timed out.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

const tailBytes = 4 << 10

// Write implements io.Writer; it never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if excess := len(t.kept) - tailBytes; excess > 0 {
		t.kept = append(t.kept[:0], t.kept[excess:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
