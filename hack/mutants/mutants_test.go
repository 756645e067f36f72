package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func listed(t *testing.T) (root string, mutants []mutant) {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	if mutants, err = loadMutants(); err != nil {
		t.Fatal(err)
	}
	return root, mutants
}

// The list is used rarely, and the code changes often.
func TestEveryMutantFitsTheCodeAsItIs(t *testing.T) {
	root, mutants := listed(t)
	for _, m := range mutants {
		if _, err := m.apply(root); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryMutantHasANameOfItsOwnAndTests(t *testing.T) {
	root, mutants := listed(t)
	names := map[string]bool{}
	for _, m := range mutants {
		if m.Name == "" || strings.Contains(m.Name, "|") || names[m.Name] {
			t.Errorf("%s: the name %q is missing, twice there, or has a sign of the table", m.room, m.Name)
		}
		names[m.Name] = true
		if len(m.Tests) == 0 {
			t.Errorf("%s: no tests", m.Name)
		}
		for _, test := range m.Tests {
			pkg, _, _ := strings.Cut(test, " ")
			if _, err := os.Stat(filepath.Join(root, pkg)); err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
		}
	}
}

func TestAMutantWhoseTextOccursTwiceOrNeverIsRefused(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.go"), []byte("x := 1\nx = 1\ny := 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for old, fits := range map[string]bool{"x": false, "z": false, "y := 2": true} {
		m := mutant{Name: old, edit: edit{File: "a.go", Old: old, New: "w"}}
		if _, err := m.apply(root); (err == nil) != fits {
			t.Errorf("%q: %v", old, err)
		}
	}
}

func TestWhatFailedIsNamed(t *testing.T) {
	for want, out := range map[string]string{
		"no key before its date":      "--- FAIL: TestSimulate (1.20s)\n    simulate_test.go:40: finding: no key before its date: seed 1, day 12\nFAIL\n",
		"TestGuards":                  "--- FAIL: TestGuards (0.00s)\n    --- FAIL: TestGuards/held (0.00s)\nFAIL\n",
		"TestLoop (does not end)":     "panic: test timed out after 1s\n\trunning tests:\n\t\tTestLoop (1s)\n",
		"panic: runtime error: index": "panic: runtime error: index\n\ngoroutine 1 [running]:\n",
		"":                            "controlplane: no kube-apiserver\n",
	} {
		if got := failing(out); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAStoppedRunGoesOn(t *testing.T) {
	table := filepath.Join(t.TempDir(), "new", "mutants.md")
	r, err := readResults(table)
	if err != nil {
		t.Fatal(err)
	}
	found, changed := mutant{Name: "found", edit: edit{Old: "a"}}, mutant{Name: "found", edit: edit{Old: "b"}}
	broken, ten := mutant{Name: "broken"}, look{Minutes: 10}
	for _, one := range []result{
		{Name: "found", Digest: found.digest(), look: ten, FoundBy: "TestA"},
		{Name: "broken", Digest: broken.digest(), look: ten, Error: "does not compile"},
	} {
		if err := r.add(one); err != nil {
			t.Fatal(err)
		}
	}
	if r, err = readResults(table); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.of(found, ten); !ok {
		t.Error("a result is not known after a restart")
	}
	for what, known := range map[string]func() (result, bool){
		"of another text":              func() (result, bool) { return r.of(changed, ten) },
		"of a look without some tests": func() (result, bool) { return r.of(found, look{Minutes: 10, Skip: "e2e"}) },
		"of a shorter look":            func() (result, bool) { return r.of(found, look{Minutes: 1}) },
		"of what did not happen":       func() (result, bool) { return r.of(broken, ten) },
	} {
		if _, ok := known(); ok {
			t.Error("a result counts " + what)
		}
	}
}

func TestTheTableEndsWithSumsAndSurvivors(t *testing.T) {
	got := tableOf([]result{
		{Name: "a", Room: "sheet", FoundBy: "TestA", Seconds: 1},
		{Name: "b", Room: "sheet", Seconds: 600},
		{Name: "c", Room: "pace", FoundBy: "no key early", Seconds: 240},
		{Name: "d", Room: "pace", FoundBy: "TestD", Seconds: 2},
	}, 5)
	want := `| mutant | room | found by | time |
|---|---|---|---|
| a | sheet | TestA | 1.0 s |
| b | sheet | **nothing** | 10 min |
| c | pace | no key early | 4 min |
| d | pace | TestD | 2.0 s |

4 of 5 mutants were looked for, 3 found: median 2.0 s, longest 4 min. 1 survived.

- b
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
