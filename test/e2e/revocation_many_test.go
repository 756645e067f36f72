package e2e

import (
	"testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/fixture"
)

// An account serves four leases at once. Who has looked must also get to act: if every other lease may look in between, all
// look for ever and none acts.
func TestManyLeasesOfOneDayDoNotKeepEachOtherFromActing(t *testing.T) {
	rows := fixture.RowsOf(16, "2026-12-08")
	s := rowsStage(t, "2026-12-01 15:00", rows...)
	observed := func() map[string]int {
		times := map[string]int{}
		for _, c := range s.IAM.Calls() {
			if c.Action == "ListAccessKeys" {
				times[c.User()]++
			}
		}
		return times
	}
	s.Begin()
	s.Until("2026-12-09 14:00")
	before := observed()
	// Whoever looks is not done before somebody else wants to look.
	slow := s.IAM.Inject(iam.Fault{Action: "GetLoginProfile", Code: "Throttling", Every: 2})
	s.Until("2026-12-09 15:30")
	slow.Clear()
	for _, r := range rows {
		s.ExpectPhase(r.Key, v1alpha1.PhaseRevoked)
		// Decided on once, and asked before and after each stage of the deletion.
		if got := observed()[r.User] - before[r.User]; got > 12 {
			t.Errorf("user %s was looked at %d times", r.User, got)
		}
	}
}
