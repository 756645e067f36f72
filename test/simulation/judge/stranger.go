package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// stranger finds messages about a key to somebody who was neither an admin nor named as its owner, as far as the operator
// could know.
func stranger() check {
	var posts reader[ledger.Post]
	return check{name: "5 told of another's key", step: func(l *ledger.Ledger) []Finding {
		var found []Finding
		for _, p := range posts.news(l.Posts) {
			to := recipient(p)
			if isAdminAround(l, to, p.At) {
				continue
			}
			plain := folded(p.Plain)
			for key := range l.Rows {
				if strings.Contains(plain, key) && !isOwnerAround(l, key, to, p.At) {
					found = append(found, Finding{Key: key, At: p.At, Text: fmt.Sprintf(
						"%s was told of %s at %s, and no row named them as its owner then: %q.", to, key, shown(p.At), firstLine(plain))})
				}
			}
		}
		return found
	}}
}

// isAdminAround tells whether somebody is an admin of any sheet as it stood a little before a moment, or since.
func isAdminAround(l *ledger.Ledger, id string, at time.Time) bool {
	from, of := at.Add(-time.Hour-leeway(l, at)), map[string]bool{}
	for _, v := range slices.Backward(upTo(l.Sheets, sheetStamp, at)) {
		if of[v.Name] {
			continue
		}
		if v.Object != nil && slices.Contains(v.Object.Spec.Slack.Admins, id) {
			return true
		}
		of[v.Name] = !v.At.After(from)
	}
	return false
}

// isOwnerAround tells whether a row or the lease named somebody as a key's owner in the last reading that was surely
// accepted, a little before it, or since. A broken users tab may be used, or the one before it. Where the row is gone, the
// last reading that had it stands.
func isOwnerAround(l *ledger.Ledger, key, id string, at time.Time) bool {
	known := at
	if rows := upTo(l.Rows[key], rowStamp, at); len(rows) > 0 && rows[len(rows)-1].Count == 0 {
		known = rows[len(rows)-1].At
	}
	from := acceptedAfter(l, known)
	if !from.IsZero() {
		from = from.Add(-seenWithin(l, key, known) - leeway(l, known))
	}
	var names []string
	for _, r := range standing(l.Rows[key], rowStamp, from, at) {
		names = append(names, r.Owner)
	}
	for _, v := range standing(l.Leases[strings.ToLower(key)], leaseStamp, from, at) {
		if v.Object != nil {
			names = append(names, v.Object.Spec.Owner.FullName)
		}
	}
	tabs := append(standing(goodUsers(l), usersStamp, from, at), standing(l.Users, usersStamp, from, at)...)
	return slices.ContainsFunc(tabs, func(u ledger.Users) bool {
		for user, ids := range u.IDs {
			if slices.ContainsFunc(ids, func(one string) bool { return folded(one) == id }) &&
				slices.ContainsFunc(names, func(owner string) bool { return mayMean(owner, user) }) {
				return true
			}
		}
		return false
	})
}

// acceptedAfter is when the operator last did what it does only where it has just accepted a reading of the sheet: it wrote
// into a key's row, or brought a lease's spec up to date. Zero: it never did.
func acceptedAfter(l *ledger.Ledger, at time.Time) time.Time {
	var last time.Time
	mine := func(s ledger.Stamp) bool { return byOperator(s) && !strings.HasPrefix(s.By, ledger.OtherCluster) }
	for _, c := range slices.Backward(upTo(l.Cells, cellStamp, at)) {
		if c.Key != "" && mine(c.Stamp) {
			last = c.At
			break
		}
	}
	for _, all := range l.Leases {
		versions := upTo(all, leaseStamp, at)
		i, ok := lastOf(versions, func(i int) bool {
			o := versions[i].Object
			return o != nil && mine(versions[i].Stamp) && (i == 0 || versions[i-1].Object == nil || versions[i-1].Object.Generation != o.Generation)
		})
		if ok {
			last = later(last, versions[i].At)
		}
	}
	return last
}
