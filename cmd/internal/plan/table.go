package plan

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/keylease/keylease/cmd/internal/table"
)

// longestCell of a narrow table: all columns of the longest cells fit into table.Width.
const longestCell = 26

// Write the plan as a table for people, that fits their terminal: full-width characters take two columns.
func (p Plan) Write(w io.Writer) error {
	rows := [][]string{{"ROW", "KEY", "USER", "ENDS", "PHASE", "NOW", "NEXT"}}
	for _, r := range p.Rows {
		rows = append(rows, []string{fmt.Sprint(r.Row), r.AccessKeyID, table.Cut(r.UserName, 20), r.EndDate, r.shortPhase(), r.shortNow(), r.shortNext()})
	}
	return p.write(w, rows, func(b *strings.Builder, rows [][]string) { table.WriteNarrow(b, rows, longestCell) }, table.Wrap)
}

// WriteWide writes all that is known of each row, in lines as long as it takes.
func (p Plan) WriteWide(w io.Writer) error {
	rows := [][]string{{"ROW", "KEY", "USER", "OWNER", "ENDS", "PHASE", "NOW", "NEXT"}}
	for _, r := range p.Rows {
		rows = append(rows, []string{fmt.Sprint(r.Row), r.AccessKeyID, r.UserName, r.Owner.text(), r.EndDate, r.phaseText(), r.now(), r.next()})
	}
	return p.write(w, rows, table.Write, table.OneLine)
}

func (p Plan) write(w io.Writer, rows [][]string, write func(*strings.Builder, [][]string), sentence func(string) string) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s, as of %s (%s)\n", p.Source, minute(p.At), p.TimeZone)
	fmt.Fprintf(b, "%d requests: %d with a usable row, %d without a key yet, %d that cannot be used\n", p.Counts.Total, p.Counts.Leases, p.Counts.Pending, p.Counts.Invalid)
	if len(p.Rows) > 0 {
		b.WriteByte('\n')
		write(b, rows)
	}
	if len(p.Problems) > 0 {
		b.WriteString("\nTo be mended in the sheet:\n")
		rows = [][]string{{"ROW", "KEY", "REASON", "WHAT TO DO"}}
		for _, problem := range p.Problems {
			rows = append(rows, []string{fmt.Sprint(problem.Row), problem.AccessKeyID, problem.Reason, problem.Message})
		}
		write(b, rows)
	}
	for i, note := range p.Notes {
		if i == 0 {
			b.WriteByte('\n')
		}
		b.WriteString(sentence(note) + "\n")
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

func (r Row) shortPhase() string {
	if r.Held != nil {
		return "Held"
	}
	return r.Phase
}

// shortNow is the last thing done now; the mark follows from the phase.
func (r Row) shortNow() string {
	now := "–"
	for _, step := range r.Today {
		switch step.Action {
		case ActionNotice:
			now = "notice, " + daysText(*step.DaysLeft)
		case ActionSummary:
			now = "admins told"
		case ActionDeactivate:
			now = "deactivated"
		case ActionDelete:
			now = "deleted"
		case ActionCheckKey:
			now = "AWS is asked"
		}
	}
	return now
}

// shortNext is the first of what follows, by day.
func (r Row) shortNext() string {
	if r.Held != nil {
		return r.Held.Reason
	}
	for _, step := range r.Later {
		if word := laterWords[step.Action]; word != "" {
			day, _, _ := strings.Cut(step.Time, "T")
			return word + " " + day
		}
	}
	return r.next()
}

var laterWords = map[string]string{ActionNotice: "notice", ActionDeactivate: "deactivated", ActionDelete: "deleted", ActionSummary: "summary"}

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
	var parts []string
	for _, step := range r.Later {
		if word := laterWords[step.Action]; word != "" {
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
