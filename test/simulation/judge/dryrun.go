package judge

import (
	"fmt"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// spokeInDryRun finds what people see of a sheet that is to do nothing.
func spokeInDryRun() check {
	var posts reader[ledger.Post]
	var cells reader[ledger.Cell]
	return check{name: "3 told or written in DryRun", step: func(l *ledger.Ledger) (found []Finding) {
		for _, p := range posts.news(l.Posts) {
			if byOperator(p.Stamp) && !byOther(p.Stamp) && dryRun(l, p.At) {
				found = append(found, Finding{At: p.At, Text: fmt.Sprintf("%s got %q", recipient(p), firstLine(p.Plain))})
			}
		}
		for _, c := range cells.news(l.Cells) {
			if byOperator(c.Stamp) && dryRun(l, c.At) {
				found = append(found, Finding{Key: c.Key, At: c.At, Text: fmt.Sprintf("%q was written into %s", c.New, c.Cell)})
			}
		}
		return found
	}}
}

// dryRun tells whether all sheets are in it, for long enough to be known.
func dryRun(l *ledger.Ledger, at time.Time) bool {
	return all(specsIn(l, at.Add(-leeway(l, at)), at), func(s *v1alpha1.AccessKeySheetSpec) bool { return s.Mode == v1alpha1.ModeDryRun })
}
