package judge

import (
	"fmt"
	"strings"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// otherCluster finds what another cluster does on a sheet that the first has claimed: it stands still, and tells its own
// admins why.
func otherCluster() check {
	var aws reader[ledger.AWS]
	var cells reader[ledger.Cell]
	var posts reader[ledger.Post]
	return check{name: "4 two clusters on one sheet", step: func(l *ledger.Ledger) (found []Finding) {
		for _, a := range aws.news(l.AWS) {
			if byOther(a.Stamp) {
				found = append(found, Finding{Key: a.Params["AccessKeyId"], At: a.At, Text: fmt.Sprintf("%s did %s %v on a sheet that is not its own", a.By, a.Action, a.Params)})
			}
		}
		for _, c := range cells.news(l.Cells) {
			if byOther(c.Stamp) {
				found = append(found, Finding{Key: c.Key, At: c.At, Text: fmt.Sprintf("%s wrote %q into %s of a sheet that is not its own", c.By, c.New, c.Cell)})
			}
		}
		for _, p := range posts.news(l.Posts) {
			if key := namedKey(l, p); byOther(p.Stamp) && key != "" {
				found = append(found, Finding{Key: key, At: p.At, Text: fmt.Sprintf("%s told %s of a key on a sheet that is not its own", p.By, recipient(p))})
			}
		}
		return found
	}}
}

// namedKey is a key that a message names; empty: none.
func namedKey(l *ledger.Ledger, p ledger.Post) string {
	for key := range l.Rows {
		if strings.Contains(p.Plain, key) {
			return key
		}
	}
	return ""
}

// byOther: another cluster's operator did it, whose sheet has settings of its own.
func byOther(s ledger.Stamp) bool { return strings.HasPrefix(s.By, ledger.OtherCluster) }
