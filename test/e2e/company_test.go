package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

// companyStage is the company's world on 2026-12-01 at 15:00 JST, of which only these rows are there, because every row costs
// time; none named: the whole sheet. Every key that stands in it exists in AWS, except those that EXPECTED.md excludes.
func companyStage(t *testing.T, rows ...int) *stage {
	t.Helper()
	return companyStageIn(t, rows)
}

// companyStageIn a world that differs.
func companyStageIn(t *testing.T, rows []int, change ...func(*world.Options)) *stage {
	t.Helper()
	s := newStage(t, "2026-12-01 15:00", change...)
	sheet := fixture.Company(t, rows...)
	s.Seed(sheet)
	absent := map[int]bool{8: true, 13: true, 14: true, 15: true, 27: true, 28: true}
	for i, row := range sheet.Tab("key_request_form").Texts() {
		number := i + 1
		if number == 1 || absent[number] || len(row) < 12 || row[11] == "" {
			continue
		}
		s.Key(strings.TrimSpace(row[9]), strings.ToUpper(strings.TrimSpace(row[11])), fixture.JST("2026-06-01 09:00"))
	}
	return s
}

// expected is one row of EXPECTED.md, at once.
type expected struct {
	row   int
	key   string
	phase v1alpha1.Phase
	held  string
	owner string // OwnerResolved's Slack user, "?" where it is not resolved
	dm    string // who got a direct message about this key as its owner
	mark  string
	// ends, next and candidates where EXPECTED.md names them.
	ends, next, candidates string
}

var atOnce = []expected{
	{row: distantRow, key: distantKey, phase: v1alpha1.PhaseActive, owner: "U0EMPLOY01", next: "2026-12-24 15:00"},
	{row: reportRow, key: reportKey, phase: v1alpha1.PhaseNotified, owner: "U0EMPLOY02", dm: "U0EMPLOY02", mark: "通知済み"},
	{row: lateRow, key: lateKey, phase: v1alpha1.PhaseNotified, owner: "U0EMPLOY03", dm: "U0EMPLOY03", mark: "通知済み"},
	{row: expiredRow, key: expiredKey, phase: v1alpha1.PhaseExpired, owner: "U0EMPLOY04", dm: "U0EMPLOY04", mark: "期限切れ"},
	{row: toldExpiredRow, key: toldExpiredKey, phase: v1alpha1.PhaseExpired, owner: "U0EMPLOY05", mark: "期限切れ"},
	{row: extendedRow, key: extendedKey, phase: v1alpha1.PhaseActive, held: v1alpha1.ReasonExtensionRequested, owner: "U0EMPLOY06", mark: "延長申請済み"},
	{row: deletedRow, key: deletedKey, phase: v1alpha1.PhaseRevoked, owner: "U0EMPLOY07", mark: "削除済み"},
	{row: alikeRow, key: alikeKey, phase: v1alpha1.PhaseNotified, owner: "U0EMPLOY09", dm: "U0EMPLOY09", mark: "通知済み"},
	{row: strangerRow, key: strangerKey, phase: v1alpha1.PhaseNotified, owner: "?", mark: "通知済み"},
	{row: fullWidthRow, key: fullWidthKey, phase: v1alpha1.PhaseActive, owner: "U0EMPLOY14", ends: "2027-01-15", next: "2027-01-08 15:00"},
	{row: inWordsRow, key: inWordsKey, phase: v1alpha1.PhaseActive, owner: "U0EMPLOY15", ends: "2026-12-24", next: "2026-12-17 15:00"},
	{row: bareDigitsRow, key: bareDigitsKey, phase: v1alpha1.PhaseActive, owner: "U0EMPLOY16", ends: "2027-01-31", next: "2027-01-24 15:00"},
	{row: rotatedOutRow, key: rotatedOutKey, phase: v1alpha1.PhaseExpired, owner: "U0EMPLOY17", mark: "期限切れ"},
	{row: rotatedInRow, key: rotatedInKey, phase: v1alpha1.PhaseActive, owner: "U0EMPLOY17", next: "2027-04-23 15:00"},
	{row: namesakeRow, key: namesakeKey, phase: v1alpha1.PhaseNotified, owner: "?", candidates: "U0EMPLOY19 U0EMPLOY20", mark: "通知済み"},
	{row: markupRow, key: markupKey, phase: v1alpha1.PhaseNotified, owner: "?", mark: "通知済み"},
	{row: wordyRow, key: wordyKey, phase: v1alpha1.PhaseNotified, owner: "U0EMPLOY22", dm: "U0EMPLOY22", mark: "通知済み"},
	{row: blanksRow, key: blanksKey, phase: v1alpha1.PhaseNotified, owner: "U0EMPLOY23", dm: "U0EMPLOY23", mark: "通知済み", next: "2026-12-04 00:00"},
	{row: toldTodayRow, key: toldTodayKey, phase: v1alpha1.PhaseNotified, owner: "U0EMPLOY24", mark: "通知済み", next: "2026-12-02 00:00"},
	{row: renewedRow, key: renewedKey, phase: v1alpha1.PhaseActive, held: v1alpha1.ReasonExtensionRequested, owner: "U0EMPLOY28", ends: "2027-02-28", mark: "延長申請済み"},
	{row: zombieRow, key: zombieKey, phase: v1alpha1.PhaseRevoked, owner: "U0EMPLOY29", mark: "削除済み"},
	{row: unclearRow, key: unclearKey, phase: v1alpha1.PhaseActive, held: v1alpha1.ReasonUnclearMark, owner: "U0EMPLOY30", mark: "延長不要"},
	{row: remarkRow, key: remarkKey, phase: v1alpha1.PhaseNotified, owner: "U0EMPLOY31", dm: "U0EMPLOY31", mark: "通知済み 要確認"},
}

