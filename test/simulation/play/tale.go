package play

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/keylease/keylease/test/simulation/ledger"
	"github.com/keylease/keylease/test/simulation/story"
)

// Tale is what happened, one line for each act, change and message, as a person reads it.
func (w *World) Tale() string {
	type line struct {
		ledger.Stamp
		text string
	}
	var lines []line
	add := func(s ledger.Stamp, format string, args ...any) {
		lines = append(lines, line{s, fmt.Sprintf(format, args...)})
	}
	l := w.Ledger
	for _, a := range l.Acts {
		if a.Skipped != "" {
			add(a.Stamp, "ACT %s (impossible: %s)", a.Text, a.Skipped)
			continue
		}
		add(a.Stamp, "ACT %s", a.Text)
	}
	for _, c := range l.Cells {
		add(c.Stamp, "writes %s!%s %q, was %q", c.Tab, c.Cell, c.New, c.Old)
	}
	for _, p := range l.Posts {
		headline, _, _ := strings.Cut(p.Plain, "\n")
		add(p.Stamp, "tells %s: %s", p.To, headline)
	}
	for _, c := range l.AWS {
		lost := ""
		if c.Lost {
			lost = " (answer lost)"
		}
		add(c.Stamp, "AWS %s %v%s", c.Action, c.Params, lost)
	}
	for key, rows := range l.Rows {
		for _, r := range rows {
			add(r.Stamp, "row %d of %s: ends %q, mark %q, %q, %q", r.Row, key, r.Ends, r.Mark, r.Owner, r.User)
		}
	}
	for name, versions := range l.Leases {
		before := ""
		for _, v := range versions {
			now := "deleted"
			if v.Object != nil {
				now = leaseLine(v)
			}
			if now != before {
				add(v.Stamp, "lease %s: %s", name, now)
			}
			before = now
		}
	}
	slices.SortFunc(lines, func(a, b line) int { return cmp.Compare(a.Seq, b.Seq) })
	var b strings.Builder
	for _, one := range lines {
		fmt.Fprintf(&b, "%s %-11s %s\n", one.At.In(story.Zone).Format("01-02 15:04:05.00"), one.By, one.text)
	}
	return b.String()
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
