package judge

import (
	"strings"
	"testing"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

func TestALifeAsItShouldBeBreaksNothing(t *testing.T) { life().breaks(t) }

func TestNoKeyIsRemovedBeforeItsEnd(t *testing.T) {
	early := func() *story {
		return life().without("removal").without("deleted").on("12-09 14:58", "removal", aws(operator, "DeleteAccessKey"))
	}
	tests := map[string]struct {
		story *story
		want  []string
	}{
		"two minutes before the hour":      {early(), []string{"1 "}},
		"the row moved to later long ago":  {life().on("12-09 14:00", "", row(ledger.Person, ends("2026/12/20"))), []string{"1 "}},
		"the row moved a minute before":    {life().on("12-09 15:04", "", row(ledger.Person, ends("2026/12/20"))), nil},
		"the lease was set to later":       {life().on("12-09 14:00", "", lease(ledger.Person, until("2026-12-20"))), []string{"1 ", "2 "}},
		"the lease was set, and overwrote": {life().on("12-09 14:00", "", lease(ledger.Person, until("2026-12-20"))).on("12-09 14:01", "", lease(operator, until("2026-12-08"))), []string{"1 "}},
		"the lease was set to earlier, and the row could not be written": {life().without("row").without("lease").
			on("11-02 09:00", "", row(ledger.Person, ends("2026/12/31"))).on("11-02 09:01", "", lease(operator, until("2026-12-31"))).on("11-03 09:00", "", lease(ledger.Person, until("2026-12-08"))), nil},
		"a notice promised more":                 {life().on("12-02 15:00", "", post(theOwner, expiry(theKey, "あと6日", "2026年12月8日（火）", "2026-12-10 15:00 JST"))), []string{"1 "}},
		"a notice of another date promised more": {life().on("12-02 15:00", "", post(theOwner, expiry(theKey, "あと7日", "2026年12月9日（水）", "2026-12-10 15:00 JST"))), []string{"1 ", "2 wrong notice"}},
		"a notice named no deactivation": {life().without("removal").without("deleted").
			on("12-09 14:50", "", sheet(func(s *v1alpha1.AccessKeySheet) { s.Spec.Schedule.DailyAt = "09:30" })).
			on("12-09 14:56", "", aws(operator, "UpdateAccessKey", "Inactive")), []string{"1 ", "7 "}},
		"the schedule was moved after the notice": {life().without("removal").without("deleted").
			on("12-09 14:50", "", sheet(func(s *v1alpha1.AccessKeySheet) { s.Spec.Schedule.DailyAt = "09:30" })).
			on("12-09 14:56", "removal", aws(operator, "DeleteAccessKey")), []string{"1 "}},
		"the mark's text was changed after the notice": {life().without("removal").without("deleted").
			on("12-09 14:50", "", sheet(func(s *v1alpha1.AccessKeySheet) { s.Spec.Schedule.DailyAt, s.Spec.Marks.Notified = "09:30", "済" })).
			on("12-09 14:56", "removal", aws(operator, "DeleteAccessKey")), nil},
		"it never stood in a row":  {life().without("row").without("mark").without("row deleted"), []string{"1 "}},
		"a person removed the key": {life().without("removal").without("deleted").on("11-30 09:00", "", aws(ledger.Person, "DeleteAccessKey")), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test.story.breaks(t, test.want...) })
	}
}

