package judge

import (
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

func TestEachMessageComesOnce(t *testing.T) {
	const trouble = "【要対応】申請シートに修正が必要な行があります\n・11行目 " + theKey
	tests := map[string]struct {
		story *story
		want  []string
	}{
		"the same twice":                      {life().on("12-01 15:02", "", post(theOwner, week)), []string{"5 told twice"}},
		"with other days":                     {life().on("12-07 15:00", "", post(theOwner, expiry(theKey, "あと1日", "2026年12月8日（火）", "2026-12-09 15:00 JST"))), nil},
		"of another date":                     {life().on("12-01 15:02", "", post(theOwner, expiry(theKey, "あと7日", "2026年12月9日（水）", "2026-12-10 15:00 JST"))), []string{"1 ", "2 wrong notice"}},
		"in a new term":                       {life().on("12-01 15:10", "", lease(operator, until("2026-12-20"))).on("12-01 15:20", "", lease(operator, until("2026-12-08"))).on("12-01 15:30", "", post(theOwner, week)).on("12-01 15:30", "", post(admin, week)), nil},
		"the same twice, but a hold went":     {life().on("12-01 14:58", "", row(ledger.Person, mark("延長申請済み"))).on("12-01 15:02", "", post(theOwner, week)), nil},
		"the same twice, and a remark came":   {life().on("12-01 14:58", "", row(ledger.Person, mark("要確認"))).on("12-01 15:02", "", post(theOwner, week)), []string{"5 told twice"}},
		"the same twice, and the users moved": {life().on("12-01 14:58", "", users(map[string]string{"山田 太郎": theOwner, "鈴木 花子": "U0OWNER003"})).on("12-01 15:02", "", post(theOwner, week)), []string{"5 told twice"}},
		"the same twice, and other admins":    {life().on("12-01 14:58", "", toldTo(admin, "U0ADMIN02")).on("12-01 15:02", "", post(theOwner, week)), []string{"5 told twice"}},
		"the same twice, and a label came":    {life().on("12-01 14:58", "", annotated("")).on("12-01 15:02", "", post(theOwner, week)), []string{"5 told twice"}},
		"the same twice, and it was given up": {life().without("removal").without("deleted").without("row deleted").on("12-01 14:58", "", annotated("true")).on("12-01 15:02", "", post(theOwner, week)).
			summaries(14, theKey), nil},
		"the same twice, and people are told on other days": {life().on("12-01 14:58", "", sheet(func(s *v1alpha1.AccessKeySheet) { s.Spec.Schedule.NoticeDays = []int32{14, 3} })).
			on("12-01 15:02", "", post(theOwner, week)), nil},
		"the week's, and the same the next day":      {life().on("12-05 23:00", "", post(admin, weekly+theKey)).on("12-06 15:00", "", post(admin, weekly+theKey)), []string{"5 told of rows"}},
		"the week's, late, and then the next week's": {life().on("12-06 23:00", "", post(admin, weekly+theKey)).on("12-07 15:00", "", post(admin, weekly+theKey)), nil},
		"of the row's trouble":                       {life().on("12-05 09:00", "", post(admin, trouble)).on("12-05 09:01", "", post(admin, trouble)), []string{"5 told of rows"}},
		"of the row's trouble, and another row moved": {life().on("12-05 09:00", "", post(admin, trouble)).on("12-05 09:01", "", post(admin, trouble)).
			on("12-05 08:59", "", rowOf("AKIASIM0000000000002", ledger.Person)), []string{"5 told of rows"}},
		"of the row's trouble, and it moved": {life().on("12-05 09:00", "", post(admin, trouble)).on("12-05 09:01", "", post(admin, trouble)).
			on("12-05 08:59", "", row(ledger.Person, owner("山田太郎"))), nil},
		"to somebody else": {life().on("12-01 15:02", "", post("U0OWNER002", week)), []string{"5 told of another"}},
		"to a former owner": {life().on("11-20 09:00", "", row(ledger.Person, owner("林 太郎"))).on("11-21 09:00", "", row(ledger.Person, owner("山田 太郎"))).
			on("11-22 09:00", "", lease(operator, until("2026-12-09"))).on("11-22 10:00", "", lease(operator, until("2026-12-08"))).
			on("12-01 15:02", "", post("U0OWNER002", week)), []string{"5 told of another"}},
		"to a former owner, and nothing shows that the sheet was read since": {life().on("11-20 09:00", "", row(ledger.Person, owner("林 太郎"))).
			on("11-21 09:00", "", row(ledger.Person, owner("山田 太郎"))).on("12-01 15:00", "", post("U0OWNER002", week)), nil},
		"to the owner whom the lease still has": {life().without("lease").on("11-02 09:01", "", lease(operator, func(s *v1alpha1.AccessKeyLeaseSpec) { s.Owner.FullName = "林 太郎" })).
			on("11-22 09:00", "", leaseOf("AKIASIM0000000000002", operator)).on("12-01 15:02", "", post("U0OWNER002", week)), nil},
		"to the owner's former ID, when the row is gone": {life().without("mark").without("row deleted").on("11-20 09:00", "", row(ledger.Person, times(0))).
			on("11-21 09:00", "", users(map[string]string{"山田 太郎": "U0NEW00001"})).on("11-22 09:00", "", leaseOf("AKIASIM0000000000002", operator)), nil},
		"to the owner's former ID": {life().on("11-21 09:00", "", users(map[string]string{"山田 太郎": "U0NEW00001"})).
			on("11-22 09:00", "", leaseOf("AKIASIM0000000000002", operator)), []string{"2 removed without notice", "5 told of another"}},
		"to a former admin": {life().on("11-20 09:00", "", toldTo(admin, "U0ADMIN02")).on("11-21 09:00", "", toldTo(admin)).
			on("12-01 15:02", "", post("U0ADMIN02", week)), []string{"5 told of another"}},
		"to a former admin, just then": {life().on("11-20 09:00", "", toldTo(admin, "U0ADMIN02")).on("12-01 14:59", "", toldTo(admin)).
			on("12-01 15:02", "", post("U0ADMIN02", week)), nil},
		"a name inside a name": {life().without("users").on("11-02 08:00", "", users(map[string]string{"山田 太郎": theOwner, "田 太郎": "U0OWNER002"})).on("12-01 15:02", "", post("U0OWNER002", week)), []string{"5 told of another"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test.story.breaks(t, test.want...) })
	}
}

func TestANoticeSaysWhenTheKeyGoes(t *testing.T) {
	grace := sheet(func(s *v1alpha1.AccessKeySheet) {
		s.Spec.Schedule.GracePeriod = &metav1.Duration{Duration: 24 * time.Hour}
	})
	// said to the owner and an admin a week before the end, and nothing follows.
	said := func(text string) *story {
		s := life().without("notice").without("copy").without("mark").without("removal").without("deleted").without("row deleted")
		s.entries = slices.DeleteFunc(s.entries, func(e entry) bool { return e.at.Month() == time.December && e.at.Day() > 8 })
		return s.on("12-01 15:00", "", post(theOwner, text)).on("12-01 15:00", "", post(admin, text))
	}
	const tuesday = "2026年12月8日（火）"
	english := "Your AWS access key: %s\nAccess key ID\n" + theKey + "\nEnd date\nTue 2026-12-08\nDays left\n%[1]s\nDeletion\n2026-12-09 06:00 UTC"
	tests := map[string]struct {
		story *story
		wrong bool
	}{
		"as it should be":         {said(week), false},
		"in English":              {said(fmt.Sprintf(english, "7 days left")), false},
		"in English, a day off":   {said(fmt.Sprintf(english, "8 days left")), true},
		"without a time":          {said(expiry(theKey, "あと7日", tuesday, "")), true},
		"in a zone nobody knows":  {said(expiry(theKey, "あと7日", tuesday, "2026-12-09 15:00 XYZ")), true},
		"a day off":               {said(expiry(theKey, "あと6日", tuesday, "2026-12-09 15:00 JST")), true},
		"no number of days":       {said(expiry(theKey, "不明", tuesday, "2026-12-09 15:00 JST")), true},
		"another end date":        {said(expiry(theKey, "あと8日", "2026年12月9日（水）", "2026-12-10 15:00 JST")), true},
		"the date moved just now": {said(week).on("12-01 14:59", "", row(ledger.Person, ends("2026/12/20"))).on("12-01 14:59", "", lease(operator, until("2026-12-20"))), false},
		"no deactivation":         {said(expiry(theKey, "あと7日", tuesday, "2026-12-10 15:00 JST")).on("11-03 09:00", "", grace), true},
		"the deactivation too": {said("2026-12-09 15:00 JST 以降に無効化\n"+expiry(theKey, "あと7日", tuesday, "2026-12-10 15:00 JST")).
			on("11-03 09:00", "", grace), false},
		"no deactivation of a key that is inactive": {said(expiry(theKey, "あと7日", tuesday, "2026-12-10 15:00 JST")).on("11-03 09:00", "", grace).
			on("11-04 09:00", "", aws(ledger.Person, "deactivate key")), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var want []string
			if test.wrong {
				want = []string{"2 wrong notice"}
			}
			test.story.breaks(t, want...)
		})
	}
}

