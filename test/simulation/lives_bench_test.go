package simulation

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/keylease/keylease/test/simulation/chance"
	"github.com/keylease/keylease/test/simulation/judge"
	"github.com/keylease/keylease/test/simulation/ledger"
	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
	"github.com/keylease/keylease/test/simulation/trial"
)

// BenchmarkLives plays random stories, one for each seed from 1 on: with their faults, and then without, which is the lower
// bound of what lives cost. It measures CPU time, user and system, because wall time tells of the machine's other work.
// Useful settings: -benchtime 60x, and in the environment GOMAXPROCS=1 and GOGC=400.
func BenchmarkLives(b *testing.B) {
	b.Run("faults", func(b *testing.B) { benchmarkLives(b, func(s story.Story) story.Story { return s }) })
	b.Run("calm", func(b *testing.B) { benchmarkLives(b, calm) })
}

func benchmarkLives(b *testing.B, of func(story.Story) story.Story) {
	lives, days, acts, calls := 0, 0.0, 0, 0
	warm(b)
	began := cpuTime(b)
	for n := 0; b.Loop(); n++ {
		l := judged(b, of(chance.Draw(uint64(n)+1)))
		whole, leased := trial.Lives(l)
		lives, days = lives+whole, days+leased
		acts, calls = acts+carriedOut(l), calls+len(l.Calls)
	}
	hours := (cpuTime(b) - began).Hours()
	if lives == 0 {
		b.Skip("no key was revoked in so few stories")
	}
	perLife := func(n float64) float64 { return n / float64(lives) }
	b.ReportMetric(float64(lives)/hours, "lives/CPU-hour")
	b.ReportMetric(days/365/hours, "lease-years/CPU-hour")
	b.ReportMetric(perLife(hours*3600e3), "CPU-ms/life")
	b.ReportMetric(perLife(float64(acts)), "acts/life")
	b.ReportMetric(perLife(float64(calls)), "calls/life")
}

// judged to its end, whatever is found: a story that stops at a known fault has few whole lives.
func judged(tb testing.TB, s story.Story) *ledger.Ledger {
	tb.Helper()
	j := judge.New()
	w, err := play.Play(s, play.Options{Watch: func(w *play.World) bool {
		j.Step(w.Ledger)
		return false
	}})
	if err != nil {
		tb.Fatal(err)
	}
	j.End(w.Ledger)
	return w.Ledger
}

// warm has everything compiled that is compiled once.
func warm(b *testing.B) {
	if _, err := play.New(time.Unix(0, 0), play.Options{}); err != nil {
		b.Fatal(err)
	}
}

// calm is a story without anything but its company: the acts of its first moment, the end of DryRun, and its end.
func calm(s story.Story) story.Story {
	quiet := story.Story{End: s.End}
	for _, a := range s.Acts {
		if a.At.Equal(s.Acts[0].At) || (a.Verb == "edit-sheet" && slices.Equal(a.Args, []string{"{mode: Enforce}", play.Stays})) {
			quiet.Acts = append(quiet.Acts, a)
		}
	}
	return quiet
}

func carriedOut(l *ledger.Ledger) (n int) {
	for _, a := range l.Acts {
		if a.Skipped == "" {
			n++
		}
	}
	return n
}

// cpuTime of this process, user and system.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
