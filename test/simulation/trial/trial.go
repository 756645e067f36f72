// Package trial plays a story and judges it. A story that breaks an invariant is made short, and told.
package trial

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keylease/keylease/test/simulation/judge"
	"github.com/keylease/keylease/test/simulation/ledger"
	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
)

// asks is how many shorter stories are tried before a failing one is shown.
const asks = 400

// Trial is a story that was played to its end or to its first finding.
type Trial struct {
	Story    story.Story
	Findings []judge.Finding
	World    *play.World
}

// Play plays a story and judges each step of it.
func Play(s story.Story, o play.Options) (Trial, error) {
	j, out := judge.New(), Trial{Story: s}
	o.Watch = func(w *play.World) bool {
		out.Findings = append(out.Findings, j.Step(w.Ledger)...)
		return len(out.Findings) > 0
	}
	w, err := play.Play(s, o)
	if err != nil {
		return out, err
	}
	if len(out.Findings) == 0 {
		out.Findings = j.End(w.Ledger)
	}
	out.World = w
	return out, nil
}

// Shrunk plays shorter and shorter stories with the same finding, and gives the shortest.
func (e Trial) Shrunk(o play.Options) Trial {
	want := e.Findings[0]
	short := e
	story.Shrink(e.Story, asks, func(s story.Story) bool {
		if len(s.Acts) == 0 {
			return false
		}
		again, err := Play(s, o)
		if err != nil || !again.Shows(want) {
			return false
		}
		short = again
		return true
	})
	return short
}

// Shows tells whether a trial has a finding of the same invariant about the same key.
func (e Trial) Shows(f judge.Finding) bool {
	return slices.ContainsFunc(e.Findings, func(o judge.Finding) bool { return o.Invariant == f.Invariant && o.Key == f.Key })
}

// Report of a finding: what it is, what happened, and the test to paste.
func (e Trial) Report(seed uint64) string {
	f := e.Findings[0]
	var b strings.Builder
	fmt.Fprintf(&b, "finding: %s\nseed %d, key %s, %s\n%s\n\nWhat happened:\n%s", f.Invariant, seed, f.Key, f.At.In(story.Zone).Format("2006-01-02 15:04:05"), f.Text, e.World.Tale())
	fmt.Fprintf(&b, "\nA test to paste:\n\nfunc TestTold%d(t *testing.T) {\n\texpectNothing(t, `\n%s`)\n}\n", seed, e.Story)
	return b.String()
}

// Lives of keys that a world has seen from row to Revoked, and the days that all keys were leased.
func Lives(l *ledger.Ledger) (whole int, days float64) {
	for _, versions := range l.Leases {
		first, last := versions[0], versions[len(versions)-1]
		days += last.At.Sub(first.At).Hours() / 24
		for _, v := range versions {
			if v.Object != nil && v.Object.Status.Phase == "Revoked" {
				whole++
				break
			}
		}
	}
	return whole, days
}
