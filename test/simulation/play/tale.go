package play

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/keylease/keylease/test/simulation/ledger"
	"github.com/keylease/keylease/test/simulation/story"
)

// tale of a world.
type tale struct {
	l *ledger.Ledger
	// key it is about; empty: all.
	key   string
	lines []line
}

type line struct {
	ledger.Stamp
	text string
}

// Tale is what happened, one line for each act, change and message, as a person reads it.
func (w *World) Tale() string { return w.TaleOf("") }

// TaleOf a key leaves out what is about other keys only. Acts are told all: a short story has none without need.
func (w *World) TaleOf(key string) string {
	t := &tale{l: w.Ledger, key: key}
	t.acts()
	t.outside()
	t.rows()
	t.leases()
	slices.SortFunc(t.lines, func(a, b line) int { return cmp.Compare(a.Seq, b.Seq) })
	var b strings.Builder
	for _, one := range t.lines {
		fmt.Fprintf(&b, "%s %-11s %s\n", one.At.In(story.Zone).Format("01-02 15:04:05.00"), one.By, one.text)
	}
	return b.String()
}

func (t *tale) add(s ledger.Stamp, format string, args ...any) {
	t.lines = append(t.lines, line{s, fmt.Sprintf(format, args...)})
}

// about tells whether what concerns a key belongs here. What concerns none in particular does.
func (t *tale) about(key string) bool { return t.key == "" || key == "" || key == t.key }

func (t *tale) acts() {
	for _, a := range t.l.Acts {
		if a.Skipped != "" {
			t.add(a.Stamp, "ACT %s (impossible: %s)", a.Text, a.Skipped)
			continue
		}
		t.add(a.Stamp, "ACT %s", a.Text)
	}
}

// outside: cells, messages, and changes in AWS.
func (t *tale) outside() {
	for _, c := range t.l.Cells {
		if t.about(c.Key) {
			t.add(c.Stamp, "writes %s!%s %q, was %q", c.Tab, c.Cell, cut(c.New), cut(c.Old))
		}
	}
	for _, p := range t.l.Posts {
		if t.names(p.Plain) {
			headline, _, _ := strings.Cut(p.Plain, "\n")
			t.add(p.Stamp, "tells %s: %s", p.To, headline)
		}
	}
	users := map[string]bool{}
	for _, c := range t.l.AWS {
		if id := c.Params["AccessKeyId"]; id != "" && t.about(id) {
			users[c.User()] = true
		} else if id != "" || (c.User() != "" && t.key != "" && !users[c.User()]) {
			continue
		}
		lost := ""
		if c.Lost {
			lost = " (answer lost)"
		}
		t.add(c.Stamp, "AWS %s %v%s", c.Action, c.Params, lost)
	}
}

// names tells whether a message belongs here: it names the key, or none at all.
func (t *tale) names(plain string) bool {
	if t.key == "" || strings.Contains(plain, t.key) {
		return true
	}
	for key := range t.l.Rows {
		if strings.Contains(plain, key) {
			return false
		}
	}
	return true
}

func (t *tale) rows() {
	for key, rows := range t.l.Rows {
		if !t.about(key) {
			continue
		}
		for _, r := range rows {
			t.add(r.Stamp, "row %d of %s: ends %q, mark %q, %q, %q", r.Row, key, cut(r.Ends), cut(r.Mark), cut(r.Owner), cut(r.User))
		}
	}
}

func (t *tale) leases() {
	for name, versions := range t.l.Leases {
		if !t.about(strings.ToUpper(name)) {
			continue
		}
		before := ""
		for _, v := range versions {
			now := "deleted"
			if v.Object != nil {
				now = leaseLine(v)
			}
			if now != before {
				t.add(v.Stamp, "lease %s: %s", name, now)
			}
			before = now
		}
	}
}

// cut a cell's text to what fits a line.
func cut(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

func leaseLine(v ledger.Lease) string {
	s := v.Object.Status
	reasons := make([]string, 0, len(s.Conditions))
	for _, c := range s.Conditions {
		if (c.Status == "True") == (c.Type == "Held" || c.Type == "Stalled") || (c.Type == "Ready" && c.Status != "True") {
			reasons = append(reasons, c.Type+"="+string(c.Status)+"/"+c.Reason)
		}
	}
	term := int64(0)
	if s.Term != nil {
		term = s.Term.Number
	}
	return fmt.Sprintf("%s, ends %s, asked %v, term %d, %s", s.Phase, v.Object.Spec.EndDate, v.Object.Spec.ExtensionRequested, term, strings.Join(reasons, " "))
}
