package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

const (
	guardJapanese, guardEnglish   = "申請シートの変更を止めています", "Changes of the request sheet are on hold"
	weeklyJapanese, weeklyEnglish = "期限を過ぎて残っているアクセスキー", "Access keys that outlived"
)

// repeated are the headlines of messages about rows, which come once for each problem.
var repeated = []string{
	"申請シートに修正が必要な行があります", "状態の列の意味が読み取れない行があります", "通知済みと記入されていたキーの一覧", guardJapanese, weeklyJapanese,
	"Rows of the request sheet need to be corrected", "It is not clear what some status cells mean", "Keys that were found marked as notified", weeklyEnglish, guardEnglish,
}

// repeats finds the same message about rows twice within a day in which people did nothing that it speaks of.
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
			if again && p.At.Sub(before.At) < span && !newWeek(before, p) && !touched(l, p.Plain, before.At, p.At) {
				found = append(found, Finding{At: p.At, Text: fmt.Sprintf("%s got the same %q twice, at %s and at %s, and people did nothing in between.",
					one[0], firstLine(p.Plain), shown(before.At), shown(p.At))})
			}
		}
		return found
	}}
}

// newWeek: a weekly message that came late is followed by the next week's.
func newWeek(first, second ledger.Post) bool {
	weekly := strings.Contains(first.Plain, weeklyJapanese) || strings.Contains(first.Plain, weeklyEnglish)
	_, was := first.At.In(japan).ISOWeek()
	_, is := second.At.In(japan).ISOWeek()
	return weekly && was != is
}

// touched tells whether people changed, between two messages or a little before the first, the rows and leases of which the
// message speaks, or the sheet's spec or status. One that names none speaks of all.
func touched(l *ledger.Ledger, plain string, first, second time.Time) bool {
	from := first.Add(-time.Hour - leeway(l, first))
	var named []string
	for key := range l.Rows {
		if strings.Contains(plain, key) {
			named = append(named, key)
		}
	}
	about := func(key string) bool { return len(named) == 0 || slices.Contains(named, key) }
	person := func(s ledger.Stamp) bool { return !byOperator(s) }
	for key, rows := range l.Rows {
		if about(key) && slices.ContainsFunc(within(rows, rowStamp, from, second), func(r ledger.Row) bool { return person(r.Stamp) }) {
			return true
		}
	}
	for name, versions := range l.Leases {
		if about(strings.ToUpper(name)) && slices.ContainsFunc(within(versions, leaseStamp, from, second), func(v ledger.Lease) bool { return person(v.Stamp) || v.Object == nil }) {
			return true
		}
	}
	_, sheet := lastOf(l.Sheets, func(i int) bool {
		return l.Sheets[i].At.After(from) && !l.Sheets[i].At.After(second) && sheetMayBegin(l.Sheets, i)
	})
	guard := strings.Contains(plain, guardJapanese) || strings.Contains(plain, guardEnglish)
	return sheet || guard && len(within(l.Users, usersStamp, from, second)) > 0
}
