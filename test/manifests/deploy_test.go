package manifests_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/keylease/keylease/test/controlplane"
)

// What make deploy hands to kubectl, by a kubectl that gives it back.
func TestDeployUsesTheImageThatIsNamed(t *testing.T) {
	root, err := controlplane.Root()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "kubectl"), []byte("#!/bin/sh\nexec cat\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	const digest = "@sha256:3f8a1b2c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8"
	for image, want := range map[string]string{
		"ghcr.io/keylease/keylease:v1.0.0":       "",
		"registry:5000/keylease:v1.0.0":          "",
		"registry:5000/team/keylease":            "registry:5000/team/keylease:latest",
		"keylease":                               "keylease:latest",
		"ghcr.io/keylease/keylease" + digest:     "",
		"registry:5000/keylease" + digest:        "",
		"registry:5000/keylease:v1.0.0" + digest: "",
	} {
		t.Run(image, func(t *testing.T) {
			if want == "" {
				want = image
			}
			var said bytes.Buffer
			deploy := exec.CommandContext(t.Context(), filepath.Join(root, "hack", "deploy.sh"))
			deploy.Env = append(os.Environ(), "IMG="+image, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			deploy.Stderr = &said
			out, err := deploy.Output()
			if err != nil {
				t.Fatalf("%v: %s", err, said.String())
			}
			all, err := objects(out)
			if err != nil {
				t.Fatal(err)
			}
			for _, object := range all {
				if object.GetKind() != "Deployment" {
					continue
				}
				if got := typed[appsv1.Deployment](t, object).Spec.Template.Spec.Containers[0].Image; got != want {
					t.Errorf("the image is %s, want %s", got, want)
				}
				return
			}
			t.Error("nothing was deployed")
		})
	}
}