func (s *stage) expectAtOnce(want expected) {
	s.Helper()
	l := s.Lease(want.key)
	if l.Status.Phase != want.phase {
		s.Errorf("row %d: phase %s, want %s (%s)", want.row, l.Status.Phase, want.phase, expect.Ready(l))
	}
	if got := expect.Held(l); got != want.held {
		s.Errorf("row %d: held %q, want %q", want.row, got, want.held)
	}
	resolved := meta.IsStatusConditionTrue(l.Status.Conditions, v1alpha1.ConditionOwnerResolved)
	if resolved == (want.owner == "?") || resolved && l.Status.Owner.SlackUserID != want.owner {
		s.Errorf("row %d: owner %+v, want %q", want.row, l.Status.Owner, want.owner)
	}
	if want.candidates != "" && strings.Join(l.Status.Owner.Candidates, " ") != want.candidates {
		s.Errorf("row %d: candidates %v, want %s", want.row, l.Status.Owner.Candidates, want.candidates)
	}
	if want.ends != "" && l.Spec.EndDate != want.ends {
		s.Errorf("row %d: ends %s, want %s", want.row, l.Spec.EndDate, want.ends)
	}
	if want.next != "" && (l.Status.NextTransitionTime == nil || !l.Status.NextTransitionTime.Time.Equal(fixture.JST(want.next))) {
		s.Errorf("row %d: next %v, want %s", want.row, l.Status.NextTransitionTime, want.next)
	}
	s.ExpectMark(want.row, want.mark)
	var told []string
	for _, m := range s.ownerMessages(want.key) {
		told = append(told, m.User)
	}
	if got := strings.Join(told, " "); got != want.dm {
		s.Errorf("row %d: owner's messages to %q, want %q", want.row, got, want.dm)
	}
}

// ownerMessages about a key, to people who are no admins.
func (s *stage) ownerMessages(accessKeyID string) []slack.Message {
	user := s.Lease(accessKeyID).Spec.UserName
	var out []slack.Message
	for _, m := range s.Slack.AllMessages() {
		if strings.HasPrefix(m.User, "U0EMPLOY") && strings.Contains(m.PlainText(), user) {
			out = append(out, m)
		}
	}
	return out
}

