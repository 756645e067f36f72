package manifests_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keylease/keylease/test/controlplane"
)

// iamPolicy is what the files of config/aws hold of a policy document.
type iamPolicy struct {
	Version   string
	Statement []struct {
		Sid, Effect      string
		Action, Resource oneOrMore
		Principal        map[string]string
		Condition        map[string]map[string]string
	}
}

// oneOrMore is a text or a list of texts.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	if text[0] == '[' {
		return json.Unmarshal(text, (*[]string)(o))
	}
	*o = []string{""}
	return json.Unmarshal(text, &(*o)[0])
}

func TestThePolicyGrantsExactlyTheCallsThatAreMade(t *testing.T) {
	called := iamCalls(t)
	if !slices.Contains(called, "iam:DeleteUser") || !slices.Contains(called, "iam:ListUsers") {
		t.Fatalf("calls found in the source: %v: the search is wrong", called)
	}
	var granted []string
	for _, s := range policyFile(t, "policy.json").Statement {
		if s.Effect == "Allow" {
			granted = append(granted, s.Action...)
		}
	}
	slices.Sort(granted)
	for _, action := range called {
		if !slices.Contains(granted, action) {
			t.Errorf("internal/awsiam calls %s, which config/aws/policy.json does not grant", action)
		}
	}
	for i, action := range granted {
		if !slices.Contains(called, action) {
			t.Errorf("config/aws/policy.json grants %s, which internal/awsiam never calls", action)
		}
		if i > 0 && granted[i-1] == action {
			t.Errorf("%s is granted twice: the wider statement would win", action)
		}
	}
}

func TestChangesAreGrantedForThePathAlone(t *testing.T) {
	for _, s := range policyFile(t, "policy.json").Statement {
		if s.Effect != "Allow" || !slices.ContainsFunc(s.Action, changes) {
			continue
		}
		for _, resource := range s.Resource {
			switch {
			// IAM checks these two against the group and the device, not against the user.
			case slices.Equal(s.Action, []string{"iam:DeleteVirtualMFADevice", "iam:RemoveUserFromGroup"}):
			case !strings.HasSuffix(resource, ":user/keys/*") && !strings.HasSuffix(resource, ":policy/keys/*"):
				t.Errorf("%s: %s may be changed", s.Sid, resource)
			}
		}
		for _, action := range s.Action {
			for _, word := range []string{"Create", "Put", "Attach", "Add", "*"} {
				if strings.Contains(action, word) {
					t.Errorf("%s grants %s", s.Sid, action)
				}
			}
		}
	}
}

func TestEveryChangeOfTheProtectedIsDenied(t *testing.T) {
	for _, s := range policyFile(t, "policy.json").Statement {
		if s.Effect != "Deny" {
			continue
		}
		if got := s.Condition["StringEquals"]["aws:ResourceTag/keylease.dev/protected"]; got != "true" {
			t.Errorf("the denial is for the value %q of the tag", got)
		}
		for _, action := range iamCalls(t) {
			// The group that is left has no such tag.
			if changes(action) && action != "iam:RemoveUserFromGroup" && !slices.Contains(s.Action, action) {
				t.Errorf("%s is not denied for the protected", action)
			}
		}
		return
	}
	t.Error("config/aws/policy.json denies nothing")
}

func TestTheRoleTrustsOneSheetOnly(t *testing.T) {
	statements := policyFile(t, "trust-policy.json").Statement
	var trusted []string
	for _, s := range statements {
		trusted = append(trusted, s.Action...)
		if s.Effect != "Allow" || s.Principal["AWS"] != statements[0].Principal["AWS"] {
			t.Errorf("%s: %s %v", s.Sid, s.Effect, s.Principal)
		}
		if s.Principal["AWS"] == "" || strings.Contains(s.Principal["AWS"], "*") || strings.HasSuffix(s.Principal["AWS"], ":root") {
			t.Errorf("%s trusts %q, want one role", s.Sid, s.Principal["AWS"])
		}
		if got := s.Condition["StringEquals"]["sts:ExternalId"]; slices.Contains(s.Action, "sts:AssumeRole") && got != namespace+"/key-requests" {
			t.Errorf("external ID %q, want <namespace>/<sheet name> of the first sample", got)
		}
	}
	if !slices.Equal(trusted, becoming) {
		t.Errorf("it trusts with %v, want %v", trusted, becoming)
	}
}

