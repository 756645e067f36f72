package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

func early() check { return removals("1 removed before its end", tooEarly) }

func tooEarly(s scene) []string {
	if len(s.l.Rows[s.key]) == 0 {
		return []string{"it never stood in a row"}
	}
	var found []string
	if text := beforeRow(s); text != "" {
		found = append(found, text)
	}
	if text := beforeLease(s); text != "" {
		found = append(found, text)
	}
	return append(found, beforePromise(s)...)
}

// beforeRow: every date that stood in the row is later, and nobody set the lease to an earlier one since.
func beforeRow(s scene) string {
	later := all(s.rows, func(r ledger.Row) bool {
		end, how := readDate(r.Ends)
		return r.Count == 1 && how == dated && s.At.Before(s.due(end))
	})
	if !later {
		return ""
	}
	row := s.rows[len(s.rows)-1]
	if set, ok := setByPerson(s.l, s.key, s.At); ok && set.At.After(dateStoodSince(s.l, s.key, s.At)) && !s.At.Before(s.due(specDay(set.Object.Spec.EndDate))) {
		return ""
	}
	end, _ := readDate(row.Ends)
	return fmt.Sprintf("its row says %q since %s, so it was not due before %s", row.Ends, shown(dateStoodSince(s.l, s.key, s.At)), shown(s.due(end)))
}

// dateStoodSince is when a person last changed the date in the row, or the row came.
func dateStoodSince(l *ledger.Ledger, key string, at time.Time) time.Time {
	rows := upTo(l.Rows[key], rowStamp, at)
	for i, r := range slices.Backward(rows) {
		if i == 0 || (!byOperator(r.Stamp) && (r.Ends != rows[i-1].Ends || r.Count != rows[i-1].Count)) {
			return r.At
		}
	}
	return time.Time{}
}

// setByPerson is the last version of a lease in which a person chose another end date. Nobody chooses those of a backup.
func setByPerson(l *ledger.Ledger, key string, at time.Time) (ledger.Lease, bool) {
	versions := upTo(l.Leases[strings.ToLower(key)], leaseStamp, at)
	for i, v := range slices.Backward(versions) {
		if i == 0 || v.Object == nil || versions[i-1].Object == nil {
			break // made anew, from its row
		}
		if v.By == ledger.Person && v.Object.Spec.EndDate != versions[i-1].Object.Spec.EndDate && actBefore(l, v.Seq) != "restore" {
			return v, true
		}
	}
	return ledger.Lease{}, false
}

// beforeLease: a person set the lease to a later date, and nobody changed the row since. An earlier change of the row that
// was not seen yet is a conflict, and there the later date wins.
func beforeLease(s scene) string {
	set, ok := setByPerson(s.l, s.key, s.At)
	if !ok || set.At.After(s.At.Add(-underWay-second)) {
		return ""
	}
	due := s.due(specDay(set.Object.Spec.EndDate))
	if !s.At.Before(due) || dateStoodSince(s.l, s.key, s.At).After(set.At) {
		return ""
	}
	return fmt.Sprintf("a person set its lease to %s at %s, and the row was not changed since, so it was not due before %s",
		set.Object.Spec.EndDate, shown(set.At), shown(due))
}

// beforePromise: a notice of this term told people a later moment.
func beforePromise(s scene) []string {
	begin := mayHaveBegun(s)
	for _, p := range slices.Backward(upTo(s.l.Posts, postStamp, s.At)) {
		if p.At.Before(begin) {
			return nil
		}
		n, ok := noticeOf(p)
		if !ok || n.key != s.key {
			continue
		}
		// A message names whole minutes.
		if promised := n.removal(s.deletes); s.At.Add(time.Minute).Before(promised) {
			return []string{fmt.Sprintf("the message of %s to %s said that this would be at %s", shown(p.At), recipient(p), shown(promised))}
		}
	}
	return nil
}

// mayHaveBegun is the latest moment at which the term may have begun: promises from before it may be void.
func mayHaveBegun(s scene) time.Time {
	begin := awayUntil(s.l, s.At)
	rows := upTo(s.l.Rows[s.key], rowStamp, s.At)
	if i, ok := lastOf(rows, func(i int) bool { return rowMayBegin(s.l, rows, i) }); ok {
		// It is seen only when the sheet is read next.
		begin = later(begin, rows[i].At.Add(s.At.Sub(s.since)))
	}
	versions := upTo(s.l.Leases[strings.ToLower(s.key)], leaseStamp, s.At)
	if i, ok := lastOf(versions, func(i int) bool { return leaseMayBegin(versions, i) }); ok {
		begin = later(begin, versions[i].At.Add(underWay))
	}
	sheets := sheetsOf(s.l, sheetOf(s.l, s.key, s.At), time.Time{}, s.At)
	if i, ok := lastOf(sheets, func(i int) bool { return sheetMayBegin(sheets, i) }); ok {
		begin = later(begin, sheets[i].At.Add(underWay))
	}
	return begin
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// awayUntil is the end of the last absence of the operator that may have been long enough to begin all terms anew. Seven
// days are; a heartbeat may be old when the absence begins.
func awayUntil(l *ledger.Ledger, at time.Time) time.Time {
	const long = 6 * 24 * time.Hour
	calls := upTo(l.Calls, callStamp, at)
	for i := len(calls) - 1; i > 0; i-- {
		if calls[i].At.Sub(calls[i-1].At) > long {
			return calls[i].At.Add(time.Hour)
		}
	}
	return time.Time{}
}
