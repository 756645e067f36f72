package sheet

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/keylease/keylease/api/v1alpha1"
)

// maxClaim is how much of a claim cell is shown, in status and in an annotation that names it.
const maxClaim = 256

// Claim is who works on a sheet: one AccessKeySheet of one cluster.
type Claim struct {
	Namespace, Name string
	// Cluster is the UID of the namespace kube-system, which lives as long as its cluster. The AccessKeySheet's own UID
	// would not do: with the CRDs installed anew, the same cluster would meet its own claim as somebody else's.
	Cluster string
}

// Text of the cell: who, and since when. The time makes each claim another one, so that an approval to take over the claim
// of yesterday does not take over that of today.
func (c Claim) Text(since time.Time) string {
	return c.who() + ", since " + since.UTC().Format(time.RFC3339)
}

// Is tells whether the text of a claim cell is this claim, whenever it was made.
func (c Claim) Is(text string) bool {
	return text == c.who() || strings.HasPrefix(text, c.who()+", since ")
}

func (c Claim) who() string {
	return fmt.Sprintf("Keylease %s/%s, cluster %s", c.Namespace, c.Name, c.Cluster)
}

// ClaimText is the text of a claim cell as it was read: a range of one cell, without rows where it is empty. It is in one
// line, cut, and without what means something to a shell: people are shown a command with it, and anybody who may edit the
// sheet can have written it.
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

// ClaimRange names the claim cell with its tab.
func ClaimRange(tab, cell string) string { return quoteTab(tab) + "!" + cell }

// CheckClaimCell refuses a claim cell in which a request could stand: an empty cell would be written over, a full one be
// taken for somebody's claim, and either would move with the rows. An empty name is no claim cell.
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
