package lifecycle

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/keylease/keylease/api/v1alpha1"
)

const (
	defaultRevocationsPerDay = 20
	// mostRaised: an annotation raises the day's limit to at most this many times the spec's.
	mostRaised = 5
	// soon is how far ahead the order of end dates looks. Notices of one day were sent within minutes of each other, so
	// their keys become due within minutes too.
	soon = 10 * time.Minute
)

// DailyLimit is how many revocations may begin in one AWS account on one day, by the rules of one of its sheets.
type DailyLimit struct {
	// Limit of the day; ruled is the spec's limit, without an approval.
	Limit, ruled int
	// day, YYYY-MM-DD in the sheet's time zone.
	sheet, day string
	zone       *time.Location
}

// DailyLimitOf gives the limit of a sheet: the spec's, or the one that an annotation "<YYYY-MM-DD>=<N>" raises it to.
func DailyLimitOf(s *v1alpha1.AccessKeySheet, p Policy, now time.Time) DailyLimit {
	d := DailyLimit{ruled: defaultRevocationsPerDay, sheet: s.Name, day: p.Today(now), zone: p.Location}
	if n := s.Spec.Limits.MaxRevocationsPerDay; n != nil {
		d.ruled = int(*n)
	}
	d.Limit = d.ruled
	day, n, ok := strings.Cut(s.Annotations[v1alpha1.AnnotationAllowRevocations], "=")
	if raised, err := strconv.Atoi(strings.TrimSpace(n)); ok && err == nil && strings.TrimSpace(day) == d.day {
		d.Limit = max(d.ruled, min(raised, d.most()))
	}
	return d
}

// Counts tells whether a revocation that began then counts for the day.
func (d DailyLimit) Counts(t time.Time) bool { return Policy{Location: d.zone}.Today(t) == d.day }

// most is the highest limit that an annotation can set.
func (d DailyLimit) most() int { return mostRaised * d.ruled }

// Raised tells whether an annotation raises the spec's limit.
func (d DailyLimit) Raised() bool { return d.Limit > d.ruled }

// Proposal is the annotation's value that a message proposes: twice the day's limit. Empty: it cannot be raised
// further.
func (d DailyLimit) Proposal() string {
	if d.Limit >= d.most() {
		return ""
	}
	return fmt.Sprintf("%s=%d", d.day, min(2*d.Limit, d.most()))
}

// Reached is the message of a lease that waits because the account's limit is reached.
func (d DailyLimit) Reached(accountID string) string {
	return fmt.Sprintf("today's limit of %d deletions in account %s is taken by keys that ended earlier: this one waits until tomorrow, or until AccessKeySheet %s is annotated %s=%s=<N>",
		d.Limit, accountID, d.sheet, v1alpha1.AnnotationAllowRevocations, d.day)
}

// RevocationBegan is when the lease's revocation began; zero: it did not.
func RevocationBegan(l *v1alpha1.AccessKeyLease) time.Time {
	if rev := l.Status.Revocation; rev != nil && rev.StartTime != nil {
		return rev.StartTime.Time
	}
	return time.Time{}
}

// NeedsSlot tells whether the lease is due, its revocation has not begun, and so the daily limit may delay it.
func NeedsSlot(in Input) bool {
	return onSheet(in.Lease) && RevocationBegan(in.Lease).IsZero() && !in.Policy.Due(in.Lease.Spec.EndDate, 1).After(in.Now)
}

// GoesBefore tells whether another lease of the same account gets a slot of the day before this one. It must have ended
// earlier (on the same day: by name), be due too, and wait only for the limit. Each lease is judged by the policy and
// the reading of its own sheet.
func GoesBefore(other, in Input) bool {
	a, b := other.Lease, in.Lease
	earlier := a.Spec.EndDate < b.Spec.EndDate || (a.Spec.EndDate == b.Spec.EndDate && a.Name < b.Name)
	return earlier && RevocationBegan(a).IsZero() && inLine(other)
}

// inLine tells whether a lease is due and waits only for its slot of the day. A lease that something else stops takes
// no slot, or one unreadable sheet would stop its whole account.
func inLine(in Input) bool {
	l := in.Lease
	if !in.Sheet.Exists || in.Sheet.Foreign || in.Sheet.SlackError != "" || in.Policy.DryRun || !onSheet(l) || heldAlready(l) != nil ||
		in.Now.Sub(in.Sheet.ReadStart) > in.Policy.FreshFor() {
		return false
	}
	at := in.Now.Add(soon)
	switch l.Status.Phase {
	case v1alpha1.PhaseExpired:
		c, t := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionReady), l.Status.NextTransitionTime
		return t != nil && !t.After(at) && c != nil && (c.Reason == v1alpha1.ReasonWaiting || c.Reason == v1alpha1.ReasonBreakerOpen)
	case v1alpha1.PhaseNotified:
		// Not reconciled since its end date. A later reconcile must not lose its slot to others.
		t, _ := term(in)
		noticed, _ := in.delivered(Decision{Term: &t})
		return !in.Policy.Due(l.Spec.EndDate, 1).After(in.Now) && !noticed.IsZero() && !noticed.Add(in.Policy.MinimumNotice).After(at)
	}
	return false
}
