package play

import (
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/story"
)

// beginning of each short story: two keys that were noticed.
const beginning = `2026-11-02 09:00:00 create-sheet
2026-11-02 09:00:00 owner 1
2026-11-02 09:00:00 owner 2
2026-11-02 09:00:00 request 1 1 2026/11/20
2026-11-02 09:00:00 request 2 2 2026/11/25
2026-11-02 09:00:00 boot
`

// after a story: what is to be looked at, as text.
type after func(w *World) string

func rows(w *World) string {
	var lines []string
	if w.Form() == nil {
		return "no form"
	}
	for _, row := range w.Form().Texts()[1:] {
		lines = append(lines, strings.TrimSpace(fmt.Sprint(field(row, 1), "|", field(row, 8), "|", field(row, 9), "|", field(row, 10), "|", field(row, 11))))
	}
	return strings.Join(lines, "\n")
}

// marks of key 1 that people have seen, one after the other.
func marks(w *World) string {
	var all []string
	for _, r := range w.Ledger.Rows[Key(1)] {
		all = append(all, r.Mark)
	}
	return strings.Join(all, " ")
}

func ends(w *World) string {
	var all []string
	for n := 1; n <= 9; n++ {
		if l, err := w.lease(n); err == nil {
			all = append(all, l.Spec.EndDate)
		}
	}
	return strings.Join(all, " ")
}

func held(n int) after {
	return func(w *World) string {
		l, err := w.lease(n)
		if err != nil {
			return err.Error()
		}
		for _, c := range l.Status.Conditions {
			if c.Type == v1alpha1.ConditionHeld {
				return c.Reason
			}
		}
		return ""
	}
}

func accepted(w *World) string {
	s, err := w.sheet()
	if err != nil {
		return err.Error()
	}
	for _, c := range s.Status.Conditions {
		if c.Type == v1alpha1.ConditionSheetAccepted {
			return c.Reason
		}
	}
	return ""
}

func dailyAt(w *World) string {
	s, err := w.sheet()
	if err != nil {
		return err.Error()
	}
	return s.Spec.Schedule.DailyAt
}

func reach(w *World) string {
	var all []string
	for _, r := range w.Ledger.Reach {
		all = append(all, fmt.Sprint(r.At.Format("15:04 "), r.To, " ", r.OK))
	}
	return strings.Join(all, "\n")
}

func slackIDs(w *World) string {
	var all []string
	for n := 1; n <= 2; n++ {
		for _, id := range idsOf(w.Users().Texts())[Name(n)] {
			all = append(all, Name(n)+" "+id)
		}
	}
	return strings.Join(all, "\n")
}

const bothRows = "山田 太郎|2026/11/20|svc-01||AKIASIM0000000000001\n林 太郎|2026/11/25|svc-02||AKIASIM0000000000002"

