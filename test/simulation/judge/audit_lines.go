package judge

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// byHand are people's changes in AWS that can carry out what the operator wanted to do.
var byHand = []string{"delete key", "deactivate key", "activate key", "recreate user", "rename user"}

// note a line, and say what is wrong with it; empty: nothing.
func (a *evidence) note(l *ledger.Ledger, line ledger.Audit) string {
	about := line.What + " " + field(line, "accessKeyID")
	a.told[about] = append(a.told[about], line)
	switch line.What {
	case "notice":
		return a.noteNotice(l, line)
	case "aws":
		return a.noteCall(l, line)
	case "cell":
		a.noteCell(field(line, "range"), line)
	case "claimed":
		a.noteCell(field(line, "cell"), line)
	case "rowMoved":
		return neverMoved(l, line)
	case "decided":
		return wrongDecision(l, line)
	case "complete":
		return a.noteEnd(l, line)
	}
	return ""
}

// wrongDecision says why a decision cannot have been made as its line says; empty: it can.
func wrongDecision(l *ledger.Ledger, line ledger.Audit) string {
	end := field(line, "endDate")
	versions := standing(l.Leases[strings.ToLower(field(line, "accessKeyID"))], leaseStamp, line.At.Add(-underWay), line.At)
	had := func(v ledger.Lease) bool { return v.Object != nil && v.Object.Spec.EndDate == end }
	if !slices.ContainsFunc(versions, had) {
		return "the lease did not have that end date"
	}
	if read, ok := line.Fields["sheetRead"].(time.Time); ok && read.After(line.At) {
		return "nobody had read the sheet then"
	}
	return ""
}

func (a *evidence) noteEnd(l *ledger.Ledger, line ledger.Audit) string {
	key := field(line, "accessKeyID")
	a.completed[key] = line.Seq
	k := a.account.keys[key]
	if k != nil && k.gone.IsZero() && k.user != "" {
		return "the key lives"
	}
	touched := func(e ledger.AWS) bool { return byOperator(e.Stamp) && e.Params["AccessKeyId"] == key }
	if field(line, "reason") == v1alpha1.ReasonEndDatePassed && !slices.ContainsFunc(l.AWS, touched) {
		return "the operator never touched the key"
	}
	if name := field(line, "snapshot"); name != "" && !slices.ContainsFunc(l.Secrets, func(s ledger.Secret) bool {
		return s.Name == name && fmt.Sprintf("%x", sha256.Sum256(s.Data[snapshotFile])) == field(line, "snapshotSHA256")
	}) {
		return "there is no such snapshot"
	}
	return ""
}

// noteCell keeps a line by the name of the cell without its tab.
func (a *evidence) noteCell(cell string, line ledger.Audit) {
	cell = cell[strings.LastIndex(cell, "!")+1:]
	a.written[cell] = append(a.written[cell], line)
}

// toldOfCell: a line tells of a write, and of the text that was written. A number is shown in another way.
func (a *evidence) toldOfCell(c ledger.Cell) bool {
	for _, line := range slices.Backward(a.written[c.Cell]) {
		if line.Seq < c.Seq {
			return false
		}
		if text, isText := line.Fields["new"].(string); line.By == c.By && (!isText || text == c.New || isNumber(strings.TrimSuffix(text, ".0"))) {
			return true
		}
	}
	return false
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
