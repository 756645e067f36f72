package sheet

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// GuardWindow is how far back accepted changes count.
const GuardWindow = 24 * time.Hour

// The limits where AccessKeySheet.spec.limits is empty; the CRD has the same defaults.
const (
	defaultMaxChangePercent = 20
	defaultMinChangeRows    = 10
)

// Verdict is whether what was read may be applied.
type Verdict struct {
	Accepted bool
	// Reason is v1alpha1.ReasonAccepted, ReasonTooManyChanges, ReasonEmptySheet or ReasonColumnsMoved.
	Reason string
	// Message says what was seen and what to do. It is the same for the same content.
	Message string
	// Changes are the rows that people changed since the last accepted reading. The caller adds them to
	// status.recentChanges once the reading is applied, unless a person approved it.
	Changes int
	// Rows are the rows that count: keys that were on a row when the sheet was last accepted, and are not confirmed
	// deleted.
	Rows int
}

// Guard counts how many rows people changed since the last accepted reading, which status.sheet and spec of the leases
// show. It adds recent, the changes accepted in the 24 hours before now. Guard refuses the reading if the changed rows
// exceed both minChangeRows and maxChangePercent, or if a tab that had keys is empty. That is damage, not editing: one
// column was sorted alone, a block was pasted down, or the tab was emptied.
//
// A row counts once, whatever changed: end date, the key's user or account, owner, mark; or the row was deleted or
// became invalid. New rows do not count, nor do the marks of phases, dates and marks that Keylease writes. Keys that
// AWS confirmed deleted count neither as rows nor as changes: nothing can happen to them, and in a few years they would
// raise the limit above the number of existing keys. A reading without changes is always accepted.
func Guard(leases []v1alpha1.AccessKeyLease, requests Requests, recent []v1alpha1.SheetChange, limits v1alpha1.Limits, now time.Time) Verdict {
	rows, problems := map[string]*Row{}, map[string]bool{}
	for i := range requests.Rows {
		rows[requests.Rows[i].AccessKeyID] = &requests.Rows[i]
	}
	for _, p := range requests.Problems {
		problems[p.AccessKeyID] = true
	}
	v := Verdict{Accepted: true, Reason: v1alpha1.ReasonAccepted}
	var kinds [changeKinds]int
	stood := 0
	for i := range leases {
		l := &leases[i]
		if l.Status.Sheet == nil {
			continue // never on a row: nothing was accepted
		}
		if l.Status.Sheet.Row > 0 {
			stood++
		}
		if l.Completed() || (l.Status.Sheet.Row == 0 && rows[l.Spec.AccessKeyID] == nil && !problems[l.Spec.AccessKeyID]) {
			continue
		}
		v.Rows++
		if kind := changeOf(l, rows[l.Spec.AccessKeyID], problems[l.Spec.AccessKeyID]); kind != unchanged {
			kinds[kind]++
			v.Changes++
		}
	}
	limit := changeLimit(limits, v.Rows)
	before := recentRows(recent, now)
	switch {
	case requests.Total == 0 && stood > 0:
		v.Accepted, v.Reason = false, v1alpha1.ReasonEmptySheet
		v.Message = fmt.Sprintf("the tab is empty, and %d keys stood in it: put the rows back, or approve that they are gone", stood)
	case v.Changes > 0 && v.Changes+before > limit:
		v.Accepted, v.Reason = false, v1alpha1.ReasonTooManyChanges
		v.Message = fmt.Sprintf("%d of %d rows changed (%s)%s; at most %d may change in 24 hours: repair the sheet, or approve the change",
			v.Changes, v.Rows, kindsText(kinds), beforeText(before), limit)
	// Fewer than the limit, but no person takes every key out of a sheet. The only key's cell may be emptied; it does not get
	// a text that is no ID.
	case !anyID(requests) && (stood > 1 || (stood == 1 && len(requests.Problems) > 0)):
		v.Accepted, v.Reason = false, v1alpha1.ReasonColumnsMoved
		v.Message = fmt.Sprintf("no row has an access key ID any more, and %d had one: put the column back, or approve that they are gone", stood)
	default:
		v.Message = fmt.Sprintf("%d of %d rows changed", v.Changes, v.Rows)
	}
	return v
}

