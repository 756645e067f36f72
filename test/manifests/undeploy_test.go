package manifests_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/controlplane"
)

// deletedBy gives what a target of the Makefile hands to kubectl for deletion; the Namespace is never among it.
func deletedBy(t *testing.T, target string) map[string]any {
	t.Helper()
	root, err := controlplane.Root()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	seen := filepath.Join(folder, "seen.yaml")
	kubectl := "#!/bin/sh\n[ \"$1\" = delete ] || exit 1\n{ echo ---; cat; } >>'" + seen + "'\n"
	if err := os.WriteFile(filepath.Join(folder, "kubectl"), []byte(kubectl), 0o700); err != nil {
		t.Fatal(err)
	}
	run := exec.Command("make", "-C", root, target)
	run.Env = append(os.Environ(), "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", target, err, out)
	}
	text, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	all, err := objects(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range all {
		if object.GetKind() == "Namespace" {
			t.Errorf("the namespace %s goes, and with it every Secret in it", object.GetName())
		}
	}
	return byName(t, all)
}

// Leases are the evidence of what was deleted and why, and the snapshots are all that is left of a user: taking the
// operator away is no wish to lose them.
func TestUndeployLeavesTheNamespaceAndTheKinds(t *testing.T) {
	want := byName(t, mustBuild(t, "config/default"))
	for name := range want {
		if strings.HasPrefix(name, "CustomResourceDefinition ") {
			delete(want, name)
		}
	}
	if diff := cmp.Diff(want, deletedBy(t, "undeploy")); diff != "" {
		t.Errorf("(-config/default without the kinds +what goes):\n%s", diff)
	}
}
