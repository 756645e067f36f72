package e2e

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/world"
)

func (s *stage) expectOwner(accessKeyID, slackUserID string) {
	s.Helper()
	l := s.Lease(accessKeyID)
	got := ""
	if l.Status.Owner != nil {
		got = l.Status.Owner.SlackUserID
	}
	if got != slackUserID || meta.IsStatusConditionTrue(l.Status.Conditions, v1alpha1.ConditionOwnerResolved) != (slackUserID != "") {
		s.Errorf("owner %q, want %q; OwnerResolved %+v", got, slackUserID, meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionOwnerResolved))
	}
}

func TestAPersonWhoLeavesTheUsersTabStopsNothing(t *testing.T) {
	s := rowsStage(t, "2026-11-20 14:00", report)
	s.Begin()
	s.Until("2026-11-21 10:00")
	s.expectOwner(report.Key, owner)
	users := s.Sheets.Spreadsheet(world.SpreadsheetID).Tab("users_json")
	s.Must(users.DeleteRows(2, 1))
	s.Until("2026-11-21 11:00")
	s.expectOwner(report.Key, "")
	s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)

	_, err := users.AppendRow(owner, "", "", "山田", "太郎")
	s.Must(err)
	s.Until("2026-11-21 12:00")
	s.expectOwner(report.Key, owner)

	s.Must(users.DeleteRows(2, 1))
	s.Until("2026-12-09 15:10")
	s.ExpectTold(owner, 0, report.User)
	s.ExpectKey(report.Key, "")
}

func TestANameTakenOutOfItsRowStopsNothing(t *testing.T) {
	s := rowsStage(t, "2026-11-20 14:00", report)
	s.Begin()
	s.Until("2026-11-21 10:00")
	s.Must(s.Form().SetCell(nameCell(firstRow), ""))
	s.Until("2026-11-21 11:00")
	s.expectOwner(report.Key, "")
	s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	s.Must(s.Form().SetCell(nameCell(firstRow), fullName))
	s.Until("2026-11-21 12:00")
	s.expectOwner(report.Key, owner)
}
