// Command chart renders a Helm chart as `helm template` does, with Helm's own engine and nothing else of Helm.
//
//	chart FOLDER [VALUES.yaml]
//
// It prints the CustomResourceDefinitions of crds/ and then the templates' documents, in the order of their files. The
// release is called keylease, in the namespace keylease; NAMESPACE names another.
package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return fmt.Errorf("call it as: chart FOLDER [VALUES.yaml]")
	}
	chart, err := loader.Load(args[0])
	if err != nil {
		return err
	}
	given := chartutil.Values{}
	if len(args) == 2 {
		if given, err = chartutil.ReadValuesFile(args[1]); err != nil {
			return err
		}
	}
	release := chartutil.ReleaseOptions{Name: "keylease", Namespace: "keylease", IsInstall: true, Revision: 1}
	if other := os.Getenv("NAMESPACE"); other != "" {
		release.Namespace = other
	}
	// ToRenderValues checks the values against values.schema.json.
	values, err := chartutil.ToRenderValues(chart, given, release, nil)
	if err != nil {
		return err
	}
	rendered, err := engine.Engine{Strict: true}.Render(chart, values)
	if err != nil {
		return err
	}
	for _, crd := range chart.CRDObjects() {
		fmt.Printf("---\n%s\n", crd.File.Data)
	}
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		if text := strings.TrimSpace(rendered[name]); text != "" && !strings.HasSuffix(name, "NOTES.txt") {
			fmt.Printf("---\n# Source: %s\n%s\n", name, text)
		}
	}
	return nil
}
