package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

const (
	aDay = 24 * time.Hour
	// silence is how long a key may be past its end until the admins have been told: a week, and a day until the next
	// summary is due, and a half for what is late.
	silence = 8*aDay + 12*time.Hour
	// uncounted is how long it may be until the metric has it: a day's work may just have begun, and then it is read anew.
	uncounted = 2 * aDay
)

// silent finds keys past their end of which nobody was told within a week, whatever was told before.
func silent() check {
	var next time.Time
	known := map[string]bool{}
	return check{name: "7 past its end in silence", step: func(l *ledger.Ledger) []Finding {
		now := lastMoment(l)
		if now.Before(next) {
			return nil
		}
		next = now.Add(aDay)
		var found []Finding
		for _, key := range slices.Sorted(maps.Keys(l.Rows)) {
			due, quiet, ok := pastEnd(l, key, now)
			since := now.Add(-silence)
			if !ok || known[key] || quiet.After(since) || !couldTell(l, sheetOf(l, key, now), since, now) || admins(l, key, since, now) {
				continue
			}
			known[key] = true
			found = append(found, Finding{Key: key, At: now, Text: fmt.Sprintf(
				"%s was due at %s and exists, nothing was changed since %s, and no admin was told between %s and %s.",
				key, shown(due), shown(quiet), shown(since), shown(now))})
		}
		return found
	}}
}

// lastMoment that the ledger knows of.
func lastMoment(l *ledger.Ledger) time.Time {
	var last time.Time
	if n := len(l.Calls); n > 0 {
		last = l.Calls[n-1].At
	}
	if n := len(l.Acts); n > 0 {
		last = later(last, l.Acts[n-1].At)
	}
	return last
}

// pastEnd tells since when a key is due by the date on which both sides agreed last, and since when it is and people changed
// nothing. A row that cannot be used or stands twice holds the key, and changes nothing of its date. Where the sides
// disagree, the later date counts. False: it is not due, or it is not certain that the key exists.
func pastEnd(l *ledger.Ledger, key string, now time.Time) (due, quiet time.Time, ok bool) {
	rows := upTo(l.Rows[key], rowStamp, now)
	versions := upTo(l.Leases[strings.ToLower(key)], leaseStamp, now)
	if len(rows) == 0 || len(versions) == 0 || versions[len(versions)-1].Object == nil {
		return due, quiet, false
	}
	row, end := rows[len(rows)-1], specDay(versions[len(versions)-1].Object.Spec.EndDate)
	said, how := readDate(row.Ends)
	if !end.known() || (row.Count == 1 && how == unclear) || !alive(l, key, now) {
		return due, quiet, false
	}
	if row.Count == 1 && how == dated && said.utc.After(end.utc) {
		end = said
	}
	name := sheetOf(l, key, now)
	for _, spec := range usableSettings(l, settingsOf(l, name, now.Add(-aDay), now), name, now) {
		at := end.at(spec.Schedule.DailyAt, zoneOf(spec), 1)
		if grace := spec.Schedule.GracePeriod; grace != nil {
			at = at.Add(grace.Duration)
		}
		due = later(due, at)
	}
	quiet = later(due, quietSince(l, key, name, now))
	return due, quiet, !due.IsZero() && quiet.Before(now)
}

// quietSince is when people last changed anything that concerns a key, or its term began.
func quietSince(l *ledger.Ledger, key, sheet string, now time.Time) time.Time {
	since := upTo(l.Rows[key], rowStamp, now)[0].At
	for _, r := range upTo(l.Rows[key], rowStamp, now) {
		if !byOperator(r.Stamp) {
			since = later(since, r.At)
		}
	}
	generation := int64(-1)
	for _, v := range upTo(l.Leases[strings.ToLower(key)], leaseStamp, now) {
		if v.Object == nil || v.By == ledger.Person || v.Object.Generation != generation {
			since = later(since, v.At)
		}
		if v.Object != nil {
			generation = v.Object.Generation
		}
	}
	for _, v := range sheetsOf(l, sheet, time.Time{}, now) {
		if v.By == ledger.Person || v.Object == nil {
			since = later(since, v.At)
		}
	}
	return since
}

