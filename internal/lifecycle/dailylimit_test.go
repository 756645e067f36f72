package lifecycle

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
)

func TestTheDailyLimitsMessageNamesANumberThatRaisesIt(t *testing.T) {
	for name, tc := range map[string]struct {
		limit      *int32
		annotation string
		want       string
	}{
		"the default":                      {nil, "", "2026-12-09=40"},
		"a limit of the sheet":             {ptr.To[int32](3), "", "2026-12-09=6"},
		"raised already":                   {ptr.To[int32](3), "2026-12-09=7", "2026-12-09=14"},
		"raised on another day":            {ptr.To[int32](3), "2026-12-08=7", "2026-12-09=6"},
		"no more than five-fold":           {ptr.To[int32](3), "2026-12-09=10", "2026-12-09=15"},
		"nothing, where it is at its most": {ptr.To[int32](3), "2026-12-09=15", ""},
		"nothing, where none may go":       {ptr.To[int32](0), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &v1alpha1.AccessKeySheet{}
			s.Spec.Limits.MaxRevocationsPerDay = tc.limit
			if tc.annotation != "" {
				s.Annotations = map[string]string{v1alpha1.AnnotationAllowRevocations: tc.annotation}
			}
			if got := DailyLimitOf(s, Policy{Location: tokyo}, jst("2026-12-09 15:00")).Proposal(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAnApprovalRaisesTheLimitFiveFoldAtMost(t *testing.T) {
	s := &v1alpha1.AccessKeySheet{}
	s.Spec.Limits.MaxRevocationsPerDay = ptr.To[int32](3)
	s.Annotations = map[string]string{v1alpha1.AnnotationAllowRevocations: "2026-12-09=1000"}
	if got := DailyLimitOf(s, Policy{Location: tokyo}, jst("2026-12-09 15:00")).Limit; got != 15 {
		t.Errorf("the limit is %d, want 15", got)
	}
}

func TestADayOfTheLimitIsTheSheets(t *testing.T) {
	limit := DailyLimitOf(&v1alpha1.AccessKeySheet{}, Policy{Location: tokyo}, jst("2026-12-09 15:00"))
	for at, want := range map[string]bool{"2026-12-08 23:59": false, "2026-12-09 00:00": true, "2026-12-09 23:59": true, "2026-12-10 00:00": false} {
		if got := limit.Counts(jst(at).UTC()); got != want {
			t.Errorf("%s counts: %v", at, got)
		}
	}
}

// Each lease of the account is judged by its own sheet: by its time zone, its readings, its minimumNotice and its admins.
func TestWhoGoesBeforeIsJudgedByItsOwnSheet(t *testing.T) {
	ready := func(reason, next string) change {
		return func(in *Input) {
			condition(v1alpha1.ConditionReady, metav1.ConditionFalse, reason)(in)
			in.Lease.Status.Phase, in.Lease.Status.NextTransitionTime = v1alpha1.PhaseExpired, moment(next)
		}
	}
	const now = "2026-12-09 15:00"
	notified := phase(v1alpha1.PhaseNotified)
	owners := record(7, "U1", v1alpha1.NoticeDelivered, "2026-12-01 15:00")
	for name, tc := range map[string]struct {
		other []change
		want  bool
	}{
		"due, and not looked at since its end":                {[]change{notified, noticed}, true},
		"due, and it waits for a reading":                     {[]change{ready(v1alpha1.ReasonWaiting, now)}, true},
		"due, and the limit keeps it too":                     {[]change{ready(v1alpha1.ReasonBreakerOpen, "2026-12-08 15:00")}, true},
		"due in a moment":                                     {[]change{ready(v1alpha1.ReasonWaiting, "2026-12-09 15:05")}, true},
		"due later":                                           {[]change{ready(v1alpha1.ReasonWaiting, "2026-12-09 16:00")}, false},
		"kept by something else":                              {[]change{ready(v1alpha1.ReasonDryRun, now)}, false},
		"held":                                                {[]change{notified, noticed, wasHeldFor(v1alpha1.ReasonProtected)}, false},
		"its day has not come in its zone":                    {[]change{notified, noticed, policy(func(p *Policy) { p.Location = zone("America/Los_Angeles") })}, false},
		"its hour has not come":                               {[]change{notified, noticed, policy(func(p *Policy) { p.Hour = 18 })}, false},
		"its sheet was read long ago":                         {[]change{notified, noticed, readAt("2026-12-09 13:30")}, false},
		"its sheet is to be read every hour":                  {[]change{notified, noticed, readAt("2026-12-09 13:30"), policy(func(p *Policy) { p.SyncInterval = time.Hour })}, true},
		"its sheet asks for more notice":                      {[]change{notified, noticed, policy(func(p *Policy) { p.MinimumNotice = 9 * 24 * time.Hour })}, false},
		"its sheet is in mode DryRun":                         {[]change{notified, noticed, policy(func(p *Policy) { p.DryRun = true })}, false},
		"its sheet is another cluster's":                      {[]change{notified, noticed, foreign}, false},
		"its sheet is gone":                                   {[]change{notified, noticed, func(in *Input) { in.Sheet = SheetFacts{} }}, false},
		"nobody of its sheet can be told":                     {[]change{notified, noticed, func(in *Input) { in.Sheet.SlackError = "invalid_auth" }}, false},
		"no admin of its sheet was told":                      {[]change{notified, records(owners)}, false},
		"its owner was not told":                              {[]change{notified, records(record(7, "UA1", v1alpha1.NoticeDelivered, "2026-12-01 15:00"))}, false},
		"owner and one admin of its sheet were told":          {[]change{notified, records(owners, record(7, "UA2", v1alpha1.NoticeDelivered, "2026-12-01 15:00"))}, true},
		"those who were told are no admins of its sheet":      {[]change{notified, noticed, policy(func(p *Policy) { p.Admins = []string{"UA3"} })}, false},
		"the admins had a summary of the mark that was found": {[]change{notified, foundMark("2026-12-01 15:00")}, true},
		"its notice is an earlier term's":                     {[]change{notified, noticed, inTerm(func(t *v1alpha1.Term) { t.Number = 2 })}, false},
		"the operator was away since":                         {[]change{notified, noticed, func(in *Input) { in.Sheet.Resumed = jst("2026-12-09 14:00") }}, false},
	} {
		t.Run(name, func(t *testing.T) {
			other, us := at(now, tc.other...), at(now, lease(func(l *v1alpha1.AccessKeyLease) { l.Name = "b" }))
			other.Lease.Name, other.Lease.Spec.AccessKeyID = "a", "A"
			if got := GoesBefore(other, us); got != tc.want {
				t.Errorf("it goes before: %v", got)
			}
			if GoesBefore(other, at(now, endDate("2026-12-07"))) {
				t.Error("it goes before one that ended earlier")
			}
			if other.Lease.Name = "c"; GoesBefore(other, us) {
				t.Error("of the same day it goes before one whose name comes first")
			}
		})
	}
}

func TestOnlyWhatIsDueNeedsASlot(t *testing.T) {
	for name, tc := range map[string]struct {
		in   Input
		want bool
	}{
		"before its time":        {at("2026-12-09 14:59"), false},
		"at its time":            {at("2026-12-09 15:00"), true},
		"never on a row":         {at("2026-12-09 15:00", lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet = nil })), false},
		"its deletion has begun": {at("2026-12-09 15:00", deactivated("2026-12-08 15:00")), false},
	} {
		if got := NeedsSlot(tc.in); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
