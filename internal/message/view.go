package message

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Limits of values, in UTF-16 units. Together they keep a whole message below the 13,200 characters at which Slack
// answers msg_blocks_too_long.
const (
	maxName    = 128
	maxPurpose = 1000
	maxValue   = 300
	maxDetail  = 800
	maxStep    = 180
	maxSteps   = 20
)

// view is what the templates of a key's message see: cleaned texts and decided cases, nothing to compute.
type view struct {
	UserName, AccessKeyID, AccountID, OwnerName string
	Purpose, Resource                           string
	// StartDate and EndDate with their weekday, "2026年12月8日（火）"; EndDay is "2026-12-08".
	StartDate, EndDate, EndDay string
	// DaysLeft to the end date, negative after it; meaningful if DaysKnown.
	DaysLeft  int
	DaysKnown bool
	// DaysAgo is -DaysLeft; Over: the end date has passed.
	DaysAgo int
	Over    bool
	// Deactivated: the key does not work now. ByOthers: somebody else deactivated it, and an extension does not give it back.
	Deactivated, ByOthers bool
	// DeleteAt and DeactivateAt, "2026-12-09 15:00 JST", or empty.
	DeleteAt, DeactivateAt string
	// Use is Used, Never or Unknown.
	Use, UsedAt, UsedService, UsedRegion string
	UsedWithin24h                        bool
	UsedBeforeDeactivation               bool
	// OwnerState is Told, Unknown, Ambiguous, NotYet (with Unreachable, if Slack gave an error) or Unreachable.
	OwnerState, SlackUserID, Candidates, Unreachable string
	Row                                              int
	MarkExtended, Namespace, Name                    string
	// Reason in words, empty where there are none; Detail is the operator's own English sentence.
	Reason, Detail string
	// Revocation and Plan, one line each; Kept with the reason in words.
	Steps, Kept       []string
	MoreSteps         int
	UserDeleted, Gone bool
	// UserKept: the user is there and was left. Neither that nor UserDeleted: another lease may have taken it along.
	UserKept bool
	// Confirmed: AWS once showed that the key is gone, and the lease is over.
	Confirmed           bool
	PlanSteps, PlanKept []string
	MorePlanSteps       int
	// PlanBlocked is the operator's own English sentence, PlanBlockedBy the reason in words.
	PlanBlocked, PlanBlockedBy string
}

// runsOn are the kinds after which the key goes its way to deletion. In any other it was deleted, is held, or is left
// alone: a date of deletion there would be a wrong one.
var runsOn = map[string]bool{
	v1alpha1.NoticeExpiry: true, v1alpha1.NoticeDeactivated: true, v1alpha1.NoticeRowGone: true, v1alpha1.NoticeDateConflict: true,
}

// NamesDeletion tells whether the messages of a kind about a lease say when its key will be deleted.
func NamesDeletion(kind string) bool { return runsOn[kind] }

func (t texts) view(n Notice) view {
	l := n.Lease
	v := view{
		UserName: clean(l.UserName, maxName), AccessKeyID: clean(l.AccessKeyID, maxName),
		AccountID: clean(l.AccountID, maxName), OwnerName: clean(l.OwnerName, maxName),
		Purpose: clean(l.Purpose, maxPurpose), Resource: clean(l.Resource, maxValue),
		StartDate: t.day(l.StartDate), EndDate: t.day(l.EndDate), EndDay: clean(l.EndDate, maxName),
		UsedWithin24h: n.UsedWithin24h, UsedBeforeDeactivation: n.UsedBeforeDeactivation,
		Row: l.Row, MarkExtended: clean(n.MarkExtended, maxName),
		Namespace: clean(l.Namespace, maxName), Name: clean(l.Name, maxName),
		Reason: t.known("reason", n.Reason), Detail: clean(n.Detail, maxDetail),
	}
	v.Deactivated = n.Kind == v1alpha1.NoticeDeactivated
	v.ByOthers = v.Deactivated && (n.Revocation == nil || n.Revocation.DeactivatedTime == nil)
	if NamesDeletion(n.Kind) {
		v.DeleteAt, v.DeactivateAt = moment(n.DeleteAt), moment(n.DeactivateAt)
	}
	v.DaysLeft, v.DaysKnown = daysBetween(n.Today, l.EndDate)
	v.DaysAgo, v.Over = -v.DaysLeft, v.DaysKnown && v.DaysLeft < 0
	v.setUse(n)
	v.setOwner(n.Owner)
	t.setRevocation(&v, n.Revocation, l.UserName)
	t.setPlan(&v, n.Plan)
	return v
}

func (v *view) setUse(n Notice) {
	switch {
	case n.Lease.LastUsed != nil:
		v.Use = "Used"
		v.UsedAt = moment(n.Lease.LastUsed.Date.In(zone(n)))
		v.UsedService, v.UsedRegion = known(n.Lease.LastUsed.Service), known(n.Lease.LastUsed.Region)
	case n.Lease.LastUsedKnown:
		v.Use = "Never"
	default:
		v.Use = "Unknown"
	}
}

