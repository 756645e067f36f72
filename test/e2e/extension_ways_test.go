package e2e

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
)

// exempt is the Lambda's literal rule.
func exempt(a *v1alpha1.AccessKeySheet) { a.Spec.ExtensionPolicy = v1alpha1.ExtensionExempt }

// graceDays are three between deactivation and deletion.
func graceDays(a *v1alpha1.AccessKeySheet) {
	a.Spec.Schedule.GracePeriod = &metav1.Duration{Duration: 72 * time.Hour}
}

// extension is one way to extend one lease, which ends on 2026-12-08.
type extension struct {
	name string
	// held: the mark stands in the cell before.
	held bool
	at   string
	// what is asked for: a date and a mark in the row, or a date with kubectl.
	date, mark string
	kubectl    bool
	// what comes of it.
	heldAfter bool
	ends      string
	cell, key string
}

const (
	soonAt, expiredAt, deactivatedAt = "2026-12-02 10:00", "2026-12-09 10:00", "2026-12-09 16:00"
	formerEnd, newEnd                = "2026-12-08", "2027-03-31"
)

func TestEveryExtensionOfEveryLease(t *testing.T) {
	extendAll(t, graceDays, []extension{
		{name: "by date", at: soonAt, date: newEnd, ends: newEnd, key: "Active"},
		{name: "by mark", at: soonAt, mark: "延長", heldAfter: true, ends: formerEnd, cell: "延長", key: "Active"},
		{name: "by mark and date together", at: soonAt, date: newEnd, mark: "延長申請済み", ends: newEnd, cell: "延長申請済み", key: "Active"},
		{name: "by kubectl", at: soonAt, kubectl: true, ends: newEnd, cell: "延長申請済み", key: "Active"},
		{name: "held, by date", held: true, at: soonAt, date: newEnd, ends: newEnd, cell: "延長申請済み", key: "Active"},
		{name: "held, by kubectl", held: true, at: soonAt, kubectl: true, ends: newEnd, cell: "延長申請済み", key: "Active"},
		{name: "expired, by date", at: expiredAt, date: newEnd, ends: newEnd, key: "Active"},
		{name: "expired, by mark", at: expiredAt, mark: "延長", heldAfter: true, ends: formerEnd, cell: "延長", key: "Active"},
		{name: "expired, by kubectl", at: expiredAt, kubectl: true, ends: newEnd, cell: "延長申請済み", key: "Active"},
		{name: "deactivated, by date", at: deactivatedAt, date: newEnd, ends: newEnd, key: "Active"},
		{name: "deactivated, by mark", at: deactivatedAt, mark: "延長", heldAfter: true, ends: formerEnd, cell: "延長", key: "Inactive"},
		{name: "deactivated, by mark and date", at: deactivatedAt, date: newEnd, mark: "延長", ends: newEnd, cell: "延長", key: "Active"},
		{name: "deactivated, by kubectl", at: deactivatedAt, kubectl: true, ends: newEnd, cell: "延長申請済み", key: "Active"},
	})
}

func TestEveryExtensionOfEveryLeaseWithThePolicyExempt(t *testing.T) {
	extendAll(t, exempt, []extension{
		{name: "by date", at: soonAt, date: newEnd, ends: newEnd, key: "Active"},
		{name: "by mark and date together", at: soonAt, date: newEnd, mark: "延長", heldAfter: true, ends: newEnd, cell: "延長", key: "Active"},
		{name: "by kubectl", at: soonAt, kubectl: true, ends: newEnd, key: "Active"},
		{name: "held, by kubectl", held: true, at: soonAt, kubectl: true, heldAfter: true, ends: newEnd, cell: "延長申請済み", key: "Active"},
		{name: "expired, by mark", at: expiredAt, mark: "延長", heldAfter: true, ends: formerEnd, cell: "延長", key: "Active"},
	})
}

