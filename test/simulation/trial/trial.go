// Package trial plays a story and judges it. A story that breaks an invariant is made short, and told.
package trial

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

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
	passOver []string
}

// Play plays a story and judges each step of it. Findings of some invariants may be passed over.
func Play(s story.Story, o play.Options, passOver ...string) (Trial, error) {
	j, out := judge.New(), Trial{Story: s, passOver: passOver}
	heed := func(found []judge.Finding) []judge.Finding {
		return slices.DeleteFunc(found, func(f judge.Finding) bool { return slices.Contains(passOver, f.Invariant) })
	}
	o.Watch = func(w *play.World) bool {
		out.Findings = append(out.Findings, heed(j.Step(w.Ledger))...)
		return len(out.Findings) > 0
	}
	w, err := play.Play(s, o)
	if err != nil {
		return out, err
	}
	if len(out.Findings) == 0 {
		out.Findings = heed(j.End(w.Ledger))
	}
	out.World = w
	return out, nil
}

// Shrunk plays shorter and shorter stories with the same finding, and gives the shortest.
func (e Trial) Shrunk(o play.Options) Trial {
	want := troubleOf(e.Findings[0])
	short := e
	shows := func(s story.Story) bool {
		if len(s.Acts) == 0 {
			return false
		}
		again, err := Play(s, o, e.passOver...)
		again.Findings = slices.DeleteFunc(again.Findings, func(f judge.Finding) bool { return troubleOf(f) != want })
		if err != nil || len(again.Findings) == 0 {
			return false
		}
		short = again
		return true
	}
	if s := e.untilFound(); len(s.Acts) < len(e.Story.Acts) {
		shows(s)
	}
	story.Shrink(short.Story, asks, shows)
	return short
}

// untilFound is the story without what came after the finding. Without some acts it may show a little later.
func (e Trial) untilFound() story.Story {
	found := e.World.Clock.Now()
	s := story.Story{End: found.Add(24 * time.Hour).Truncate(time.Second)}
	if s.End.After(e.Story.End) {
		s.End = e.Story.End
	}
	for _, a := range e.Story.Acts {
		if !a.At.After(found) {
			s.Acts = append(s.Acts, a)
		}
	}
	return s
}

// particular is what differs from story to story in a finding's text: what is quoted, an entry's fields, and every word with
// a digit.
var particular = regexp.MustCompile(`"[^"]*"|map\[[^\]]*\]|\S*\d\S*`)

// trouble is what a finding says, without its moments and numbers. A shorter story must show the same, or it shows another
// fault.
type trouble struct{ invariant, key, says string }

func troubleOf(f judge.Finding) trouble {
	return trouble{f.Invariant, f.Key, particular.ReplaceAllString(f.Text, "")}
}

// Shows tells whether a trial has a finding of the same trouble.
func (e Trial) Shows(f judge.Finding) bool {
	return slices.ContainsFunc(e.Findings, func(o judge.Finding) bool { return troubleOf(o) == troubleOf(f) })
}

// Report of a finding: what it is, what happened, and the test to paste.
func (e Trial) Report(seed uint64) string {
	f := e.Findings[0]
	var b strings.Builder
	fmt.Fprintf(&b, "finding: %s\nseed %d, key %s, %s\n%s\n\nWhat happened:\n%s", f.Invariant, seed, f.Key, f.At.In(story.Zone).Format("2006-01-02 15:04:05"), f.Text, e.World.TaleOf(f.Key))
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
