package judge

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

func TestARowThatStoodStillIsNotSaidToHaveMoved(t *testing.T) {
	moved := func() *story { return wholeLife().on("12-01 15:01", "said", line("rowMoved", map[string]any{})) }
	moved().broke(t, "10: its row did not move")
	for name, s := range map[string]*story{
		"it moved": moved().on("11-25 10:00", "moved", row(ledger.Person, func(r *ledger.Row) { r.Row = 3 })),
		"it was away": moved().on("11-25 10:00", "away", row(ledger.Person, times(0))).
			on("11-25 11:00", "back", row(ledger.Person, times(1))),
		"a person did something": moved().on("12-01 14:50", "act", act("mark")),
		"nothing was written":    moved().without("notified"),
		"another process wrote as well": moved().on("12-01 15:00", "other", func(l *ledger.Ledger, at time.Time) {
			l.Cells = append(l.Cells, ledger.Cell{Stamp: l.Stamp(at, "operator-2")})
		}),
	} {
		t.Run(name, func(t *testing.T) {
			if slices.ContainsFunc(s.judged(), func(f Finding) bool { return strings.Contains(f.Text, "did not move") }) {
				t.Error("it is found")
			}
		})
	}
}
