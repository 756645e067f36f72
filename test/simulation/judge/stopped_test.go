package judge

import (
	"fmt"
	"testing"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// fifty more keys, so that a fifth of the rows is ten. The admins know why those keys stay.
func fifty(s *story) *story {
	var keys []string
	for n := range 49 {
		key := fmt.Sprintf("AKIASIM%013d", n+100)
		keys = append(keys, key)
		s.on("11-02 09:00", "", rowOf(key, ledger.Person)).on("11-02 09:00", "", awsOf(key, ledger.Person, "issue key")).on("11-02 09:01", "", leaseOf(key, operator))
	}
	return s.summaries(14, keys...)
}

// askedFifty: an extension was asked for in most of the fifty rows.
func askedFifty(s *story) *story {
	s.changed("11-02 09:02", 30, ledger.Person, mark("延長済み"))
	for n := range 30 {
		s.on("11-02 09:03", "", leaseOf(fmt.Sprintf("AKIASIM%013d", n+100), operator, asked(true)))
	}
	return s
}

// changed rows of some of the fifty.
func (s *story) changed(at string, rows int, by string, change func(*ledger.Row)) *story {
	for n := range rows {
		s.on(at, "", rowOf(fmt.Sprintf("AKIASIM%013d", n+100), by, change))
	}
	return s
}

func TestNoKeyIsRemovedWhileAllStandsStill(t *testing.T) {
	approved := sheet(func(s *v1alpha1.AccessKeySheet) {
		s.Annotations = map[string]string{"iam.keylease.dev/approve-change": "1"}
	})
	hour := func(at string) deed {
		return sheet(func(s *v1alpha1.AccessKeySheet) { s.Spec.Schedule.DailyAt = at })
	}
	columns := sheet(func(s *v1alpha1.AccessKeySheet) { s.Spec.Requests.Columns.EndDate = "H" })
	tests := map[string]struct {
		story *story
		want  []string
	}{
		"DryRun began days ago": {life().without("deleted").on("12-07 09:00", "", sheet(mode(v1alpha1.ModeDryRun))), []string{"3 "}},
		"a message in DryRun": {life().without("removal").without("deleted").without("row deleted").on("12-02 09:00", "", sheet(mode(v1alpha1.ModeDryRun))).
			on("12-03 09:00", "", post(theOwner, "hello")), []string{"3 told or written in DryRun"}},
		"DryRun began just now": {life().on("12-09 15:04", "", sheet(mode(v1alpha1.ModeDryRun))), nil},
		"Slack refuses the token": {life().without("deleted").on("12-09 09:00", "", act("slack-token")).on("12-09 09:00", "", reach("", false)),
			[]string{"3 "}},
		"Slack refused the token for a while": {life().on("12-08 09:00", "", act("slack-token")).on("12-08 09:00", "", reach("", false)).
			on("12-09 09:00", "", reach("", true)), nil},
		"the token is good again, and Slack is away": {life().on("12-08 09:00", "", act("slack-token")).on("12-08 09:00", "", reach("", false)).
			on("12-09 09:00", "", act("mend", "slack-token#3")), nil},
		"Slack is away":                        {life().without("deleted").on("12-09 09:00", "", act("slack")).on("12-09 09:00", "", reach("", false)), nil},
		"many rows changed":                    {fifty(life()).changed("12-09 09:00", 20, ledger.Person, ends("2026/12/30")), []string{"3 "}},
		"many rows went":                       {fifty(life()).changed("12-09 09:00", 20, ledger.Person, times(0)), []string{"3 "}},
		"many rows were marked":                {fifty(life()).changed("12-09 09:00", 20, ledger.Person, mark("延長済み")), []string{"3 "}},
		"some rows changed":                    {fifty(life()).changed("12-09 09:00", 10, ledger.Person, ends("2026/12/30")), nil},
		"many rows changed, and back":          {fifty(life()).changed("12-09 09:00", 20, ledger.Person, ends("2026/12/30")).changed("12-09 10:00", 20, ledger.Person, ends("2026/12/08")), nil},
		"many rows changed days ago":           {fifty(life()).changed("12-07 09:00", 20, ledger.Person, ends("2026/12/30")), []string{"3 "}},
		"many rows changed days ago, and back": {fifty(life()).changed("12-05 09:00", 20, ledger.Person, ends("2026/12/30")).changed("12-07 09:00", 20, ledger.Person, ends("2026/12/08")), nil},
		"many changed days ago, was approved":  {fifty(life()).changed("12-05 09:00", 20, ledger.Person, ends("2026/12/30")).on("12-06 10:00", "", approved), nil},
		"many marks were cleared days ago":     {askedFifty(fifty(life())).changed("12-05 09:00", 20, ledger.Person, mark("")), []string{"3 "}},
		"many rows changed, was approved":      {fifty(life()).changed("12-09 09:00", 20, ledger.Person, ends("2026/12/30")).on("12-09 10:00", "", approved), nil},
		"one row too many changed":             {fifty(life()).changed("12-09 09:00", 11, ledger.Person, ends("2026/12/30")), []string{"3 "}},
		"another edit of the sheet":            {fifty(life()).changed("12-09 09:00", 20, ledger.Person, ends("2026/12/30")).on("12-09 10:00", "", hour("14:00")), []string{"3 "}},
		"other columns are read":               {fifty(life()).changed("12-09 09:00", 20, ledger.Person, ends("2026/12/30")).on("12-09 10:00", "", columns), nil},
		"the operator changed many rows":       {fifty(life()).changed("12-09 09:00", 20, operator, ends("2026/12/30")), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test.story.breaks(t, test.want...) })
	}
}

func TestADayCostsNoMoreKeysThanItMay(t *testing.T) {
	one := func(n string) func(*v1alpha1.AccessKeySheet) {
		return func(s *v1alpha1.AccessKeySheet) {
			s.Spec.Limits.MaxRevocationsPerDay = number(1)
			s.Annotations = map[string]string{v1alpha1.AnnotationAllowRevocations: "2026-12-09=" + n}
		}
	}
	two := func(s *story, at string) *story {
		key := "AKIASIM0000000000100"
		text := expiry(key, "あと7日", "2026年12月8日（火）", "2026-12-09 15:00 JST")
		return s.on("12-01 15:00", "", post(theOwner, text)).on("12-01 15:00", "", post(admin, text)).on(at, "", awsOf(key, operator, "DeleteAccessKey"))
	}
	two(fifty(life()).on("11-03 09:00", "", sheet(one("1"))), "12-09 15:10").breaks(t, "3 ")
	two(fifty(life()).on("11-03 09:00", "", sheet(one("1"))), "12-10 15:10").breaks(t)
	two(fifty(life()).on("11-03 09:00", "", sheet(one("2"))), "12-09 15:10").breaks(t)
	two(fifty(life()), "12-09 15:10").breaks(t)
}

func TestAMarkThatPeoplePutBackForTheOperatorHoldsNothing(t *testing.T) {
	put := func(at string) *story {
		return life().on("11-20 09:00", "", lease(operator, asked(true))).on(at, "", row(ledger.Person, mark("延長申請済み"))).
			on("12-05 09:00", "", lease(operator, asked(false))).on("12-05 09:01", "", row(operator, mark("通知済み")))
	}
	put("12-05 08:59").breaks(t)
	put("11-20 08:59").breaks(t, "2 ")
}
