package simulation

import "testing"

func TestARemarkThatWasRefusedIsNotWrittenWhenPeopleHaveRemovedIt(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 request 3 5 20261123 ""
2026-11-02 09:00:00 request 6 2 2026年12月8日 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 72h0m0s, gracePeriod: 0s}, limits: {maxRevocationsPerDay: 1}}"
2026-11-02 09:00:00 boot
2026-12-08 15:00:00 long-remark 3 49998 216019
2026-12-12 03:10:14 end
`)
}
