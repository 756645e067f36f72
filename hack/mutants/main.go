// Command mutants takes one guard, bound or look before repeating out of the production code at a time, and asks
// whether the simulation or a test finds it. The lists beside it say what is taken out; the checkout is never changed.
//
//	go run ./hack/mutants check [-build]      every mutant fits the code as it is (and compiles)
//	go run ./hack/mutants run [-only REGEXP]  looks for each of them, and writes a table
//
// A mutant that nothing finds is a missing test or invariant, or a rule that does nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"syscall"
)

// simulation is the default of its flag.
const simulation = "./test/simulation -test.run=^TestSimulate$ -simulate-minutes=MINUTES -seed=1"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	mutants, err := loadMutants()
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return errors.New("say check or run")
	}
	flags := flag.NewFlagSet("mutants "+args[0], flag.ContinueOnError)
	only := flags.String("only", "", "a regular expression: the mutants with such a name or room")
	switch args[0] {
	case "check":
		build := flags.Bool("build", false, "compile what each mutant changes")
		if mutants, err = chosen(flags, args[1:], only, mutants); err != nil {
			return err
		}
		return check(ctx, root, mutants, *build)
	case "run":
		f := finder{root: root}
		out := flags.String("out", "bin/mutants.md", "the table; the results are kept beside it (.jsonl), and a stopped run goes on from there")
		jobs := flags.Int("jobs", 1, "mutants at a time, 1 or 2")
		flags.IntVar(&f.Minutes, "minutes", 10, "how long the simulation looks for a mutant; 0: tests only")
		flags.StringVar(&f.Skip, "skip", "", "a regular expression: tests of mutants to leave out, such as ^./test/")
		flags.StringVar(&f.simulation, "simulation", simulation, "its package, and the arguments of its test binary")
		if mutants, err = chosen(flags, args[1:], only, mutants); err != nil {
			return err
		}
		return hunt(ctx, f, mutants, *out, min(max(*jobs, 1), 2))
	}
	return fmt.Errorf("%q: say check or run", args[0])
}

// chosen parses the flags and leaves the mutants that -only names.
func chosen(flags *flag.FlagSet, args []string, only *string, mutants []mutant) ([]mutant, error) {
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	return slices.DeleteFunc(mutants, func(m mutant) bool {
		return !pattern.MatchString(m.Name) && !pattern.MatchString(m.room)
	}), nil
}

// check applies each mutant and perhaps compiles it. It goes on after an error.
func check(ctx context.Context, root string, mutants []mutant, build bool) error {
	var failed []error
	for _, m := range mutants {
		w, err := open(root, m)
		if err == nil {
			if build {
				err = w.build(ctx, m.packages()...)
			}
			w.close()
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", m.Name, err))
		}
	}
	fmt.Printf("%d mutants, %d of them wrong\n", len(mutants), len(failed))
	return errors.Join(failed...)
}
