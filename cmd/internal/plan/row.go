package plan

import (
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/sheet"
)

type plannedRow struct {
	row      Row
	problems []Problem
}

// planRow merges the row into a new lease, and follows the lease to its end.
func planRow(row sheet.Row, who sheet.Resolution, policy lifecycle.Policy, marks v1alpha1.Marks, at time.Time) plannedRow {
	facts := sheet.Facts{
		Now: at, Exempt: policy.Exempt, Marks: marks,
		FirstNoticeDue: func(end string) bool { return !policy.FirstNotice(end).After(at) },
	}
	out := sheet.Merge(&row, nil, nil, facts)
	lease := &v1alpha1.AccessKeyLease{
		ObjectMeta: metav1.ObjectMeta{Name: strings.ToLower(row.AccessKeyID)},
		Spec:       *out.Spec,
		Status: v1alpha1.AccessKeyLeaseStatus{
			Sheet: &out.Sheet,
			Owner: &v1alpha1.OwnerStatus{SlackUserID: who.SlackUserID, Candidates: who.Candidates},
		},
	}
	lease.Status.Sheet.Row = int32(row.Number) //nolint:gosec // a sheet has at most 10 million cells
	s := simulation{lease: lease, policy: policy, now: at}
	s.run(func(now time.Time) bool { return now.After(at) })
	planned := Row{
		Row: row.Number, AccessKeyID: row.AccessKeyID, UserName: row.UserName, AccountID: row.AccountID, EndDate: row.EndDate,
		Owner:  Owner{FullName: row.FullName, SlackUserID: who.SlackUserID, Candidates: who.Candidates, Reason: who.Reason},
		Phase:  string(lease.Status.Phase),
		Status: row.Status.Text, StatusAfter: row.Status.Text,
		Today: append([]Step{}, s.steps...),
	}
	if planned.AccountID == noAccount {
		planned.AccountID = ""
	}
	if h := meta.FindStatusCondition(lease.Status.Conditions, v1alpha1.ConditionHeld); h != nil {
		planned.Held = &Held{Reason: h.Reason, Message: h.Message}
	}
	// The sheet's controller writes this once the lease has its phase.
	if again := sheet.Merge(&row, nil, lease, facts); again.StatusText != nil {
		planned.StatusAfter = *again.StatusText
	}
	s.steps = []Step{}
	s.run(func(time.Time) bool { return false })
	planned.Later = s.steps
	return plannedRow{planned, rowProblems(planned, who)}
}

// rowProblems are what the admins would be told of a row that becomes a lease anyway.
func rowProblems(row Row, who sheet.Resolution) []Problem {
	var out []Problem
	if row.Held != nil && row.Held.Reason == v1alpha1.ReasonUnclearMark {
		out = append(out, Problem{Row: row.Row, AccessKeyID: row.AccessKeyID, Reason: row.Held.Reason, Message: row.Held.Message})
	}
	// Nobody needs to be told of a deleted key.
	if who.Reason != v1alpha1.ReasonOwnerFound && row.Phase != string(v1alpha1.PhaseRevoked) {
		out = append(out, Problem{Row: row.Row, AccessKeyID: row.AccessKeyID, Reason: who.Reason, Message: who.Message})
	}
	return out
}
