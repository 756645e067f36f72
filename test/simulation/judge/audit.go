package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// soon is how long a line of the audit log may be missing.
const soon = time.Hour

// evidence is invariant 10: the audit log alone tells each key's life, and nothing that did not happen.
type evidence struct {
	account *account
	lines   reader[ledger.Audit]
	posts   reader[ledger.Post]
	cells   reader[ledger.Cell]
	leases  map[string]*reader[ledger.Lease]

	// By what they are about: notices by channel and ts, calls by request ID, failed and found calls by action,
	// completions by key.
	notices, requests, doubtful, completed map[string]int
	// lines by their message and their key, and those about a cell by its name.
	told, written map[string][]ledger.Audit
	// What has no line yet.
	waiting []unsaid
}

// unsaid is something that happened, and the line that is missed.
type unsaid struct {
	ledger.Stamp
	key, text string
	said      func() bool
	// service that was asked to do it. If it answered with an error, or not at all, nobody knew that it was done.
	service string
	// hindered: what else excuses that there is no line; nil: nothing.
	hindered func() bool
}

func auditLog() check {
	a := &evidence{account: newAccount(), leases: map[string]*reader[ledger.Lease]{}, notices: map[string]int{}, requests: map[string]int{},
		doubtful: map[string]int{}, completed: map[string]int{}, told: map[string][]ledger.Audit{}, written: map[string][]ledger.Audit{}}
	return check{name: "10 the audit log and what happened", step: a.step, end: a.end}
}

func (a *evidence) step(l *ledger.Ledger) (found []Finding) {
	a.account.catchUp(l, a.changed)
	for _, p := range a.posts.news(l.Posts) {
		if byOperator(p.Stamp) && !p.Edited {
			id := p.Channel + " " + p.TS
			a.waiting = append(a.waiting, unsaid{Stamp: p.Stamp, text: "the message " + id, service: "slack",
				said: func() bool { return a.notices[id] > 0 }})
		}
	}
	for _, c := range a.cells.news(l.Cells) {
		if byOperator(c.Stamp) && c.Old != c.New {
			a.waiting = append(a.waiting, unsaid{Stamp: c.Stamp, key: c.Key, text: fmt.Sprintf("the cell %s, now %q", c.Cell, c.New), service: "google",
				said: func() bool { return a.toldOfCell(c) }})
			a.movedByPerson(l, c)
		}
	}
	a.versions(l)
	for _, line := range a.lines.news(l.Audit) {
		if wrong := a.note(l, line); wrong != "" {
			found = append(found, Finding{Key: field(line, "accessKeyID"), At: line.At, Text: fmt.Sprintf("the line %q %v: %s", line.What, line.Fields, wrong)})
		}
	}
	return append(found, a.missed(l)...)
}

// changed is a new change in AWS.
func (a *evidence) changed(e ledger.AWS) {
	if !byOperator(e.Stamp) {
		return
	}
	a.waiting = append(a.waiting, unsaid{Stamp: e.Stamp, key: e.Params["AccessKeyId"], service: "aws",
		text: fmt.Sprintf("%s %v, request %s", e.Action, e.Params, e.RequestID),
		said: func() bool { return a.requests[e.RequestID] > 0 || a.doubtful[e.Action] > e.Seq }})
	if key := e.Params["AccessKeyId"]; key != "" {
		a.waiting = append(a.waiting, unsaid{Stamp: e.Stamp, key: key, text: "the decision for " + e.Action + " " + e.Params["Status"],
			said: func() bool { return a.decidedOn(e, key) }})
	}
}

// decided are the decisions that lead to a change of a key, by the call and the status that it sets.
var decided = map[string][]string{
	"DeleteAccessKey ":         {"Revoke"},
	"UpdateAccessKey Inactive": {"Revoke", "Deactivate"},
	"UpdateAccessKey Active":   {"Reactivate"},
}

// decidedOn: the last decision about a key before a change was made by the same process, and was for that.
func (a *evidence) decidedOn(e ledger.AWS, key string) bool {
	for _, line := range slices.Backward(a.told["decided "+key]) {
		if line.By == e.By && line.Seq < e.Seq {
			return slices.Contains(decided[e.Action+" "+e.Params["Status"]], field(line, "action"))
		}
	}
	return false
}

func field(line ledger.Audit, name string) string {
	v, ok := line.Fields[name]
	if !ok || v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// missed lines of what happened some time ago. Who died right behind an act, or did not get its answer, is excused.
func (a *evidence) missed(l *ledger.Ledger) (found []Finding) {
	now, rest := lastMoment(l), a.waiting[:0]
	for i, u := range a.waiting {
		switch {
		case u.said():
		case now.Sub(u.At) < soon:
			if len(rest) == 0 && i > 0 {
				rest = append(rest, a.waiting[i:]...)
				a.waiting = rest
				return found
			}
			rest = append(rest, u)
		case failed(l, u.service, u.Stamp) || died(l, u.Stamp) || (u.hindered != nil && u.hindered()):
		default:
			found = append(found, Finding{Key: u.key, At: u.At, Text: "no line tells of " + u.text + ", by " + u.By})
		}
	}
	a.waiting = rest
	return found
}

// died: a process made no call any more.
func died(l *ledger.Ledger, s ledger.Stamp) bool {
	for i := len(l.Calls) - 1; i >= 0 && l.Calls[i].Seq > s.Seq; i-- {
		if l.Calls[i].By == s.By {
			return false
		}
	}
	return true
}

// failed: the call that made an entry was answered with an error, or not at all.
func failed(l *ledger.Ledger, service string, s ledger.Stamp) bool {
	for _, c := range slices.Backward(upTo(l.Calls, callStamp, s.At)) {
		if c.Seq < s.Seq && c.By == s.By && c.Service == service {
			return c.Failed
		}
	}
	return false
}

// end asks for the last line of a key's life.
func (a *evidence) end(l *ledger.Ledger) (found []Finding) {
	found = a.missed(l)
	now, since := lastMoment(l), calmSince(l)
	if since.IsZero() || now.Sub(since) < 2*margin || stopsAll(l, since) != "" {
		return found
	}
	for key, k := range a.account.keys {
		versions := l.Leases[strings.ToLower(key)]
		if k.gone.IsZero() || !isOperator(k.goneBy) || now.Sub(k.gone) < margin || len(versions) == 0 ||
			slices.ContainsFunc(versions, func(v ledger.Lease) bool { return v.Object == nil }) {
			continue
		}
		if a.completed[key] == 0 {
			found = append(found, Finding{Key: key, At: k.gone, Text: "the key is gone, and no line says that this is complete"})
		}
	}
	return found
}
