package judge

import (
	"fmt"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// massChange: people changed so many rows at one moment, however long ago, that the sheet could not be accepted, nobody
// approved it, and those rows were never put back.
func massChange(s scene) string {
	for at, keys := range changesAt(s) {
		before := at.Add(-time.Nanosecond)
		limit, ok := changeLimit(s, before)
		if !ok {
			continue
		}
		rows, changed := 0, 0
		for _, all := range s.l.Rows {
			if r := upTo(all, rowStamp, before); len(r) > 0 && r[len(r)-1].Count > 0 {
				rows++
			}
		}
		if len(keys) <= limit {
			continue
		}
		for _, key := range keys {
			if staysChanged(s, key, at) {
				changed++
			}
		}
		if changed > limit {
			return fmt.Sprintf("people changed %d of %d rows at %s, more than %d, and nobody approved it", changed, rows, shown(at), limit)
		}
	}
	return ""
}

// changesAt are the keys whose rows people changed, by moment. A reading must have been between that and the removal.
func changesAt(s scene) map[time.Time][]string {
	found := map[time.Time][]string{}
	for key, rows := range s.l.Rows {
		for i, r := range upTo(rows, rowStamp, s.since) {
			if i > 0 && !byOperator(r.Stamp) && differs(rows[i-1], r) {
				found[r.At] = append(found[r.At], key)
			}
		}
	}
	return found
}

// staysChanged tells whether a key's row was accepted right before a moment, and is another one ever since. Where the lease
// was away, what was accepted is not known.
func staysChanged(s scene, key string, at time.Time) bool {
	accepted, ok := acceptedAt(s.l, key, at.Add(-time.Nanosecond))
	rows := within(s.l.Rows[key], rowStamp, at.Add(-time.Nanosecond), s.At)
	there := all(standing(s.l.Leases[strings.ToLower(key)], leaseStamp, at, s.At), func(v ledger.Lease) bool { return v.Object != nil })
	return ok && there && all(rows, func(r ledger.Row) bool { return differs(accepted, r) })
}