// deletions of EXPECTED.md: when the key goes, "at or just after".
var deletions = []struct {
	row     int
	key     string
	expires string
	at      string
	mark    string
}{
	{expiredRow, expiredKey, "", "2026-12-02 15:00", "削除済み"},
	{toldExpiredRow, toldExpiredKey, "", "2026-12-02 15:00", "削除済み"},
	{rotatedOutRow, rotatedOutKey, "", "2026-12-02 15:00", "削除済み"},
	{toldTodayRow, toldTodayKey, "2026-12-02 00:00", "2026-12-02 15:00", "削除済み"},
	{blanksRow, blanksKey, "2026-12-04 00:00", "2026-12-04 15:00", "削除済み"},
	{lateRow, lateKey, "2026-12-06 00:00", "2026-12-06 15:00", "削除済み"},
	{reportRow, reportKey, "2026-12-09 00:00", "2026-12-09 15:00", "削除済み"},
	{alikeRow, alikeKey, "2026-12-09 00:00", "2026-12-09 15:00", "削除済み"},
	{strangerRow, strangerKey, "2026-12-09 00:00", "2026-12-09 15:00", "削除済み"},
	{namesakeRow, namesakeKey, "2026-12-09 00:00", "2026-12-09 15:00", "削除済み"},
	{markupRow, markupKey, "2026-12-09 00:00", "2026-12-09 15:00", "削除済み"},
	{wordyRow, wordyKey, "2026-12-09 00:00", "2026-12-09 15:00", "削除済み"},
	{remarkRow, remarkKey, "2026-12-09 00:00", "2026-12-09 15:00", "削除済み 要確認"},
}

// invalidRows of EXPECTED.md.
var invalidRows = map[int32]string{
	11: v1alpha1.RowInvalidDate, 12: v1alpha1.RowEndBeforeStart, 13: v1alpha1.RowDuplicateID, 14: v1alpha1.RowDuplicateID,
	27: v1alpha1.RowUserNameMissing, 28: v1alpha1.RowAccessKeyIDInvalid, 29: v1alpha1.RowInvalidDate,
}

func TestTheCompanysSheetComesOutAsExpected(t *testing.T) {
	s := companyStage(t)
	before := s.Sheets.Spreadsheet(world.SpreadsheetID).Clone()
	s.Begin()
	s.Until("2026-12-01 15:04")

	t.Run("at once", func(t *testing.T) { s.on(t).expectTheFirstReading() })
	t.Run("nothing in AWS changes within a day of the notice", func(t *testing.T) {
		s := s.on(t)
		s.Until("2026-12-02 14:59")
		if made := s.Changes(); len(made) > 0 {
			t.Errorf("%d changes in AWS, the first %+v", len(made), made[0])
		}
	})
	for _, d := range deletions {
		t.Run(fmt.Sprintf("row %d goes at %s", d.row, d.at), func(t *testing.T) {
			s := s.on(t)
			if d.expires != "" {
				s.Until(d.expires)
				s.Until(s.Clock.Now().In(fixture.Tokyo).Add(time.Minute).Format("2006-01-02 15:04"))
				if l := s.Lease(d.key); l.Status.Phase == v1alpha1.PhaseNotified {
					t.Errorf("at %s it is %s (%s)", s.Clock.Now(), l.Status.Phase, expect.Ready(l))
				}
			}
			if minuteBefore := fixture.JST(d.at).Add(-time.Minute); s.Clock.Now().Before(minuteBefore) {
				s.Until(minuteBefore.Format("2006-01-02 15:04"))
				if got := s.Account.KeyStatus(d.key); got != "Active" {
					t.Errorf("a minute before its time the key is %q", got)
				}
				s.ExpectMark(d.row, strings.Replace(d.mark, "削除済み", "期限切れ", 1))
			}
			s.Until(fixture.JST(d.at).Add(3 * time.Minute).Format("2006-01-02 15:04"))
			l := s.Lease(d.key)
			if got := s.Account.KeyStatus(d.key); got != "" || l.Status.Phase != v1alpha1.PhaseRevoked {
				t.Errorf("the key is %q, its lease %s (%s)", got, l.Status.Phase, expect.Ready(l))
			}
			s.ExpectMark(d.row, d.mark)
			if user := l.Spec.UserName; s.Account.UserExists(user) != (d.row == rotatedOutRow) {
				t.Errorf("user %s exists: %v", user, d.row != 20)
			}
		})
	}
	s.Until("2026-12-09 16:00")
	t.Run("at the end", func(t *testing.T) { s.on(t).expectTheEnd(before) })
}