// couldTell tells whether an operator ran all the time, without DryRun, and Slack could deliver to all admins.
func couldTell(l *ledger.Ledger, sheet string, from, to time.Time) bool {
	settings := settingsOf(l, sheet, from, to)
	for _, spec := range settings {
		if spec.Mode == "DryRun" {
			return false
		}
		for _, id := range spec.Slack.Admins {
			if !reachable(l, id, from, to) {
				return false
			}
		}
	}
	return len(settings) > 0 && ran(l, from, to)
}

// stops are the acts that can take the operator away.
var stops = []string{"boot", "kill", "freeze", "second-leader", "weave"}

// ran tells whether an operator was there on each day.
func ran(l *ledger.Ledger, from, to time.Time) bool { return present(l, from, to, aDay) }

// present tells whether an operator was there: it was never without a call for so long, or else nothing took it away. Who has
// nothing to do makes few calls here.
func present(l *ledger.Ledger, from, to time.Time, quiet time.Duration) bool {
	last := from
	for _, c := range within(l.Calls, callStamp, from, to) {
		if c.At.Sub(last) > quiet && tookAway(l, last, c.At) {
			return false
		}
		last = c.At
	}
	return to.Sub(last) <= quiet || !tookAway(l, last, to)
}

// tookAway tells whether the operator may have been away between two moments. If it never called before, it was not there.
func tookAway(l *ledger.Ledger, from, to time.Time) bool {
	calls := upTo(l.Calls, callStamp, from)
	if len(calls) == 0 {
		return true
	}
	since := calls[len(calls)-1].At.Add(-second)
	return slices.ContainsFunc(l.Acts, func(a ledger.Act) bool {
		return slices.Contains(stops, a.Verb) && a.At.After(since) && !a.At.After(to)
	})
}

// troubles are the headlines of messages about a whole sheet that explain why keys stay.
var troubles = append([]string{"AWSを操作できません", "削除件数の上限に達しました", "cannot work in AWS", "limit of deletions is reached"}, notRead...)

// notRead are those of messages that the sheet, as it stands, does not count.
var notRead = append([]string{"申請シートを読み取れません", guardJapanese, "The request sheet cannot be read", guardEnglish}, claimed...)

// claimed: another cluster has the sheet, and tells everything else.
var claimed = []string{"別のクラスターが使っています", "Another cluster uses"}

// admins tells whether any of them was told of a key, or of its sheet's trouble, between two moments.
func admins(l *ledger.Ledger, key string, from, to time.Time) bool {
	if last, ok := lastTold(l, claimed, to); ok && last.After(acceptedAfter(l, to)) {
		return true
	}
	return slices.ContainsFunc(within(l.Posts, postStamp, from, to), func(p ledger.Post) bool {
		return (strings.Contains(p.Plain, key) || headed(p, troubles)) && isAdminAround(l, recipient(p), p.At)
	})
}

// headed tells whether a message has one of those headlines.
func headed(p ledger.Post, headlines []string) bool {
	headline := firstLine(p.Plain)
	return slices.ContainsFunc(headlines, func(h string) bool { return strings.Contains(headline, h) })
}

// lastTold is when the last message with one of those headlines was posted.
func lastTold(l *ledger.Ledger, headlines []string, at time.Time) (time.Time, bool) {
	posts := upTo(l.Posts, postStamp, at)
	i, ok := lastOf(posts, func(i int) bool { return headed(posts[i], headlines) })
	if !ok {
		return time.Time{}, false
	}
	return posts[i].At, true
}

// uncountedKeys finds days on which the metric counts fewer keys than are certainly overdue, twice one after another: it
// may be read while an operator starts.
func uncountedKeys() check {
	var readings reader[ledger.Overdue]
	short := false
	return check{name: "7 overdue and not counted", step: func(l *ledger.Ledger) []Finding {
		var found []Finding
		for _, o := range readings.news(l.Overdue) {
			var overdue []string
			for _, key := range slices.Sorted(maps.Keys(l.Rows)) {
				if _, quiet, ok := pastEnd(l, key, o.At); ok && o.At.Sub(quiet) > uncounted {
					overdue = append(overdue, key)
				}
			}
			before := short
			short = len(overdue) > o.Keys && ran(l, o.At.Add(-uncounted), o.At)
			if before && short {
				found = append(found, Finding{Key: overdue[0], At: o.At, Text: fmt.Sprintf(
					"At %s the metric counts %d overdue keys, and these certainly are: %s.", shown(o.At), o.Keys, strings.Join(overdue, ", "))})
			}
		}
		return found
	}}
}
