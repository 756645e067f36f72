package simulation

import (
	"testing"
	"time"

	"github.com/keylease/keylease/test/simulation/story"
	"github.com/keylease/keylease/test/simulation/trial"
)

// Stories in which a fault was found and mended. The judge did not see these three, so each test says what it was.

func TestAKeyThatSomebodyElseDeactivatedIsDeletedAlthoughADeletionFailed(t *testing.T) {
	e := expectNothing(t, `
2026-11-02 09:00:00 owner 1
2026-11-02 09:00:00 request 1 1 2026/11/20
2026-11-02 09:00:00 create-sheet "{schedule: {gracePeriod: 24h0m0s, minimumNotice: 0s}}"
2026-11-02 09:00:00 boot
2026-11-20 09:00:00 aws DeleteAccessKey InternalFailure 3x 1
2026-11-21 15:10:00 delete-lease 1
2026-11-28 00:00:00 end
`)
	if n := deletions(e); n != 1 {
		t.Errorf("the key was deleted %d times\n%s", n, e.World.Tale())
	}
}

func TestALeaseWhoseUserWasRecreatedIsLookedAtHourlyAndWrittenDaily(t *testing.T) {
	for name, mark := range map[string]string{"left alone": "", "marked as deleted": "2026-11-12 09:00:00 mark 1 削除済み\n"} {
		t.Run(name, func(t *testing.T) {
			e := expectNothing(t, `
2026-11-02 09:00:00 owner 1
2026-11-02 09:00:00 request 1 1 2026/11/20
2026-11-02 09:00:00 create-sheet "{schedule: {gracePeriod: 24h0m0s, minimumNotice: 0s}}"
2026-11-02 09:00:00 boot
2026-11-10 09:00:00 user-recreate 1
`+mark+`2026-12-12 00:00:00 end
`)
			quiet, looks, writes := time.Date(2026, 11, 24, 0, 0, 0, 0, story.Zone), 0, 0
			for _, c := range e.World.Ledger.Calls {
				switch {
				case c.At.Before(quiet):
				case c.Op == "GetUser":
					looks++
				case c.Op == "status AccessKeyLease":
					writes++
				}
			}
			if looks < 18*23 || writes > 18 {
				t.Errorf("in the last 18 days AWS was looked at %d times, and the lease was written %d times", looks, writes)
			}
		})
	}
}

func TestAnotherExtensionMarkOverASpentOneIsANewRequest(t *testing.T) {
	e := expectNothing(t, `
2026-11-02 09:00:00 request 4 3 2026/12/4 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 1h0m0s}, limits: {minChangeRows: 3}, slack: {admins: [U0ADMIN01, C0KEYS001]}}"
2026-11-02 09:00:00 boot
2026-11-21 21:05:21 +33 mark 4 延長
2026-11-25 11:47:47 move-end 4 2026-12-18
2026-12-08 15:00:00 mark 4 延長申請済み
2027-01-28 10:00:00 end
`)
	if n := deletions(e); n != 0 {
		t.Errorf("the key was deleted\n%s", e.World.Tale())
	}
}

func deletions(e trial.Trial) (n int) {
	for _, a := range e.World.Ledger.AWS {
		if a.Action == "DeleteAccessKey" {
			n++
		}
	}
	return n
}
