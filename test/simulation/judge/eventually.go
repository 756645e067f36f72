package judge

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// margin is what a deletion may take besides the times that the spec gives: a term that begins anew, retries, a limit a day.
const margin = 7 * 24 * time.Hour

// eventually is invariant 8: once faults have stopped, everything due is done, and both sides agree.
func eventually() check {
	return check{name: "8 not done in the end", end: func(l *ledger.Ledger) []Finding {
		since := calmSince(l)
		if now := lastMoment(l); since.IsZero() || now.Sub(since) < 2*margin || stopsAll(l, since) != "" {
			return nil
		}
		o := outcome{l: l, spec: &sheetAtLast(l).Spec, account: newAccount(), since: since, now: lastMoment(l)}
		o.account.catchUp(l, nil)
		var found []Finding
		for _, key := range slices.Sorted(maps.Keys(o.account.keys)) {
			for _, text := range o.judge(key) {
				found = append(found, Finding{Key: key, At: o.now, Text: text})
			}
		}
		return found
	}}
}

// outcome of a world.
type outcome struct {
	l          *ledger.Ledger
	spec       *v1alpha1.AccessKeySheetSpec
	account    *account
	since, now time.Time
}

// judge a key's end.
func (o outcome) judge(key string) []string {
	if o.unleased(key) {
		return []string{"its row can be used, its key lives, and it has no lease"}
	}
	row, version, ok := o.known(key)
	if !ok || o.unusable(key, row, version) {
		return nil
	}
	end, _ := readDate(row.Ends)
	if row.Count == 0 {
		end = specDay(version.Spec.EndDate)
	}
	k := o.account.keys[key]
	switch {
	case k.gone.IsZero():
		var found []string
		is, _ := readStatus(row.Mark, marksOf(o.l))
		if row.Count == 1 && is != signRevoked && specDay(version.Spec.EndDate) != end {
			found = append(found, fmt.Sprintf("the row says %q, and the lease %s", row.Ends, version.Spec.EndDate))
		}
		if o.now.After(o.deadline(end)) && !o.kept(key, row, version) {
			found = append(found, fmt.Sprintf("its end was %s, faults ended at %s, and it lives", end, shown(o.since)))
		}
		if row.Count == 1 && (is == signNotified || is == signExpired) && o.notYet(key, end, row) {
			found = append(found, fmt.Sprintf("its row says %q, and its end is %s", row.Mark, end))
		}
		return found
	case o.now.Sub(k.gone) < margin:
		return nil
	}
	return append(o.leftovers(key, k), o.untold(key, k, row)...)
}

// notYet: the operator's mark says that people were told of the end, and no notice of the end that both sides have for long
// is due. Then the mark is of an end before that.
func (o outcome) notYet(key string, end day, row ledger.Row) bool {
	rows := o.l.Rows[key]
	put := len(rows) - 1
	for put > 0 && rows[put-1].Mark == row.Mark {
		put--
	}
	first := int32(0)
	for _, days := range o.spec.Schedule.NoticeDays {
		first = max(first, days)
	}
	settled := standing(o.l.Leases[strings.ToLower(key)], leaseStamp, o.now.Add(-margin), o.now)
	same := all(settled, func(v ledger.Lease) bool { return v.Object != nil && specDay(v.Object.Spec.EndDate) == end })
	return same && byOperator(rows[put].Stamp) && o.now.Sub(dateStoodSince(o.l, key, o.now)) > margin && o.now.Before(end.utc.AddDate(0, 0, -int(first)-1))
}

// unleased: the same row stands there for long.
func (o outcome) unleased(key string) bool {
	k, rows, versions := o.account.keys[key], o.l.Rows[key], o.l.Leases[strings.ToLower(key)]
	if len(rows) == 0 || !k.gone.IsZero() || (len(versions) > 0 && versions[len(versions)-1].Object != nil) {
		return false
	}
	row, should := rows[len(rows)-1], &v1alpha1.AccessKeyLease{}
	should.Spec.UserName = k.user
	is, _ := readStatus(row.Mark, marksOf(o.l))
	return row.Count == 1 && o.now.Sub(row.At) > 2*margin && is != signRevoked && !o.unusable(key, row, should)
}