func TestTheDaysOfANoticeAreReadAsTheyAreSaid(t *testing.T) {
	for text, want := range map[string]int{"あと7日": 7, "本日まで": 0, "昨日終了": -1, "3日前に終了": -3, "7 days left": 7, "1 day left": 1, "ends today": 0,
		"ended yesterday": -1, "ended 3 days ago": -3} {
		if n, ok := daysOf(text); !ok || n != want {
			t.Errorf("%q is %d, %v", text, n, ok)
		}
	}
}

func TestNoKeyIsPastItsEndInSilence(t *testing.T) {
	alive := func() *story { return life().without("removal").without("deleted").without("row deleted") }
	const silent = "7 past its end in silence"
	alive().breaks(t, silent)
	alive().summaries(14, theKey).breaks(t)
	alive().on("12-14 09:00", "", post(admin, weekly+theKey)).breaks(t, silent)
	alive().on("12-14 09:00", "", post(theOwner, weekly+theKey)).breaks(t, silent)
	alive().on("12-05 09:00", "", sheet(func(s *v1alpha1.AccessKeySheet) { s.Spec.Schedule.TimeZone = "Asia/Tokio" })).breaks(t, silent)
	alive().on("12-10 09:00", "", reach(admin, false)).breaks(t)
	alive().without("call").breaks(t)
	alive().on("12-14 09:00", "", row(ledger.Person, owner("鈴木 花子"))).on("12-22 09:00", "", post(admin, "【要対応】AWSを操作できません")).breaks(t)
	alive().on("12-10 09:00", "", post(admin, "【要対応】申請シートを別のクラスターが使っています")).breaks(t)
	alive().on("12-10 09:00", "", post(admin, "【要対応】申請シートを別のクラスターが使っています")).
		on("12-11 09:00", "", writes("key_request_form", "K2", headStatus, "", "期限切れ", theKey)).breaks(t, silent)

	const trouble = "【要対応】申請シートに修正が必要な行があります\n・2行目 " + theKey
	for name, change := range map[string]func(*ledger.Row){"no date": ends("来月末"), "twice": times(2), "sooner": ends("2026/12/05")} {
		t.Run(name, func(t *testing.T) {
			held := func() *story {
				return alive().on("12-07 09:00", "", row(ledger.Person, change)).on("12-07 09:05", "", post(admin, trouble))
			}
			held().breaks(t, silent)
			held().summaries(14, theKey).breaks(t)
			held().summaries(14, theKey).on("12-13 09:00", "", overdue(0)).on("12-14 09:00", "", overdue(0)).breaks(t, "7 overdue and not counted")
		})
	}
	alive().on("12-07 09:00", "", row(ledger.Person, ends("2026/12/30"))).breaks(t)

	told := func() *story { return alive().summaries(14, theKey) }
	told().on("12-13 09:00", "", overdue(0)).on("12-14 09:00", "", overdue(0)).breaks(t, "7 overdue and not counted")
	told().on("12-13 09:00", "", overdue(0)).on("12-14 09:00", "", overdue(1)).breaks(t)
	told().on("12-09 16:00", "", overdue(0)).on("12-10 09:00", "", overdue(0)).breaks(t)
}

