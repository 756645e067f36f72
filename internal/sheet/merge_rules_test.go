package sheet_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var ruleName = regexp.MustCompile(`\b[DMTSFRXW]-[a-z]+(?:-[a-z]+)*\b`)

// rulesIn the files of a pattern that ok takes.
func rulesIn(t *testing.T, pattern string, ok func(name string) bool) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	found := map[string]bool{}
	for _, name := range files {
		if !ok(name) {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range ruleName.FindAllString(string(source), -1) {
			found[rule] = true
		}
	}
	return found
}

// TestEveryRuleOfTheTableIsCarriedOutAndTested compares the package comment with the code and the tests, which name the
// rules: one that is in one place only is either not carried out or not written down.
func TestEveryRuleOfTheTableIsCarriedOutAndTested(t *testing.T) {
	const table = "merge_doc.go"
	isTest := func(name string) bool { return strings.HasSuffix(name, "_test.go") }
	written := rulesIn(t, table, func(string) bool { return true })
	for place, rules := range map[string]map[string]bool{
		"the code":  rulesIn(t, "merge*.go", func(name string) bool { return name != table && !isTest(name) }),
		"the tests": rulesIn(t, "merge*_test.go", isTest),
	} {
		for _, rule := range slices.Sorted(maps.Keys(written)) {
			if !rules[rule] {
				t.Errorf("rule %s of the package comment is nowhere in %s", rule, place)
			}
		}
		for _, rule := range slices.Sorted(maps.Keys(rules)) {
			if !written[rule] {
				t.Errorf("%s has a rule %s, which is not in the package comment", place, rule)
			}
		}
	}
}
