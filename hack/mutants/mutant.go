package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// lists are the mutants, one file for each room.
//
//go:embed *.yaml
var lists embed.FS

// room is one file of mutants.
type room struct {
	// Tests of a mutant that names none of its own.
	Tests   []string `json:"tests"`
	Mutants []mutant `json:"mutants"`
}

// mutant is the production code without one guard, bound or step.
type mutant struct {
	// Name is a sentence about what the changed code does wrong.
	Name string `json:"name"`
	edit
	// Also are further edits, for a guard that stands in several places.
	Also []edit `json:"also"`
	// Tests that should find it besides the simulation: a package such as ./internal/sheet, and perhaps a blank and the
	// regular expression of its tests.
	Tests []string `json:"tests"`
	// room is the name of its file.
	room string
}

// edit replaces one text of a file.
type edit struct {
	// File, from the root of the module.
	File string `json:"file"`
	// Old occurs once in the file.
	Old string `json:"old"`
	New string `json:"new"`
}

// nothing is the mutant that changes nothing. Whatever finds it would find every other one too.
var nothing = mutant{Name: "nothing is taken out"}

// loadMutants reads all lists, in the order of their names.
func loadMutants() ([]mutant, error) {
	files, err := fs.Glob(lists, "*.yaml")
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, file := range files {
		text, err := lists.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var r room
		if err := yaml.UnmarshalStrict(text, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, m := range r.Mutants {
			m.room = strings.TrimSuffix(file, ".yaml")
			if len(m.Tests) == 0 {
				m.Tests = r.Tests
			}
			all = append(all, m)
		}
	}
	return all, nil
}

// digest changes with what the mutant changes, and with its tests.
func (m mutant) digest() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", m.edit, m.Also, m.Tests))
	return hex.EncodeToString(sum[:8])
}

func (m mutant) edits() []edit {
	if m.File == "" {
		return nil
	}
	return append([]edit{m.edit}, m.Also...)
}

// packages that the mutant changes, as the go command names them.
func (m mutant) packages() []string {
	var all []string
	for _, e := range m.edits() {
		all = append(all, "./"+filepath.ToSlash(filepath.Dir(e.File)))
	}
	return all
}

// apply returns the changed files by their path from the root.
func (m mutant) apply(root string) (map[string][]byte, error) {
	changed := map[string][]byte{}
	for _, e := range m.edits() {
		text, ok := changed[e.File]
		if !ok {
			var err error
			if text, err = os.ReadFile(filepath.Join(root, e.File)); err != nil {
				return nil, err
			}
		}
		if n := bytes.Count(text, []byte(e.Old)); n != 1 || e.Old == e.New {
			return nil, fmt.Errorf("%s: the old text occurs %d times in %s, and must occur once and change:\n%s", m.Name, n, e.File, e.Old)
		}
		changed[e.File] = bytes.Replace(text, []byte(e.Old), []byte(e.New), 1)
	}
	return changed, nil
}
