// Package table writes tables for terminals, in which full-width characters take two columns.
package table

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// columnWidth is the most that a cell takes, in columns of a terminal; longer ones are cut.
const columnWidth = 60

// Write rows of equally many cells, the first one the header. All but the last column are padded, and cut at columnWidth.
func Write(b *strings.Builder, rows [][]string) { write(b, rows, columnWidth, 0) }

// Width of a terminal that most people have at least.
const Width = 120

// WriteNarrow writes for a terminal of Width columns: cells are cut at longest, and the last column, which is for
// sentences, goes on in further lines.
func WriteNarrow(b *strings.Builder, rows [][]string, longest int) { write(b, rows, longest, Width) }

// write with the last column wrapped at a width; 0: not at all.
func write(b *strings.Builder, rows [][]string, longest, width int) {
	widths := make([]int, len(rows[0]))
	last := len(widths) - 1
	for _, row := range rows {
		for i := range row {
			row[i] = OneLine(row[i])
			if i < last {
				row[i] = condition.Truncate(row[i], longest, "…")
			}
			widths[i] = max(widths[i], condition.StringWidth(row[i]))
		}
	}
	for _, row := range rows {
		line, indent := "", 0
		for i, cell := range row[:last] {
			line += cell + strings.Repeat(" ", widths[i]-condition.StringWidth(cell)+2)
			indent += widths[i] + 2
		}
		for _, part := range wrap(row[last], width-indent) {
			b.WriteString(strings.TrimRight(line+part, " ") + "\n")
			line = strings.Repeat(" ", indent)
		}
	}
}

// Wrap a text at Width.
func Wrap(text string) string { return strings.Join(wrap(OneLine(text), Width), "\n") }

// wrap at blanks into lines of a width, as far as there are blanks; a width of 0 or less is none.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		switch line := &lines[len(lines)-1]; {
		case *line == "":
			*line = word
		case width > 0 && condition.StringWidth(*line)+1+condition.StringWidth(word) > width:
			lines = append(lines, word)
		default:
			*line += " " + word
		}
	}
	return lines
}

// condition under which widths are counted: what is ambiguous takes one column, as terminals have it by default,
// whatever this machine's locale says.
var condition = func() *runewidth.Condition {
	c := runewidth.NewCondition()
	c.EastAsianWidth = false
	return c
}()

// Cut a text to a width.
func Cut(text string, width int) string { return condition.Truncate(OneLine(text), width, "…") }

// OneLine of a text that people typed: it must not break the table, nor speak to the terminal.
func OneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || (r >= 0x7f && r < 0xa0) }), " ")
}
