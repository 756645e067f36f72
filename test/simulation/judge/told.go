package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// rounding is how much of minimumNotice is lost at most where its beginning is stored in whole seconds.
const rounding = 2 * time.Second

func untold() check {
	return removals("2 removed without notice", func(s scene) []string { return notTold(s, s.At.Add(-s.minimumNotice()+rounding)) })
}

// rounded finds notices that came a little too late.
func rounded() check {
	return removals("2 minimum notice cut by rounding", func(s scene) []string {
		latest := s.At.Add(-s.minimumNotice())
		if len(notTold(s, latest.Add(rounding))) > 0 {
			return nil
		}
		return notTold(s, latest)
	})
}

// notTold judges whom a removal took by surprise, because they were told of it later than at the latest moment.
func notTold(s scene, latest time.Time) []string {
	begin := surelyBegun(s)
	told := func(to func(string) bool) bool {
		return slices.ContainsFunc(within(s.l.Posts, postStamp, begin.Add(-second), latest), func(p ledger.Post) bool {
			return to(recipient(p)) && names(p, s.key)
		})
	}
	var found []string
	if !told(func(id string) bool { return s.isAdmin(id) || s.wasAdmin(id, begin) }) {
		found = append(found, fmt.Sprintf("no admin was told of it between %s, when the term began, and %s", shown(begin), shown(latest)))
	}
	// Whoever is the owner for a moment only is told as soon as that is seen, and has the removal's day.
	since := latest.Add(-s.At.Sub(s.since) - underWay)
	id, ok := ownerBetween(s.l, s.key, since, s.At)
	switch {
	case !ok || !exists(s.l, id) || spared(s, begin):
	case !reachable(s.l, id, begin, s.At) && !couldBeTold(s, id, begin, latest):
	case !told(func(to string) bool { return to == id }):
		found = append(found, fmt.Sprintf("its owner %s was not told of it between %s, when the term began, and %s", id, shown(begin), shown(latest)))
	}
	return found
}

// names tells whether a message says of a key when it is to be deleted.
func names(p ledger.Post, key string) bool {
	if !strings.Contains(p.Plain, key) {
		return false
	}
	if n, ok := noticeOf(p); ok {
		return n.key == key && n.says
	}
	for _, line := range strings.Split(folded(p.Plain), "\n") {
		if strings.Contains(line, key) && (strings.Contains(line, "削除予定") || strings.Contains(line, "deletion")) {
			return true
		}
	}
	return false
}

// wasAdmin tells whether somebody was an admin at some time since a moment.
func (s scene) wasAdmin(id string, since time.Time) bool {
	for _, spec := range settingsOf(s.l, sheetOf(s.l, s.key, s.At), since, s.At) {
		if slices.Contains(spec.Slack.Admins, id) {
			return true
		}
	}
	return false
}

// exists tells whether Slack has such a user: a story put an owner there for each ID, but people also mistype IDs.
func exists(l *ledger.Ledger, id string) bool {
	for _, u := range l.Users {
		for _, ids := range u.IDs {
			if slices.Contains(ids, id) && actBefore(l, u.Seq) == "owner" {
				return true
			}
		}
	}
	return slices.ContainsFunc(l.Posts, func(p ledger.Post) bool { return p.User == id })
}

// actBefore is the verb of the last act before an entry.
func actBefore(l *ledger.Ledger, seq int) string {
	for _, a := range slices.Backward(l.Acts) {
		if a.Seq < seq {
			return a.Verb
		}
	}
	return ""
}

// spared tells whether the owner may have been told before the operator knew the key: the row had such a mark when the
// first rows were taken over, and the same owner ever since.
func spared(s scene, begin time.Time) bool {
	first := firstLease(s.l)
	if begin.Sub(first) > s.At.Sub(s.since) {
		return false
	}
	rows := upTo(s.l.Rows[s.key], rowStamp, begin)
	if len(rows) == 0 || readMark(rows[len(rows)-1].Mark) != told {
		return false
	}
	_, same := ownerBetween(s.l, s.key, begin, s.At)
	return same
}

// firstLease is when the first lease of all was made.
func firstLease(l *ledger.Ledger) time.Time {
	var first time.Time
	for _, versions := range l.Leases {
		if len(versions) > 0 && (first.IsZero() || versions[0].At.Before(first)) {
			first = versions[0].At
		}
	}
	return first
}

// surelyBegun is the latest beginning of a term that nobody can deny: the lease's end date became what it is, or acting
// was allowed again after a time without.
func surelyBegun(s scene) time.Time {
	begin := later(endDateSince(s), enforcedSince(s))
	return later(begin, releasedAt(s))
}

// endDateSince is when the lease got the end date that it has. Another one that stood too shortly to be seen does not
// count, nor does that the lease was away.
func endDateSince(s scene) time.Time {
	versions := upTo(s.l.Leases[strings.ToLower(s.key)], leaseStamp, s.At)
	var since, until time.Time
	end := ""
	for _, v := range slices.Backward(versions) {
		switch {
		case v.Object == nil:
		case end == "" || v.Object.Spec.EndDate == end:
			end, since, until = v.Object.Spec.EndDate, v.At, v.At
		case until.Sub(v.At) > s.At.Sub(s.since):
			return since
		}
	}
	return since
}

// enforcedSince is when the sheet's mode became Enforce, after DryRun for longer than a reading takes; zero: it always was.
func enforcedSince(s scene) time.Time {
	versions := sheetsOf(s.l, sheetOf(s.l, s.key, s.At), time.Time{}, s.At)
	for i := len(versions) - 1; i > 0; i-- {
		v, before := versions[i], versions[i-1]
		if v.Object == nil || before.Object == nil || v.Object.Spec.Mode == before.Object.Spec.Mode || v.Object.Spec.Mode == "DryRun" {
			continue
		}
		for i > 1 && versions[i-1].Object != nil && versions[i-1].Object.Spec.Mode == "DryRun" {
			i--
		}
		began := versions[i].At
		if v.At.Sub(began) > s.At.Sub(s.since) && workedBetween(s.l, began.Add(underWay), v.At) {
			return v.At
		}
	}
	return time.Time{}
}

// workedBetween tells whether any operator read a sheet between two moments.
func workedBetween(l *ledger.Ledger, from, to time.Time) bool {
	return slices.ContainsFunc(within(l.Calls, callStamp, from, to), func(c ledger.Call) bool { return c.Service == "google" })
}
