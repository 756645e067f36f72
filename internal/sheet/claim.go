package sheet

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/keylease/keylease/api/v1alpha1"
)

// maxClaim is how much of a claim cell is shown, in status and in the annotation that names it.
const maxClaim = 256

// Claim says who uses a sheet: one AccessKeySheet of one cluster.
type Claim struct {
	Namespace, Name string
	// Cluster is the UID of the namespace kube-system, which exists as long as its cluster. The AccessKeySheet's own
	// UID changes when the CRDs are installed again; then the cluster would take its own claim for another's.
	Cluster string
}

// Text of the cell: who, and since when. The time makes each claim different. An approval to take over yesterday's
// claim does not take over today's.
func (c Claim) Text(since time.Time) string {
	return c.who() + ", since " + since.UTC().Format(time.RFC3339)
}

// Is tells whether the text of a claim cell is this claim, whatever its time.
func (c Claim) Is(text string) bool {
	return text == c.who() || strings.HasPrefix(text, c.who()+", since ")
}

func (c Claim) who() string {
	return fmt.Sprintf("Keylease %s/%s, cluster %s", c.Namespace, c.Name, c.Cluster)
}

// ClaimText is the text of a claim cell as it was read: a range of one cell, without rows if it is empty. Anyone who
// may edit the sheet can write it, and people see a command that contains it. Therefore it is one line, cut, and
// without characters that a shell interprets.
func ClaimText(cells [][]any) string {
	if len(cells) == 0 {
		return ""
	}
	text := strings.Map(func(r rune) rune {
		if strings.ContainsRune("'\"`$;&|<>\\!*", r) || (unicode.IsControl(r) && !unicode.IsSpace(r)) {
			return '?'
		}
		return r
	}, cut(trim(cellText(cellAt(cells[0], 0))), maxClaim))
	return strings.Join(strings.Fields(text), " ")
}

// ClaimRange is the range of the claim cell, with its tab.
func ClaimRange(tab, cell string) string { return quoteTab(tab) + "!" + cell }

// CheckClaimCell refuses a claim cell that a request may use. Keylease would overwrite an empty one and take a filled
// one for a claim, and both would move with the rows. An empty name means no claim cell.
func CheckClaimCell(cell string, tab v1alpha1.RequestsTab) error {
	at := strings.IndexFunc(cell, func(r rune) bool { return r >= '0' && r <= '9' })
	if at < 1 {
		return nil
	}
	row, err := strconv.Atoi(cell[at:])
	if err != nil {
		return fmt.Errorf("spec.claimCell %s: %w", Quoted(cell), err)
	}
	header := HeaderRows(tab.HeaderRows)
	for _, column := range RequestColumns(tab.Columns) {
		if ColumnIndex(column.Letter) == ColumnIndex(v1alpha1.ColumnLetter(cell[:at])) && row > header {
			return fmt.Errorf("spec.claimCell %s stands among the requests: name a cell of the header rows, or in a column that is not configured", cell)
		}
	}
	return nil
}