// known leaves out "N/A", which GetAccessKeyLastUsed gives where it has nothing to tell.
func known(s string) string {
	if s = clean(s, maxName); s == "N/A" {
		return ""
	}
	return s
}

func (v *view) setOwner(o Owner) {
	v.SlackUserID, v.Unreachable = clean(o.SlackUserID, maxName), clean(o.Unreachable, maxName)
	candidates := o.Candidates[:min(len(o.Candidates), maxSteps)]
	for i, c := range candidates {
		if i > 0 {
			v.Candidates += ", "
		}
		v.Candidates += clean(c, 32)
	}
	switch {
	case o.NotYet:
		v.OwnerState = "NotYet"
	case o.Unreachable != "":
		v.OwnerState = "Unreachable"
	case o.SlackUserID != "":
		v.OwnerState = "Told"
	case len(o.Candidates) > 0:
		v.OwnerState = "Ambiguous"
	default:
		v.OwnerState = "Unknown"
	}
}

func (t texts) setRevocation(v *view, r *v1alpha1.RevocationStatus, userName string) {
	if r == nil {
		return
	}
	for _, s := range r.Steps {
		v.Steps = append(v.Steps, t.step(s.Action+" "+s.Target))
		v.UserDeleted = v.UserDeleted || s.Action == "DeleteUser"
	}
	v.Steps, v.MoreSteps = firstOf(v.Steps)
	v.Gone = r.Reason == v1alpha1.ReasonKeyAlreadyGone
	v.UserKept = slices.ContainsFunc(r.Retained, func(kept v1alpha1.Retained) bool {
		return kept.Target == userName && kept.Reason != v1alpha1.RetainedUserNotFound
	})
	v.Kept, v.Confirmed = t.kept(r.Retained), r.CompletionTime != nil
}

func (t texts) setPlan(v *view, p *v1alpha1.RevocationPlan) {
	if p == nil {
		return
	}
	for _, s := range p.Steps {
		v.PlanSteps = append(v.PlanSteps, t.step(s))
	}
	v.PlanSteps, v.MorePlanSteps = firstOf(v.PlanSteps)
	v.PlanKept = t.kept(p.Retained)
	v.PlanBlocked, v.PlanBlockedBy = clean(p.Blocked, maxValue), t.known("reason", p.BlockedReason)
}

// step of a deletion, "<action> <target>", with the action in words.
func (t texts) step(s string) string {
	action, target, _ := strings.Cut(s, " ")
	words := t.word("action", action)
	if action == "UpdateAccessKey" && strings.HasSuffix(target, ":Active") {
		words = t.word("action", "Reactivate")
	}
	target = strings.TrimSuffix(strings.TrimSuffix(target, ":Inactive"), ":Active")
	line, err := t.say("words/step", map[string]string{"Action": words, "Target": target})
	if err != nil {
		return clean(s, maxStep)
	}
	return clean(line, maxStep)
}

func (t texts) kept(retained []v1alpha1.Retained) []string {
	var lines []string
	for _, r := range retained[:min(len(retained), maxSteps)] {
		lines = append(lines, clean(r.Target, maxName)+" — "+t.word("kept", r.Reason))
	}
	return lines
}

func firstOf(lines []string) (shown []string, more int) {
	if len(lines) <= maxSteps {
		return lines, 0
	}
	return lines[:maxSteps], len(lines) - maxSteps
}

// day gives "2026年12月8日（火）" or "Tue 2026-12-08"; what is no date stays as it is, and nothing stays nothing.
func (t texts) day(date string) string {
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return clean(date, maxName)
	}
	said, err := t.say("words/day", t.partsOf(d))
	if err != nil || said == "" {
		return date
	}
	return clean(said, maxName)
}

func (t texts) partsOf(d time.Time) map[string]any {
	return map[string]any{
		"Date": d.Format(time.DateOnly), "Year": d.Year(), "Month": int(d.Month()), "Day": d.Day(),
		"Weekday": t.word("weekday", strconv.Itoa(int(d.Weekday()))),
	}
}

// moment gives "2026-12-09 15:00 JST" in the time's own zone, "" for the zero time.
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format("2006-01-02 15:04 MST")
}

func zone(n Notice) *time.Location {
	switch {
	case n.Zone != nil:
		return n.Zone
	case !n.DeleteAt.IsZero():
		return n.DeleteAt.Location()
	}
	return time.UTC
}

// daysBetween counts calendar days, YYYY-MM-DD each; ok is false where one is no date.
func daysBetween(from, to string) (days int, ok bool) {
	a, errA := time.Parse(time.DateOnly, strings.TrimSpace(from))
	b, errB := time.Parse(time.DateOnly, strings.TrimSpace(to))
	if errA != nil || errB != nil {
		return 0, false
	}
	return int(b.Sub(a) / (24 * time.Hour)), true
}
