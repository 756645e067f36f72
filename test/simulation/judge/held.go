package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// settled is how long a date must have stood before a mark that is put then certainly belongs to it, and not to a move of
// the date in the same edit.
const settled = time.Hour

func held() check { return removals("3 removed while held", whileHeld) }

// whileHeld: each reason must have stood in every reading that the removal can rest on.
func whileHeld(s scene) []string {
	var found []string
	if len(s.rows) > 0 && sameColumns(s) {
		for _, why := range []func(scene) string{unfit, unclearMark, markedDeleted, markHolds} {
			if text := why(s); text != "" {
				found = append(found, fmt.Sprintf("its row %s since %s", text, shown(s.rows[0].At)))
			}
		}
	}
	if at, ok := gaveUp(s.l.Leases[strings.ToLower(s.key)], s.l, s.since); ok {
		found = append(found, "a person gave its lease up at "+shown(at))
	}
	if at, ok := askedInLease(s); ok {
		found = append(found, "a person set extensionRequested of its lease at "+shown(at))
	}
	return found
}

// sameColumns: the sheet's spec names the columns that it named at first. Else the operator may read other cells than people
// write.
func sameColumns(s scene) bool {
	first := settingsOf(s.l, sheetOf(s.l, s.key, s.At), time.Time{}, s.At)
	return len(first) == 0 || !slices.ContainsFunc(s.settings, func(spec v1alpha1.AccessKeySheetSpec) bool {
		return spec.Requests.Columns != first[0].Requests.Columns
	})
}

// unfit: the row can not be used. Such a row holds the lease that it had before.
func unfit(s scene) string {
	if len(upTo(s.l.Leases[strings.ToLower(s.key)], leaseStamp, s.rows[0].At)) == 0 {
		return ""
	}
	switch row := s.rows[len(s.rows)-1]; {
	case all(s.rows, func(r ledger.Row) bool { return r.Count > 1 }):
		return fmt.Sprintf("stands %d times", row.Count)
	case all(s.rows, func(r ledger.Row) bool {
		_, how := readDate(r.Ends)
		return r.Count == 1 && how == unusable
	}):
		return fmt.Sprintf("has the unusable end date %q", row.Ends)
	case all(s.rows, func(r ledger.Row) bool {
		user := folded(r.User)
		ascii := !strings.ContainsFunc(user, func(c rune) bool { return c > '~' })
		return r.Count == 1 && ascii && !strings.EqualFold(user, s.user)
	}):
		return fmt.Sprintf("names the user %q", row.User)
	}
	return ""
}

// defaultMarks: the texts that this package reads are those that hold.
func defaultMarks(s scene) bool {
	return !slices.ContainsFunc(s.settings, func(spec v1alpha1.AccessKeySheetSpec) bool {
		m := spec.Marks
		return m.Extended != "延長申請済み" || m.Revoked != "削除済み" || m.Notified != "通知済み" || m.Expired != "期限切れ"
	})
}

func unclearMark(s scene) string { return marked(s, contradictory) }

func markedDeleted(s scene) string { return marked(s, deletedByHand) }

// marked: a person wrote a mark of this meaning.
func marked(s scene, m meaning) string {
	if !defaultMarks(s) || !all(s.rows, func(r ledger.Row) bool { return r.Count == 1 && readMark(r.Mark) == m }) {
		return ""
	}
	if put, ok := putOf(s.l, s.l.Rows[s.key], s.rows[0].Seq); !ok || byOperator(put.Stamp) {
		return ""
	}
	return fmt.Sprintf("has the mark %q", s.rows[len(s.rows)-1].Mark)
}

// putOf is the entry with which the meaning of the mark began that stands in the entry seq. False: it is not certain what
// the mark belongs to, because the row was away in between, or the mark for so short a time that it may not have been seen.
func putOf(l *ledger.Ledger, rows []ledger.Row, seq int) (ledger.Row, bool) {
	i := slices.IndexFunc(rows, func(r ledger.Row) bool { return r.Seq == seq })
	m := readMark(rows[i].Mark)
	for i > 0 && readMark(rows[i-1].Mark) == m {
		if i--; rows[i].Count != 1 {
			return ledger.Row{}, false
		}
	}
	for j := i - 1; j > 0; j-- {
		if readMark(rows[j-1].Mark) == m {
			return rows[i], workedBetween(l, rows[j].At.Add(settled), rows[i].At)
		}
	}
	return rows[i], true
}