// known is the key's row and lease at last. A key that never stood in a row for a day is nobody's.
func (o outcome) known(key string) (ledger.Row, *v1alpha1.AccessKeyLease, bool) {
	rows, versions := o.l.Rows[key], o.l.Leases[strings.ToLower(key)]
	if len(rows) == 0 || len(versions) == 0 || versions[len(versions)-1].Object == nil {
		return ledger.Row{}, nil, false
	}
	stood := false
	for i, r := range rows {
		until := o.now
		if i+1 < len(rows) {
			until = rows[i+1].At
		}
		stood = stood || (r.Count == 1 && until.Sub(r.At) > 24*time.Hour)
	}
	return rows[len(rows)-1], versions[len(versions)-1].Object, stood
}

// unusable rows and leases say nothing of what the key should be.
func (o outcome) unusable(key string, row ledger.Row, version *v1alpha1.AccessKeyLease) bool {
	k := o.account.keys[key]
	if version.DeletionTimestamp != nil || row.Count > 1 || k.user == "" || version.Spec.UserName != k.user || o.disputed(key) {
		return true
	}
	if row.Count == 0 { // what stood there last counts
		rows := o.l.Rows[key]
		if i, ok := lastOf(rows, func(i int) bool { return rows[i].Count > 0 }); ok {
			row = rows[i]
		}
	}
	end, read := readDate(row.Ends)
	broken := slices.ContainsFunc([]string{row.Ends, row.Mark, row.Owner, row.User}, func(s string) bool { return strings.HasPrefix(s, "#") || strings.HasPrefix(s, "Loading") })
	return read != dated || broken || strings.TrimSpace(row.User) != k.user || end.String() < "2026-07-01" // that is about when keys start
}

// disputed: somebody else holds the lease's fields, or a trouble of this key alone stays.
func (o outcome) disputed(key string) bool {
	mine := func(a ledger.Act) bool { return numberIn(a) == numberOf(key) }
	return stays(o.l, mine) || slices.ContainsFunc(o.l.Acts, func(a ledger.Act) bool {
		return mine(a) && slices.Contains([]string{"gitops", "apply-lease", "script", "long-remark"}, a.Verb)
	})
}

// numberIn an act is the number of the key that it is about; 0: it is about none.
func numberIn(a ledger.Act) int {
	if len(a.Args) == 0 {
		return 0
	}
	n, err := strconv.Atoi(a.Args[0])
	if err != nil {
		return 0
	}
	return n
}

// numberOf a key is what its ID ends with.
func numberOf(key string) int {
	digits := key[len(strings.TrimRight(key, "0123456789")):]
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}

// deadline of a deletion.
func (o outcome) deadline(end day) time.Time {
	zone, err := time.LoadLocation(o.spec.Schedule.TimeZone)
	if err != nil {
		zone = japan
	}
	d := later(end.at(o.spec.Schedule.DailyAt, zone, 1), o.since).Add(margin)
	for _, more := range []time.Duration{durationOf(o.spec.Schedule.GracePeriod, 0), durationOf(o.spec.Schedule.MinimumNotice, 24*time.Hour)} {
		d = d.Add(more)
	}
	perDay := max(int(orElse(o.spec.Limits.MaxRevocationsPerDay, 20)), 1)
	return d.Add(time.Duration(len(o.account.keys)/perDay) * 24 * time.Hour)
}

// kept: people keep the key by a mark, or by what they gave its user.
func (o outcome) kept(key string, row ledger.Row, version *v1alpha1.AccessKeyLease) bool {
	u := o.account.user(o.account.keys[key].user)
	_, gaveUp := version.Annotations[v1alpha1.AnnotationGiveUp]
	if gaveUp || !u.protected.IsZero() || !u.recreated.IsZero() || !strings.HasPrefix("/", o.spec.AWS.UserPathPrefix) {
		return true
	}
	if row.Count == 0 { // a row that is gone leaves its hold
		last, stood := lastStood(o.l.Rows[key])
		return version.Spec.ExtensionRequested || (stood && (readMark(last.Mark) == contradictory || unclearText(last.Mark)))
	}
	is, _ := readStatus(row.Mark, marksOf(o.l))
	return is == signExtended || is == signRevoked || readMark(row.Mark) == contradictory || unclearText(row.Mark)
}

