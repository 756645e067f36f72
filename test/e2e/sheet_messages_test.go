package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/fixture"
)

func TestTheWeeklySummaryComesOnMondaysOnceWithWhatIsOverdue(t *testing.T) {
	s := companyStage(t)
	s.Begin()
	const summary = "（週次）"
	s.Until("2026-12-07 14:59")
	if got := s.told(summary); got != 0 {
		t.Errorf("%d summaries before the first Monday", got)
	}
	s.Until("2026-12-07 15:10")
	if got := s.told(summary, unclearKey, "svc-unclear"); got != 1 {
		t.Errorf("%d summaries name the held key", got)
	}
	if got := s.told(summary, reportKey); got != 0 {
		t.Error("a key that ends tomorrow is overdue today")
	}
	s.Restart()
	s.Must(s.Form().SetCell(statusCell(distantRow), "削除しないで"))
	s.Must(s.Form().SetCell(endCell(distantRow), "2026/12/02")) // held, and overdue from now on
	s.Until("2026-12-13 20:00")
	if got := s.told(summary); got != 1 {
		t.Errorf("%d summaries in one week", got)
	}
	s.Until("2026-12-14 15:10")
	if got, named := s.told(summary), s.told(summary, distantKey, unclearKey); got != 2 || named != 1 {
		t.Errorf("%d summaries in two weeks, %d with what was new", got, named)
	}
}

func TestRowsThatCannotBeUsedAreListedInTheirOrderEachOnce(t *testing.T) {
	s := companyStage(t)
	s.Begin()
	s.Until("2026-12-01 15:05")
	var rows []string
	for _, m := range s.Slack.Messages("U0ADMIN01") {
		if !strings.Contains(m.PlainText(), "申請シートに修正が必要な行") {
			continue
		}
		for line := range strings.Lines(m.PlainText()) {
			if row, _, ok := strings.Cut(line, "行目"); ok {
				rows = append(rows, strings.TrimPrefix(row, "・"))
			}
		}
	}
	if diff := cmp.Diff([]string{"11", "12", "13・14", "27", "28", "29"}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestAnOutageOnMondayDelaysTheSummary(t *testing.T) {
	s := companyStage(t, reportRow, extendedRow, unclearRow)
	s.Begin()
	s.Until("2026-12-07 10:00")
	s.Stop()
	s.Clock.Set(fixture.JST("2026-12-09 10:00"))
	s.Restart()
	s.Until("2026-12-09 10:10")
	if got := s.told("（週次）", unclearKey); got != 1 {
		t.Errorf("%d summaries", got)
	}
}

func TestWhoHasNothingOverdueGetsNoSummary(t *testing.T) {
	s, _ := bigStage(t, 3)
	s.Until("2026-12-15 10:00")
	if got := len(s.Slack.AllMessages()); got != 0 {
		t.Errorf("%d messages", got)
	}
}

func TestKeysInNoRowAreReportedOncePerKeyAndNeverTouched(t *testing.T) {
	const forgotten, later = "AKIAFORGOTTEN0000001", "AKIAFORGOTTEN0000002"
	s := companyStage(t, reportRow, backwardsRow, zombieRow)
	s.Key("svc-forgotten", forgotten, fixture.JST("2025-01-01 09:00"))
	s.Begin()
	s.Until("2026-12-01 15:10")
	if got := s.told("AWSにあります", forgotten, "svc-forgotten"); got != 1 {
		t.Errorf("the admins were told %d times", got)
	}
	for _, k := range []string{reportKey, backwardsKey, zombieKey} { // a lease, a refused row, deleted by mark alone
		if got := s.told("AWSにあります", k); got != 0 {
			t.Errorf("key %s stands in a row and was reported", k)
		}
	}
	s.IAM.ResetCalls()
	s.Key("svc-later", later, fixture.JST("2026-12-01 16:00"))
	s.Restart()
	s.Until("2026-12-01 15:55")
	if got := s.listed("svc-forgotten"); got != 0 {
		t.Errorf("a restart asked AWS %d times", got)
	}
	s.Until("2026-12-12 15:55")
	if got := s.listed("svc-forgotten"); got != 11 {
		t.Errorf("in eleven days the user was looked at %d times", got)
	}
	if a, b := s.told(forgotten), s.told(later); a != 1 || b != 1 {
		t.Errorf("told %d and %d times", a, b)
	}
	s.Restart()
	s.Until("2026-12-13 17:00")
	if got := s.told(forgotten); got != 1 {
		t.Errorf("after a restart it was told %d times", got)
	}
	for _, c := range s.Changes() {
		if c.User() == "svc-forgotten" || c.User() == "svc-later" {
			t.Errorf("%s of %s", c.Action, c.User())
		}
	}
}

// listed counts how often the keys of a user were asked for.
func (s *stage) listed(user string) int {
	n := 0
	for _, c := range s.IAM.Calls() {
		if c.Action == "ListAccessKeys" && c.User() == user {
			n++
		}
	}
	return n
}

func TestTheCheckOfTheAccountHeedsItsSettings(t *testing.T) {
	no := false
	for name, tc := range map[string]struct {
		change func(*v1alpha1.AccessKeySheet)
		told   []string
	}{
		"inside the path": {func(a *v1alpha1.AccessKeySheet) { a.Spec.AWS.UserPathPrefix = "/leased/" }, []string{"AKIAINSIDE0000000001"}},
		// To IAM the one is no prefix at all, and the other the beginning of /leased-b/ too.
		"a path without slashes": {func(a *v1alpha1.AccessKeySheet) { a.Spec.AWS.UserPathPrefix = "leased" }, []string{"AKIAINSIDE0000000001"}},
		"a path without its end": {func(a *v1alpha1.AccessKeySheet) { a.Spec.AWS.UserPathPrefix = "/leased" }, []string{"AKIAINSIDE0000000001"}},
		"turned off":             {func(a *v1alpha1.AccessKeySheet) { a.Spec.AWS.ReportUnleased = &no }, nil},
		"a dry run":              {func(a *v1alpha1.AccessKeySheet) { a.Spec.Mode = v1alpha1.ModeDryRun }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, "2026-12-01 10:00")
			s.Seed(bigSheet(t, 1))
			s.Key("svc-0000", bigKey(0), fixture.JST("2026-06-01 09:00"))
			s.Key("svc-outside", "AKIAOUTSIDE000000001", fixture.JST("2026-06-01 09:00"))
			s.Account.AddUser("svc-inside", iam.WithPath("/leased/"))
			s.Account.AddAccessKey("svc-inside", iam.AccessKey{ID: "AKIAINSIDE0000000001"})
			s.Account.AddUser("svc-alike", iam.WithPath("/leased-b/"))
			s.Account.AddAccessKey("svc-alike", iam.AccessKey{ID: "AKIAALIKE00000000001"})
			s.Begin(tc.change)
			s.Until("2026-12-03 10:00")
			var told []string
			for _, id := range []string{"AKIAINSIDE0000000001", "AKIAOUTSIDE000000001", "AKIAALIKE00000000001"} {
				if s.told(id) > 0 {
					told = append(told, id)
				}
			}
			if fmt.Sprint(told) != fmt.Sprint(tc.told) {
				t.Errorf("told of %v, want %v", told, tc.told)
			}
		})
	}
}

