package judge

import (
	"slices"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// stretch is how long an owner who could not be reached must be within reach, so that they are certainly told: they are
// tried again daily.
const stretch = 26 * time.Hour

// couldBeTold tells whether there was a stretch in which the owner's notice was due, the operator worked, and Slack could
// deliver to them.
func couldBeTold(s scene, id string, begin, latest time.Time) bool {
	from := later(begin, s.noticeDue())
	for _, gap := range gaps(s.l, id, from, latest) {
		owner, ok := ownerBetween(s.l, s.key, gap[0], gap[1])
		if gap[1].Sub(gap[0]) >= stretch && ok && owner == id && present(s.l, gap[0], gap[1], 2*time.Hour) {
			return true
		}
	}
	return false
}

// noticeDue is when the first notice was due by the setting that is latest.
func (s scene) noticeDue() time.Time {
	lease := s.lease()
	if lease == nil {
		return s.At
	}
	var due time.Time
	for _, spec := range s.usable() {
		days := 7
		if len(spec.Schedule.NoticeDays) > 0 {
			days = int(slices.Max(spec.Schedule.NoticeDays))
		}
		due = later(due, specDay(lease.Spec.EndDate).at(spec.Schedule.DailyAt, zoneOf(spec), -days))
	}
	return due
}

// gaps between the troubles in which Slack could not reach somebody, from one moment to another.
func gaps(l *ledger.Ledger, to string, from, until time.Time) (found [][2]time.Time) {
	down := map[string]bool{}
	since := from
	for _, r := range upTo(l.Reach, reachStamp, until) {
		if r.To != "" && r.To != to {
			continue
		}
		if was := len(down) > 0; !was && !r.OK && r.At.After(since) {
			found = append(found, [2]time.Time{since, r.At})
		}
		if down[r.To] = true; r.OK {
			delete(down, r.To)
		}
		since = later(since, r.At)
	}
	if len(down) == 0 && until.After(since) {
		found = append(found, [2]time.Time{since, until})
	}
	return found
}
