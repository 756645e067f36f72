package simulation

import (
	"fmt"
	"sync"
	"testing"

	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
	"github.com/keylease/keylease/test/simulation/trial"
)

// The moments at which a key's life makes its calls, and how many calls each makes at most.
var busyMoments = map[string]int{
	"2026-11-30 09:00:00": 40, // the key becomes known
	"2026-12-01 15:00:00": 50, // the notice
	"2026-12-09 00:00:00": 10, // the end
	"2026-12-09 15:00:00": 70, // the removal
}

// TestTheOperatorDiesBehindAnyCallOfALife plays what random stories meet seldom: each call that has an intent before it and a
// record behind it, with nothing in between. test/simulation/real does the same on a real control plane, at fewer calls.
func TestTheOperatorDiesBehindAnyCallOfALife(t *testing.T) {
	const life = `
2026-11-30 08:00:00 owner 1
2026-11-30 08:00:00 request 1 1 2026/12/08
2026-11-30 08:00:00 create-sheet
2026-11-30 09:00:00 boot
%s +%d kill behind 30
2026-12-12 00:00:00 end
`
	var all sync.WaitGroup
	for moment, calls := range busyMoments {
		all.Go(func() {
			for n := 1; n <= calls; n++ {
				s, err := story.Parse(fmt.Sprintf(life, moment, n))
				if err != nil {
					t.Error(err)
					return
				}
				e, err := trial.Play(s, play.Options{Namespace: "behind-" + moment[5:7] + moment[8:10] + moment[11:13]})
				if err != nil || len(e.Findings) > 0 {
					t.Errorf("behind call %d of %s: %v %s", n, moment, err, e.Report(0))
					return
				}
				if e.World.Account.KeyStatus(play.Key(1)) != "" {
					t.Errorf("behind call %d of %s: the key is still there", n, moment)
				}
			}
		})
	}
	all.Wait()
}
