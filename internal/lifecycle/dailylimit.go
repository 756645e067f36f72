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
	// mostRaised: an annotation raises the day's total five-fold at most.
	mostRaised = 5
	// soon is how far ahead the order of end dates looks: notices of one day went out within minutes of each other, and
	// so keys become due.
	soon = 10 * time.Minute
)

// DailyLimit is how many revocations may begin on a day in one AWS account, as one of its sheets rules.
type DailyLimit struct {
	// Limit of the day, ruled is what spec says without an approval.
	Limit, ruled int
	// day, YYYY-MM-DD in the sheet's time zone.
	sheet, day string
	zone       *time.Location
}

// DailyLimitOf a sheet: the spec's number, or what an annotation "<YYYY-MM-DD>=<N>" raises it to.
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

// Counts tells whether what began then is of the day.
func (d DailyLimit) Counts(t time.Time) bool { return Policy{Location: d.zone}.Today(t) == d.day }

// most that an annotation can raise it to.
func (d DailyLimit) most() int { return mostRaised * d.ruled }

// Raised tells whether an annotation lets more begin than spec.
func (d DailyLimit) Raised() bool { return d.Limit > d.ruled }

// Proposal is the annotation's value that a message proposes: twice the day's number. Empty where nothing raises it.
func (d DailyLimit) Proposal() string {
	if d.Limit >= d.most() {
		return ""
	}
	return fmt.Sprintf("%s=%d", d.day, min(2*d.Limit, d.most()))
}

// Reached is what people read of a key that waits because the account's day is full.
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

// NeedsPlace: the lease is due, its revocation has not begun, and the day's limit may keep it.
func NeedsPlace(in Input) bool {
	return onSheet(in.Lease) && RevocationBegan(in.Lease).IsZero() && !in.Policy.Due(in.Lease.Spec.EndDate, 1).After(in.Now)
}

// GoesBefore tells whether another lease of the same account takes a place of the day before this one: it ended earlier (of
// the same day, by name), is due too, and nothing but the limit keeps it. Each is judged by the policy and the reading of its
// own sheet.
func GoesBefore(other, in Input) bool {
	a, b := other.Lease, in.Lease
	earlier := a.Spec.EndDate < b.Spec.EndDate || (a.Spec.EndDate == b.Spec.EndDate && a.Name < b.Name)
	return earlier && inLine(other)
}

// inLine: due, and nothing but its place in the day's order keeps it. Who is stopped by something else does not take a
// place from others, or one sheet that cannot be read would stop its whole account.
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
		// Not looked at since its end: nobody may overtake it just because it is reconciled later.
		t, _ := term(in)
		noticed, _ := in.delivered(Decision{Term: &t})
		return !in.Policy.Due(l.Spec.EndDate, 1).After(in.Now) && !noticed.IsZero() && !noticed.Add(in.Policy.MinimumNotice).After(at)
	}
	return false
}
