package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// workshop builds one mutant. The checkout stays as it is.
type workshop struct {
	root string
	// dir has the changed files, the overlay that names them, and the test binaries.
	dir string
}

// moduleRoot is the folder of go.mod.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// open writes the mutant's overlay into a new folder; close removes it.
func open(root string, m mutant) (w *workshop, err error) {
	changed, err := m.apply(root)
	if err != nil {
		return nil, err
	}
	w = &workshop{root: root}
	if w.dir, err = os.MkdirTemp("", "mutant-"); err != nil {
		return nil, err
	}
	replace := map[string]string{}
	for file, text := range changed {
		copied := filepath.Join(w.dir, fmt.Sprintf("%d-%s", len(replace), filepath.Base(file)))
		if err := os.WriteFile(copied, text, 0o600); err != nil {
			return nil, err
		}
		replace[filepath.Join(root, file)] = copied
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	return w, os.WriteFile(w.overlay(), overlay, 0o600)
}

func (w *workshop) close() { _ = os.RemoveAll(w.dir) }

func (w *workshop) overlay() string { return filepath.Join(w.dir, "overlay.json") }

// build compiles packages.
func (w *workshop) build(ctx context.Context, packages ...string) error {
	return w.run(ctx, append([]string{"build", "-overlay", w.overlay()}, packages...)...)
}

// buildTests makes the test binary of a package.
func (w *workshop) buildTests(ctx context.Context, pkg string) (binary string, err error) {
	binary = filepath.Join(w.dir, strings.ReplaceAll(strings.Trim(pkg, "./"), "/", "-")+".test")
	return binary, w.run(ctx, "test", "-c", "-overlay", w.overlay(), "-o", binary, pkg)
}

// quiet are the flags with which a package's tests leave no files in the checkout.
func (w *workshop) quiet(ctx context.Context, pkg string) []string {
	cmd := exec.CommandContext(ctx, "go", "list", "-f", "{{.TestImports}} {{.XTestImports}}", pkg)
	cmd.Dir = w.root
	if out, err := cmd.Output(); err == nil && bytes.Contains(out, []byte("pgregory.net/rapid")) {
		return []string{"-rapid.nofailfile"}
	}
	return nil
}

func (w *workshop) run(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = w.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", args[0], err, out)
	}
	return nil
}