func TestARowsProblemIsToldOnce(t *testing.T) {
	const untold = "7 a row's problem untold"
	broken := func(change func(*ledger.Row)) *story {
		return life().without("removal").without("deleted").without("row deleted").summaries(14, theKey).on("12-03 09:00", "broken", row(ledger.Person, change))
	}
	invalid := post(admin, "【要対応】申請シートに修正が必要な行があります\n・2行目 "+theKey)
	unclear := post(admin, "【要確認】状態の列の意味が読み取れない行があります\n・2行目 "+theKey)
	for name, change := range map[string]func(*ledger.Row){"no date": ends("来月末"), "twice": times(2), "no user": user(""), "another user": user("svc-02")} {
		t.Run(name, func(t *testing.T) {
			broken(change).breaks(t, untold)
			broken(change).on("12-03 09:05", "", invalid).breaks(t)
			broken(change).on("12-03 09:05", "", unclear).breaks(t, untold)
			broken(change).on("12-02 09:05", "", invalid).breaks(t, untold)
		})
	}
	broken(mark("延長不要")).breaks(t, untold)
	broken(mark("延長不要")).on("12-03 09:05", "", unclear).breaks(t)
	broken(mark("通知済み 要確認")).breaks(t)
	noDate := func() *story { return broken(ends("来月末")) }
	noDate().on("12-03 19:00", "", row(ledger.Person, ends("2026/12/08"))).breaks(t)
	// It comes back before it is forgotten, and later.
	noDate().on("12-03 09:05", "", invalid).on("12-04 09:00", "", row(ledger.Person, ends("2026/12/08"))).on("12-10 09:00", "", row(ledger.Person, ends("来月末"))).breaks(t)
	noDate().on("12-03 09:05", "", invalid).on("12-04 09:00", "", row(ledger.Person, ends("2026/12/08"))).on("12-14 09:00", "", row(ledger.Person, ends("来月末"))).breaks(t, untold)
	noDate().on("12-03 09:05", "", invalid).on("12-10 09:00", "", row(ledger.Person, ends("未定"))).breaks(t, untold)
	// Nobody could be told, or nothing was read.
	noDate().on("12-01 09:00", "", reach(admin, false)).breaks(t)
	noDate().on("12-01 09:00", "", sheet(mode(v1alpha1.ModeDryRun))).without("notice").without("copy").without("mark").without("summary").breaks(t)
	noDate().on("12-03 08:00", "", sheet(func(s *v1alpha1.AccessKeySheet) { s.Spec.Requests.Columns.EndDate = "H" })).breaks(t)
	noDate().on("12-02 09:00", "", post(admin, "【要対応】申請シートを読み取れません")).breaks(t)
	noDate().on("12-02 09:00", "", post(admin, "【要対応】申請シートを読み取れません")).
		on("12-05 09:00", "", writes("key_request_form", "K2", headStatus, "", "期限切れ", theKey)).breaks(t, untold)
}

