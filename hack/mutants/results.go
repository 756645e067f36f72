package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// result of looking for one mutant.
type result struct {
	Name string `json:"name"`
	Room string `json:"room"`
	// Digest of what the mutant changes.
	Digest string `json:"digest"`
	look
	// FoundBy is the name of an invariant or a test; empty: it survived.
	FoundBy string `json:"foundBy,omitempty"`
	// Seconds that all which ran took, without building.
	Seconds float64 `json:"seconds"`
	// Error is why it could not be looked for, such as code that does not compile. It is tried again.
	Error string `json:"error,omitempty"`
}

// results are kept in a file of JSON lines, so that a stopped run can go on, and shown in a table beside it.
type results struct {
	table string
	all   []result
}

// readResults of earlier runs; table is the file of the table.
func readResults(table string) (*results, error) {
	r := &results{table: table}
	text, err := os.ReadFile(r.lines())
	if errors.Is(err, fs.ErrNotExist) {
		return r, os.MkdirAll(filepath.Dir(table), 0o750)
	}
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(text) {
		var one result
		if err := json.Unmarshal(line, &one); err != nil {
			return nil, fmt.Errorf("%s: %w", r.lines(), err)
		}
		r.all = append(r.all, one)
	}
	return r, nil
}

func (r *results) lines() string {
	return strings.TrimSuffix(r.table, filepath.Ext(r.table)) + ".jsonl"
}

// of a mutant that was looked for in the same way; the last one counts.
func (r *results) of(m mutant, how look) (result, bool) {
	for _, one := range slices.Backward(r.all) {
		if one.Name == m.Name && one.Digest == m.digest() && one.look == how && one.Error == "" {
			return one, true
		}
	}
	return result{}, false
}

// add one result to the file.
func (r *results) add(one result) error {
	r.all = append(r.all, one)
	line, err := json.Marshal(one)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(r.lines(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// writeTable writes what is known of these mutants.
func (r *results) writeTable(mutants []mutant, how look) error {
	var known []result
	for _, m := range mutants {
		if one, ok := r.of(m, how); ok {
			known = append(known, one)
		}
	}
	return os.WriteFile(r.table, []byte(tableOf(known, len(mutants))), 0o600)
}

// tableOf results as markdown, with the sums below it.
func tableOf(known []result, of int) string {
	var b strings.Builder
	b.WriteString("| mutant | room | found by | time |\n|---|---|---|---|\n")
	var times []float64
	var survivors []string
	for _, one := range known {
		foundBy := one.FoundBy
		if foundBy == "" {
			foundBy = "**nothing**"
			survivors = append(survivors, one.Name)
		} else {
			times = append(times, one.Seconds)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", one.Name, one.Room, strings.ReplaceAll(foundBy, "|", "/"), shown(one.Seconds))
	}
	fmt.Fprintf(&b, "\n%d of %d mutants were looked for, %d found", len(known), of, len(times))
	if slices.Sort(times); len(times) > 0 {
		fmt.Fprintf(&b, ": median %s, longest %s", shown(times[len(times)/2]), shown(times[len(times)-1]))
	}
	fmt.Fprintf(&b, ". %d survived.\n", len(survivors))
	for i, name := range survivors {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "- %s\n", name)
	}
	return b.String()
}

func shown(seconds float64) string {
	if seconds < 100 {
		return fmt.Sprintf("%.1f s", seconds)
	}
	return fmt.Sprintf("%.0f min", seconds/60)
}
