package judge

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

func stopped() check { return removals("3 removed while all stands still", whileStopped) }

func whileStopped(s scene) []string {
	var found []string
	for _, why := range []func(scene) string{inDryRun, slackRefuses, guardOpen, massChange} {
		if text := why(s); text != "" {
			found = append(found, text)
		}
	}
	return found
}

func inDryRun(s scene) string {
	if slices.ContainsFunc(s.settings, func(spec v1alpha1.AccessKeySheetSpec) bool { return spec.Mode != v1alpha1.ModeDryRun }) {
		return ""
	}
	return "the sheet is in DryRun"
}

// slackRefuses: the token is refused for so long that a sync must have seen it, and nobody was told since. An outage stops
// no deletion of which people were told.
func slackRefuses(s scene) string {
	var since ledger.Reach
	for _, r := range upTo(s.l.Reach, reachStamp, s.At) {
		if r.To == "" {
			since = r
		}
	}
	if since.Seq == 0 || since.OK || since.At.After(s.since) || actBefore(s.l, since.Seq) != "slack-token" {
		return ""
	}
	if len(within(s.l.Posts, postStamp, since.At, s.At)) > 0 || tokenMended(s.l, since.At, s.At) {
		return ""
	}
	return "Slack refuses the token since " + shown(since.At)
}

// tokenMended: people made the token good again between two moments. Then Slack may still fail in another way.
func tokenMended(l *ledger.Ledger, from, to time.Time) bool {
	return slices.ContainsFunc(within(l.Acts, actStamp, from, to), func(a ledger.Act) bool {
		return mends(a, "slack-token")
	})
}

// guardOpen: within a day before every reading that the removal can rest on, people changed so many rows that the sheet
// can not be accepted, and nobody approved it.
func guardOpen(s scene) string {
	// Both ends are so chosen that the day before the earliest reading and the day before the latest hold all of it.
	from := s.At.Add(-24*time.Hour + underWay)
	limit, ok := changeLimit(s, from)
	if !ok {
		return ""
	}
	rows, changed := 0, 0
	for key := range s.l.Rows {
		now, ok := standsThroughout(s, key)
		if !ok {
			continue
		}
		rows++
		if before, ok := acceptedAt(s.l, key, from); ok && differs(before, now) && changedByPerson(s.l, key, from, s.since) {
			changed++
		}
	}
	if changed <= limit {
		return ""
	}
	return fmt.Sprintf("people changed %d of %d rows within a day, more than %d, and nobody approved it", changed, rows, limit)
}

// changeLimit is how many rows may change, by the highest limits that stood since a moment, if all leases of that time stood
// in rows; false: people approved something since, or it is another sheet.
func changeLimit(s scene, from time.Time) (limit int, known bool) {
	least, percent := 0, 0
	versions := sheetsOf(s.l, sheetOf(s.l, s.key, s.At), from, s.At)
	for i, v := range versions {
		if v.Object == nil || (i > 0 && v.By == ledger.Person && mayApprove(s.l, versions[i-1], v)) {
			return 0, false
		}
		least = max(least, int(*v.Object.Spec.Limits.MinChangeRows))
		percent = max(percent, int(*v.Object.Spec.Limits.MaxChangePercent))
	}
	leases := 0
	for _, all := range s.l.Leases {
		if slices.ContainsFunc(standing(all, leaseStamp, from, s.At), func(v ledger.Lease) bool { return v.Object != nil }) {
			leases++
		}
	}
	return max(least, leases*percent/100), true
}

// mayApprove tells whether a person's new version of a sheet may make the operator accept what waits: by an approval, because
// it reads other cells or in another way, or because a backup does not know what was changed.
func mayApprove(l *ledger.Ledger, before, after ledger.Sheet) bool {
	if before.Object == nil || actBefore(l, after.Seq) == "restore" {
		return true
	}
	const approval = v1alpha1.AnnotationApproveChange
	was, is := before.Object.Spec.DeepCopy(), after.Object.Spec.DeepCopy()
	was.Schedule, was.Limits, was.Slack, was.AWS, was.Mode = is.Schedule, is.Limits, is.Slack, is.AWS, is.Mode
	return before.Object.Annotations[approval] != after.Object.Annotations[approval] || !reflect.DeepEqual(was, is)
}

