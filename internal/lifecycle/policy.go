package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

const isoDate = "2006-01-02"

// Policy is what a sheet's spec rules about time and extent, checked once.
type Policy struct {
	Location *time.Location
	// Hour and Minute at which a day's work becomes due.
	Hour, Minute int
	// NoticeDays before the end date, the largest first.
	NoticeDays []int32
	// MinimumNotice, GracePeriod, SyncInterval: see AccessKeySheet.spec.schedule.
	MinimumNotice, GracePeriod, SyncInterval time.Duration
	// HoldIfUsedWithin 0: off.
	HoldIfUsedWithin time.Duration
	// Exempt: an extension mark holds whatever the date.
	Exempt bool
	DryRun bool
	// Admins that notices go to.
	Admins []string
	// AccountID, for rows that do not name another, and PathPrefix: whose keys may be touched. The prefix has a slash at
	// both ends, as IAM wants it; empty: any path.
	AccountID, PathPrefix string
}

// PolicyOf reads a sheet's spec. Errors name the field and what to write.
func PolicyOf(spec v1alpha1.AccessKeySheetSpec) (Policy, error) {
	loc, err := time.LoadLocation(spec.Schedule.TimeZone)
	if err != nil || spec.Schedule.TimeZone == "" {
		return Policy{}, fmt.Errorf("spec.schedule.timeZone %q: use an IANA name such as Asia/Tokyo", spec.Schedule.TimeZone)
	}
	at, err := time.Parse("15:04", spec.Schedule.DailyAt)
	if err != nil {
		return Policy{}, fmt.Errorf("spec.schedule.dailyAt %q: use HH:MM", spec.Schedule.DailyAt)
	}
	if len(spec.Slack.Admins) == 0 {
		return Policy{}, fmt.Errorf("spec.slack.admins is empty: name at least one Slack user or channel that is told")
	}
	days := slices.Clone(spec.Schedule.NoticeDays)
	slices.Sort(days)
	slices.Reverse(days)
	if len(days) == 0 {
		return Policy{}, fmt.Errorf("spec.schedule.noticeDays is empty: name at least one number of days")
	}
	p := Policy{
		Location: loc, Hour: at.Hour(), Minute: at.Minute(),
		NoticeDays: days,
		Exempt:     spec.ExtensionPolicy == v1alpha1.ExtensionExempt,
		DryRun:     spec.Mode == v1alpha1.ModeDryRun,
		Admins:     spec.Slack.Admins,
		AccountID:  spec.AWS.AccountID, PathPrefix: pathPrefix(spec.AWS.UserPathPrefix),
		// The defaults of the CRD, for sheets written before a field existed.
		MinimumNotice: 24 * time.Hour, SyncInterval: 5 * time.Minute,
	}
	if d := spec.Schedule.MinimumNotice; d != nil {
		p.MinimumNotice = d.Duration
	}
	if d := spec.Schedule.GracePeriod; d != nil {
		p.GracePeriod = d.Duration
	}
	if d := spec.Schedule.SyncInterval; d != nil {
		p.SyncInterval = d.Duration
	}
	if d := spec.AWS.HoldIfUsedWithin; d != nil {
		p.HoldIfUsedWithin = d.Duration
	}
	return p, nil
}

// pathPrefix as IAM's lists take it, however it was written: to them, "/team" is also the beginning of /team-b/.
func pathPrefix(s string) string {
	s = strings.Trim(s, "/")
	if s == "" {
		return ""
	}
	return "/" + s + "/"
}

// Due is the moment at which the work of the day n days after date becomes due (n may be negative). Calendar days, not
// 24 hours: a day with a change of clocks is one day. A date that cannot be read gives the zero time.
func (p Policy) Due(date string, n int) time.Time { return p.moment(date, n, p.Hour, p.Minute) }

// Midnight is when the day n days after date begins.
func (p Policy) Midnight(date string, n int) time.Time { return p.moment(date, n, 0, 0) }

func (p Policy) moment(date string, n, hour, minute int) time.Time {
	d, err := time.Parse(isoDate, date)
	if err != nil {
		return time.Time{}
	}
	t := time.Date(d.Year(), d.Month(), d.Day()+n, hour, minute, 0, 0, p.Location)
	// Where a change of clocks skips that time (midnight, in some zones), time.Date may give the hour before it: the day
	// before, on which the key is still its owner's.
	wanted := time.Date(d.Year(), d.Month(), d.Day()+n, hour, minute, 0, 0, time.UTC)
	shown := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
	if missing := wanted.Sub(shown); missing > 0 {
		t = t.Add(missing)
	}
	return t
}

// FirstNotice is when the first notice for an end date is due.
func (p Policy) FirstNotice(endDate string) time.Time {
	return p.Due(endDate, -int(p.NoticeDays[0]))
}

// DueNotice is the entry of NoticeDays whose time came last, if any has come. Of several overdue notices only this one
// goes out, with the true number of days left.
func (p Policy) DueNotice(endDate string, now time.Time) (days int32, due time.Time, ok bool) {
	for _, n := range p.NoticeDays {
		if t := p.Due(endDate, -int(n)); !t.After(now) {
			days, due, ok = n, t, true
		}
	}
	return days, due, ok
}

// nextNotice is when the next notice after now is due; zero when there is none.
func (p Policy) nextNotice(endDate string, now time.Time) time.Time {
	for _, n := range p.NoticeDays {
		if t := p.Due(endDate, -int(n)); t.After(now) {
			return t
		}
	}
	return time.Time{}
}

// Today is the calendar date in the policy's zone, YYYY-MM-DD.
func (p Policy) Today(now time.Time) string { return now.In(p.Location).Format(isoDate) }

// FreshFor is how long an accepted reading of the sheet counts as fresh.
func (p Policy) FreshFor() time.Duration { return max(2*p.SyncInterval, 10*time.Minute) }
