package judge

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// announcing are the headlines of notices that a key will be deleted.
var announcing = []string{"AWSアクセスキーの利用期限", "AWS access key: ", "AWS access key is past its end date: "}

// misinformed finds notices by which nobody can know when their key goes, and those that count the days wrongly. The other
// cluster's are passed over: its leases and its sheet are not in the ledger.
func misinformed() check {
	var posts reader[ledger.Post]
	keys := newAccount()
	return check{name: "2 wrong notice", step: func(l *ledger.Ledger) []Finding {
		keys.catchUp(l, nil)
		var found []Finding
		for _, p := range posts.news(l.Posts) {
			n, ok := noticeOf(p)
			if !ok || strings.HasPrefix(p.By, ledger.OtherCluster) {
				continue
			}
			key := keys.keys[n.key]
			for _, text := range wrongIn(l, n, p.At, key != nil && key.inactiveBy != "") {
				found = append(found, Finding{Key: n.key, At: p.At, Text: fmt.Sprintf("The message of %s to %s about %s %s.", shown(p.At), recipient(p), n.key, text)})
			}
		}
		return found
	}}
}

// wrongIn says what is wrong in a notice that was posted at a moment. What it says may be a little older.
func wrongIn(l *ledger.Ledger, n notice, at time.Time, inactive bool) (found []string) {
	from := at.Add(-leeway(l, at))
	name := sheetOf(l, n.key, at)
	settings := usableSettings(l, settingsOf(l, name, from, at), name, at)
	if slices.ContainsFunc(announcing, func(h string) bool { return strings.Contains(n.headline, h) }) {
		grace := all(settings, func(s v1alpha1.AccessKeySheetSpec) bool { return durationOf(s.Schedule.GracePeriod, 0) > 0 })
		switch {
		case n.deletion.IsZero():
			found = append(found, "names no time of the deletion")
		case grace && !inactive && (n.deactivation.IsZero() || !n.deactivation.Before(n.deletion)):
			found = append(found, "names no time of the deactivation before that of the deletion, though there is a grace period")
		}
		if ends := endsOf(l, n.key, from, at); len(ends) > 0 && !slices.Contains(ends, n.end) {
			found = append(found, fmt.Sprintf("names the end date %s, and its lease has %v", n.end, ends))
		}
	}
	for _, days := range n.days {
		if !countsDays(days, n.end, settings, from, at) {
			found = append(found, fmt.Sprintf("says %q of the end date %s", days, n.end))
		}
	}
	return found
}

// endsOf are the end dates that a key's lease had at any moment between two.
func endsOf(l *ledger.Ledger, key string, from, to time.Time) (ends []day) {
	for _, v := range standing(l.Leases[strings.ToLower(key)], leaseStamp, from, to) {
		if v.Object != nil {
			ends = append(ends, specDay(v.Object.Spec.EndDate))
		}
	}
	return ends
}

// countsDays tells whether the number of days is right on any day between two moments, by any of the settings.
func countsDays(text string, end day, settings []v1alpha1.AccessKeySheetSpec, from, to time.Time) bool {
	left, ok := daysOf(text)
	if !ok || !end.known() {
		return false
	}
	return len(settings) == 0 || slices.ContainsFunc(settings, func(s v1alpha1.AccessKeySheetSpec) bool {
		today := func(t time.Time) string { return t.In(zoneOf(s)).Format(time.DateOnly) }
		said := end.utc.AddDate(0, 0, -left).Format(time.DateOnly)
		return today(from) <= said && said <= today(to)
	})
}

var (
	daysLeft = regexp.MustCompile(`^あと(\d+)日$|^(\d+) days? left$`)
	daysAgo  = regexp.MustCompile(`^(\d+)日前に終了$|^ended (\d+) days ago$`)
)

// daysOf "あと7日", "本日まで", "昨日終了" or "3日前に終了", and the same in English; negative: after the end.
func daysOf(text string) (int, bool) {
	switch text {
	case "本日まで", "ends today":
		return 0, true
	case "昨日終了", "ended yesterday":
		return -1, true
	}
	sign, m := 1, daysLeft.FindStringSubmatch(text)
	if m == nil {
		sign, m = -1, daysAgo.FindStringSubmatch(text)
	}
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1] + m[2])
	return sign * n, err == nil
}
