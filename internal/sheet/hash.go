package sheet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// GuardedHash names the content of the columns that the sheet guard watches: 32 hexadecimal digits of a SHA-256 over key
// ID, end date, user, account, owner and mark of every row, and key ID, reason and value of every problem. The order of
// rows and people's other columns and remarks do not change it. An approval annotation names it, so that what was looked
// at is what is approved.
func GuardedHash(requests Requests) string {
	var lines []string
	for _, r := range requests.Rows {
		mark := string(r.Status.Mark)
		if r.Status.Mark == MarkUnclear {
			mark += " " + trim(r.Status.Text)
		}
		lines = append(lines, guardedLine("row", r.AccessKeyID, r.EndDate, r.UserName, r.AccountID, r.FullName, mark))
	}
	for _, p := range requests.Problems {
		lines = append(lines, guardedLine("problem", p.AccessKeyID, p.Reason, p.Value))
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:16])
}

// guardedLine quotes each value, so that no value can look like two.
func guardedLine(kind string, values ...string) string {
	line := kind
	for _, value := range values {
		line += fmt.Sprintf(" %q", value)
	}
	return line
}
