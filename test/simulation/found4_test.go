package simulation

import "testing"

// Stories that were found, and in which nobody did anything wrong.

func TestAUserWithItsFirstNameAgainIsDeletedWithItsLastKey(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 request 2 8 2026/12/17 期限切れ
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 72h0m0s}}"
2026-11-02 09:00:00 boot
2026-12-11 01:20:45 +21 user-rename 2 19630
2027-01-14 09:00:00 end
`)
}

func TestAForeignClaimThatNoOperatorSawIsTakenBack(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 owner 8
2026-11-02 09:00:00 request 1 5 20261215 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 72h0m0s}, limits: {minChangeRows: 4}}"
2026-11-02 09:00:00 boot
2026-12-18 02:16:42 edit-sheet "{claimCell: Z1}" stays
2026-12-18 15:21:19 kill before 760593
2026-12-19 13:02:00 foreign-claim 9981
2026-12-29 17:59:58 calm
2027-02-04 15:08:09 end
`)
}

func TestAMarkThatAPersonTakesBackInTheLeaseGoesFromTheRow(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 request 4 2 2026/11/23 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"14:57\", noticeDays: [7], minimumNotice: 72h0m0s, gracePeriod: 0s}}"
2026-11-02 09:00:00 boot
2026-11-16 15:11:34 move-end 4 "\u300020261206 "
2026-12-07 00:01:10 +19 mark 4 延長申請済み
2026-12-08 01:24:24 patch-mark 4 false
2026-12-09 01:24:26 end
`)
}

func TestAMarkThatAPersonBroughtBackWithItsColumnIsKeyleasesOwn(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 request 22 7 2026年11月29日 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 0s}, limits: {maxRevocationsPerDay: 3}, claimCell: Z1}"
2026-11-02 09:00:00 boot
2026-11-22 19:25:41 patch-end 22 2026-12-07
2026-11-24 14:58:57 delete-column 状態 アクセスキーID 107137
2026-12-01 15:00:05 end
`)
}

func TestAReminderThatSlackKeptBackSaysTheSameAsTheNext(t *testing.T) {
	expectNothing(t, `
2026-11-02 09:00:00 request 7 4 2026/11/16 通知済み
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [1, 0], minimumNotice: 24h0m0s, gracePeriod: 0s}, slack: {admins: [U0ADMIN01, C0KEYS001]}}"
2026-11-02 09:00:00 boot
2026-11-16 23:59:36 +16 type-end 7 2026-12-01
2026-11-30 15:00:00 +15 slack-token invalid_auth 47776
2026-12-02 15:00:13 end
`)
}
