package judge

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// callFailed: the operator's last call was answered with an error.
func callFailed(service string) deed {
	return both(calls(service, "any", 1), func(l *ledger.Ledger, _ time.Time) { l.Calls[len(l.Calls)-1].Failed = true })
}

func says(kind string, status metav1.ConditionStatus, reason string) func(*v1alpha1.AccessKeyLeaseStatus) {
	return func(s *v1alpha1.AccessKeyLeaseStatus) {
		s.Conditions = []metav1.Condition{{Type: kind, Status: status, Reason: reason}}
	}
}

// firstWeeks of a whole life.
func firstWeeks() *story {
	end := time.Date(2026, 11, 15, 0, 0, 0, 0, japan)
	s := wholeLife()
	s.entries = slices.DeleteFunc(s.entries, func(e entry) bool { return e.at.After(end) })
	return s
}

func TestEachChangeOfALeaseHasItsLine(t *testing.T) {
	moved := lease(operator, until("2026-12-20"))
	term := observed(func(s *v1alpha1.AccessKeyLeaseStatus) {
		s.Term = &v1alpha1.Term{Number: 2, EndDate: "2026-12-08"}
	})
	phase := observed(func(s *v1alpha1.AccessKeyLeaseStatus) { s.Phase = v1alpha1.PhaseNotified })
	held := observed(says(v1alpha1.ConditionHeld, metav1.ConditionTrue, v1alpha1.ReasonUnclearMark))
	released := both(held, line("held", map[string]any{"reason": v1alpha1.ReasonUnclearMark}), observed(func(s *v1alpha1.AccessKeyLeaseStatus) { s.Conditions = nil }))
	gone := both(observed(says(v1alpha1.ConditionRowPresent, metav1.ConditionTrue, v1alpha1.ReasonRowFound)),
		observed(says(v1alpha1.ConditionRowPresent, metav1.ConditionFalse, v1alpha1.ReasonRowGone)))
	back := both(gone, line("rowGone", map[string]any{}), observed(says(v1alpha1.ConditionRowPresent, metav1.ConditionTrue, v1alpha1.ReasonRowFound)))
	inRow := both(lease(ledger.Person, until("2026-12-20")), written("I", headEnds, "2026/12/08", "2026/12/20"))

	type fields = map[string]any
	for name, test := range map[string]struct {
		does  deed
		what  string
		right fields
		// wrong lines are as good as none.
		wrong fields
		want  string
	}{
		"a date from the row":   {moved, "change", fields{"reason": "EndDateExtended", "old": "2026-12-08", "new": "2026-12-20", "via": "sheet"}, fields{"old": "2026-12-08", "new": "2026-12-21"}, "10: no line tells of the end date 2026-12-20"},
		"a date from the lease": {inRow, "change", fields{"reason": "EndDateExtended", "old": "2026-12-08", "new": "2026-12-20", "via": "lease"}, fields{"old": "2026-12-20", "new": "2026-12-08"}, `10: no line tells of "change"`},
		"a conflict":            {moved, "change", fields{"reason": "EndDateConflict", "old": "2026-12-10", "new": "2026-12-20"}, fields{"reason": "EndDateExtended", "old": "2026-12-10", "new": "2026-12-20"}, "10: no line tells of the end date 2026-12-20"},
		"a term":                {term, "term", fields{"number": int64(2), "endDate": "2026-12-08"}, fields{"number": int64(1), "endDate": "2026-12-08"}, `10: no line tells of "term"`},
		"a phase":               {phase, "phase", fields{"from": "", "to": v1alpha1.PhaseNotified}, fields{"from": "", "to": "Expired"}, `10: no line tells of "phase"`},
		"a hold":                {held, "held", fields{"reason": v1alpha1.ReasonUnclearMark}, fields{"reason": "Protected"}, `10: no line tells of "held"`},
		"the end of a hold":     {released, "released", fields{"reason": v1alpha1.ReasonUnclearMark}, fields{"reason": "Protected"}, `10: no line tells of "released"`},
		"a row that is gone":    {gone, "rowGone", fields{}, nil, `10: no line tells of "rowGone"`},
		"a row that is back":    {back, "rowBack", fields{}, nil, `10: no line tells of "rowBack"`},
	} {
		t.Run(name, func(t *testing.T) {
			with := func(deeds ...deed) *story { return firstWeeks().on("11-10 10:00", "", both(deeds...)) }
			with(test.does, line(test.what, test.right)).right(t)
			with(test.does).broke(t, test.want)
			with(line(test.what, test.right), test.does).broke(t, test.want)
			if test.wrong != nil {
				with(test.does, line(test.what, test.wrong)).broke(t, test.want)
			}
		})
	}
}

