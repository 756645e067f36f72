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
	for i, r := range l.Rows[key] {
		if between(r.Stamp) && (i == 0 || !byOperator(r.Stamp) || r.Ends != l.Rows[key][i-1].Ends) {
			return true
		}
	}
	versions := l.Leases[strings.ToLower(key)]
	for i, v := range versions {
		fresh := i == 0 || v.Object == nil || versions[i-1].Object == nil || v.By == ledger.Person
		if between(v.Stamp) && (fresh || v.Object.Generation != versions[i-1].Object.Generation) {
			return true
		}
	}
	for _, v := range within(l.Sheets, sheetStamp, from, second.At) {
		if v.By == ledger.Person {
			return true
		}
	}
	for _, u := range within(l.Users, usersStamp, from, second.At) {
		if !byOperator(u.Stamp) {
			return true
		}
	}
	return awayUntil(l, second.At).After(first.At)
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

// stranger finds messages about a key to somebody who was neither an admin nor ever named as its owner.
func stranger() check {
	var posts reader[ledger.Post]
	var sheets reader[ledger.Sheet]
	admins := map[string]bool{}
	return check{name: "5 told of another's key", step: func(l *ledger.Ledger) []Finding {
		for _, v := range sheets.news(l.Sheets) {
			if v.Object != nil && !byOperator(v.Stamp) {
				noteAdmins(admins, v.Object.Spec)
			}
		}
		var found []Finding
		for _, p := range posts.news(l.Posts) {
			to := recipient(p)
			if admins[to] {
				continue
			}
			plain := folded(p.Plain)
			for key := range l.Rows {
				if strings.Contains(plain, key) && !everOwner(l, key, to) {
					found = append(found, Finding{Key: key, At: p.At, Text: fmt.Sprintf(
						"%s was told of %s at %s, and no row ever named them as its owner: %q.", to, key, shown(p.At), firstLine(plain))})
				}
			}
		}
		return found
	}}
}

func noteAdmins(admins map[string]bool, spec v1alpha1.AccessKeySheetSpec) {
	for _, id := range spec.Slack.Admins {
		admins[id] = true
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func everOwner(l *ledger.Ledger, key, id string) bool {
	for _, u := range l.Users {
		for name, ids := range u.IDs {
			if !slices.ContainsFunc(ids, func(one string) bool { return folded(one) == id }) {
				continue
			}
			if slices.ContainsFunc(l.Rows[key], func(r ledger.Row) bool { return mayMean(r.Owner, name) }) {
				return true
			}
		}
	}
	return false
}

// repeated are the headlines of messages about rows, which come once for each problem.
var repeated = []string{
	"申請シートに修正が必要な行があります", "状態の列の意味が読み取れない行があります", "通知済みと記入されていたキーの一覧", "申請シートの変更を止めています", "期限を過ぎて残っているアクセスキー",
	"Rows of the request sheet need to be corrected", "Keys that were found marked as notified", "Access keys that outlived",
}

// repeats finds the same message about rows twice within a day in which people did nothing.
func repeats() check {
	const span = 20 * time.Hour
	var posts reader[ledger.Post]
	last := map[[2]string]ledger.Post{}
	return check{name: "5 told of rows twice", step: func(l *ledger.Ledger) []Finding {
		var found []Finding
		for _, p := range posts.news(l.Posts) {
			if !slices.ContainsFunc(repeated, func(h string) bool { return strings.Contains(firstLine(p.Plain), h) }) {
				continue
			}
			one := [2]string{recipient(p), p.Plain}
			before, again := last[one]
			last[one] = p
			if again && p.At.Sub(before.At) < span && !touched(l, before.At.Add(-span), p.At) {
				found = append(found, Finding{At: p.At, Text: fmt.Sprintf("%s got the same %q twice, at %s and at %s, and people did nothing in between.",
					one[0], firstLine(p.Plain), shown(before.At), shown(p.At))})
			}
		}
		return found
	}}
}

// touched tells whether people changed anything between two moments.
func touched(l *ledger.Ledger, from, to time.Time) bool {
	person := func(s ledger.Stamp) bool { return !byOperator(s) }
	for _, rows := range l.Rows {
		if slices.ContainsFunc(within(rows, rowStamp, from, to), func(r ledger.Row) bool { return person(r.Stamp) }) {
			return true
		}
	}
	for _, versions := range l.Leases {
		if slices.ContainsFunc(within(versions, leaseStamp, from, to), func(v ledger.Lease) bool { return person(v.Stamp) }) {
			return true
		}
	}
	return slices.ContainsFunc(within(l.Sheets, sheetStamp, from, to), func(v ledger.Sheet) bool { return person(v.Stamp) }) ||
		slices.ContainsFunc(within(l.Users, usersStamp, from, to), func(u ledger.Users) bool { return person(u.Stamp) })
}
