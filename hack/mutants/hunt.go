package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// hunt looks for the mutants, and writes each result at once. First it looks for the one that changes nothing: if that
// is found, no other result would mean anything.
func hunt(ctx context.Context, f finder, mutants []mutant, table string, jobs int) error {
	known, err := readResults(table)
	if err != nil {
		return err
	}
	unchanged := nothing
	unchanged.Tests = testsOf(mutants)
	if _, ok := known.of(unchanged, f.look); !ok {
		r, err := f.find(ctx, unchanged)
		if err == nil && r.FoundBy != "" {
			err = fmt.Errorf("%s fails in the code as it is", r.FoundBy)
		}
		if err != nil {
			return err
		}
		if err := known.add(r); err != nil {
			return err
		}
	}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(jobs)
	for _, m := range mutants {
		if _, ok := known.of(m, f.look); ok || ctx.Err() != nil {
			continue
		}
		group.Go(func() error {
			r, err := f.find(ctx, m)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				r.Error = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			fmt.Printf("%-8s %s: %s\n", shown(r.Seconds), r.Name, cmp.Or(r.Error, r.FoundBy, "NOTHING FOUND IT"))
			return errors.Join(known.add(r), known.writeTable(mutants, f.look))
		})
	}
	err = errors.Join(group.Wait(), known.writeTable(mutants, f.look))
	fmt.Println("see", table)
	return err
}

// testsOf all mutants, each once.
func testsOf(mutants []mutant) []string {
	var all []string
	seen := map[string]bool{}
	for _, m := range mutants {
		for _, test := range m.Tests {
			if !seen[test] {
				seen[test] = true
				all = append(all, test)
			}
		}
	}
	return all
}
