// Command slowest reads the events of go test -json. It prints what go test prints without -v, and names the ten
// slowest tests at the end. The exit code is left to go test.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

const shown = 10

// event of go test -json: go doc test2json.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// report of a whole run.
type report struct {
	to io.Writer
	// said is the output of each unfinished test, by package and test; the package's own output is under "".
	said  map[string]map[string]string
	tests []event
	// failed tests, which are named at the end.
	failed []event
}

func main() {
	r := &report{to: os.Stdout, said: map[string]map[string]string{}}
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "slowest:", err)
		os.Exit(1)
	}
	r.end()
}

func (r *report) read(from io.Reader) error {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		var e event
		if json.Unmarshal([]byte(line), &e) == nil {
			r.take(e)
		} else {
			fmt.Fprint(r.to, line) // a message of the go command itself
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) take(e event) {
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.to, e.Output)
	case "output":
		if r.said[e.Package] == nil {
			r.said[e.Package] = map[string]string{}
		}
		r.said[e.Package][e.Test] += e.Output
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(e)
		}
	}
}

func (r *report) endTest(e event) {
	if e.Action == "fail" {
		fmt.Fprint(r.to, r.said[e.Package][e.Test])
		r.failed = append(r.failed, e)
	}
	delete(r.said[e.Package], e.Test)
	if !strings.Contains(e.Test, "/") {
		r.tests = append(r.tests, e)
	}
}

// endPackage prints a package's result. If the package failed, it also prints the output of tests that did not finish.
func (r *report) endPackage(e event) {
	said := r.said[e.Package]
	delete(r.said, e.Package)
	switch e.Action {
	case "fail":
		for test, text := range said {
			if test != "" {
				fmt.Fprint(r.to, text)
			}
		}
		fmt.Fprint(r.to, said[""])
	case "pass":
		for line := range strings.Lines(said[""]) {
			if strings.HasPrefix(line, "ok ") {
				fmt.Fprint(r.to, line)
			}
		}
	}
}

func (r *report) end() {
	slices.SortFunc(r.tests, func(a, b event) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	r.list("slowest tests", r.tests[:min(shown, len(r.tests))])
	r.list("failed tests", r.failed)
}

func (r *report) list(what string, tests []event) {
	for i, e := range tests {
		if i == 0 {
			fmt.Fprintln(r.to, what+":")
		}
		fmt.Fprintf(r.to, "%7.1f s  %s  %s\n", e.Elapsed, e.Test, e.Package)
	}
}