// markHolds: a person asked for an extension in the row, and the date did not move since, or need not move.
func markHolds(s scene) string {
	if !defaultMarks(s) || marked(s, extension) == "" {
		return ""
	}
	put, _ := putOf(s.l, s.l.Rows[s.key], s.rows[0].Seq)
	exempt := !slices.ContainsFunc(s.settings, func(spec v1alpha1.AccessKeySheetSpec) bool { return spec.ExtensionPolicy != v1alpha1.ExtensionExempt })
	if !exempt && !unmoved(s.l, s.key, put, s.At) {
		return ""
	}
	return fmt.Sprintf("has the mark %q, put by a person at %s", s.rows[0].Mark, shown(put.At))
}

// unmoved tells whether the date of a key is the same on both sides as when the mark was put, and was settled then.
func unmoved(l *ledger.Ledger, key string, put ledger.Row, at time.Time) bool {
	end, how := readDate(put.Ends)
	same := how == dated && all(standing(l.Rows[key], rowStamp, put.At.Add(-settled), at), func(r ledger.Row) bool {
		d, _ := readDate(r.Ends)
		return d == end && r.Count == 1
	})
	versions := standing(l.Leases[strings.ToLower(key)], leaseStamp, put.At.Add(-settled), at)
	return same && all(versions, func(v ledger.Lease) bool { return v.Object != nil && specDay(v.Object.Spec.EndDate) == end })
}

// askedInLease is when a person set extensionRequested in the lease alone, if its end date did not move since.
func askedInLease(s scene) (time.Time, bool) {
	versions := upTo(s.l.Leases[strings.ToLower(s.key)], leaseStamp, s.At)
	for i, v := range slices.Backward(versions) {
		if i == 0 || v.Object == nil || versions[i-1].Object == nil || !v.Object.Spec.ExtensionRequested {
			return time.Time{}, false
		}
		if versions[i-1].Object.Spec.ExtensionRequested {
			continue
		}
		end := specDay(v.Object.Spec.EndDate)
		same := all(standing(versions, leaseStamp, v.At.Add(-settled), s.At), func(v ledger.Lease) bool {
			return v.Object != nil && specDay(v.Object.Spec.EndDate) == end
		})
		rows := all(standing(s.l.Rows[s.key], rowStamp, v.At.Add(-settled), s.At), func(r ledger.Row) bool {
			d, how := readDate(r.Ends)
			return how == dated && d == end && r.Count == 1
		})
		// The API server refuses it once the deletion is decided, so one that was accepted before the deletion counts.
		latest := s.At.Add(-underWay - second)
		if s.deletes {
			latest = s.At
		}
		return v.At, v.By == ledger.Person && same && rows && v.At.Before(latest)
	}
	return time.Time{}, false
}

// releasedAt is when a mark that surely held the lease went, without that the date moved; zero: never. The lease shows
// that it was seen in both states.
func releasedAt(s scene) time.Time {
	versions := upTo(s.l.Leases[strings.ToLower(s.key)], leaseStamp, s.At)
	for i := len(versions) - 1; i > 0; i-- {
		v, before := versions[i].Object, versions[i-1].Object
		if v == nil || before == nil {
			return time.Time{}
		}
		if !before.Spec.ExtensionRequested || v.Spec.ExtensionRequested {
			continue
		}
		for _, r := range slices.Backward(upTo(s.l.Rows[s.key], rowStamp, versions[i].At)) {
			if readMark(r.Mark) != extension {
				continue
			}
			put, ok := putOf(s.l, s.l.Rows[s.key], r.Seq)
			asked := i - 1 // since when the lease has the mark: one that was there before is another's
			for asked > 0 && versions[asked-1].Object != nil && versions[asked-1].Object.Spec.ExtensionRequested {
				asked--
			}
			if ok && !byOperator(put.Stamp) && !versions[asked].At.Before(put.At) && unmoved(s.l, s.key, put, versions[i].At) {
				return versions[i].At
			}
			break
		}
		return time.Time{}
	}
	return time.Time{}
}
