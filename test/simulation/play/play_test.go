package play_test

import (
	"testing"

	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
)

const life = `
2026-11-02 09:00:00 owner 1
2026-11-02 09:00:00 request 1 1 2026/12/08
2026-11-02 09:00:00 create-sheet
2026-11-02 09:00:00 boot
2026-12-20 00:00:00 end
`

func TestAWholeLifeIsPlayed(t *testing.T) {
	s, err := story.Parse(life)
	if err != nil {
		t.Fatal(err)
	}
	w, err := play.Play(s, play.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Account.KeyStatus(play.Key(1)); got != "" {
		t.Errorf("the key is %q", got)
	}
	t.Log(w.Tale())
	n := map[string]int{}
	for _, c := range w.Ledger.Calls {
		n[c.Service+" "+c.Op]++
	}
	t.Log(n)
}

func BenchmarkAWholeLife(b *testing.B) {
	s, err := story.Parse(life)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		w, err := play.Play(s, play.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(w.Ledger.Calls)), "calls/life")
	}
}