func (s *stage) expectTheFirstReading() {
	s.Helper()
	for _, want := range atOnce {
		s.expectAtOnce(want)
	}
	invalid := map[int32]string{}
	for _, r := range s.Sheet().Status.InvalidRows {
		invalid[r.Row] = r.Reason
	}
	if diff := cmp.Diff(invalidRows, invalid); diff != "" {
		s.Errorf("invalid rows (-want +got):\n%s", diff)
	}
	leases := &v1alpha1.AccessKeyLeaseList{}
	s.Must(s.Client.List(s.Context(), leases, client.InNamespace(s.Namespace)))
	if len(leases.Items) != len(atOnce) {
		s.Errorf("%d leases, want %d", len(leases.Items), len(atOnce))
	}
	status := s.Sheet().Status
	if status.Rows.Pending != 1 || status.Rows.Invalid != 7 || int(status.Rows.Leases) != len(atOnce) {
		s.Errorf("rows %+v", status.Rows)
	}
	zombie := s.Lease(zombieKey)
	if c := meta.FindStatusCondition(zombie.Status.Conditions, v1alpha1.ConditionKeyVerified); c == nil || c.Reason != v1alpha1.ReasonKeyStillExists {
		s.Errorf("row 31: KeyVerified %+v", c)
	}
	s.expectHarmlessMessages()
	s.expectToldOnce()
}

// expectHarmlessMessages: nothing that people typed into the sheet is a mention, a link or bold.
func (s *stage) expectHarmlessMessages() {
	s.Helper()
	for _, m := range s.Slack.AllMessages() {
		for _, mention := range m.Mentions() {
			if mention != "<@"+m.User+">" {
				s.Errorf("to %s: mention %s", m.User, mention)
			}
		}
		for _, link := range m.Links() {
			if !strings.HasPrefix(link, "https://docs.google.com/") {
				s.Errorf("to %s: link %s", m.User, link)
			}
		}
		for _, bold := range m.Bold() {
			if strings.Contains(bold, "太字") {
				s.Errorf("to %s: bold %s", m.User, bold)
			}
		}
	}
}

// expectToldOnce: each admin has each message once, and the summary of found marks names the three keys.
func (s *stage) expectToldOnce() {
	s.Helper()
	for _, admin := range []string{"U0ADMIN01", "U0ADMIN02"} {
		texts := map[string]int{}
		for _, m := range s.Slack.Messages(admin) {
			texts[m.PlainText()]++
		}
		for text, n := range texts {
			if n > 1 {
				s.Errorf("%s was told %d times: %.120s", admin, n, text)
			}
		}
		for _, want := range [][]string{
			{toldExpiredKey, rotatedOutKey, toldTodayKey},
			{"来月末", "AKIA123", "12/31/2026"},
			{"svc-unclear", "延長不要"},
			{"svc-zombie"},
			{"中村 さくら"},
			{"林 優", "U0EMPLOY19", "U0EMPLOY20"},
		} {
			if n := countWith(texts, want); n != 1 {
				s.Errorf("%s has %d messages with %v, want 1", admin, n, want)
			}
		}
	}
}

func countWith(texts map[string]int, all []string) int {
	n := 0
next:
	for text := range texts {
		for _, part := range all {
			if !strings.Contains(text, part) {
				continue next
			}
		}
		n++
	}
	return n
}

func (s *stage) expectTheEnd(before *sheets.Spreadsheet) {
	s.Helper()
	want := map[string]string{}
	for _, d := range deletions {
		want[fmt.Sprintf("K%d", d.row)] = d.mark
	}
	got := map[string]string{}
	for _, d := range sheets.Diff(before, s.Sheets.Spreadsheet(world.SpreadsheetID)) {
		got[d.Cell] = d.New
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("cells that differ from the input (-want +got):\n%s", diff)
	}
	for _, c := range s.Changes() {
		if u := c.User(); u == "svc-zombie" || u == "tmp-migration" {
			s.Errorf("%s of user %s, which must not be touched", c.Action, u)
		}
	}
	if s.Account.KeyStatus(rotatedInKey) != "Active" || s.Account.KeyStatus(zombieKey) != "Active" {
		s.Error("a key that must live does not")
	}
	for _, d := range deletions {
		l := s.Lease(d.key)
		if messages := s.ownerMessages(d.key); l.Status.Owner != nil && l.Status.Owner.SlackUserID != "" && len(messages) == 0 {
			s.Errorf("row %d: the owner was not told of the deletion", d.row)
		}
	}
}
