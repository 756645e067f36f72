package e2e

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
)

// exempt is the Lambda's literal rule.
func exempt(a *v1alpha1.AccessKeySheet) { a.Spec.ExtensionPolicy = v1alpha1.ExtensionExempt }

// graceDays are three between deactivation and deletion.
func graceDays(a *v1alpha1.AccessKeySheet) {
	a.Spec.Schedule.GracePeriod = &metav1.Duration{Duration: 72 * time.Hour}
}

// TestEveryExtensionOfEveryLease: svc-report in row 3 ends on 2026-12-08.
func TestEveryExtensionOfEveryLease(t *testing.T) {
	cells := func(values ...string) func(*stage) {
		return func(s *stage) {
			s.must(s.form().Edit(func(g *sheets.Grid) error {
				for i := 0; i < len(values); i += 2 {
					if err := g.SetCell(values[i], values[i+1]); err != nil {
						return err
					}
				}
				return nil
			}))
		}
	}
	kubectl := func(s *stage) { s.must(s.patch(key(2), `{"endDate":"2027-03-31"}`)) }
	const before, expired, deactivated = "2026-12-02 10:00", "2026-12-09 10:00", "2026-12-09 16:00"
	for name, tc := range map[string]struct {
		spec func(*v1alpha1.AccessKeySheet)
		// held: the mark stands in the cell when the extension comes, at this moment.
		held      bool
		at        string
		extend    func(*stage)
		heldAfter bool
		date      string // of the row and the lease afterwards
		mark, key string
	}{
		"by date":                           {nil, false, before, cells("I3", "2027/03/31"), false, "2027-03-31", "", "Active"},
		"by mark":                           {nil, false, before, cells("K3", "延長"), true, "2026-12-08", "延長", "Active"},
		"by mark and date together":         {nil, false, before, cells("I3", "2027/03/31", "K3", "延長申請済み"), false, "2027-03-31", "延長申請済み", "Active"},
		"by kubectl":                        {nil, false, before, kubectl, false, "2027-03-31", "延長申請済み", "Active"},
		"held, by date":                     {nil, true, before, cells("I3", "2027/03/31"), false, "2027-03-31", "延長申請済み", "Active"},
		"held, by kubectl":                  {nil, true, before, kubectl, false, "2027-03-31", "延長申請済み", "Active"},
		"expired, by date":                  {nil, false, expired, cells("I3", "2027/03/31"), false, "2027-03-31", "", "Active"},
		"expired, by mark":                  {nil, false, expired, cells("K3", "延長"), true, "2026-12-08", "延長", "Active"},
		"expired, by kubectl":               {nil, false, expired, kubectl, false, "2027-03-31", "延長申請済み", "Active"},
		"deactivated, by date":              {graceDays, false, deactivated, cells("I3", "2027/03/31"), false, "2027-03-31", "", "Active"},
		"deactivated, by mark":              {graceDays, false, deactivated, cells("K3", "延長"), true, "2026-12-08", "延長", "Inactive"},
		"deactivated, by mark and date":     {graceDays, false, deactivated, cells("I3", "2027/03/31", "K3", "延長"), false, "2027-03-31", "延長", "Active"},
		"deactivated, by kubectl":           {graceDays, false, deactivated, kubectl, false, "2027-03-31", "延長申請済み", "Active"},
		"Exempt, by date":                   {exempt, false, before, cells("I3", "2027/03/31"), false, "2027-03-31", "", "Active"},
		"Exempt, by mark and date together": {exempt, false, before, cells("I3", "2027/03/31", "K3", "延長"), true, "2027-03-31", "延長", "Active"},
		"Exempt, by kubectl":                {exempt, false, before, kubectl, false, "2027-03-31", "", "Active"},
		"Exempt, held, by kubectl":          {exempt, true, before, kubectl, true, "2027-03-31", "延長申請済み", "Active"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := companyStage(t)
			if tc.spec == nil {
				tc.spec = func(*v1alpha1.AccessKeySheet) {}
			}
			s.start(tc.spec)
			if tc.held {
				s.until("2026-12-01 15:04")
				cells("K3", "延長申請済み")(s)
			}
			s.until(tc.at)
			tc.extend(s)
			s.until(tc.at[:14] + "20")
			l := s.lease(key(2))
			if got := heldReason(l) == v1alpha1.ReasonExtensionRequested; got != tc.heldAfter {
				t.Errorf("held: %q, want %v", heldReason(l), tc.heldAfter)
			}
			if l.Spec.EndDate != tc.date || l.Status.Sheet.EndDate != tc.date || s.cell("K3") != tc.mark {
				t.Errorf("it ends %s, agreed on %s, and the cell says %q; want %s and %q", l.Spec.EndDate, l.Status.Sheet.EndDate, s.cell("K3"), tc.date, tc.mark)
			}
			if got := s.Account.KeyStatus(key(2)); got != tc.key {
				t.Errorf("the key is %q, want %q (%s)", got, tc.key, ready(l))
			}
			// Days past its former end and grace, it is as it was left.
			s.until("2026-12-13 16:00")
			if got := s.Account.KeyStatus(key(2)); got != tc.key {
				t.Errorf("days later the key is %q, want %q (%s)", got, tc.key, ready(s.lease(key(2))))
			}
		})
	}
}

// TestARevokedLeaseDeletedByHandIsNotRevived: what the row says of it is enough.
func TestARevokedLeaseDeletedByHandIsNotRevived(t *testing.T) {
	s, _ := companyStage(t)
	s.start()
	s.until("2026-12-09 16:00")
	if got := s.lease(key(2)).Status.Phase; got != v1alpha1.PhaseRevoked {
		t.Fatalf("it is %s", got)
	}
	messages, made := len(s.Slack.AllMessages()), len(s.changes())
	s.must(s.Client.Delete(t.Context(), s.lease(key(2))))
	s.until("2026-12-09 18:00")
	if got := s.lease(key(2)).Status.Phase; got != v1alpha1.PhaseRevoked {
		t.Errorf("made again, it is %s (%s)", got, ready(s.lease(key(2))))
	}
	s.expectMark(3, "削除済み")
	if got := len(s.Slack.AllMessages()); got != messages {
		t.Errorf("%d messages more", got-messages)
	}
	if got := len(s.changes()); got != made {
		t.Errorf("%d changes in AWS more", got-made)
	}
}
