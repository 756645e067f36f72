package simulation

import "testing"

func TestATokenThatIsRevokedWhileNothingIsPostedStopsDeletions(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 request 4 4 2026/11/28
2026-11-02 09:00:00 create-sheet
2026-11-02 09:00:00 boot
2026-11-26 15:04:35 +20 slack-token token_revoked 400000
2027-01-16 09:00:00 end
`)
}

func TestABackupPutBackOverAnExtendedLeaseDeletesNoKey(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 owner 4
2026-11-02 09:00:00 request 3 4 2026/11/28
2026-11-02 09:00:00 create-sheet "{schedule: {gracePeriod: 0s}}"
2026-11-02 09:00:00 boot
2026-11-29 10:00:00 backup
2026-11-29 12:00:00 move-end 3 2026/12/10
2026-11-30 16:02:00 google read 503 2x
2026-11-30 16:02:00 restore state
2027-01-16 09:00:00 end
`)
}

func TestAKeyWhoseRestoredLeaseHasNoRowIsCountedAndTold(t *testing.T) {
	expectNothing(t, `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-02 12:00:00 backup
2026-12-02 13:00:00 delete-row 1 stays
2026-12-03 12:00:00 restore bare
2027-01-20 00:00:00 end
`)
}

func TestKeysWhoseLeasesAreRestoredWhileTheSheetIsRefusedAreCountedAndTold(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 owner 4
2026-11-02 09:00:00 request 3 4 2026/12/15
2026-11-02 09:00:00 request 5 4 2026/12/15
2026-11-02 09:00:00 create-sheet
2026-11-02 09:00:00 boot
2026-12-12 15:00:00 backup
2026-12-12 16:00:00 insert-column form 氏名 stays
2026-12-13 21:21:11 restore bare
2027-01-16 09:00:00 end
`)
}
