package simulation

import "testing"

func TestAnExtensionMarkThatComesAfterTheKeyIsDeletedDoesNotHoldTheRest(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 owner 1
2026-11-02 09:00:00 request 1 1 2026/12/08
2026-11-02 09:00:00 create-sheet
2026-11-02 09:00:00 boot
2026-12-09 14:30:00 +18 mark 1 延長申請済み
2026-12-30 00:00:00 end
`)
}

func TestAnExtensionMarkOnTheLeaseStopsADeletionThatHasBegun(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 owner 1
2026-11-02 09:00:00 request 1 1 2026/12/08
2026-11-02 09:00:00 create-sheet
2026-11-02 09:00:00 boot
2026-12-09 14:30:00 +15 patch-mark 1 true
2026-12-10 00:00:00 calm
2026-12-30 00:00:00 end
`)
}

func TestALaterDateThatComesWhileTheKeyIsDeactivatedGivesItBack(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 owner 1
2026-11-02 09:00:00 request 1 1 2026/12/08
2026-11-02 09:00:00 create-sheet
2026-11-02 09:00:00 boot
2026-12-09 14:30:00 +14 patch-end 1 2027-01-31
2026-12-10 00:00:00 calm
2026-12-30 00:00:00 end
`)
}

func TestAnUnclearMarkHoldsAfterItsRowIsDeleted(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 owner 1
2026-11-02 09:00:00 request 1 1 2026/12/08
2026-11-02 09:00:00 request 2 1 2026/12/20
2026-11-02 09:00:00 create-sheet
2026-11-02 09:00:00 boot
2026-11-20 10:00:00 mark 1 延長不要
2026-11-25 10:00:00 delete-row 1 stays
2026-12-10 10:00:00 calm
2027-01-20 00:00:00 end
`)
}

func TestAUserStaysIfTheLeaseIsDeletedInTheMiddleOfItsDeletion(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 owner 8
2026-11-02 09:00:00 request 1 8 2026/11/18
2026-11-02 09:00:00 create-sheet
2026-11-02 09:00:00 boot
2026-11-19 15:00:00 +20 delete-lease 1
2027-01-07 08:30:00 calm
2027-01-27 10:00:00 end
`)
}

func TestARestoredStateIsNotHeldByAMarkThatIsGone(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 owner 1
2026-11-02 09:00:00 request 1 1 2026/12/08
2026-11-02 09:00:00 create-sheet
2026-11-02 09:00:00 boot
2026-11-10 10:00:00 mark 1 延長不要
2026-11-10 12:00:00 backup
2026-11-10 13:00:00 mark 1 ""
2026-11-10 15:00:00 restore state
2026-11-10 16:00:00 calm
2027-01-08 00:00:00 end
`)
}
