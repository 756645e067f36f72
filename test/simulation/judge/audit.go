package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// byHand are people's changes in AWS that can carry out what the operator wanted to do.
var byHand = []string{"delete key", "deactivate key", "activate key", "recreate user", "rename user"}

// soon is how long a line of the audit log may be missing.
const soon = time.Hour

// evidence is invariant 10: the audit log alone tells each key's life, and nothing that did not happen.
type evidence struct {
	account *account
	lines   reader[ledger.Audit]
	posts   reader[ledger.Post]
	cells   reader[ledger.Cell]

	// By what they are about: notices by channel and ts, calls by request ID, failed and found calls by action, cells by
	// their name, decisions by key and process, completions by key.
	notices, requests, doubtful, written, decided, completed map[string]int
	// What has no line yet.
	waiting []unsaid
}

// unsaid is something that happened, and the line that is missed.
type unsaid struct {
	ledger.Stamp
	key, text string
	said      func() bool
	// fault: the service whose trouble excuses it.
	fault string
	lost  bool
}

func auditLog() check {
	a := &evidence{account: newAccount(), notices: map[string]int{}, requests: map[string]int{}, doubtful: map[string]int{},
		written: map[string]int{}, decided: map[string]int{}, completed: map[string]int{}}
	return check{name: "10 the audit log and what happened", step: a.step, end: a.end}
}

func (a *evidence) step(l *ledger.Ledger) (found []Finding) {
	a.account.catchUp(l, a.changed)
	for _, p := range a.posts.news(l.Posts) {
		if byOperator(p.Stamp) && !p.Edited {
			id := p.Channel + " " + p.TS
			a.waiting = append(a.waiting, unsaid{Stamp: p.Stamp, text: "the message " + id, fault: "slack",
				said: func() bool { return a.notices[id] > 0 }})
		}
	}
	for _, c := range a.cells.news(l.Cells) {
		if byOperator(c.Stamp) && c.Old != c.New {
			a.waiting = append(a.waiting, unsaid{Stamp: c.Stamp, key: c.Key, text: fmt.Sprintf("the cell %s, now %q", c.Cell, c.New), fault: "google",
				said: func() bool { return a.written[c.Cell] >= c.Seq }})
		}
	}
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
	a.waiting = append(a.waiting, unsaid{Stamp: e.Stamp, key: e.Params["AccessKeyId"], fault: "aws", lost: e.Lost,
		text: fmt.Sprintf("%s %v, request %s", e.Action, e.Params, e.RequestID),
		said: func() bool { return a.requests[e.RequestID] > 0 || a.doubtful[e.Action] > e.Seq }})
	if key := e.Params["AccessKeyId"]; key != "" && (e.Action == "DeleteAccessKey" || e.Params["Status"] == "Inactive") {
		a.waiting = append(a.waiting, unsaid{Stamp: e.Stamp, key: key, text: "the decision for " + e.Action,
			said: func() bool { n := a.decided[key+" "+e.By]; return n > 0 && n < e.Seq }})
	}
}

func field(line ledger.Audit, name string) string {
	v, ok := line.Fields[name]
	if !ok || v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// note a line, and say what is wrong with it; empty: nothing.
func (a *evidence) note(l *ledger.Ledger, line ledger.Audit) string {
	switch line.What {
	case "notice":
		return a.noteNotice(l, line)
	case "aws":
		return a.noteCall(l, line)
	case "cell":
		a.written[cellName(field(line, "range"))] = line.Seq
	case "claimed":
		a.written[cellName(field(line, "cell"))] = line.Seq
	case "rowMoved":
		return neverMoved(l, line)
	case "decided":
		if id := field(line, "accessKeyID") + " " + line.By; a.decided[id] == 0 {
			a.decided[id] = line.Seq
		}
	case "complete":
		key := field(line, "accessKeyID")
		a.completed[key] = line.Seq
		k := a.account.keys[key]
		if k != nil && k.gone.IsZero() && k.user != "" && !acted(l, "hide") {
			return "the key lives"
		}
	}
	return ""
}

// cellName is a cell's name without its tab.
func cellName(cell string) string { return cell[strings.LastIndex(cell, "!")+1:] }

// acted: the story has an act with such a word in its verb.
func acted(l *ledger.Ledger, word string) bool {
	return slices.ContainsFunc(l.Acts, func(a ledger.Act) bool { return strings.Contains(a.Verb, word) })
}

func (a *evidence) noteNotice(l *ledger.Ledger, line ledger.Audit) string {
	channel, ts := field(line, "channel"), field(line, "messageTS")
	if ts == "" {
		return "" // nobody could be reached
	}
	a.notices[channel+" "+ts] = line.Seq
	i := slices.IndexFunc(l.Posts, func(p ledger.Post) bool { return p.Channel == channel && p.TS == ts })
	if i < 0 || l.Posts[i].Seq > line.Seq {
		return "there is no such message"
	}
	p := l.Posts[i]
	if to := field(line, "recipient"); to != p.User && to != p.Channel {
		return "the message went to " + p.User + p.Channel
	}
	if key := field(line, "accessKeyID"); key != "" && !strings.Contains(p.Plain, key) && !strings.Contains(p.Plain, field(line, "userName")) {
		return "the message names neither the key nor its user" // where Slack refuses blocks, the short text names the user only
	}
	return ""
}

func (a *evidence) noteCall(l *ledger.Ledger, line ledger.Audit) string {
	action, target, id := field(line, "action"), field(line, "target"), field(line, "requestID")
	if field(line, "error") != "" {
		a.doubtful[action] = line.Seq
		return ""
	}
	about := func(e ledger.AWS) bool {
		for _, v := range e.Params {
			if v != "" && strings.Contains(target, v) {
				return true
			}
		}
		return false
	}
	if id == "" {
		a.doubtful[action] = line.Seq
		done := slices.ContainsFunc(l.AWS, func(e ledger.AWS) bool {
			return (e.Action == action && about(e)) || (slices.Contains(byHand, e.Action) && e.User() == field(line, "userName")) ||
				(e.Action == "DeleteUser" && e.User() == field(line, "userName"))
		})
		if !done {
			return "nobody did that"
		}
		return ""
	}
	a.requests[id] = line.Seq
	i := slices.IndexFunc(l.AWS, func(e ledger.AWS) bool { return e.RequestID == id })
	switch {
	case i < 0:
		return "AWS carried out no such request"
	case l.AWS[i].Action != action || !about(l.AWS[i]):
		return fmt.Sprintf("the request was %s %v", l.AWS[i].Action, l.AWS[i].Params)
	}
	return ""
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
		case u.lost || died(l, u.Stamp) || troubled(l, u):
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

// troubled: within the last month, the service was in a trouble that can lose answers.
func troubled(l *ledger.Ledger, u unsaid) bool {
	return u.fault != "" && slices.ContainsFunc(l.Acts, func(a ledger.Act) bool {
		about := strings.HasPrefix(a.Verb, u.fault) || (a.Verb == "late" && len(a.Args) > 0 && a.Args[0] == u.fault) ||
			a.Verb == "api" || (u.fault == "google" && strings.Contains(a.Verb, "sheet"))
		return about && !a.At.After(u.At) && u.At.Sub(a.At) < 31*24*time.Hour
	})
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
