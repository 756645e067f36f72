package e2e

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

// bigStage has a sheet of n rows that end on 2027-06-30, which was read and accepted.
func bigStage(t *testing.T, n int, change ...func(*world.Options)) (*stage, *sheets.Tab) {
	t.Helper()
	s := newStage(t, "2026-12-01 10:00", change...)
	s.Seed(bigSheet(t, n))
	for i := range n {
		s.Key(fmt.Sprintf("svc-%04d", i), bigKey(i), fixture.JST("2026-06-01 09:00"))
	}
	s.Begin()
	s.Until("2026-12-01 10:06")
	s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	return s, s.Form()
}

func bigKey(i int) string { return fmt.Sprintf("AKIABIG%013d", i) }

// ends moves the end date of rows from..to.
func ends(form *sheets.Tab, from, to int, date string) error {
	return form.Edit(func(g *sheets.Grid) error {
		for row := from; row <= to; row++ {
			if err := g.SetCell(fmt.Sprintf("I%d", row), date); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestDamageIsStoppedBeforeAnythingIsAppliedAndRepairGoesOnByItself(t *testing.T) {
	// shuffle writes a column's values one row further, as a sort of that column alone does.
	shuffle := func(column string) func(*sheets.Spreadsheet) error {
		return func(sp *sheets.Spreadsheet) error {
			return sp.Tab("key_request_form").Edit(func(g *sheets.Grid) error {
				last := g.Cell(column + "21").String()
				for row := 21; row > 2; row-- {
					if err := g.SetCell(fmt.Sprintf("%s%d", column, row), g.Cell(fmt.Sprintf("%s%d", column, row-1)).String()); err != nil {
						return err
					}
				}
				return g.SetCell(column+"2", last)
			})
		}
	}
	for name, tc := range map[string]struct {
		damage func(*sheets.Spreadsheet) error
		kind   string
		reason string
		says   string
		told   string
	}{
		"the tab renamed": {
			func(sp *sheets.Spreadsheet) error { return sp.Tab("key_request_form").RenameTab("申請 2027") },
			v1alpha1.ConditionSheetReadable, v1alpha1.ReasonTabMissing, "key_request_form", "読み取れません",
		},
		"the sheet unshared": {
			func(sp *sheets.Spreadsheet) error { sp.Share(sheets.NotShared); return nil },
			v1alpha1.ConditionSheetReadable, v1alpha1.ReasonSpreadsheetForbidden, "share", "読み取れません",
		},
		"the tab emptied": {
			func(sp *sheets.Spreadsheet) error { sp.Tab("key_request_form").ClearTab(); return nil },
			v1alpha1.ConditionSheetAccepted, v1alpha1.ReasonEmptySheet, "key_request_form", "変更を止めています",
		},
		"a column inserted before ours": {
			func(sp *sheets.Spreadsheet) error { return sp.Tab("key_request_form").InsertColumn("H") },
			v1alpha1.ConditionSheetAccepted, v1alpha1.ReasonColumnsMoved, "column M", "変更を止めています",
		},
		"a column inserted among ours": {
			func(sp *sheets.Spreadsheet) error { return sp.Tab("key_request_form").InsertColumn("K") },
			v1alpha1.ConditionSheetAccepted, v1alpha1.ReasonTooManyChanges, "gone: 20", "変更を止めています",
		},
		"the user names sorted alone": {
			shuffle("J"), v1alpha1.ConditionSheetAccepted, v1alpha1.ReasonTooManyChanges, "user: 20", "変更を止めています",
		},
		"the IDs sorted alone": {
			shuffle("L"), v1alpha1.ConditionSheetAccepted, v1alpha1.ReasonTooManyChanges, "user: 20", "変更を止めています",
		},
		"an end date pasted down": {
			func(sp *sheets.Spreadsheet) error { return ends(sp.Tab("key_request_form"), 2, 21, "2026/11/30") },
			v1alpha1.ConditionSheetAccepted, v1alpha1.ReasonTooManyChanges, "end date: 20", "変更を止めています",
		},
		"the extension mark pasted down": {
			func(sp *sheets.Spreadsheet) error {
				return sp.Tab("key_request_form").Edit(func(g *sheets.Grid) error {
					for row := 2; row <= 21; row++ {
						if err := g.SetCell(fmt.Sprintf("K%d", row), "削除済み"); err != nil {
							return err
						}
					}
					return nil
				})
			},
			v1alpha1.ConditionSheetAccepted, v1alpha1.ReasonTooManyChanges, "mark: 20", "変更を止めています",
		},
		"eleven rows deleted": {
			func(sp *sheets.Spreadsheet) error { return sp.Tab("key_request_form").DeleteRows(2, 11) },
			v1alpha1.ConditionSheetAccepted, v1alpha1.ReasonTooManyChanges, "gone: 11", "変更を止めています",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := bigStage(t, 20)
			before := s.leases()
			whole := s.Sheets.Spreadsheet(world.SpreadsheetID).Clone()
			s.Must(tc.damage(s.Sheets.Spreadsheet(world.SpreadsheetID)))
			s.Until("2026-12-02 16:00")
			s.ExpectSheet(tc.kind, metav1.ConditionFalse, tc.reason, tc.says)
			s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionFalse, tc.reason)
			if got := s.told(tc.told); got != 1 {
				t.Errorf("the admins were told %d times", got)
			}
			for id, l := range s.leases() {
				if was := before[id]; l.Spec != was.Spec || l.Status.Sheet.Row != was.Status.Sheet.Row || expect.Held(&l) != "" {
					t.Errorf("lease %s became %+v, row %d, held %q", id, l.Spec, l.Status.Sheet.Row, expect.Held(&l))
				}
			}
			if made := s.Changes(); len(made) > 0 {
				t.Errorf("%d changes in AWS, the first %+v", len(made), made[0])
			}
			s.Sheets.Add(world.SpreadsheetID, whole)
			s.Until("2026-12-02 16:12")
			s.ExpectSheet(tc.kind, metav1.ConditionTrue, map[string]string{
				v1alpha1.ConditionSheetReadable: v1alpha1.ReasonReadable, v1alpha1.ConditionSheetAccepted: v1alpha1.ReasonAccepted,
			}[tc.kind])
			s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
		})
	}
}

func TestAHeaderRowAddedCostsOneReportAndNothingElse(t *testing.T) {
	s, form := bigStage(t, 20)
	before := s.leases()
	s.Must(form.InsertRows(1, 1))
	s.Must(form.SetCell(nameCell(1), "アクセスキー申請一覧"))
	s.Until("2026-12-01 11:00")
	s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if got := s.Sheet().Status.InvalidRows; len(got) != 1 || got[0].Row != 2 {
		t.Errorf("invalid rows: %+v", got)
	}
	for id, l := range s.leases() {
		if l.Spec != before[id].Spec || l.Status.Sheet.Row != before[id].Status.Sheet.Row+1 {
			t.Errorf("lease %s became %+v in row %d", id, l.Spec, l.Status.Sheet.Row)
		}
	}
}

func TestChangesAddUpOverADay(t *testing.T) {
	s, form := bigStage(t, 60) // 20 % are 12 rows
	s.Must(ends(form, 2, 7, "2027/05/31"))
	s.Until("2026-12-01 12:00")
	s.Must(ends(form, 8, 13, "2027/05/31"))
	s.Until("2026-12-01 14:00")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	s.Must(ends(form, 14, 14, "2027/05/31"))
	s.Until("2026-12-01 15:30")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonTooManyChanges, "after 12 before")
	// The first six are forgotten a day after they were accepted.
	s.Until("2026-12-02 10:30")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	if got := s.Lease(bigKey(12)).Spec.EndDate; got != "2027-05-31" {
		t.Errorf("it ends %s", got)
	}
}

func TestASmallSheetWhoseIDColumnMovedIsStoppedToo(t *testing.T) {
	s, form := bigStage(t, 5)
	s.Must(form.InsertColumn("K"))
	s.Until("2026-12-01 12:00")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonColumnsMoved, "access key ID")
	if l := s.Lease(bigKey(0)); !meta.IsStatusConditionTrue(l.Status.Conditions, v1alpha1.ConditionRowPresent) {
		t.Error("the row counts as gone")
	}
	s.Must(form.DeleteColumn("K"))
	s.Until("2026-12-01 12:10")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
}

func (s *stage) leases() map[string]v1alpha1.AccessKeyLease {
	s.Helper()
	list := &v1alpha1.AccessKeyLeaseList{}
	s.Must(s.Client.List(s.Context(), list, client.InNamespace(s.Namespace)))
	out := map[string]v1alpha1.AccessKeyLease{}
	for _, l := range list.Items {
		out[l.Name] = l
	}
	return out
}
