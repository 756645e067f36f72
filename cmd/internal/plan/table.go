package plan

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/keylease/keylease/cmd/internal/table"
)

// Write the plan as a table for people: full-width characters take two columns.
func (p Plan) Write(w io.Writer) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s, as of %s (%s)\n", p.Source, minute(p.At), p.TimeZone)
	fmt.Fprintf(b, "%d requests: %d with a usable row, %d without a key yet, %d that cannot be used\n", p.Counts.Total, p.Counts.Leases, p.Counts.Pending, p.Counts.Invalid)
	rows := [][]string{{"ROW", "KEY", "USER", "OWNER", "ENDS", "PHASE", "NOW", "NEXT"}}
	for _, r := range p.Rows {
		rows = append(rows, []string{fmt.Sprint(r.Row), r.AccessKeyID, r.UserName, r.Owner.text(), r.EndDate, r.phaseText(), r.now(), r.next()})
	}
	if len(p.Rows) > 0 {
		b.WriteByte('\n')
		table.Write(b, rows)
	}
	if len(p.Problems) > 0 {
		b.WriteString("\nTo be mended in the sheet:\n")
		rows = [][]string{{"ROW", "KEY", "REASON", "WHAT TO DO"}}
		for _, problem := range p.Problems {
			rows = append(rows, []string{fmt.Sprint(problem.Row), problem.AccessKeyID, problem.Reason, problem.Message})
		}
		table.Write(b, rows)
	}
	for i, note := range p.Notes {
		if i == 0 {
			b.WriteByte('\n')
		}
		b.WriteString(note + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (o Owner) text() string {
	switch {
	case o.SlackUserID != "":
		return o.FullName + " → " + o.SlackUserID
	case len(o.Candidates) > 0:
		return o.FullName + " → several: " + strings.Join(o.Candidates, ", ")
	}
	return o.FullName + " → nobody of that name"
}

func (r Row) phaseText() string {
	if r.Held != nil {
		return r.Phase + ", held: " + r.Held.Reason
	}
	return r.Phase
}

func (r Row) now() string {
	var parts []string
	for _, step := range r.Today {
		switch step.Action {
		case ActionNotice:
			parts = append(parts, "notice, "+daysText(*step.DaysLeft))
		case ActionSummary:
			parts = append(parts, "admins told (the owner was, says the sheet)")
		case ActionDeactivate:
			parts = append(parts, "deactivated")
		case ActionDelete:
			parts = append(parts, "deleted")
		case ActionCheckKey:
			parts = append(parts, "AWS is asked whether it is gone")
		}
	}
	if r.StatusAfter != r.Status {
		parts = append(parts, "mark "+r.StatusAfter)
	}
	if len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, "; ")
}

// next names what follows by day, the notices and the deletion.
func (r Row) next() string {
	words := map[string]string{ActionNotice: "notice", ActionDeactivate: "deactivated", ActionDelete: "deleted", ActionSummary: "summary"}
	var parts []string
	for _, step := range r.Later {
		if word := words[step.Action]; word != "" {
			parts = append(parts, word+" "+minute(step.Time))
		}
	}
	if len(parts) > 0 {
		return strings.Join(parts, ", ")
	}
	if r.Held != nil {
		return r.Held.Message
	}
	if slices.ContainsFunc(r.Today, func(s Step) bool { return s.Action == ActionDelete || s.Action == ActionCheckKey }) {
		return "–"
	}
	return "nothing"
}

// minute of an RFC 3339 time: 2026-12-09 15:00.
func minute(rfc3339 string) string {
	day, clock, _ := strings.Cut(rfc3339, "T")
	if len(clock) < 5 {
		return day
	}
	return day + " " + clock[:5]
}
