package e2e

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

const otherSpreadsheet = "1duJother"

// otherSheet has one row for each key: ID, user and end date.
func (s *stage) otherSheet(rows ...[3]string) *sheets.Tab {
	s.Helper()
	sp := sheets.NewSpreadsheet("other")
	form, users := sp.AddTab("key_request_form"), sp.AddTab("users_json")
	add := func(tab *sheets.Tab, values ...any) {
		s.Helper()
		_, err := tab.AppendRow(values...)
		s.Must(err)
	}
	add(form, "", "氏名", "利用目的", "", "AWSリソース名", "", "", "開始日", "終了日", "アカウント名", "状態", "アクセスキーID")
	add(users, "ユーザーID", "", "", "姓", "名")
	add(users, "U0EMPLOY02", "", "", "鈴木", "花子")
	for _, row := range rows {
		add(form, "", "鈴木 花子", "写し", "", "S3", "", "", "2026/06/01", row[2], row[1], "", row[0])
	}
	s.Sheets.Add(otherSpreadsheet, sp)
	return form
}

// other makes an AccessKeySheet of that spreadsheet.
func (s *stage) other(namespace string, change ...func(*v1alpha1.AccessKeySheet)) *v1alpha1.AccessKeySheet {
	s.Helper()
	a := s.AccessKeySheet(change...)
	a.Name, a.Namespace, a.Spec.SpreadsheetID = "others", namespace, otherSpreadsheet
	s.Must(s.Client.Create(s.Context(), a))
	return a
}

func (s *stage) refresh(o client.Object) {
	s.Helper()
	s.Must(s.Client.Get(s.Context(), client.ObjectKeyFromObject(o), o))
}

func invalidReason(a *v1alpha1.AccessKeySheet, accessKeyID string) string {
	for _, row := range a.Status.InvalidRows {
		if row.AccessKeyID == accessKeyID {
			return row.Reason + ": " + row.Message
		}
	}
	return ""
}

func TestAKeyInTwoSheetsIsReportedOnBothAndOwnedByTheFirst(t *testing.T) {
	for name, elsewhere := range map[string]bool{"in one namespace": false, "in two namespaces": true} {
		t.Run(name, func(t *testing.T) {
			namespace := plane.Namespace(t)
			s := companyStageIn(t, []int{distantRow, reportRow, backwardsRow, pendingRow}, func(o *world.Options) {
				if elsewhere {
					o.Others = []string{namespace}
				} else {
					namespace = o.Namespace
				}
			})
			if elsewhere {
				secret := s.SlackSecret()
				secret.Namespace = namespace
				s.Must(s.Client.Create(t.Context(), secret))
			}
			s.Begin()
			s.Until("2026-12-01 15:04")
			form := s.otherSheet([3]string{reportKey, reportUser, "2026/12/02"}, [3]string{"AKIAOTHER00000000002", "svc-other", "2027/06/30"})
			s.Key("svc-other", "AKIAOTHER00000000002", fixture.JST("2026-06-01 09:00"))
			second := s.other(namespace)
			s.Until("2026-12-01 15:06")

			s.refresh(second)
			first := s.Namespace + "/" + world.SheetName
			if got := invalidReason(second, reportKey); !strings.HasPrefix(got, v1alpha1.RowOwnedByAnotherSheet) || !strings.Contains(got, first) {
				t.Errorf("the second sheet says %q", got)
			}
			if got := invalidReason(s.Sheet(), reportKey); !strings.HasPrefix(got, v1alpha1.RowAlsoInAnotherSheet) || !strings.Contains(got, namespace+"/others") {
				t.Errorf("the first sheet says %q", got)
			}
			if got := s.Sheet().Status.Rows; got.Leases+got.Pending+got.Invalid != got.Total {
				t.Errorf("the first sheet's rows do not add up: %+v", got)
			}
			if got := s.told("別のシートにも", reportKey, namespace+"/others"); got != 1 {
				t.Errorf("the admins of the first were told %d times", got)
			}
			if got := s.told("別のシートで管理", reportKey, first); got != 1 {
				t.Errorf("the admins of the second were told %d times", got)
			}
			all := &v1alpha1.AccessKeyLeaseList{}
			s.Must(s.Client.List(t.Context(), all, client.InNamespace(namespace)))
			for _, l := range all.Items {
				if l.Spec.SheetRef.Name == "others" && l.Spec.AccessKeyID == reportKey {
					t.Errorf("the key has a second lease in %s", l.Namespace)
				}
			}
			l := s.Lease(reportKey)
			if l.Spec.EndDate != "2026-12-08" || expect.Held(l) != "" || l.Status.Phase != v1alpha1.PhaseNotified {
				t.Errorf("the first sheet's lease is %s, ends %s, held %q", l.Status.Phase, l.Spec.EndDate, expect.Held(l))
			}

			s.Must(form.DeleteRows(2, 1))
			s.Until("2026-12-01 15:20")
			s.refresh(second)
			if a, b := invalidReason(second, reportKey), invalidReason(s.Sheet(), reportKey); a != "" || b != "" {
				t.Errorf("once the row is gone they still say %q and %q", a, b)
			}
		})
	}
}