func TestActsDoWhatTheySay(t *testing.T) {
	for name, test := range map[string]struct {
		acts string // those of 3 November, from 10:00 on, one each hour; "=" is what is to be looked at then
		see  after
		want []string
	}{
		"a date in each form": {`move-end 1 ２０２６年１２月１日
=
type-end 1 2026/12/2
=
date-cell 1 2026-12-03
=`, ends, []string{"2026-12-01 2026-11-25", "2026-12-02 2026-11-25", "2026-12-03 2026-11-25"}},
		"a spoilt cell is what it was": {`break 1 終了日 来月末 1800
=`, rows, []string{bothRows}},
		"a spoilt key ID is what it was": {`break 1 アクセスキーID Loading... 1800
=`, rows, []string{bothRows}},
		"a spoilt cell stays if someone has changed it meanwhile": {`break 1 終了日 来月末 7200
move-end 1 2026/12/1
mark 1 延長
=`, rows, []string{"山田 太郎|2026/12/1|svc-01|延長|AKIASIM0000000000001\n林 太郎|2026/11/25|svc-02||AKIASIM0000000000002"}},
		"a row is cut and pasted below": {`cut-row 1 1800
=
delete-gap
=`, rows, []string{
			"||||\n林 太郎|2026/11/25|svc-02||AKIASIM0000000000002\n山田 太郎|2026/11/20|svc-01||AKIASIM0000000000001",
			"林 太郎|2026/11/25|svc-02||AKIASIM0000000000002\n山田 太郎|2026/11/20|svc-01||AKIASIM0000000000001"}},
		"a deleted row comes back in the columns of then": {`delete-row 1 5400
insert-column form 状態 5400
calm
=`, rows, []string{"林 太郎|2026/11/25|svc-02||AKIASIM0000000000002\n山田 太郎|2026/11/20|svc-01||AKIASIM0000000000001"}},
		"a column goes and comes": {`delete-column 終了日 アカウント名 5400
calm
=`, rows, []string{bothRows}},
		"a row says what a column said that is away": {`mark 1 延長
delete-column 状態 アクセスキーID 5400
=
calm
=`, marks, []string{" 延長", " 延長"}},
		"a column is sorted alone, and put back by key": {`sort-alone 終了日 5400
=
sort 氏名 down
=`, rows, []string{
			"山田 太郎|2026/11/25|svc-01||AKIASIM0000000000001\n林 太郎|2026/11/20|svc-02||AKIASIM0000000000002",
			"林 太郎|2026/11/25|svc-02||AKIASIM0000000000002\n山田 太郎|2026/11/20|svc-01||AKIASIM0000000000001"}},
		"an emptied tab comes back": {`empty-tab form 1800
=
empty-tab users 1800
=`, rows, []string{bothRows, bothRows}},
		"a copied row brings its mark": {`mark 1 延長
copy-row 1 3 2
=`, rows, []string{"山田 太郎|2026/11/20|svc-01|延長|AKIASIM0000000000001\n林 太郎|2026/11/25|svc-02||AKIASIM0000000000002\n林 太郎|2026/11/20|svc-03|延長|AKIASIM0000000000003"}},
		"a key is issued later": {`request-later 3 1 2026/12/1 1800
=`, ends, []string{"2026-11-20 2026-11-25 2026-12-01"}},
		"the same key twice, a typo and its repair": {`double-row 1 1800
typo 2 1800
=`, rows, []string{bothRows}},
		"a mark holds": {`mark 1 延長申請済み
=
mark 1 ""
=`, held(1), []string{"ExtensionRequested", ""}},
		"GitOps owns the date, until it has ended": {`gitops 1 2026-12-01 1800
=
move-end 1 2026/12/24
=`, ends, []string{"2026-12-02 2026-11-25", "2026-12-24 2026-11-25"}},
		"a lease is applied as saved, and then another manager's": {`apply-lease 1
move-end 1 2026/12/24
=`, held(1), []string{"FieldOwnedElsewhere"}},
		"a lease is given up for an hour": {`give-up 1 5400
=
=`, held(1), []string{"GivenUp", ""}},
		"a lease with a finalizer is made anew": {`finalizer 1 1800
=`, ends, []string{"2026-11-20 2026-11-25"}},
		"an orphan is made anew": {`orphan-lease 1
=`, ends, []string{"2026-11-20 2026-11-25"}},
		"an edit of the spec is taken back": {`edit-sheet "limits: {minChangeRows: 0, maxChangePercent: 1}" 7200
clear 終了日 10800
=
approve
=`, accepted, []string{"TooManyChanges", "Accepted"}},
		"an edit that ends while the sheet is deleted is taken back": {`edit-sheet "{schedule: {dailyAt: \"09:30\"}}" 5400
delete-sheet 2700
=`, dailyAt, []string{"15:00"}},
		"edits that overlap are taken back": {`edit-sheet "{schedule: {dailyAt: \"09:30\"}}" 5400
edit-sheet "{schedule: {dailyAt: \"10:30\", gracePeriod: 1h}}" 9000
=
=
=`, dailyAt, []string{"10:30", "10:30", "15:00"}},
		"an edit within another is taken back": {`edit-sheet "{schedule: {dailyAt: \"09:30\"}}" 10200
edit-sheet "{schedule: {dailyAt: \"10:30\"}}" 1800
=
=`, dailyAt, []string{"09:30", "15:00"}},
		"a trouble that cannot end ends with calm": {`user-leaves 2 5400
empty-tab users 3000
=
calm
=`, slackIDs, []string{"山田 太郎 U0OWNER001", "山田 太郎 U0OWNER001\n林 太郎 U0OWNER002"}},
		"the sheet is made anew": {`delete-sheet 1800
=`, accepted, []string{"Accepted"}},
		"a backup comes back": {`backup
patch-end 1 2026-12-20
restore state
=
restore bare
=`, ends, []string{"2026-12-20 2026-11-25", "2026-12-20 2026-11-25"}},
		"another cluster's claim is taken over": {`edit-sheet "{claimCell: Z1}" stays
foreign-claim 5400
=
=`, accepted, []string{"ForeignClaim", "Accepted"}},
		"a script undoes what the operator writes": {`script 1 状態 86400
patch-mark 1 true
=
calm
mark 2 延長
=`, rows, []string{bothRows, strings.NewReplacer("svc-01||", "svc-01|延長申請済み|", "svc-02||", "svc-02|延長|").Replace(bothRows)}},
		"the users tab is broken and mended": {`users-broken #REF! 3400
=
user-id 1 U0NEW001
user-leaves 2 1800
user-twin 2 1800
user-name 1 旧姓 1800
=`, slackIDs, []string{"", "山田 太郎 U0NEW001\n林 太郎 U0OWNER002"}},
		"users come into the columns of then": {`insert-column users ユーザーID 18000
user-twin 2 stays
user-leaves 1 1800
=`, slackIDs, []string{"山田 太郎 U0OWNER001\n林 太郎 U0OWNER002\n林 太郎 U0OWNER902"}},
		"a key gets a second one, and a user another name for an hour": {`key-second 1 3
user-rename 1 1800
key-off 3
user-gets 1 mfa
policy-to 1 boundary
=`, func(w *World) string { return strings.Join(w.Account.Users(), " ") + " " + w.Account.KeyStatus(Key(3)) },
			[]string{"svc-01 svc-01-colleague svc-02 Inactive"}},
		"calm ends all": {`slack-token token_revoked 90000
google read 503 90000
aws any Throttling 90000
slack chat.postMessage user_not_found 90000 2
secret gone 90000
calm
=`, reach, []string{"10:00  false\n13:00 U0OWNER002 false\n15:00 U0OWNER002 true\n15:00  true"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, looks := shortStory(t, test.acts)
			var got []string
			w, err := Play(s, Options{Namespace: fmt.Sprint("acts-", crc32.ChecksumIEEE([]byte(name))), Watch: func(w *World) bool {
				for len(looks) > 0 && !w.Clock.Now().Before(looks[0]) {
					got, looks = append(got, test.see(w)), looks[1:]
				}
				return false
			}})
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range w.Ledger.Acts {
				if a.Skipped != "" && a.Verb != "mend" {
					t.Errorf("%s: %s", a.Text, a.Skipped)
				}
			}
			if strings.Join(got, "\n\n") != strings.Join(test.want, "\n\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n\n"), strings.Join(test.want, "\n\n"))
			}
		})
	}
}

// shortStory is the beginning, these acts, and the moments at which to look, 55 minutes behind the act before.
func shortStory(t *testing.T, acts string) (story.Story, []time.Time) {
	t.Helper()
	at := time.Date(2026, 11, 3, 10, 0, 0, 0, story.Zone)
	text, looks := beginning, []time.Time(nil)
	looked := false
	for line := range strings.SplitSeq(acts, "\n") {
		if line == "=" {
			if looked {
				at = at.Add(time.Hour)
			}
			looks, looked = append(looks, at.Add(-5*time.Minute)), true
			continue
		}
		text += at.Format("2006-01-02 15:04:05 ") + line + "\n"
		at, looked = at.Add(time.Hour), false
	}
	s, err := story.Parse(text + at.Format("2006-01-02 15:04:05") + " end\n")
	if err != nil {
		t.Fatal(err)
	}
	return s, looks
}
