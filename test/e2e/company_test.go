package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/world"
)

func key(n int) string { return fmt.Sprintf("AKIAKEYLEASE%08d", n) }

// companyStage is the fixture's world on 2026-12-01 at 15:00 JST: every key of the sheet exists in AWS, except those
// that EXPECTED.md excludes.
func companyStage(t *testing.T) (*stage, *sheets.Spreadsheet) {
	t.Helper()
	s := newStage(t, "2026-12-01 15:00")
	before := company(t)
	s.Seed(before.Clone())
	absent := map[int]bool{8: true, 13: true, 14: true, 15: true, 27: true, 28: true}
	for i, row := range before.Tab("key_request_form").Texts() {
		number := i + 1
		if number == 1 || absent[number] || len(row) < 12 || row[11] == "" {
			continue
		}
		s.Key(strings.TrimSpace(row[9]), strings.ToUpper(strings.TrimSpace(row[11])), jst("2026-06-01 09:00"))
	}
	return s, before
}

// expected is one row of EXPECTED.md, at once.
type expected struct {
	row     int
	key     string
	phase   v1alpha1.Phase
	held    string
	owner   string // OwnerResolved's Slack user, "?" where it is not resolved
	dm      string // who got a direct message about this key as its owner
	mark    string
	invalid string
}

var atOnce = []expected{
	{row: 2, key: key(1), phase: v1alpha1.PhaseActive, owner: "U0EMPLOY01"},
	{row: 3, key: key(2), phase: v1alpha1.PhaseNotified, owner: "U0EMPLOY02", dm: "U0EMPLOY02", mark: "通知済み"},
	{row: 4, key: key(3), phase: v1alpha1.PhaseNotified, owner: "U0EMPLOY03", dm: "U0EMPLOY03", mark: "通知済み"},
	{row: 5, key: key(4), phase: v1alpha1.PhaseExpired, owner: "U0EMPLOY04", dm: "U0EMPLOY04", mark: "期限切れ"},
	{row: 6, key: key(5), phase: v1alpha1.PhaseExpired, owner: "U0EMPLOY05", mark: "期限切れ"},
	{row: 7, key: key(6), phase: v1alpha1.PhaseActive, held: v1alpha1.ReasonExtensionRequested, owner: "U0EMPLOY06", mark: "延長申請済み"},
	{row: 8, key: key(7), phase: v1alpha1.PhaseRevoked, owner: "U0EMPLOY07", mark: "削除済み"},
	{row: 9, key: key(8), phase: v1alpha1.PhaseNotified, owner: "U0EMPLOY09", dm: "U0EMPLOY09", mark: "通知済み"},
	{row: 10, key: key(9), phase: v1alpha1.PhaseNotified, owner: "?", mark: "通知済み"},
	{row: 11, invalid: v1alpha1.RowInvalidDate},
	{row: 12, invalid: v1alpha1.RowEndBeforeStart},
	{row: 13, invalid: v1alpha1.RowDuplicateID},
	{row: 14, invalid: v1alpha1.RowDuplicateID},
}

func (s *stage) expectAtOnce(want expected) {
	s.Helper()
	l := s.lease(want.key)
	if l.Status.Phase != want.phase {
		s.Errorf("row %d: phase %s, want %s (%s)", want.row, l.Status.Phase, want.phase, ready(l))
	}
	if got := heldReason(l); got != want.held {
		s.Errorf("row %d: held %q, want %q", want.row, got, want.held)
	}
	resolved := meta.IsStatusConditionTrue(l.Status.Conditions, v1alpha1.ConditionOwnerResolved)
	if resolved == (want.owner == "?") || resolved && l.Status.Owner.SlackUserID != want.owner {
		s.Errorf("row %d: owner %+v, want %q", want.row, l.Status.Owner, want.owner)
	}
	if got := s.Sheets.Spreadsheet(world.SpreadsheetID).Tab("key_request_form").Cell(fmt.Sprintf("K%d", want.row)).String(); got != want.mark {
		s.Errorf("row %d: status cell %q, want %q", want.row, got, want.mark)
	}
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
	user := s.lease(accessKeyID).Spec.UserName
	var out []slack.Message
	for _, m := range s.Slack.AllMessages() {
		if strings.HasPrefix(m.User, "U0EMPLOY") && strings.Contains(m.PlainText(), user) {
			out = append(out, m)
		}
	}
	return out
}

func heldReason(l *v1alpha1.AccessKeyLease) string {
	if c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionHeld); c != nil {
		return c.Reason
	}
	return ""
}

func ready(l *v1alpha1.AccessKeyLease) string {
	if c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason + ": " + c.Message
	}
	return "no condition"
}

func TestTheCompanysSheetAsItIsFirstRead(t *testing.T) {
	s, _ := companyStage(t)
	began := time.Now()
	s.start()
	s.until("2026-12-01 15:10")
	t.Log("settled after", time.Since(began))
	for _, want := range atOnce {
		if want.key != "" {
			s.expectAtOnce(want)
		}
	}
	for _, m := range s.Slack.AllMessages() {
		t.Log(m.User, strings.ReplaceAll(m.PlainText(), "\n", " | "))
	}
	t.Logf("%+v", s.sheet().Status)
}