func TestDatesAreReadAsPeopleWriteThem(t *testing.T) {
	for _, text := range []string{"2026/1/6", "2026/01/06", "2026-01-06", "20260106", "2026年1月6日", "２０２６／１／６", " 2026/1/6\u3000", "2026/1/6\u200b"} {
		if d, how := readDate(text); how != dated || d.String() != "2026-01-06" {
			t.Errorf("%q is %s, %d", text, d, how)
		}
	}
	for _, text := range []string{"", "来月末", "1/6/2026", "2026/13/40", "#N/A", "Loading..."} {
		if _, how := readDate(text); how != unusable {
			t.Errorf("%q: %d", text, how)
		}
	}
	for _, text := range []string{"46028", "2026/1", "2026/1/6 12:00"} {
		if _, how := readDate(text); how != unclear {
			t.Errorf("%q: %d", text, how)
		}
	}
}

func TestANameInsideANameMeansNobody(t *testing.T) {
	for _, owner := range []string{"林 太郎", "林太郎", "太郎 林", "林　太郎 様", "林 太郎(営業)", "林太郎さん"} {
		if !mayMean(owner, "林 太郎") {
			t.Errorf("%q", owner)
		}
	}
	for _, owner := range []string{"小林 太郎", "小林太郎", "林", "林 太郎丸", ""} {
		if mayMean(owner, "林 太郎") {
			t.Errorf("%q", owner)
		}
	}
}
