package chance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/story"
)

// settings of the AccessKeySheet that say when something is due.
type settings struct {
	hour, minute  int
	noticeDays    []int
	notice, grace time.Duration
	// claims: the sheet has a claim cell.
	claims bool
	// dryRun: the sheet begins with DryRun, for so long.
	dryRun time.Duration
}

// drawSettings, mostly the defaults.
func (d *draw) drawSettings() settings {
	s := settings{hour: 15, noticeDays: []int{7}, notice: day}
	if d.chance(25) {
		s.hour, s.minute = d.IntN(24), d.IntN(60)
	}
	if d.chance(25) {
		s.noticeDays = [][]int{{14, 7, 1}, {3}, {1, 0}, {30, 7}, {0}}[d.IntN(5)]
	}
	if d.chance(25) {
		s.notice = []time.Duration{0, hour, 90*time.Minute + 30*time.Second, 3 * day, 5 * day}[d.IntN(5)]
	}
	if d.chance(40) {
		s.grace = []time.Duration{hour, day, 3 * day}[d.IntN(3)]
	}
	s.claims = d.chance(15)
	if d.chance(8) {
		s.dryRun = day + d.upTo(4*day)
	}
	return s
}

// yaml of the spec, in one line.
func (d *draw) yaml() string {
	days := strings.Join(strings.Fields(fmt.Sprint(d.noticeDays)), ", ")
	fields := []string{fmt.Sprintf("schedule: {dailyAt: %q, noticeDays: %s, minimumNotice: %s, gracePeriod: %s}",
		fmt.Sprintf("%02d:%02d", d.hour, d.minute), days, d.notice, d.grace)}
	if d.chance(40) {
		fields = append(fields, fmt.Sprintf("limits: {minChangeRows: %d}", 1+d.IntN(4)))
	} else if d.chance(15) {
		fields = append(fields, fmt.Sprintf("limits: {maxRevocationsPerDay: %d}", 1+d.IntN(3)))
	}
	if d.dryRun > 0 {
		fields = append(fields, "mode: DryRun")
	}
	if d.chance(8) {
		fields = append(fields, "extensionPolicy: Exempt")
	}
	if d.claims {
		fields = append(fields, "claimCell: Z1")
	}
	if d.chance(10) {
		fields = append(fields, "slack: {admins: [U0ADMIN01, C0KEYS001]}")
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// ended: when the last act is over, everything is mended and approved. Then everything due gets done.
func (d *draw) ended(s story.Story) story.Story {
	quiet := s.Acts[len(s.Acts)-1].At.Add(3 * hour)
	add := func(after time.Duration, verb string) {
		s.Acts = append(s.Acts, story.Act{At: quiet.Add(after), Verb: verb})
	}
	add(0, "calm")
	add(hour, "approve")
	add(day+2*hour, "approve")
	last := slices.MaxFunc(d.keys, func(a, b *key) int { return a.end.Compare(b.end) }).end.AddDate(0, 0, 2).Add(d.grace + d.notice)
	if last.Before(quiet) {
		last = quiet
	}
	s.End = last.Add(rest).Truncate(time.Second)
	return s
}