func TestACopyOfALargeSheetIsReportedOnTheFirstWithEveryKey(t *testing.T) {
	s, _ := bigStage(t, 60)
	var rows [][3]string
	for i := range 60 {
		rows = append(rows, [3]string{bigKey(i), fmt.Sprintf("svc-%04d", i), "2027/06/30"})
	}
	s.otherSheet(rows...)
	s.other(s.Namespace)
	s.Until("2026-12-01 10:12")
	for i := range 60 {
		if got := s.told("別のシートにも", bigKey(i)); got != 1 {
			t.Fatalf("key %d was told %d times", i, got)
		}
	}
	s.Restart()
	s.Until("2026-12-01 10:30")
	if got := s.told("別のシートにも", bigKey(59)); got != 1 {
		t.Errorf("after a restart it was told %d times", got)
	}
}

func TestAKeyThatMovedToAnotherSheetIsFreedByDeletingItsLease(t *testing.T) {
	s, form := bigStage(t, 3)
	second := s.other(s.Namespace, func(*v1alpha1.AccessKeySheet) { s.otherSheet([3]string{bigKey(0), "svc-0000", "2027/06/30"}) })
	s.Must(form.DeleteRows(2, 1))
	s.Until("2026-12-01 10:20")
	command := "kubectl delete accesskeylease -n " + s.Namespace + " " + strings.ToLower(bigKey(0))
	if got := invalidReason(s.Sheet(), bigKey(0)); !strings.Contains(got, command) || strings.Contains(got, "one of the two sheets") {
		t.Errorf("the first sheet says %q", got)
	}
	s.Must(s.Client.Delete(t.Context(), s.Lease(bigKey(0))))
	s.Until("2026-12-01 10:30")
	s.refresh(second)
	if a, b := invalidReason(s.Sheet(), bigKey(0)), invalidReason(second, bigKey(0)); a != "" || b != "" {
		t.Errorf("afterwards the sheets say %q and %q", a, b)
	}
	if got := s.Lease(bigKey(0)).Spec.SheetRef.Name; got != "others" {
		t.Errorf("the lease is of sheet %s", got)
	}
}

func TestOfTwoLeasesOfOneKeyTheOlderStandsAndTheOtherIsHeld(t *testing.T) {
	namespace := plane.Namespace(t)
	s := companyStageIn(t, []int{reportRow}, func(o *world.Options) { o.Others = []string{namespace} })
	secret := s.SlackSecret()
	secret.Namespace = namespace
	s.Must(s.Client.Create(t.Context(), secret))
	// Two operators that did not know of each other made one lease each.
	s.otherSheet([3]string{reportKey, reportUser, "2026/12/02"})
	s.other(namespace)
	s.Restart()
	s.Until("2026-12-01 15:02")
	theirs := &v1alpha1.AccessKeyLease{}
	name := client.ObjectKey{Namespace: namespace, Name: strings.ToLower(reportKey)}
	s.Must(s.Client.Get(t.Context(), name, theirs))
	s.Stop()
	s.Must(s.Client.Create(t.Context(), s.AccessKeySheet()))
	ours := theirs.DeepCopy()
	ours.ObjectMeta = metav1.ObjectMeta{Name: theirs.Name, Namespace: s.Namespace}
	ours.Spec.SheetRef.Name = world.SheetName
	status := ours.Status
	s.Must(s.Client.Create(t.Context(), ours))
	for ours.CreationTimestamp.Equal(&theirs.CreationTimestamp) { // the API server's own clock has seconds only
		s.Must(s.Client.Delete(t.Context(), ours))
		ours.ResourceVersion = ""
		s.Must(s.Client.Create(t.Context(), ours))
	}
	ours.Status = status
	s.Must(s.Client.Status().Update(t.Context(), ours))
	s.Restart()
	s.Until("2026-12-01 15:10")
	if l := s.Lease(reportKey); expect.Held(l) != v1alpha1.ReasonInvalidRow {
		t.Errorf("the younger lease is %s, held %q (%s)", l.Status.Phase, expect.Held(l), expect.Ready(l))
	}
	s.Must(s.Client.Get(t.Context(), name, theirs))
	if expect.Held(theirs) != "" {
		t.Errorf("the older lease is held: %s", expect.Held(theirs))
	}
}

