package judge

import (
	"strings"
	"time"
	"unicode"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// bare is a name without blanks.
func bare(name string) string { return strings.ReplaceAll(folded(name), " ", "") }

// parts are all ways to divide a name of the users tab into last and first name.
func parts(name string) [][2]string {
	name = folded(name)
	var found [][2]string
	for i, r := range name {
		if r == ' ' {
			found = append(found, [2]string{bare(name[:i]), bare(name[i:])})
		}
	}
	return found
}

// isNamed tells whether an owner's cell says exactly the name of a user.
func isNamed(owner, user string) bool {
	owner = bare(owner)
	for _, p := range parts(user) {
		if owner != "" && (owner == p[0]+p[1] || owner == p[1]+p[0]) {
			return true
		}
	}
	return false
}

// mayMean tells whether an owner's cell can be taken for a user: it is the name, or holds it with nothing but blanks,
// punctuation or a polite word around it. The name inside another name means nobody.
func mayMean(owner, user string) bool {
	if isNamed(owner, user) {
		return true
	}
	rest := strings.ToLower(folded(owner))
	for _, polite := range []string{"様", "さん", "氏", "殿"} {
		rest = strings.ReplaceAll(rest, polite, " ")
	}
	words := strings.FieldsFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, p := range parts(user) {
		last, first := strings.ToLower(p[0]), strings.ToLower(p[1])
		has := map[string]bool{}
		for i, w := range words {
			has[w] = true
			if i > 0 {
				has[words[i-1]+w] = true
			}
		}
		if has[last+first] || has[first+last] || has[last] && has[first] {
			return true
		}
	}
	return false
}

// ownerBetween is the Slack ID that the row's owner had at every moment between two, by exact name; false: it was not one
// and the same, or not clear.
func ownerBetween(l *ledger.Ledger, key string, from, to time.Time) (string, bool) {
	id := ""
	rows := standing(l.Rows[key], rowStamp, from, to)
	users := standing(goodUsers(l), usersStamp, from, to)
	for _, row := range rows {
		for _, u := range users {
			one, ok := named(row.Owner, u.IDs)
			if !ok || row.Count != 1 || (id != "" && one != id) {
				return "", false
			}
			id = one
		}
	}
	return id, id != ""
}

// named is the only ID of the only user of that name.
func named(owner string, users map[string][]string) (string, bool) {
	found := ""
	for name, ids := range users {
		if !isNamed(owner, name) {
			continue
		}
		if found != "" || len(ids) != 1 {
			return "", false
		}
		found = strings.TrimSpace(ids[0])
	}
	return found, found != ""
}

// reachable tells whether Slack could deliver to somebody at every moment between two.
func reachable(l *ledger.Ledger, to string, from, until time.Time) bool {
	var list []ledger.Reach
	for _, r := range l.Reach {
		if r.To == to || r.To == "" {
			list = append(list, r)
		}
	}
	// Everybody's trouble and one's own are two lists.
	for _, of := range []string{"", to} {
		var own []ledger.Reach
		for _, r := range list {
			if r.To == of {
				own = append(own, r)
			}
		}
		for _, r := range standing(own, reachStamp, from, until) {
			if !r.OK {
				return false
			}
		}
	}
	return true
}