func TestAConflictOfDatesIsToldOnceEvenIfSlackIsAway(t *testing.T) {
	for name, away := range map[string]bool{"Slack answers": false, "Slack is away": true} {
		t.Run(name, func(t *testing.T) {
			s := companyStage(t, reportRow)
			s.Begin()
			s.Until("2026-12-01 15:04")
			if away {
				s.Slack.RevokeToken(slack.BotToken)
			}
			s.Must(s.Form().SetCell(endCell(reportRow), "2027/01/31"))
			s.Must(s.Patch(reportKey, `{"endDate":"2026-12-24"}`))
			s.Until("2026-12-01 15:30")
			if got := s.Lease(reportKey).Spec.EndDate; got != "2027-01-31" {
				t.Errorf("it ends %s", got)
			}
			if away {
				s.Stop()
				s.Slack.AddToken(slack.BotToken, slack.BotScopes()...)
				s.Restart()
			}
			s.Until("2026-12-12 16:00")
			if got := s.told("2か所で別々に", reportUser, "2027年1月31日"); got != 1 {
				t.Errorf("the admins were told %d times", got)
			}
			if got := s.Events(v1alpha1.EventEndDateConflict, strings.ToLower(reportKey)); len(got) != 1 {
				t.Errorf("events: %v", got)
			}
		})
	}
}

