// Package table writes tables for terminals, in which full-width characters take two columns.
package table

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// columnWidth is the most that a cell takes, in columns of a terminal; longer ones are cut.
const columnWidth = 60

// Write rows of equally many cells, the first one the header. All but the last column are padded, and cut at columnWidth.
func Write(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i := range row {
			row[i] = OneLine(row[i])
			if i < len(row)-1 {
				row[i] = condition.Truncate(row[i], columnWidth, "…")
			}
			widths[i] = max(widths[i], condition.StringWidth(row[i]))
		}
	}
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-condition.StringWidth(cell)+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// condition under which widths are counted: what is ambiguous takes one column, as terminals have it by default,
// whatever this machine's locale says.
var condition = func() *runewidth.Condition {
	c := runewidth.NewCondition()
	c.EastAsianWidth = false
	return c
}()

// OneLine of a text that people typed: it must not break the table, nor speak to the terminal.
func OneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || (r >= 0x7f && r < 0xa0) }), " ")
}
