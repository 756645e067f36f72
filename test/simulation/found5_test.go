package simulation

import "testing"

// Stories that were found: people change rows and columns at the worst moment.

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

func TestAMarkThatCameBackWithItsColumnHoldsNothingNew(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 request 11 3 20261119 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 0s}, limits: {maxRevocationsPerDay: 3}, claimCell: Z1}"
2026-11-02 09:00:00 boot
2026-11-12 19:18:08 mark 11 延長申請
2026-11-15 09:22:48 move-end 11 2026/12/01
2026-11-24 14:58:57 delete-column 状態 アクセスキーID 107137
2026-12-03 15:00:04 end
`)
}

func TestAMarkWrittenWhileItsRowWasCutIsTakenOutAgain(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 owner 5
2026-11-02 09:00:00 request 4 5 2026/11/21 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 72h0m0s}}"
2026-11-02 09:00:00 boot
2026-11-14 15:00:00 +36 cut-row 4 5078
2026-11-15 15:01:32 end
`)
}

func TestAMessageToOneAdminIsInTheAuditLogBeforeTheNextIsTold(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 owner 2
2026-11-02 09:00:00 request 3 2 2026年11月19日 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 0s}, limits: {maxRevocationsPerDay: 2}, mode: DryRun, claimCell: Z1}"
2026-11-02 09:00:00 boot
2026-11-05 09:29:18 edit-sheet "{mode: Enforce}" stays
2026-11-12 15:00:00 +29 kill behind 900
2026-11-12 15:05:19 delete-lease 3
2026-11-13 23:47:26 end
`)
}
