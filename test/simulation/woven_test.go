package simulation

import (
	"fmt"
	"testing"
)

// TestKeysOfOneMomentKeepTheDailyLimit lets leases be worked on in turns, call by call: each may read before another writes.
func TestKeysOfOneMomentKeepTheDailyLimit(t *testing.T) {
	for seed := range 8 {
		expectNothing(t, fmt.Sprintf(`
2026-11-30 09:00:00 owner 1
2026-11-30 09:00:00 owner 4
2026-11-30 09:00:00 request 1 1 2026/12/08
2026-11-30 09:00:00 request 2 1 2026/12/08
2026-11-30 09:00:00 request 3 4 2026/12/08
2026-11-30 09:00:00 request 4 4 2026/12/08
2026-11-30 09:00:00 create-sheet "{limits: {maxRevocationsPerDay: 1}}"
2026-11-30 09:00:00 boot
2026-12-09 14:59:59 weave %d 600
2026-12-14 00:00:00 end
`, seed))
	}
}
