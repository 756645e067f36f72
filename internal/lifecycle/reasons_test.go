package lifecycle

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
)

// constants of api/v1alpha1/conditions.go whose names begin with a prefix.
func constants(t *testing.T, prefix string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "api", "v1alpha1", "conditions.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, prefix) {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
		return true
	})
	return out
}

func TestEveryReasonIsInTheTable(t *testing.T) {
	known := map[string]bool{}
	for _, reason := range constants(t, "Reason") {
		known[reason] = true
		_, ofLease := leaseReasons[reason]
		if _, ofSheet := sheetReasons[reason]; !ofLease && !ofSheet {
			t.Errorf("nothing is known of %s", reason)
		}
	}
	for _, table := range []map[string]ReasonFacts{leaseReasons, sheetReasons} {
		for reason := range table {
			if !known[reason] {
				t.Errorf("%s is no reason of api/v1alpha1", reason)
			}
		}
	}
}

func TestAReasonIsToldAsAKindOfNoticeOfItsOwn(t *testing.T) {
	by := map[string]string{}
	for reason, f := range leaseReasons {
		if f.Notice == "" {
			continue
		}
		if by[f.Notice] != "" {
			t.Errorf("%s and %s are both told as %s", reason, by[f.Notice], f.Notice)
		}
		by[f.Notice] = reason
		if NoticeSpeaksOf(f.Notice) != f.Condition {
			t.Errorf("a notice %s speaks of %q, its reason is that of %q", f.Notice, NoticeSpeaksOf(f.Notice), f.Condition)
		}
	}
	want := map[string]string{
		v1alpha1.NoticeProtected: v1alpha1.ConditionHeld, v1alpha1.NoticeRecentlyUsed: v1alpha1.ConditionHeld,
		v1alpha1.NoticeLastUseUnknown: v1alpha1.ConditionHeld, v1alpha1.NoticeFieldOwned: v1alpha1.ConditionHeld,
		v1alpha1.NoticeKeyStillExists: v1alpha1.ConditionKeyVerified, v1alpha1.NoticeStalled: v1alpha1.ConditionStalled,
		v1alpha1.NoticeRowGone: "", v1alpha1.NoticeExpiry: "", v1alpha1.NoticeDeactivated: "", v1alpha1.NoticeRevoked: "",
	}
	for kind, condition := range want {
		if got := NoticeSpeaksOf(kind); got != condition {
			t.Errorf("a notice %s speaks of %q, want %q", kind, got, condition)
		}
	}
}

func TestWhatAWSRefusedIsWhatPeopleMustFix(t *testing.T) {
	for _, g := range awsGuards {
		f := LeaseReason(g.reason)
		if f.Stalls == (f.Passes || f.guard != "") {
			t.Errorf("%s: it stalls: %v, it passes: %v, AWS holds for it: %v", g.reason, f.Stalls, f.Passes, f.guard != "")
		}
	}
}

// The tables of the README say of each reason what to do, in the words of this table.
func TestTheReadmeSaysWhatToDo(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Troubleshooting")
	section, _, _ = strings.Cut(section, "\n## ")
	lease, sheet, found := strings.Cut(section, "Those of a sheet:")
	if !found {
		t.Fatal("the README has no such section")
	}
	name := regexp.MustCompile("`([A-Z][A-Za-z]+)`")
	for _, table := range []struct {
		text  string
		facts map[string]ReasonFacts
	}{{lease, leaseReasons}, {sheet, sheetReasons}} {
		got, want := map[string]string{}, map[string]string{}
		for reason, f := range table.facts {
			if f.ToDo != "" {
				want[reason] = f.ToDo
			}
		}
		for line := range strings.Lines(table.text) {
			if cells := strings.Split(line, "|"); strings.HasPrefix(line, "| `") && len(cells) > 3 {
				for _, reason := range name.FindAllStringSubmatch(cells[1], -1) {
					got[reason[1]] = strings.ReplaceAll(strings.TrimSpace(cells[3]), "`", "")
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("README.md (-code +page):\n%s", diff)
		}
	}
}

// A literal code of our own could become a reason that is in no table.
func TestNoErrorOfOurOwnHasACodeThatIsNotInTheTable(t *testing.T) {
	for _, room := range []string{"../../controllers/*.go", "../../controllers/*/*.go", "../awsiam/*.go", "../teardown/*.go"} {
		paths, err := filepath.Glob(room)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			bare := func(e ast.Expr) {
				if literal, ok := e.(*ast.BasicLit); ok && literal.Value != `""` {
					t.Errorf("%s: the code %s is no constant of api/v1alpha1", files.Position(literal.Pos()), literal.Value)
				}
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.KeyValueExpr:
					if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
						bare(n.Value)
					}
				case *ast.FuncDecl:
					if n.Name.Name == "classify" {
						ast.Inspect(n, func(n ast.Node) bool {
							if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) == 3 {
								bare(r.Results[1])
							}
							return true
						})
					}
				}
				return true
			})
		}
	}
}