// anyID tells whether the ID column has an ID in any row, usable or not. A column with only other texts is another
// column, such as that of marks and remarks after a column was inserted before it.
func anyID(requests Requests) bool {
	return len(requests.Rows) > 0 || slices.ContainsFunc(requests.Problems, func(p Problem) bool { return p.Reason != v1alpha1.RowAccessKeyIDInvalid })
}

// changeKind is the first thing in a row that changed.
type changeKind int

const (
	unchanged changeKind = iota
	changeGone
	changeInvalid
	changeUser
	changeDate
	changeOwner
	changeMark
	changeKinds
)

var kindNames = [changeKinds]string{"", "gone", "invalid", "user", "end date", "owner", "mark"}

func changeOf(l *v1alpha1.AccessKeyLease, row *Row, invalid bool) changeKind {
	s := l.Status.Sheet
	heldInvalid := s.Hold != nil && s.Hold.Reason == v1alpha1.ReasonInvalidRow
	switch {
	case row == nil && invalid && heldInvalid:
		return unchanged // accepted as invalid before
	case row == nil && invalid:
		return changeInvalid
	case row == nil:
		return changeGone
	case CheckIdentity(*row, l) != nil:
		if heldInvalid {
			return unchanged
		}
		return changeUser
	case s.EndDate == "":
		return unchanged // its row was never readable: nothing was accepted
	case dateChanged(l, row):
		return changeDate
	case row.FullName != l.Spec.Owner.FullName && !frozen(l):
		return changeOwner
	case markChanged(l, row.Status):
		return changeMark
	}
	return unchanged
}

// dateChanged tells whether the date is a new one: not agreed, not last seen on either side, and not refused before.
func dateChanged(l *v1alpha1.AccessKeyLease, row *Row) bool {
	switch s := l.Status.Sheet; row.EndDate {
	case s.EndDate, l.Spec.EndDate, s.RowEndDate, s.LeaseEndDate, s.RefusedEndDate:
		return false
	}
	return true
}

// markChanged tells whether the mark is neither the one accepted before, nor one that the lease explains.
func markChanged(l *v1alpha1.AccessKeyLease, cell StatusCell) bool {
	s := l.Status.Sheet
	if cut(cell.Text, maxAgreedMark) == s.Mark || cell.Mark == acceptedMark(*s) {
		return false
	}
	phase := l.Status.Phase
	switch cell.Mark {
	case MarkNone: // F-early removes a mark before there is a phase
		return phase != v1alpha1.PhaseActive && phase != "" && (carriesMark(*s) || !rowHasMark(*s))
	case MarkNotified, MarkExpired:
		return phase != v1alpha1.PhaseNotified && phase != v1alpha1.PhaseExpired
	case MarkExtension:
		return !l.Spec.ExtensionRequested && !carriesMark(*s)
	case MarkDeleted:
		return phase != v1alpha1.PhaseRevoked
	}
	return true
}

// acceptedMark is the mark that the row had when it was last accepted. Its meaning is stored beside its text, because
// spec.marks may have changed since. For Keylease's own marks with configured texts, only the text is stored.
func acceptedMark(s v1alpha1.SheetRowStatus) Mark {
	switch {
	case s.MarkedDeleted:
		return MarkDeleted
	case s.Hold != nil && s.Hold.Reason == v1alpha1.ReasonUnclearMark:
		return MarkUnclear
	case rowHasMark(s):
		return MarkExtension
	}
	return ParseStatus(s.Mark, v1alpha1.Marks{}).Mark
}

func changeLimit(limits v1alpha1.Limits, rows int) int {
	percent, least := defaultMaxChangePercent, defaultMinChangeRows
	if limits.MaxChangePercent != nil {
		percent = int(*limits.MaxChangePercent)
	}
	if limits.MinChangeRows != nil {
		least = int(*limits.MinChangeRows)
	}
	return max(least, rows*percent/100)
}

// recentRows is the number of rows changed in the 24 hours before now.
func recentRows(recent []v1alpha1.SheetChange, now time.Time) int {
	rows := 0
	for _, c := range recent {
		if now.Sub(c.Time.Time) < GuardWindow {
			rows += int(c.Rows)
		}
	}
	return rows
}

func beforeText(before int) string {
	if before == 0 {
		return ""
	}
	return fmt.Sprintf(", after %d before", before)
}

func kindsText(kinds [changeKinds]int) string {
	var parts []string
	for kind, n := range kinds {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", kindNames[kind], n))
		}
	}
	return strings.Join(parts, ", ")
}
