package judge

import (
	"slices"
	"strings"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// goodUsers are the versions of the users tab, each as it may be used: where one is broken, or takes the owner from too many
// living keys at once, the last good one stands.
func goodUsers(l *ledger.Ledger) []ledger.Users {
	var good []ledger.Users
	for i, u := range l.Users {
		if i > 0 && (broken(u) || losesTooMany(l, good, u)) {
			u.IDs = good[i-1].IDs
		}
		good = append(good, u)
	}
	return good
}

// broken: no entry of the tab can be used.
func broken(u ledger.Users) bool {
	for name, ids := range u.IDs {
		if slices.ContainsFunc(ids, isID) && len(parts(name)) > 0 && !strings.HasPrefix(name, "#") {
			return false
		}
	}
	return true
}

func isID(text string) bool {
	id := ascii(text)
	return len(id) >= 9 && (id[0] == 'U' || id[0] == 'W')
}

// losesTooMany compares with the day before: more than ten keys and more than a fifth of them have no owner any more, or
// none has, and it is not one person who left.
func losesTooMany(l *ledger.Ledger, good []ledger.Users, u ledger.Users) bool {
	before := standing(good, usersStamp, u.At.Add(-aDay), u.At)[0]
	had, lost, people := 0, 0, map[string]bool{}
	for key := range l.Rows {
		rows := upTo(l.Rows[key], rowStamp, u.At)
		if len(rows) == 0 || !alive(l, key, u.At) {
			continue
		}
		owner := rows[len(rows)-1].Owner
		id, ok := named(owner, before.IDs)
		if !ok {
			continue
		}
		had++
		if _, still := named(owner, u.IDs); !still {
			lost++
			people[id] = true
		}
	}
	return lost > max(10, had/5) || (lost == had && len(people) > 1)
}