// lastStood is a key's row as it was before it went.
func lastStood(rows []ledger.Row) (ledger.Row, bool) {
	for _, r := range slices.Backward(rows) {
		if r.Count == 1 {
			return r, true
		}
	}
	return ledger.Row{}, false
}

// unclearText speaks of deletion or extension without being a mark.
func unclearText(text string) bool {
	return slices.ContainsFunc([]string{"削除", "延長", "不要", "取消", "ない"}, func(word string) bool { return strings.Contains(text, word) })
}

// leftovers of a key that the operator deleted.
func (o outcome) leftovers(key string, k *awsKey) []string {
	if o.madeAnew(key) {
		return nil // the new lease saw a key that was gone, and pinned no user
	}
	u := o.account.user(k.user)
	console := !u.console.IsZero() && orElse(o.spec.AWS.KeepConsoleUsers, true)
	if !isOperator(k.goneBy) || console || !u.protected.IsZero() || !u.recreated.IsZero() || o.account.living(k.user, o.now) != "" || o.specMoved() {
		return nil
	}
	if u.gone.IsZero() {
		return []string{fmt.Sprintf("it is gone since %s, and its user %s is still there", shown(k.gone), k.user)}
	}
	if u.goneBy == ledger.Person || !o.account.shared[k.user].IsZero() || orElse(o.spec.AWS.PolicyName, "{{ .UserName }}") != "{{ .UserName }}" {
		return nil
	}
	deleted := slices.ContainsFunc(o.l.AWS, func(e ledger.AWS) bool {
		return e.Action == "DeletePolicy" && strings.HasSuffix(e.Params["PolicyArn"], ":policy/"+k.user)
	})
	if !deleted {
		return []string{fmt.Sprintf("its user %s is gone since %s, and the policy of that name is still there", k.user, shown(u.gone))}
	}
	return nil
}

// madeAnew: a key's lease was deleted, and what it knew with it.
func (o outcome) madeAnew(key string) bool {
	return slices.ContainsFunc(o.l.Leases[strings.ToLower(key)], func(v ledger.Lease) bool { return v.Object == nil })
}

// specMoved: what becomes of users was another thing at some time.
func (o outcome) specMoved() bool {
	return slices.ContainsFunc(o.l.Sheets, func(s ledger.Sheet) bool { return s.Object != nil && !sameAWS(&s.Object.Spec.AWS, &o.spec.AWS) })
}

func sameAWS(a, b *v1alpha1.AWSAccess) bool {
	return orElse(a.PolicyName, "{{ .UserName }}") == orElse(b.PolicyName, "{{ .UserName }}") && a.UserPathPrefix == b.UserPathPrefix &&
		orElse(a.KeepConsoleUsers, true) == orElse(b.KeepConsoleUsers, true)
}

// untold: the row does not say that the key is gone, or its people were not told.
func (o outcome) untold(key string, k *awsKey, row ledger.Row) (found []string) {
	is, _ := readStatus(row.Mark, marksOf(o.l))
	recreated := !o.account.user(k.user).recreated.IsZero()
	if row.Count == 1 && is != signRevoked && !unclearText(row.Mark) && !recreated {
		found = append(found, fmt.Sprintf("it is gone since %s, and its row says %q", shown(k.gone), row.Mark))
	}
	if !isOperator(k.goneBy) || o.madeAnew(key) {
		return found
	}
	told := func(id string) bool {
		return slices.ContainsFunc(o.l.Posts, func(p ledger.Post) bool {
			return !p.At.Before(k.gone) && (p.User == id || p.Channel == id) && strings.Contains(p.Plain, key)
		})
	}
	if !slices.ContainsFunc(o.spec.Slack.Admins, told) {
		found = append(found, fmt.Sprintf("it is gone since %s, and no admin was told", shown(k.gone)))
	}
	if id, ok := ownerBetween(o.l, key, k.gone.Add(-24*time.Hour), o.now); ok && exists(o.l, id) && reachable(o.l, id, k.gone.Add(-time.Hour), o.now) && !told(id) {
		found = append(found, fmt.Sprintf("it is gone since %s, and its owner %s was not told", shown(k.gone), id))
	}
	return found
}