// standsThroughout is the row of a key in all readings that a removal can rest on, if it was the same in all.
func standsThroughout(s scene, key string) (ledger.Row, bool) {
	rows := standing(s.l.Rows[key], rowStamp, s.since, s.At)
	return append(rows, ledger.Row{})[0], len(rows) == 1
}

// acceptedAt is the row of a living lease that agreed with its row; false: there is none.
func acceptedAt(l *ledger.Ledger, key string, at time.Time) (ledger.Row, bool) {
	rows := upTo(l.Rows[key], rowStamp, at)
	versions := upTo(l.Leases[strings.ToLower(key)], leaseStamp, at)
	if len(rows) == 0 || len(versions) == 0 || versions[len(versions)-1].Object == nil {
		return ledger.Row{}, false
	}
	row, spec := rows[len(rows)-1], versions[len(versions)-1].Object.Spec
	end, _ := readDate(row.Ends)
	agreed := row.Count == 1 && end.known() && end == specDay(spec.EndDate) && bare(row.Owner) == bare(spec.Owner.FullName) && folded(row.User) == spec.UserName
	return row, agreed && asks(row) == spec.ExtensionRequested && alive(l, key, at)
}

// differs in what the guard looks at.
func differs(a, b ledger.Row) bool {
	return b.Count == 0 || a.Ends != b.Ends || a.Owner != b.Owner || a.User != b.User || asks(a) != asks(b)
}

func asks(r ledger.Row) bool { return readMark(r.Mark) == extension }

// changedByPerson tells whether people alone made the changes of a row that came after a moment.
func changedByPerson(l *ledger.Ledger, key string, from, to time.Time) bool {
	rows, changed := standing(l.Rows[key], rowStamp, from, to), false
	for i := 1; i < len(rows); i++ {
		if differs(rows[i-1], rows[i]) {
			if changed = true; byOperator(rows[i].Stamp) {
				return false
			}
		}
	}
	return changed
}

// alive tells whether a key was issued and is certainly still there: nobody deleted it, and people left its user alone.
func alive(l *ledger.Ledger, key string, at time.Time) bool {
	user, living := "", false
	for _, a := range upTo(l.AWS, awsStamp, at) {
		switch mine := a.Params["AccessKeyId"] == key; {
		case mine && a.Action == "issue key":
			user, living = a.User(), true
		case mine && strings.HasPrefix(strings.ToLower(a.Action), "delete"), a.By == ledger.Person && (mine || a.User() == user) && a.Action != "issue key":
			living = false
		}
	}
	return living
}

// tooMany counts the keys that are removed for the first time on one day.
func tooMany() check {
	const dayForm = time.DateOnly
	first := map[string]bool{}
	count := map[string]int{}
	return removals("3 more removed than a day may cost", func(s scene) []string {
		if first[s.key] {
			return nil
		}
		first[s.key] = true
		zone, err := time.LoadLocation(s.settings[0].Schedule.TimeZone)
		if err != nil {
			return nil
		}
		today := s.At.In(zone)
		sheet := sheetOf(s.l, s.key, s.At)
		on := sheet + today.Format(dayForm)
		count[on]++
		limit, total := dayLimit(s, sheet, today)
		if total < 0 || count[on] <= max(limit, total) {
			return nil
		}
		return []string{fmt.Sprintf("it is number %d of this day, and at most %d are allowed", count[on], max(limit, total))}
	})
}

// dayLimit is the highest limit that stood on a day, and what an annotation raises it to; -1: it is not clear.
func dayLimit(s scene, sheet string, today time.Time) (limit, raised int) {
	begin := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, today.Location())
	for _, v := range sheetsOf(s.l, sheet, begin, s.At) {
		if v.Object == nil || v.Object.Spec.Schedule.TimeZone != s.settings[0].Schedule.TimeZone {
			return 0, -1
		}
		limit = max(limit, int(*v.Object.Spec.Limits.MaxRevocationsPerDay))
		allowed := v.Object.Annotations[v1alpha1.AnnotationAllowRevocations]
		date, number, _ := strings.Cut(allowed, "=")
		if n, err := strconv.Atoi(number); err == nil && date == today.Format(time.DateOnly) {
			raised = max(raised, n)
		}
	}
	return limit, min(raised, 5*limit)
}
