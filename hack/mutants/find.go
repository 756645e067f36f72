package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// look says how a mutant is looked for.
type look struct {
	// Minutes that the simulation gets; 0: it is left out.
	Minutes int `json:"minutes"`
	// Skip is a regular expression: the tests of mutants that are left out; empty: none are.
	Skip string `json:"skip,omitempty"`
}

// finder looks for one mutant after the other.
type finder struct {
	look
	root string
	// simulation is its package and the arguments of its test binary, in which MINUTES stands for the minutes.
	simulation string
}

// testTimeout is how long the tests of one package may take. A mutant that never ends is found by that.
const testTimeout = 10 * time.Minute

// find runs the simulation, and then the mutant's own tests.
func (f finder) find(ctx context.Context, m mutant) (result, error) {
	r := result{Name: m.Name, Room: m.room, Digest: m.digest(), look: f.look}
	skip, err := regexp.Compile(f.Skip)
	if err != nil {
		return r, fmt.Errorf("-skip: %w", err)
	}
	w, err := open(f.root, m)
	if err != nil {
		return r, err
	}
	defer w.close()
	if f.Minutes > 0 {
		pkg, args, _ := strings.Cut(f.simulation, " ")
		limit := time.Duration(f.Minutes)*time.Minute + time.Minute
		arguments := strings.Fields(strings.ReplaceAll(args, "MINUTES", fmt.Sprint(f.Minutes)))
		if r.FoundBy, r.Seconds, err = w.findWith(ctx, pkg, limit, arguments); err != nil || r.FoundBy != "" {
			return r, err
		}
	}
	ran := f.Minutes > 0
	for _, test := range m.Tests {
		if f.Skip != "" && skip.MatchString(test) {
			continue
		}
		ran = true
		pkg, pattern, _ := strings.Cut(test, " ")
		found, seconds, err := w.findWith(ctx, pkg, testTimeout, append(w.quiet(ctx, pkg), "-test.failfast", "-test.run="+pattern))
		r.Seconds += seconds
		if err != nil || found != "" {
			r.FoundBy = found
			return r, err
		}
	}
	if !ran {
		return r, errors.New("nothing ran that could find it")
	}
	return r, nil
}

// findWith builds a package's test binary and runs it in the package's folder. found is the name of the invariant or
// test that fails; empty: none does. Building does not count as time.
func (w *workshop) findWith(ctx context.Context, pkg string, limit time.Duration, args []string) (found string, seconds float64, err error) {
	binary, err := w.buildTests(ctx, pkg)
	if err != nil {
		return "", 0, err
	}
	// The binary ends itself; only one that does not is killed.
	bounded, cancel := context.WithTimeout(ctx, limit+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(bounded, binary, append([]string{"-test.count=1", "-test.timeout=" + limit.String()}, args...)...)
	cmd.Dir = filepath.Join(w.root, pkg)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	seconds = time.Since(start).Seconds()
	switch {
	case ctx.Err() != nil:
		return "", seconds, ctx.Err()
	case err == nil, withoutSimulation.Match(out):
		return "", seconds, nil
	case errors.As(err, new(*exec.ExitError)):
		if found = failing(string(out)); found != "" {
			return found, seconds, nil
		}
	}
	return "", seconds, fmt.Errorf("%s: %w\n%s", pkg, err, out)
}

var (
	// withoutSimulation is what a test binary says that has no such simulation.
	withoutSimulation = regexp.MustCompile(`(?m)^flag provided but not defined: -simulate-minutes`)
	finding           = regexp.MustCompile(`(?m)^\s*(?:\S+_test\.go:\d+: )?finding: *([^:\n]+)`)
	failedTest        = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	hangingTest       = regexp.MustCompile(`panic: test timed out after \S+\n\s*running tests:\n\s*(\S+)`)
	panicked          = regexp.MustCompile(`(?m)^(?:panic|fatal error): (.+)$`)
)

// failing names what failed, by the output of a test binary; empty: nothing that ran.
func failing(out string) string {
	for _, what := range []struct {
		pattern *regexp.Regexp
		format  string
	}{{finding, "%s"}, {hangingTest, "%s (does not end)"}, {failedTest, "%s"}, {panicked, "panic: %s"}} {
		if match := what.pattern.FindStringSubmatch(out); match != nil {
			return fmt.Sprintf(what.format, strings.TrimSpace(match[1]))
		}
	}
	return ""
}
