package manifests_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/keylease/keylease/test/controlplane"
)

// pages are the documents for people: what they name has to exist.
func pages(t *testing.T) map[string]string {
	t.Helper()
	root, err := controlplane.Root()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "config/*/*.md", "charts/*/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			name, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			found[name] = string(file(t, name))
		}
	}
	if len(found) < 2 {
		t.Fatalf("pages found: %d", len(found))
	}
	return found
}

func TestThePagesNameOnlyAnnotationsAndLabelsThatExist(t *testing.T) {
	known := append(literals(t, "api/v1alpha1", "iam.keylease.dev/"), "iam.keylease.dev/v1alpha1")
	named := regexp.MustCompile(`iam\.keylease\.dev/[a-z0-9-]*[a-z0-9]`)
	for page, text := range pages(t) {
		for _, name := range named.FindAllString(text, -1) {
			if !slices.Contains(known, name) {
				t.Errorf("%s names %s, which is not in api/v1alpha1", page, name)
			}
		}
	}
}

func TestPagesAndAlertsNameOnlyMetricsThatExist(t *testing.T) {
	known := literals(t, "internal/metrics", "keylease_")
	named := regexp.MustCompile(`keylease_[a-z_]+[a-z]`)
	texts := pages(t)
	texts["config/prometheus/rules.yaml"] = string(file(t, "config", "prometheus", "rules.yaml"))
	for page, text := range texts {
		for _, name := range named.FindAllString(text, -1) {
			if !slices.Contains(known, name) {
				t.Errorf("%s names %s, which is not in internal/metrics", page, name)
			}
		}
	}
}

func TestOperationsListsEveryMetric(t *testing.T) {
	text := string(file(t, "docs", "operations.md"))
	for _, name := range literals(t, "internal/metrics", "keylease_") {
		if !strings.Contains(text, "`"+name) {
			t.Errorf("docs/operations.md does not list %s", name)
		}
	}
}

// The tables of troubleshooting begin each line with reasons: | `Reason` | … |
func TestTheTroubleshootingNamesOnlyReasonsThatExist(t *testing.T) {
	known := usedConstants(t)
	reason := regexp.MustCompile("`([A-Z][A-Za-z]+)`")
	for page, heading := range map[string]string{"README.md": "\n## Troubleshooting", "README.ja.md": "\n## 困ったときは"} {
		_, section, found := strings.Cut(string(file(t, page)), heading)
		if !found {
			t.Errorf("%s has no %q", page, strings.TrimSpace(heading))
		}
		section, _, _ = strings.Cut(section, "\n## ")
		rows := 0
		for line := range strings.Lines(section) {
			if !strings.HasPrefix(line, "| `") {
				continue
			}
			rows++
			for _, match := range reason.FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
				if !slices.Contains(known, match[1]) {
					t.Errorf("%s explains the reason %s, which no condition has", page, match[1])
				}
			}
		}
		if rows == 0 {
			t.Errorf("%s explains no reason", page)
		}
	}
}

func TestTheLinksBetweenPagesLeadSomewhere(t *testing.T) {
	root, err := controlplane.Root()
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for page, text := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(page), match[1])); err != nil {
				t.Errorf("%s leads to %s, which is not there", page, match[1])
			}
		}
	}
}

func TestThePagesNameOnlyMakeTargetsThatExist(t *testing.T) {
	makefile := string(file(t, "Makefile"))
	named := regexp.MustCompile("(?m)(?:^    |^|`)make ([a-z-]+)")
	for page, text := range pages(t) {
		for _, match := range named.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n"+match[1]+":") {
				t.Errorf("%s says make %s, which the Makefile does not have", page, match[1])
			}
		}
	}
}

// usedConstants are the texts of the API's constants that the program uses: a reason that nothing gives needs no remedy.
func usedConstants(t *testing.T) []string {
	t.Helper()
	used := map[string]bool{}
	for _, folder := range []string{"controllers", "internal"} {
		inspect(t, folder, func(node ast.Node) {
			if selector, ok := node.(*ast.SelectorExpr); ok {
				if from, ok := selector.X.(*ast.Ident); ok && from.Name == "v1alpha1" {
					used[selector.Sel.Name] = true
				}
			}
		})
	}
	var texts []string
	inspect(t, "api/v1alpha1", func(node ast.Node) {
		constant, ok := node.(*ast.ValueSpec)
		if !ok || len(constant.Values) != 1 || !used[constant.Names[0].Name] {
			return
		}
		if literal, ok := constant.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
	})
	return texts
}

// literals of a package's source that begin with a prefix; templates and generated code aside.
func literals(t *testing.T, folder, prefix string) []string {
	t.Helper()
	var found []string
	inspect(t, folder, func(node ast.Node) {
		literal, ok := node.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return
		}
		if text, err := strconv.Unquote(literal.Value); err == nil && strings.HasPrefix(text, prefix) && text != prefix {
			found = append(found, text)
		}
	})
	if len(found) == 0 {
		t.Fatalf("%s holds no text that begins with %q", folder, prefix)
	}
	return found
}

// reserved fields are read by nothing yet: the sample leaves them out.
var reserved = []string{"appTokenSecretRef"}

func TestTheSecondSampleShowsEveryFieldThatIsInUse(t *testing.T) {
	sample := string(file(t, "config", "samples", "accesskeysheet_enforce.yaml"))
	definition, err := objects(file(t, "config", "crd", "bases", "iam.keylease.dev_accesskeysheets.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	crd := typed[apiextensionsv1.CustomResourceDefinition](t, definition[0])
	spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	var seen int
	var walk func(schema apiextensionsv1.JSONSchemaProps)
	walk = func(schema apiextensionsv1.JSONSchemaProps) {
		for name, field := range schema.Properties {
			if slices.Contains(reserved, name) {
				continue
			}
			if seen++; !regexp.MustCompile(`\b` + name + `:`).MatchString(sample) {
				t.Errorf("the sample lacks %s", name)
			}
			walk(field)
		}
	}
	walk(spec)
	if seen < 40 {
		t.Errorf("%d fields found: the search is wrong", seen)
	}
}
