package judge

import (
	"slices"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// simple verbs are people's that bring no fault.
var simple = []string{"owner", "request", "create-sheet", "boot", "move-end", "mark", "approve", "allow", "sync", "retry", "take-claim"}

// calmSince is when faults ended and people went to rest; zero: they have not.
func calmSince(l *ledger.Ledger) time.Time {
	var since time.Time
	faults := false
	for _, a := range l.Acts {
		since = a.At
		if a.Verb == "calm" {
			faults = false
		} else if !slices.Contains(simple, a.Verb) && a.Skipped == "" {
			faults = true
		}
	}
	if faults {
		return time.Time{}
	}
	return since
}

// sheetAtLast is the AccessKeySheet as it is at last; nil: there is none, or several were there.
func sheetAtLast(l *ledger.Ledger) *v1alpha1.AccessKeySheet {
	n := len(l.Sheets)
	if n == 0 || slices.ContainsFunc(l.Sheets, func(s ledger.Sheet) bool { return s.Name != l.Sheets[0].Name }) {
		return nil
	}
	return l.Sheets[n-1].Object
}

// stopsAll says why nothing may be expected at all; empty: everything may.
func stopsAll(l *ledger.Ledger, since time.Time) string {
	s := sheetAtLast(l)
	switch {
	case s == nil || s.DeletionTimestamp != nil:
		return "no sheet"
	case s.Spec.Mode == v1alpha1.ModeDryRun:
		return "DryRun"
	case s.Spec.Requests.Columns.AccountID != "" || s.Spec.AWS.RoleARN != "" || s.Spec.Google != nil:
		return "access of its own" // the world has no second account and no secrets of Google
	case s.Spec.AWS.HoldIfUsedWithin != nil && s.Spec.AWS.HoldIfUsedWithin.Duration > 0:
		return "used keys are kept"
	case s.Spec.Limits.MaxRevocationsPerDay != nil && *s.Spec.Limits.MaxRevocationsPerDay == 0:
		return "no deletions allowed"
	case !slices.ContainsFunc(s.Spec.Slack.Admins, func(id string) bool { return reachable(l, id, since, lastMoment(l)) }):
		return "no admin can be told"
	case stays(l, func(a ledger.Act) bool { return numberIn(a) == 0 }):
		return "a trouble stays"
	case guarded(l):
		return "so many changes wait for approval"
	}
	if _, err := time.LoadLocation(s.Spec.Schedule.TimeZone); err != nil {
		return "a wrong spec"
	}
	return ""
}

// lasting are the acts whose effect the ledger tells, so that what follows from it for ever can be judged.
var lasting = []string{"edit-sheet", "delete-row", "slack-user", "clear"}

// stays: one of those acts brought a trouble that nothing ends.
func stays(l *ledger.Ledger, of func(ledger.Act) bool) bool {
	return slices.ContainsFunc(l.Acts, func(a ledger.Act) bool {
		return a.Skipped == "" && slices.Contains(a.Args, "stays") && !slices.Contains(lasting, a.Verb) && of(a)
	})
}

// guarded tells whether people changed so much within a day that it may wait for approval still, in either tab.
func guarded(l *ledger.Ledger) bool {
	n := len(l.Users)
	if n > 0 && (len(l.Users[n-1].IDs) == 0 || odd(l.Users[n-1])) {
		return true
	}
	percent, least := int32(20), int32(10)
	for _, s := range l.Sheets {
		if s.Object != nil {
			percent = min(percent, orElse(s.Object.Spec.Limits.MaxChangePercent, percent))
			least = min(least, orElse(s.Object.Spec.Limits.MinChangeRows, least))
		}
	}
	most := max(int(least), len(l.Rows)*int(percent)/100)
	var changed []ledger.Stamp
	there := 0
	for _, rows := range l.Rows {
		for i, r := range rows {
			if i > 0 && !byOperator(r.Stamp) && (differs(rows[i-1], r) || rows[i-1].Count != r.Count) {
				changed = append(changed, r.Stamp)
			}
		}
		there += rows[len(rows)-1].Count
	}
	for i, u := range l.Users {
		if i > 0 {
			changed = append(changed, u.Stamp)
		}
	}
	slices.SortFunc(changed, func(a, b ledger.Stamp) int { return a.Seq - b.Seq })
	for i := most; i < len(changed); i++ {
		if changed[i].At.Sub(changed[i-most].At) < 2*24*time.Hour && !approvedAfter(l, changed[len(changed)-1].At) {
			return true
		}
	}
	return there == 0
}

// approvedAfter: somebody wanted to approve what waited, when all changes had been seen.
func approvedAfter(l *ledger.Ledger, at time.Time) bool {
	return slices.ContainsFunc(l.Acts, func(a ledger.Act) bool { return a.Verb == "approve" && a.At.Sub(at) > 30*time.Minute })
}

// odd: the users tab has an ID that cannot be one of Slack's.
func odd(u ledger.Users) bool {
	for _, ids := range u.IDs {
		if slices.ContainsFunc(ids, func(id string) bool { return len(ascii(id)) < 9 || (id[0] != 'U' && id[0] != 'W') }) {
			return true
		}
	}
	return false
}