func TestALeaseMadeWithKubectlElsewhereKeepsNoSheetFromItsKey(t *testing.T) {
	namespace := plane.Namespace(t)
	s := companyStageIn(t, []int{reportRow}, func(o *world.Options) { o.Others = []string{namespace} })
	s.Must(s.Client.Create(t.Context(), &v1alpha1.AccessKeyLease{
		ObjectMeta: metav1.ObjectMeta{Name: strings.ToLower(reportKey), Namespace: namespace},
		Spec: v1alpha1.AccessKeyLeaseSpec{
			SheetRef: v1alpha1.SheetReference{Name: "whatever"}, AccessKeyID: reportKey, UserName: reportUser,
			AccountID: world.AccountID, EndDate: "2030-01-01",
		},
	}))
	s.Begin()
	s.Until("2026-12-01 15:04")
	if got := s.Lease(reportKey).Status.Phase; got != v1alpha1.PhaseNotified {
		t.Errorf("row 3 is %s", got)
	}
}

func TestARemovedSheetLeavesItsLeasesAndMadeAgainItGoesOn(t *testing.T) {
	s := companyStage(t, reportRow, lateRow, expiredRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	before := len(s.ownerMessages(reportKey))
	s.Must(s.Client.Delete(t.Context(), s.Sheet()))
	s.Until("2026-12-05 16:00")
	l := s.Lease(lateKey)
	if c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionReady); c == nil || c.Reason != v1alpha1.ReasonSheetMissing || c.Status != metav1.ConditionFalse {
		t.Errorf("without its sheet Ready is %+v", c)
	}
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("%d changes in AWS, the first %+v", len(made), made[0])
	}
	s.Restart()
	s.Until("2026-12-06 16:00")
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("%d changes in AWS after a restart, the first %+v", len(made), made[0])
	}
	s.Must(s.Client.Create(t.Context(), s.AccessKeySheet()))
	s.Until("2026-12-09 15:10")
	if got := s.Lease(reportKey); got.Status.Phase != v1alpha1.PhaseRevoked || got.Status.Term.Number != 1 {
		t.Errorf("made again, the lease is %s in term %+v (%s)", got.Status.Phase, got.Status.Term, expect.Ready(got))
	}
	var notices []slack.Message
	for _, m := range s.ownerMessages(reportKey) {
		if !strings.Contains(m.PlainText(), "削除しました") {
			notices = append(notices, m)
		}
	}
	if len(notices) != before {
		t.Errorf("the owner has %d notices, want %d", len(notices), before)
	}
}

func TestASheetMadeAgainAfterAMonthDeletesNothingOnAnOldNotice(t *testing.T) {
	s := companyStage(t, reportRow, lateRow, expiredRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Must(s.Client.Delete(t.Context(), s.Sheet()))
	s.Until("2027-01-05 10:00")
	s.Must(s.Client.Create(t.Context(), s.AccessKeySheet()))
	s.Until("2027-01-05 20:00")
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("%d changes in AWS on notices of last year, the first %+v", len(made), made[0])
	}
	if l := s.Lease(reportKey); l.Status.Term.Reason != "OperatorAway" {
		t.Errorf("the term is %+v", l.Status.Term)
	}
	s.Until("2027-01-06 16:10")
	if got := s.Account.KeyStatus(reportKey); got != "" {
		t.Errorf("a day after the new notice the key is %q (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
}
