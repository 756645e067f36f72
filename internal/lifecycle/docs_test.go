package lifecycle

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
)

// guardsPage is a table of docs/guards.md, its cells without backquotes.
func guardsPage(t *testing.T, heading string) [][]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "guards.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), heading)
	if !found {
		t.Fatalf("docs/guards.md has no %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var rows [][]string
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 4 || !strings.Contains(line, "`Test") {
			continue
		}
		for i := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), "`", "")
		}
		rows = append(rows, cells)
	}
	return rows
}

// source of the Go files of a room that match the pattern.
func source(t *testing.T, pattern string) string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	var all strings.Builder
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

func TestThePageListsTheGuardsInTheirOrder(t *testing.T) {
	var want, got []string
	for _, g := range guards {
		want = append(want, g.name)
	}
	code := source(t, "*.go")
	for _, row := range guardsPage(t, "# What stands") {
		guard, where, test := row[1], row[3], row[4]
		got = append(got, guard)
		if !regexp.MustCompile(`(?m)^(func|var) ` + where + `\b`).MatchString(code) {
			t.Errorf("%s is said to be in %s, which does not exist", guard, where)
		}
		if test != "TestTheGuard/"+guard {
			t.Errorf("%s is said to be tested by %s", guard, test)
		}
		// The cases of TestTheGuard are those of byGuard.
		if len(byGuard[guard]) == 0 {
			t.Errorf("%s does not exist", test)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/guards.md (-code +page):\n%s", diff)
	}
}

func TestThePageListsWhatStaysWhenAKeyGoes(t *testing.T) {
	code, tests := source(t, "../teardown/[a-z]*.go"), source(t, "../teardown/*_test.go")
	var got []string
	for _, row := range guardsPage(t, "\n## What stays") {
		reason, where := row[0], row[2]
		got = append(got, reason)
		test, sub, _ := strings.Cut(row[3], "/")
		if !strings.Contains(code, "func "+where+"(") {
			t.Errorf("%s is said to be in %s, which does not exist", reason, where)
		}
		if !strings.Contains(tests, "func "+test+"(") || !strings.Contains(tests, `"`+strings.ReplaceAll(sub, "_", " ")+`"`) {
			t.Errorf("%s is said to be tested by %s, which does not exist", reason, row[3])
		}
	}
	want := []string{v1alpha1.RetainedIdentityNotPinned, v1alpha1.RetainedOutsidePath, v1alpha1.RetainedOtherKeys, v1alpha1.RetainedConsoleUser,
		v1alpha1.RetainedPolicyNameMismatch, v1alpha1.RetainedPolicyChanged, v1alpha1.RetainedAttachedElsewhere, v1alpha1.RetainedUsedAsBoundary,
		v1alpha1.RetainedUserNotFound}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/guards.md (-code +page):\n%s", diff)
	}
}

// A function that the page names must be where the list has it.
func TestThePageNamesThePropertyThatStatesThemAgain(t *testing.T) {
	if !strings.Contains(source(t, "*_test.go"), "func TestNothingIsDestroyedThatAGuardForbids(") {
		t.Error("TestNothingIsDestroyedThatAGuardForbids does not exist")
	}
}
