package plan

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

// maxActions of one lease: notices, the end, deactivation, deletion. A plan that needs more is cut, so it always ends.
const maxActions = 200

// simulation drives one lease to its end. The sheet stays as it is and was just read, every message arrives, and AWS
// has the key and deletes it when asked.
type simulation struct {
	lease  *v1alpha1.AccessKeyLease
	policy lifecycle.Policy
	now    time.Time
	// aws is what AWS showed at this moment; nil: not asked.
	aws   *lifecycle.Reading
	steps []Step
	// over: nothing more happens.
	over bool
}

// run continues until nothing more happens, or stop ends it at a moment.
func (s *simulation) run(stop func(now time.Time) bool) {
	for range maxActions {
		if s.over || stop(s.now) {
			return
		}
		in := lifecycle.Input{
			Now: s.now, Lease: s.lease, Policy: s.policy, AWS: s.aws,
			Sheet: lifecycle.SheetFacts{Exists: true, ReadStart: s.now, Applied: true, TokenAsked: true},
		}
		d := lifecycle.Decide(in)
		if d.Phase == v1alpha1.PhaseExpired && s.lease.Status.Phase != d.Phase {
			s.step(ActionExpire, "the end date has passed")
		}
		s.lease.Status = lifecycle.NextStatus(in, d, lifecycle.Attempts{})
		s.act(d)
	}
}

// act does the action as if it succeeded at once, or lets time pass to the next moment.
func (s *simulation) act(d lifecycle.Decision) {
	switch d.Action.Kind {
	case lifecycle.ActionObserve:
		s.observe()
	case lifecycle.ActionNotify:
		s.notify(d)
	case lifecycle.ActionDeactivate:
		s.step(ActionDeactivate, "the key is deactivated; owner and admins are told")
		s.lease.Status.Revocation = &v1alpha1.RevocationStatus{StartTime: s.moment(), DeactivatedTime: s.moment()}
		s.aws = nil
	case lifecycle.ActionRevoke:
		s.step(ActionDelete, "the key is deleted, with its user and policy if it is the user's last; owner and admins are told")
		s.lease.Status.Phase = v1alpha1.PhaseRevoked
		s.over = true
	case lifecycle.ActionNone:
		s.wait(d)
	default:
		// Reactivate and Complete cannot follow from these assumptions.
		s.over = true
	}
}

func (s *simulation) wait(d lifecycle.Decision) {
	found := s.lease.Status.Sheet.FoundMark
	if found != nil && found.SummaryTime == nil && d.Blocked != nil && d.Blocked.Reason == v1alpha1.ReasonAwaitingSummary {
		s.step(ActionSummary, "the admins are told that the sheet says the owner was told")
		found.SummaryTime = s.moment()
		return
	}
	if !d.Next.After(s.now) {
		s.over = true
		return
	}
	s.now, s.aws = d.Next, nil
}

// observe shows the key as existing in AWS. If the sheet calls the key deleted, that is the open question.
func (s *simulation) observe() {
	if s.lease.Status.Sheet.MarkedDeleted {
		s.step(ActionCheckKey, "AWS is asked whether the key is gone; if not the admins are told, and nothing is changed")
		s.over = true
		return
	}
	target := lifecycle.TargetOf(s.lease, s.policy)
	const userID = "AIDAASSUMED"
	// The key is pinned by this date, so it must be the same each time.
	created := s.now.AddDate(-1, 0, 0).Truncate(time.Second)
	if k := s.lease.Status.Key; k != nil {
		created = k.CreateDate.Time
	}
	reading := lifecycle.Judge(lifecycle.Observation{
		Time: s.now, Identity: lifecycle.Identity{AccountID: target.AccountID, ARN: "arn:aws:sts::" + target.AccountID + ":assumed-role/keylease/plan"},
		UserExists: true, UserID: userID, Path: pathInside(target.PathPrefix), Key: v1alpha1.KeyActive, CreateDate: created, AccountHasUsers: true,
	}, target, nil)
	s.aws, s.lease.Status.Key = &reading, reading.KeyStatus(s.lease.Status.Key, s.now)
}

func pathInside(prefix string) string {
	if prefix == "" {
		return "/"
	}
	return prefix
}

// notify: every message arrives.
func (s *simulation) notify(d lifecycle.Decision) {
	n := d.Action.Notice
	owner := lifecycle.OwnerID(s.lease)
	for _, to := range lifecycle.Outstanding(s.lease.Status.Notices, d.TermNumber(), n, owner, s.policy.Admins, s.now) {
		s.lease.Status.Notices = append(s.lease.Status.Notices, v1alpha1.NoticeStatus{
			Term: d.TermNumber(), Kind: n.Kind, DaysBefore: n.DaysBefore,
			Delivery: v1alpha1.Delivery{Recipient: to, State: v1alpha1.NoticeDelivered, Time: *s.moment()},
		})
	}
	if n.Kind == v1alpha1.NoticeDeactivated {
		return // the deactivation says it
	}
	told := "the admins are told"
	if n.Owner && owner != "" {
		told = owner + " and the admins are told"
	}
	days := s.daysLeft()
	s.step(ActionNotice, told+": "+daysText(days))
	s.steps[len(s.steps)-1].DaysLeft = &days
}

// daysLeft counts calendar days.
func (s *simulation) daysLeft() int {
	today, end := s.policy.Midnight(s.policy.Today(s.now), 0), s.policy.Midnight(s.lease.Spec.EndDate, 0)
	// Rounded, because of the days on which clocks change.
	return int(end.Sub(today).Round(24*time.Hour) / (24 * time.Hour))
}

func daysText(days int) string {
	switch {
	case days < 0:
		return plural(-days) + " past its end"
	case days == 0:
		return "its last day"
	}
	return plural(days) + " left"
}

func plural(days int) string {
	if days == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", days)
}

func (s *simulation) step(action, text string) {
	s.steps = append(s.steps, Step{Time: s.now.In(s.policy.Location).Format(time.RFC3339), Action: action, Text: text})
}

func (s *simulation) moment() *metav1.Time { return lifecycle.Moment(s.now) }