func TestNobodyLosesAKeyBySurprise(t *testing.T) {
	tests := map[string]struct {
		story *story
		want  []string
	}{
		"nobody was told":              {life().without("notice").without("copy"), []string{"2 "}},
		"the owner was not told":       {life().without("notice"), []string{"2 "}},
		"the admins were not told":     {life().without("copy"), []string{"2 "}},
		"the owner was told too late":  {life().without("notice").on("12-08 15:06", "", post(theOwner, last)), []string{"2 "}},
		"the owner was told just then": {life().without("notice").on("12-08 15:05", "", post(theOwner, last)), nil},
		"the owner could not be told":  {life().without("notice").on("11-30 09:00", "", reach(theOwner, false)), nil},
		"the owner was told half a second too late": {life().without("notice").without("removal").
			on("12-08 15:05", "", post(theOwner, last)).on("12-09 15:05", "", func(l *ledger.Ledger, at time.Time) { aws(operator, "DeleteAccessKey")(l, at.Add(-second/2)) }),
			[]string{"2 minimum notice cut"}},
		"the owner could be told for two days only, and was not": {life().without("notice").on("11-30 09:00", "", reach(theOwner, false)).
			on("12-05 09:00", "", reach(theOwner, true)).on("12-07 09:00", "", reach(theOwner, false)), []string{"2 "}},
		"the owner could be told for a day only": {life().without("notice").on("11-30 09:00", "", reach(theOwner, false)).
			on("12-05 09:00", "", reach(theOwner, true)).on("12-06 09:00", "", reach(theOwner, false)), nil},
		"the owner could be told while the operator was away": {life().on("12-05 10:00", "", act("kill")).without("notice").on("11-30 09:00", "", reach(theOwner, false)).
			on("12-05 09:00", "", reach(theOwner, true)).on("12-07 09:00", "", reach(theOwner, false)), nil},
		"all owners went at once":  {life().without("notice").on("11-28 09:00", "", users(map[string]string{"#REF! #REF!": "#REF!"})), []string{"2 "}},
		"the owner left":           {life().without("notice").without("deleted").on("11-28 09:00", "", users(map[string]string{"林 太郎": "U0OWNER002"})), nil},
		"the notice names no time": {life().without("notice").on("12-01 15:00", "", post(theOwner, "期限のお知らせ\nアクセスキーID\n"+theKey)), []string{"2 "}},
		"another was told": {life().without("notice").on("12-01 15:00", "", post("U0OWNER002", week)),
			[]string{"2 ", "5 told of another"}},
		"the notice was of an earlier term": {life().on("12-03 09:00", "", lease(operator, until("2026-12-20"))).on("12-04 09:00", "", lease(operator, until("2026-12-08"))),
			[]string{"2 "}},
		"the owner changed days ago":    {life().without("deleted").on("12-03 09:00", "", row(ledger.Person, owner("林 太郎"))), []string{"2 "}},
		"the owner changed an hour ago": {life().on("12-09 14:00", "", row(ledger.Person, owner("林 太郎"))), nil},
		"a mark had been found": {life().without("row").without("mark").without("notice").
			on("11-02 09:00", "", row(ledger.Person, mark("通知済み"))), nil},
		"a mark had been found with another owner": {life().without("row").without("mark").without("notice").without("deleted").
			on("11-02 09:00", "", row(ledger.Person, mark("通知済み"))).on("11-20 09:00", "", row(ledger.Person, owner("林 太郎"))), []string{"2 "}},
		"a mark on a row that came later is a copy": {life().without("row").without("mark").without("notice").without("lease").
			on("11-02 09:00", "", leaseOf("AKIASIM0000000000002", operator)).
			on("11-05 09:00", "", row(ledger.Person, mark("通知済み"))).on("11-05 09:05", "", lease(operator)), []string{"2 "}},
		"DryRun ended after the notice": {life().on("12-03 09:00", "", sheet(mode(v1alpha1.ModeDryRun))).on("12-05 09:00", "", sheet(mode(v1alpha1.ModeEnforce))),
			[]string{"2 "}},
		"a hold was released after the notice": {life().
			on("12-03 09:00", "", row(ledger.Person, mark("延長申請済み"))).on("12-03 09:05", "", lease(operator, asked(true))).
			on("12-04 09:00", "", row(ledger.Person, mark(""))).on("12-04 09:05", "", lease(operator, asked(false))), []string{"2 "}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test.story.breaks(t, test.want...) })
	}
}

