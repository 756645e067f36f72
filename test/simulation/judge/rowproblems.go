package judge

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

const (
	// problemTold is how long a row's problem may stand until the admins are told: it is, with the next reading.
	problemTold = 12 * time.Hour
	// problemForgotten: one that was away so long is told again, and a day later at most.
	problemForgotten = 8 * aDay
)

// untoldRows finds rows of living keys with a problem of which no admin was told, though the operator read the sheet.
func untoldRows() check {
	var next time.Time
	known := map[string]bool{}
	return check{name: "7 a row's problem untold", step: func(l *ledger.Ledger) []Finding {
		now := lastMoment(l)
		if now.Before(next) {
			return nil
		}
		next = now.Add(problemTold / 4)
		from := now.Add(-problemTold)
		var found []Finding
		for _, key := range slices.Sorted(maps.Keys(l.Rows)) {
			what, stood, first := problemSince(l, key, now)
			if what.text == "" || known[key] || readMark(l.Rows[key][len(l.Rows[key])-1].Mark) == deletedByHand || stood.After(from) || !alive(l, key, now) || !readsAll(l, key, from, now) || problemWasTold(l, key, what, first, now) {
				continue
			}
			known[key] = true
			found = append(found, Finding{Key: key, At: now, Text: fmt.Sprintf(
				"The row of %s %s since %s, and no admin was told by %s.", key, what.text, shown(stood), shown(now))})
		}
		return found
	}}
}

// rowProblem is why a row cannot be used, in words, and the headlines under which it is told. Empty: it can be, or that is
// not certain.
type rowProblem struct {
	text      string
	headlines []string
}

var (
	invalidRows  = []string{"申請シートに修正が必要な行があります", "Rows of the request sheet need to be corrected"}
	unclearMarks = []string{"状態の列の意味が読み取れない行があります", "It is not clear what some status cells mean"}
)

// problemOf a row, of a key whose lease has this user; empty: it has no lease.
func problemOf(r ledger.Row, leased string) (none rowProblem) {
	_, how := readDate(r.Ends)
	user := folded(r.User)
	switch {
	case r.Count > 1:
		return rowProblem{"stands more than once", invalidRows}
	case r.Count == 0:
		return none
	case how == unusable:
		return rowProblem{fmt.Sprintf("has the end date %q", r.Ends), invalidRows}
	case user == "":
		return rowProblem{"names no user", invalidRows}
	case leased != "" && ascii(user) == user && !strings.EqualFold(user, leased):
		return rowProblem{fmt.Sprintf("names the user %q", r.User), invalidRows}
	case leased != "" && readMark(r.Mark) == contradictory:
		return rowProblem{fmt.Sprintf("has the mark %q", r.Mark), unclearMarks}
	}
	return none
}

// problemSince tells what is wrong with a key's row, since when, and when the same was wrong first if it never went for so
// long that it is forgotten.
func problemSince(l *ledger.Ledger, key string, now time.Time) (what rowProblem, stood, first time.Time) {
	rows, leased := l.Rows[key], ""
	if versions := upTo(l.Leases[strings.ToLower(key)], leaseStamp, now); len(versions) > 0 && versions[len(versions)-1].Object != nil {
		leased = versions[len(versions)-1].Object.Spec.UserName
	}
	what = problemOf(rows[len(rows)-1], leased)
	still := true
	for _, r := range slices.Backward(rows) {
		if problemOf(r, leased).text != what.text {
			if still = false; first.Sub(r.At) > problemForgotten {
				break
			}
			continue
		}
		if first = r.At; still {
			stood = r.At
		}
	}
	return what, stood, first
}

func problemWasTold(l *ledger.Ledger, key string, what rowProblem, from, to time.Time) bool {
	return slices.ContainsFunc(within(l.Posts, postStamp, from.Add(-second), to), func(p ledger.Post) bool {
		return strings.Contains(p.Plain, key) && headed(p, what.headlines) && isAdminAround(l, recipient(p), p.At)
	})
}

// readsAll tells whether the operator read a key's sheet and told people of it all the time between two moments, in the
// columns that people write, and what it read was accepted.
func readsAll(l *ledger.Ledger, key string, from, to time.Time) bool {
	name := sheetOf(l, key, to)
	if name == "" && len(l.Sheets) > 0 {
		name = l.Sheets[len(l.Sheets)-1].Name
	}
	settings := settingsOf(l, name, from.Add(-aDay), to)
	for _, spec := range settings {
		first := l.Sheets[0].Object.Spec
		if zoneOf(spec) == nil || !reflect.DeepEqual(spec.Requests, first.Requests) || spec.Marks != first.Marks || spec.ClaimCell != first.ClaimCell {
			return false
		}
	}
	trouble := inTrouble(l, from) || slices.ContainsFunc(within(l.Acts, actStamp, from.Add(-time.Hour), to), func(a ledger.Act) bool {
		return slices.ContainsFunc(services, func(s string) bool { return strings.HasPrefix(a.Verb, s) })
	})
	last, refused := lastTold(l, notRead, to)
	return !trouble && couldTell(l, name, from, to) && present(l, from, to, time.Hour) && (!refused || last.Before(acceptedAfter(l, to)))
}