func TestManyInvalidRowsAreToldInFewMessagesAndNotAgain(t *testing.T) {
	s, form := bigStage(t, 100)
	s.Must(form.Edit(func(g *sheets.Grid) error {
		for i := range 45 {
			if _, err := g.AppendRow("", "山田 太郎", "x", "", "S3", "", "", "", "来月"+strconv.Itoa(i), "svc-bad", "", fmt.Sprintf("AKIABAD%013d", i)); err != nil {
				return err
			}
		}
		return nil
	}))
	s.Until("2026-12-01 11:00")
	const title = "修正が必要な行"
	if got := s.told(title); got != 3 {
		t.Errorf("%d messages about 45 rows, want 3", got)
	}
	for i := range 45 {
		if got := s.told(title, fmt.Sprintf("AKIABAD%013d", i)); got != 1 {
			t.Fatalf("row %d was told %d times", 102+i, got)
		}
	}
	if got := s.Events(v1alpha1.EventInvalidRow, "key-requests"); len(got) == 0 || !strings.Contains(got[0], "tab key_request_form, row ") {
		t.Errorf("events: %v", got)
	}
	// Sorted and read again, and while the guard stops the sheet for more than a week: the same problems.
	s.Must(form.SortBy("I", 1, false))
	s.Until("2026-12-02 11:00")
	s.Must(ends(form, 60, 120, "2027/01/01"))
	s.Until("2026-12-12 11:00")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonTooManyChanges)
	s.Annotate(v1alpha1.AnnotationApproveChange, s.Sheet().Status.ObservedHash)
	s.Until("2026-12-12 11:10")
	s.Restart()
	s.Until("2026-12-12 11:20")
	if got := s.told(title, "AKIABAD0000000000007"); got != 1 {
		t.Errorf("a problem was told %d times", got)
	}
}

// TestAKeyFoundNotifiedIsInTheSummaryThoughItsRowWent: in a dry run nobody is told, so the row can go first.
func TestAKeyFoundNotifiedIsInTheSummaryThoughItsRowWent(t *testing.T) {
	rows := fixture.RowsOf(3, "2026/12/08")
	rows[0].Status, rows[1].Status = "通知済み", "通知済み"
	s := rowsStage(t, "2026-12-02 10:00", rows...)
	s.Begin(func(a *v1alpha1.AccessKeySheet) { a.Spec.Mode = v1alpha1.ModeDryRun })
	s.Until("2026-12-03 10:00")
	s.Must(s.Form().DeleteRows(2, 1))
	s.Until("2026-12-04 10:00")
	a := s.Sheet()
	patch := client.MergeFrom(a.DeepCopy())
	a.Spec.Mode = v1alpha1.ModeEnforce
	s.Must(s.Client.Patch(t.Context(), a, patch))
	s.Until("2026-12-04 10:30")
	if got := s.told("通知済みと記入されていた", rows[0].User, rows[1].User, "2026-12-09 15:00"); got != 1 {
		t.Errorf("%d summaries name both keys", got)
	}
	s.Until("2026-12-09 15:10")
	for _, row := range rows {
		s.ExpectPhase(row.Key, v1alpha1.PhaseRevoked)
	}
}

func TestAnAdminWhoCannotBeReachedIsInTheAuditLog(t *testing.T) {
	s, form := bigStage(t, 3)
	s.Slack.DisableUser(admin2)
	s.Must(form.SetCell(endCell(firstRow), "来月"))
	s.Until("2026-12-01 10:20")
	for to, says := range map[string]string{admin: `"messageTS"`, admin2: `"unreachable"`} {
		if got := s.Audit.With(`"msg":"notice"`, `"kind":"InvalidRows"`, to, says); len(got) != 1 {
			t.Errorf("%d lines about %s with %s", len(got), to, says)
		}
	}
}

func TestTheBreakerIsToldWithTheWayToRaiseIt(t *testing.T) {
	one := int32(1)
	s := companyStage(t, expiredRow, toldExpiredRow, rotatedOutRow, rotatedInRow, toldTodayRow)
	s.Begin(func(a *v1alpha1.AccessKeySheet) { a.Spec.Limits.MaxRevocationsPerDay = &one })
	s.Until("2026-12-02 20:00")
	if got := s.told("上限に達しました", v1alpha1.AnnotationAllowRevocations+"=2026-12-02=2"); got != 1 {
		t.Errorf("the admins were told %d times", got)
	}
	s.Restart()
	s.Until("2026-12-02 23:00")
	if got := s.told("上限に達しました"); got != 1 {
		t.Errorf("after a restart they were told %d times", got)
	}
}