// becoming a role takes both where the session that does it has transitive tags, as those of EKS Pod Identity have: AWS
// carries them over, and asks whether that is allowed.
var becoming = []string{"sts:AssumeRole", "sts:TagSession"}

func TestTheOperatorMayAssumeWhatIsNamed(t *testing.T) {
	for _, s := range policyFile(t, "operator-policy.json").Statement {
		if !slices.Equal(s.Action, becoming) {
			t.Errorf("%s: %v, want %v", s.Sid, s.Action, becoming)
		}
		if slices.Contains(s.Resource, "*") {
			t.Errorf("%s: every role that trusts the operator", s.Sid)
		}
	}
}

func changes(action string) bool {
	return !strings.HasPrefix(action, "iam:Get") && !strings.HasPrefix(action, "iam:List")
}

func policyFile(t *testing.T, name string) iamPolicy {
	t.Helper()
	var policy iamPolicy
	if err := json.Unmarshal(file(t, "config", "aws", name), &policy); err != nil {
		t.Fatalf("config/aws/%s: %v", name, err)
	}
	if policy.Version != "2012-10-17" || len(policy.Statement) == 0 {
		t.Fatalf("config/aws/%s is no policy: version %q, %d statements", name, policy.Version, len(policy.Statement))
	}
	return policy
}

// iamCalls are the IAM actions that the operator calls: all of internal/awsiam but what `keylease restore` creates with a
// person's own credentials.
func iamCalls(t *testing.T) []string {
	t.Helper()
	made := iamCallsOf(t, makerFile)
	return slices.DeleteFunc(iamCallsOf(t, "internal/awsiam"), func(action string) bool { return slices.Contains(made, action) })
}

const makerFile = "internal/awsiam/maker.go"

func TestTheOperatorsPolicyGrantsNothingThatRestoreCreates(t *testing.T) {
	made := iamCallsOf(t, makerFile)
	if !slices.Contains(made, "iam:CreateUser") {
		t.Fatalf("calls found in %s: %v: the search is wrong", makerFile, made)
	}
	for _, s := range policyFile(t, "policy.json").Statement {
		for _, action := range s.Action {
			if s.Effect == "Allow" && slices.Contains(made, action) {
				t.Errorf("%s grants %s, which only a person may do", s.Sid, action)
			}
		}
	}
	// The operator must not even hold the code to call it with.
	inspect(t, "internal/operator", func(node ast.Node) { noMaker(t, node) })
	inspect(t, "controllers", func(node ast.Node) { noMaker(t, node) })
}

func noMaker(t *testing.T, node ast.Node) {
	if selector, ok := node.(*ast.SelectorExpr); ok && selector.Sel.Name == "Maker" {
		t.Error("the operator uses awsiam.Maker, which is for keylease restore alone")
	}
}

// iamCallsOf a folder or file are the IAM actions that it calls: the SDK has one type <Action>Input for each.
func iamCallsOf(t *testing.T, path string) []string {
	t.Helper()
	var calls []string
	inspect(t, path, func(node ast.Node) {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return
		}
		from, ok := selector.X.(*ast.Ident)
		if action, input := strings.CutSuffix(selector.Sel.Name, "Input"); ok && from.Name == "iam" && input {
			calls = append(calls, "iam:"+action)
		}
	})
	slices.Sort(calls)
	return slices.Compact(calls)
}

// inspect walks through the source of a package, without its tests.
func inspect(t *testing.T, folder string, visit func(ast.Node)) {
	t.Helper()
	root, err := controlplane.Root()
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(source, func(node ast.Node) bool {
			visit(node)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
