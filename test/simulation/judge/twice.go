package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// letter is a message about one key as one recipient knows it. The headline has the number of days, so reminders differ.
type letter struct {
	to, headline, key string
	end               day
}

// once are the headlines, without days and address, that may come once in each term.
var once = []string{
	"AWSアクセスキーの利用期限", "AWSアクセスキーを無効化しました", "AWSアクセスキーを削除しました", "アクセスキーの行がシートから消えました",
	"AWS access key: ", "AWS access key is past its end date: ", "access key was deactivated", "access key was deleted",
}

func twice() check {
	var posts reader[ledger.Post]
	last := map[letter]ledger.Post{}
	return check{name: "5 told twice", step: func(l *ledger.Ledger) []Finding {
		var found []Finding
		for _, p := range posts.news(l.Posts) {
			n, ok := noticeOf(p)
			if !ok || !slices.ContainsFunc(once, func(h string) bool { return strings.Contains(n.headline, h) }) {
				continue
			}
			one := letter{recipient(p), n.headline, n.key, n.end}
			before, again := last[one]
			last[one] = p
			if again && !begunBetween(l, n.key, before.Stamp, p.Stamp) && !reminderBetween(l, n, before.At, p.At) {
				found = append(found, Finding{Key: n.key, At: p.At, Text: fmt.Sprintf(
					"%s got %q about %s twice, at %s and at %s, and nothing in between begins a term.", one.to, n.headline, n.key, shown(before.At), shown(p.At))})
			}
		}
		return found
	}}
}

// reminderBetween tells whether another reminder came due between two messages. One that Slack kept back for days says the
// same as the next.
func reminderBetween(l *ledger.Ledger, n notice, first, second time.Time) bool {
	return slices.ContainsFunc(settingsOf(l, sheetOf(l, n.key, second), first, second), func(spec v1alpha1.AccessKeySheetSpec) bool {
		zone := zoneOf(spec)
		return zone != nil && slices.ContainsFunc(spec.Schedule.NoticeDays, func(days int32) bool {
			due := n.end.at(spec.Schedule.DailyAt, zone, -int(days))
			return due.After(first) && !due.After(second)
		})
	})
}

// begunBetween tells whether anything happened that may begin a term, as seen between two messages. What happened right
// before the first may have been seen after it only.
func begunBetween(l *ledger.Ledger, key string, first, second ledger.Stamp) bool {
	from := first.At.Add(-seenWithin(l, key, second.At))
	between := func(s ledger.Stamp) bool { return s.At.After(from) && s.Seq < second.Seq }
	rows, versions := l.Rows[key], l.Leases[strings.ToLower(key)]
	sheets := sheetsOf(l, sheetOf(l, key, second.At), time.Time{}, second.At)
	_, row := lastOf(rows, func(i int) bool { return between(rows[i].Stamp) && rowMayBegin(l, rows, i) })
	_, lease := lastOf(versions, func(i int) bool { return between(versions[i].Stamp) && leaseMayBegin(versions, i) })
	_, sheet := lastOf(sheets, func(i int) bool { return between(sheets[i].Stamp) && sheetMayBegin(sheets, i) })
	return row || lease || sheet || awayUntil(l, second.At).After(first.At)
}

// seenWithin is how long it may take until a reading of the sheet shows a change.
func seenWithin(l *ledger.Ledger, key string, at time.Time) time.Duration {
	span := leastFresh
	for _, spec := range settingsOf(l, sheetOf(l, key, at), at.Add(-time.Hour), at) {
		if every := spec.Schedule.SyncInterval; every != nil {
			span = max(span, 2*every.Duration)
		}
	}
	return span + underWay
}
