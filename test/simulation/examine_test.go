package simulation

import (
	"fmt"
	"strings"

	"github.com/keylease/keylease/test/simulation/judge"
	"github.com/keylease/keylease/test/simulation/ledger"
	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
)

// asks is how many shorter stories are tried before a failing one is shown.
const asks = 400

// examined is a story that was played to its end or to its first finding.
type examined struct {
	story    story.Story
	findings []judge.Finding
	world    *play.World
}

// examine plays a story and judges each step of it.
func examine(s story.Story, namespace string) (examined, error) {
	j, out := judge.New(), examined{story: s}
	w, err := play.Play(s, play.Options{Namespace: namespace, Watch: func(w *play.World) bool {
		out.findings = append(out.findings, j.Step(w.Ledger)...)
		return len(out.findings) > 0
	}})
	if err != nil {
		return out, err
	}
	if len(out.findings) == 0 {
		out.findings = j.End(w.Ledger)
	}
	out.world = w
	return out, nil
}

// shrunk plays shorter and shorter stories with the same finding, and gives the shortest.
func (e examined) shrunk(namespace string) examined {
	want := e.findings[0].Invariant
	short := e
	story.Shrink(e.story, asks, func(s story.Story) bool {
		if len(s.Acts) == 0 {
			return false
		}
		again, err := examine(s, namespace)
		if err != nil || len(again.findings) == 0 || again.findings[0].Invariant != want {
			return false
		}
		short = again
		return true
	})
	return short
}

// report of a finding: what it is, what happened, and the test to paste.
func (e examined) report(seed uint64) string {
	f := e.findings[0]
	var b strings.Builder
	fmt.Fprintf(&b, "finding: %s\nseed %d, key %s, %s\n%s\n\nWhat happened:\n%s", f.Invariant, seed, f.Key, f.At.In(story.Zone).Format("2006-01-02 15:04:05"), f.Text, e.world.Tale())
	fmt.Fprintf(&b, "\nA test to paste:\n\nfunc TestTold%d(t *testing.T) {\n\texpectNothing(t, `\n%s`)\n}\n", seed, e.story)
	return b.String()
}

// lives of keys that a world has seen from row to Revoked, and the days that all keys were leased.
func lives(l *ledger.Ledger) (whole int, days float64) {
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