func TestNoKeyIsRemovedWhileHeld(t *testing.T) {
	exempt := sheet(func(s *v1alpha1.AccessKeySheet) { s.Spec.ExtensionPolicy = v1alpha1.ExtensionExempt })
	moved := func() *story {
		return life().without("removal").without("deleted").without("row deleted").
			on("12-02 09:00", "", row(ledger.Person, mark("延長申請済み"))).on("12-02 09:05", "", lease(operator, asked(true))).
			on("12-03 09:00", "", row(ledger.Person, ends("2026/12/12"))).on("12-03 09:05", "", lease(operator, until("2026-12-12"), asked(false))).
			on("12-05 15:00", "", post(theOwner, expiry(theKey, "あと7日", "2026年12月12日（土）", "2026-12-13 15:00 JST"))).
			on("12-05 15:00", "", post(admin, expiry(theKey, "あと7日", "2026年12月12日（土）", "2026-12-13 15:00 JST"))).
			on("12-13 15:05", "", aws(operator, "DeleteAccessKey"))
	}
	tests := map[string]struct {
		story *story
		want  []string
	}{
		"an extension was asked for":          {life().on("12-07 09:00", "", row(ledger.Person, mark("延長申請済み 鈴木"))), []string{"3 "}},
		"an extension was asked for just now": {life().on("12-09 15:03", "", row(ledger.Person, mark("延長申請済み"))), nil},
		"the operator wrote the mark":         {life().on("12-07 09:00", "", row(operator, mark("延長申請済み"))), nil},
		"the date moved since":                {moved(), nil},
		"the date moved since, but Exempt":    {moved().on("11-03 09:00", "", exempt), []string{"3 "}},
		"the mark is unclear":                 {life().on("12-07 09:00", "", row(ledger.Person, mark("削除しないで"))), []string{"3 ", "7 a row's"}},
		"a remark contradicts the mark":       {life().on("12-07 09:00", "", row(ledger.Person, mark("通知済み　延長不要"))), []string{"3 ", "7 a row's"}},
		"the mark has a remark":               {life().on("12-07 09:00", "", row(ledger.Person, mark("通知済み 要確認"))), nil},
		"it is marked as deleted":             {life().on("12-07 09:00", "", row(ledger.Person, mark("削除済み"))), []string{"3 "}},
		"the date is a word":                  {life().on("12-07 09:00", "", row(ledger.Person, ends("来月末"))), []string{"3 ", "7 a row's"}},
		"the date is ambiguous":               {life().on("12-07 09:00", "", row(ledger.Person, ends("1/6/2026"))), []string{"3 ", "7 a row's"}},
		"the row stands twice":                {life().on("12-07 09:00", "", row(ledger.Person, times(2))), []string{"3 ", "7 a row's"}},
		"the row is gone":                     {life().on("12-07 09:00", "", row(ledger.Person, times(0))), nil},
		"the row names another user":          {life().on("12-07 09:00", "", row(ledger.Person, user("svc-02"))), []string{"3 ", "7 a row's"}},
		"a person gave it up":                 {life().on("12-07 09:00", "", annotated("true")), []string{"3 "}},
		"a person gave it up just now":        {life().on("12-09 15:04", "", annotated("true")), nil},
		"it was given up, and changed":        {life().on("11-07 09:00", "", annotated("true")).on("11-08 09:00", "", annotated("true")), []string{"3 "}},
		"it was given up, and taken back":     {life().on("11-07 09:00", "", annotated("true")).on("11-08 09:00", "", annotated("")), nil},
		"it was given up, and collected": {life().on("11-07 09:00", "", annotated("true")).
			on("11-08 09:00", "", gone("mend", "orphan-lease x#3")).on("11-08 09:01", "", leaseAnew), []string{"3 "}},
		"it was given up, collected, and taken back": {life().on("11-07 09:00", "", annotated("true")).
			on("11-08 09:00", "", gone("mend", "orphan-lease x#3")).on("11-08 09:01", "", leaseAnew).
			on("11-09 09:00", "", act("mend", "give-up "+strings.ToLower(theKey)+"#2")), nil},
		"another was given up, and taken back": {life().on("12-07 09:00", "", annotated("true")).
			on("12-08 09:00", "", act("mend", "give-up akiasim0000000000002#2")), []string{"3 "}},
		"it was given up, and deleted": {life().on("11-07 09:00", "", annotated("true")).
			on("11-08 09:00", "", gone("delete-lease", "1")).on("11-08 09:01", "", leaseAnew), nil},
		"kubectl asked for an extension": {life().on("12-07 09:00", "", lease(ledger.Person, asked(true))), []string{"3 "}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test.story.breaks(t, test.want...) })
	}
}

// annotated: a person gives the lease up, or takes that back.
func annotated(text string) deed {
	return func(l *ledger.Ledger, at time.Time) {
		lease(ledger.Person)(l, at)
		versions := l.Leases[strings.ToLower(theKey)]
		o := versions[len(versions)-1].Object
		o.Generation-- // no change of the spec
		o.Annotations = map[string]string{v1alpha1.AnnotationGiveUp: text}
	}
}

// gone is the lease by an act.
func gone(verb string, args ...string) deed {
	return func(l *ledger.Ledger, at time.Time) {
		name := strings.ToLower(theKey)
		l.Acts = append(l.Acts, ledger.Act{Stamp: l.Stamp(at, ledger.Person), Verb: verb, Args: args})
		l.Leases[name] = append(l.Leases[name], ledger.Lease{Stamp: l.Stamp(at, ledger.Person)})
	}
}

// leaseAnew is made from the row.
func leaseAnew(l *ledger.Ledger, at time.Time) {
	o := l.Leases[strings.ToLower(theKey)][0].Object.DeepCopy()
	l.Leases[o.Name] = append(l.Leases[o.Name], ledger.Lease{Stamp: l.Stamp(at, operator), Object: o})
}