func TestALineIsMissedOnlyByWhoCouldWriteIt(t *testing.T) {
	moved := func(by string) deed { return lease(by, until("2026-12-20")) }
	const want = "10: no line tells of the end date 2026-12-20"
	with := func(deeds ...deed) *story { return firstWeeks().on("11-10 10:00", "", both(deeds...)) }
	with(both(callFailed("api"), moved(operator))).right(t)
	with(both(moved(operator), callFailed("api"))).right(t)
	with(moved("operator-2")).right(t) // it made no call any more
	with(both(moved(operator), callFailed("aws"))).broke(t, want)
	firstWeeks().on("11-10 10:00", "", moved(operator)).on("11-10 10:30", "", callFailed("api")).broke(t, want)

	without := wholeLife().without("user").on("12-09 15:06", "user", both(calls("aws", "DeleteUser", 1), request("DeleteUser", ofUserName("svc-01"))))
	without.on("12-01 10:00", "trouble", act("aws", "any", "ServiceUnavailable", "600")).broke(t, "10: no line tells of DeleteUser")
	wholeLife().without("user").on("12-09 15:06", "user", both(callFailed("aws"), request("DeleteUser", ofUserName("svc-01")))).right(t)
}

func TestALineSaysWhatWasDone(t *testing.T) {
	type fields = map[string]any
	decides := func(f fields) *story {
		return wholeLife().without("decided").on("12-09 15:04", "decided", line("decided", f))
	}
	ends := func(f fields) *story {
		return wholeLife().without("complete").on("12-09 15:08", "complete", line("complete", f))
	}
	snapshot := func(digest string) fields {
		return fields{"reason": "EndDatePassed", "snapshot": "akiasim0000000000001-snapshot", "snapshotSHA256": digest}
	}
	ends(snapshot(fmt.Sprintf("%x", sha256.Sum256([]byte(theSnapshot))))).right(t)
	for want, s := range map[string]*story{
		"10: no line tells of the decision for DeleteAccessKey": decides(fields{"action": "Deactivate", "endDate": "2026-12-08"}),
		"10: no line tells of the decision for UpdateAccessKey": decides(fields{"action": "Reactivate", "endDate": "2026-12-08"}),
		"10: the lease did not have that end date":              decides(fields{"action": "Revoke", "endDate": "2026-12-07"}),
		"10: nobody had read the sheet then":                    decides(fields{"action": "Revoke", "endDate": "2026-12-08", "sheetRead": time.Date(2026, 12, 9, 16, 0, 0, 0, japan)}),
		"10: no such snapshot":                                  ends(snapshot("0")),
		"10: the operator never touched the key":                wholeLife().without("deactivate").without("delete").on("12-09 15:05", "delete", people("delete key", ofKey())),
		"10: no line tells of the cell K2": wholeLife().without("notified").on("12-01 15:01", "notified", both(
			writes("key_request_form", "K2", headStatus, "", "通知済み", theKey), line("cell", fields{"range": "K2", "new": "期限切れ"}), row(operator, mark("通知済み")))),
	} {
		t.Run(want, func(t *testing.T) { s.broke(t, want) })
	}
}