// extendAll has a lease for each, and one that nobody extends.
func extendAll(t *testing.T, spec func(*v1alpha1.AccessKeySheet), all []extension) {
	t.Helper()
	s := newStage(t, "2026-12-01 15:10")
	sp := bigSheet(t, len(all)+1)
	s.Seed(sp)
	s.Must(ends(s.Form(), 2, len(all)+2, "2026/12/08"))
	for i := range len(all) + 1 {
		s.Key(fmt.Sprintf("svc-%04d", i), bigKey(i), fixture.JST("2026-06-01 09:00"))
		if i < len(all) && all[i].held {
			s.Must(s.Form().SetCell(fmt.Sprint("K", 2+i), "延長申請済み"))
		}
	}
	s.Begin(spec, func(a *v1alpha1.AccessKeySheet) {
		many := int32(100)
		a.Spec.Limits.MinChangeRows = &many
	})
	for _, at := range []string{soonAt, expiredAt, deactivatedAt} {
		s.Until(at)
		for i, e := range all {
			if e.at == at {
				s.extend(i, e)
			}
		}
		s.Until(at[:14] + "20")
		for i, e := range all {
			if e.at == at {
				s.expectExtended(i, e)
			}
		}
	}
	// Days past the former end and the grace, all are as they were left.
	s.Until("2026-12-13 16:00")
	for i, e := range all {
		s.expectExtended(i, e)
	}
	if got := s.Account.KeyStatus(bigKey(len(all))); got != "" {
		t.Errorf("the key that nobody extended is %q (%s)", got, expect.Ready(s.Lease(bigKey(len(all)))))
	}
}

func (s *stage) extend(i int, e extension) {
	s.Helper()
	if e.kubectl {
		s.Must(s.Patch(bigKey(i), `{"endDate":"`+newEnd+`"}`))
		return
	}
	s.Must(s.Form().Edit(func(g *sheets.Grid) error {
		if e.date != "" {
			if err := g.SetCell(fmt.Sprint("I", 2+i), e.date); err != nil {
				return err
			}
		}
		if e.mark == "" {
			return nil
		}
		return g.SetCell(fmt.Sprint("K", 2+i), e.mark)
	}))
}

func (s *stage) expectExtended(i int, e extension) {
	s.Helper()
	l := s.Lease(bigKey(i))
	if got := expect.Held(l) == v1alpha1.ReasonExtensionRequested; got != e.heldAfter {
		s.Errorf("%s, %s: held %q, want %v", e.at, e.name, expect.Held(l), e.heldAfter)
	}
	cell := s.Cell(fmt.Sprint("K", 2+i))
	if l.Spec.EndDate != e.ends || l.Status.Sheet.EndDate != e.ends || cell != e.cell {
		s.Errorf("%s, %s: it ends %s, agreed on %s, and the cell says %q; want %s and %q", e.at, e.name, l.Spec.EndDate, l.Status.Sheet.EndDate, cell, e.ends, e.cell)
	}
	if got := s.Account.KeyStatus(bigKey(i)); got != e.key {
		s.Errorf("%s, %s: the key is %q, want %q (%s)", e.at, e.name, got, e.key, expect.Ready(l))
	}
}

// TestARevokedLeaseDeletedByHandIsNotRevived: what the row says of it is enough.
func TestARevokedLeaseDeletedByHandIsNotRevived(t *testing.T) {
	s := companyStage(t, reportRow)
	s.Begin()
	s.Until("2026-12-09 16:00")
	if got := s.Lease(reportKey).Status.Phase; got != v1alpha1.PhaseRevoked {
		t.Fatalf("it is %s", got)
	}
	messages, made := len(s.Slack.AllMessages()), len(s.Changes())
	s.Must(s.Client.Delete(t.Context(), s.Lease(reportKey)))
	s.Until("2026-12-09 18:00")
	if got := s.Lease(reportKey).Status.Phase; got != v1alpha1.PhaseRevoked {
		t.Errorf("made again, it is %s (%s)", got, expect.Ready(s.Lease(reportKey)))
	}
	s.ExpectMark(reportRow, "削除済み")
	if got := len(s.Slack.AllMessages()); got != messages {
		t.Errorf("%d messages more", got-messages)
	}
	if got := len(s.Changes()); got != made {
		t.Errorf("%d changes in AWS more", got-made)
	}
}
