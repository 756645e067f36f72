// Package judge holds the invariants of a simulated world. It shares nothing with the production rules: it reads what
// people did and what the services' ledgers say, never a status. Where a rule leaves two answers, both are right here.
package judge

import (
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// Finding is a broken invariant.
type Finding struct {
	// Invariant is a short fixed name, such as "1 deleted before its end".
	Invariant string
	// Key is the access key ID that it is about; empty: none in particular.
	Key string
	At  time.Time
	// Text has the facts in one or two sentences.
	Text string
}

// check is one invariant, with its memory of one world. Both functions may be nil. Their findings need no Invariant.
type check struct {
	name string
	// step is called after each step of the play, and looks at new entries only.
	step func(*ledger.Ledger) []Finding
	// end is called when the play is over.
	end func(*ledger.Ledger) []Finding
}

// checks of a new world.
func checks() []check {
	return []check{
		early(), untold(), misinformed(), held(), spokeInDryRun(), stopped(), tooMany(), rounded(), twice(), stranger(), repeats(), silent(), uncountedKeys(), untoldRows(),
	}
}

// Judge of one world.
type Judge struct{ checks []check }

// New judge, who has seen nothing yet.
func New() *Judge { return &Judge{checks: append(checks(), deeds()...)} }

// Step is called after each step of the play.
func (j *Judge) Step(l *ledger.Ledger) []Finding {
	return j.each(l, func(c check) func(*ledger.Ledger) []Finding { return c.step })
}

// End is called when the play is over, after the last Step.
func (j *Judge) End(l *ledger.Ledger) []Finding {
	return j.each(l, func(c check) func(*ledger.Ledger) []Finding { return c.end })
}

func (j *Judge) each(l *ledger.Ledger, of func(check) func(*ledger.Ledger) []Finding) []Finding {
	var all []Finding
	for _, c := range j.checks {
		if look := of(c); look != nil {
			for _, f := range look(l) {
				f.Invariant = c.name
				all = append(all, f)
			}
		}
	}
	return all
}

// reader of a list that grows.
type reader[E any] struct{ seen int }

// news are the entries since it was asked last.
func (r *reader[E]) news(list []E) []E {
	fresh := list[r.seen:]
	r.seen = len(list)
	return fresh
}
